"""``/ws/rappels``: the live desk, for anybody logged in."""

from fastapi import APIRouter, WebSocket

from core.ports import Clock
from desk.requests import to_command
from desk.screen import DESK
from desk.service import DeskService
from web.auth import Gate
from web.socket import Limits, LiveSocket
from web.texts import message


def desk_socket(service: DeskService, gate: Gate, clock: Clock, limits: Limits) -> APIRouter:
    """The desk's WebSocket."""
    router = APIRouter()

    @router.websocket("/ws/rappels")
    async def desk(websocket: WebSocket) -> None:
        identity = await gate.admit(websocket)
        if identity is None:
            return
        socket = LiveSocket(websocket, service.hub, clock, limits)
        service.opened(socket)
        try:
            await socket.run(
                (DESK,),
                joined=_nothing,
                heard=_nothing,
                command=lambda frame: service.execute(to_command(identity.session, frame.name, frame.args)),
                message=message,
            )
        finally:
            service.closed(socket)

    return router


def _nothing() -> None:
    """The page proves nothing by being there."""
