"""``/ws/salle``: the live wallboard, for anybody logged in."""

from fastapi import APIRouter, WebSocket

from core.errors import CommandRefused
from core.ports import Clock
from supervision.model import WALLBOARD
from supervision.service import BoardService
from web.auth import Gate
from web.live import CommandFrame
from web.socket import Limits, LiveSocket
from web.texts import message


def board_socket(service: BoardService, gate: Gate, clock: Clock, limits: Limits) -> APIRouter:
    """The wallboard's WebSocket."""
    router = APIRouter()

    @router.websocket("/ws/salle")
    async def board(websocket: WebSocket) -> None:
        if await gate.admit(websocket) is None:
            return
        socket = LiveSocket(websocket, service.hub, clock, limits)
        service.opened(socket)
        try:
            await socket.run(
                (WALLBOARD,), joined=_nothing, heard=_nothing, command=_no_command, message=message
            )
        finally:
            service.closed(socket)

    return router


def _nothing() -> None:
    """A wallboard proves nothing by being there."""


def _no_command(frame: CommandFrame) -> None:
    """A wallboard only shows."""
    raise CommandRefused("unknown_command")
