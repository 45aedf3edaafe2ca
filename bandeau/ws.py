"""``/ws/bandeau``: the live strip of the logged-in agent."""

from contextlib import suppress

from fastapi import APIRouter, WebSocket

from bandeau.policy import to_command
from bandeau.service import StripService
from core.errors import CommandRefused, StorageUnavailable
from core.ports import Clock
from web.auth import Gate, Identity
from web.live import Close, CommandFrame
from web.socket import Limits, LiveSocket
from web.texts import message


def strip_socket(service: StripService, gate: Gate, clock: Clock, limits: Limits) -> APIRouter:
    """The strip's WebSocket."""
    router = APIRouter()

    @router.websocket("/ws/bandeau")
    async def strip(websocket: WebSocket) -> None:
        identity = await gate.admit(websocket)
        if identity is not None:
            await _serve(websocket, identity)

    async def _serve(websocket: WebSocket, identity: Identity) -> None:
        position_id = identity.session.position_id
        try:
            service.take_position(identity.session)
        except CommandRefused:
            await websocket.close(Close.REPLACED, "position_taken")
            return
        socket = LiveSocket(websocket, service.hub, clock, limits)
        try:
            await socket.run(
                service.audiences(identity.session),
                joined=lambda: service.attach(socket, identity.session, identity.token),
                heard=lambda: service.heard(position_id, socket),
                command=lambda frame: _carry_out(frame, identity),
                message=message,
            )
        finally:
            service.detach(socket, position_id, on_purpose=socket.left_on_purpose)
        if socket.closed_as is Close.LOGGED_OUT:
            with suppress(StorageUnavailable):  # then it expires by itself
                await gate.end(identity)

    def _carry_out(frame: CommandFrame, identity: Identity) -> None:
        service.execute(to_command(identity.session.position_id, frame.name, frame.args))

    return router
