"""The socket to Asterisk: a WebSocket server on loopback that Asterisk dials; one link at a time over it."""

import asyncio
import base64
import contextlib
import hmac
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec
import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event, State

from core.errors import SwitchRefused, SwitchUnavailable
from telephony.ari_protocol import Known, RESTResponse, decode, encode_request

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.25
ASKED_AFTER_LOOKS: Final = 4
SILENT_LOOKS: Final = 10
"""A link from which nothing at all came, looked at so many times at that interval, is lost: noticed within 3 s.

Looks are counted, not seconds: where it was ourselves who stood still (a busy machine, a stopped process), what
came meanwhile is read before the next look.
"""
_CLOSE_TIMEOUT: Final = 0.25
"""Seconds."""
_FIRST_WORD_SECONDS: Final = 0.2
"""How long we wait for Asterisk to speak first on a new socket."""
_QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
_MAX_FRAME: Final = 2**20
"""Bytes. Asterisk can send no longer frame than its thread's stack of 496 kB."""


class AriLink:
    """One connected socket. Requests leave within the turn of the loop; Asterisk carries them out in order."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._requests = 0
        self._pending: dict[str, asyncio.Future[str]] = {}
        self._outbox: list[bytes] = []
        self._closed = False

    def request(self, method: str, uri: str, body: Any = None) -> asyncio.Future[str]:
        """Send a request.

        Returns:
            a future of the answer's JSON text (empty when it has none). It raises SwitchRefused or, when the
            link is or gets lost before the answer, SwitchUnavailable.
        """
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_exception(SwitchUnavailable("the link is lost"))
            return future
        self._requests += 1
        self._pending[str(self._requests)] = future
        if not self._outbox:
            asyncio.get_running_loop().call_soon(self.flush)
        self._outbox.append(encode_request(self._requests, method, uri, body))
        return future

    def flush(self) -> None:
        """Write the requests of this turn of the loop in one go: each write wakes Asterisk, which is dear.

        Called by itself at the turn's end; before, where somebody waits to be heard. Never waits: a slow
        Asterisk makes the buffer grow, until the pings end the link.
        """
        outbox, self._outbox = self._outbox, []
        if not outbox:
            return
        protocol = self._connection.protocol
        if self._closed or protocol.state is not State.OPEN:
            return  # the end of the link settles what is pending
        for text in outbox:
            protocol.send_text(text)
        self._connection.transport.write(b"".join(protocol.data_to_send()))

    def ask_for_life(self) -> None:
        """Ask Asterisk for a sign of life; any answer is one.

        Not by the WebSocket's own ping: where Asterisk was frozen, answers it once thawed and finds the socket
        broken, it waits for ever on no socket at all and never dials again.
        """
        self.request("GET", "asterisk/ping").add_done_callback(_heard)

    def answered(self, response: RESTResponse) -> None:
        """Settle the request that this answers."""
        future = self._pending.pop(response.request_id, None)
        if future is None or future.done():
            return
        if 200 <= response.status_code < 300:
            future.set_result(response.message_body)
        else:
            future.set_exception(SwitchRefused(response.status_code, _reason(response)))

    def lost(self) -> None:
        """Settle all that will never be answered."""
        self._closed = True
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(SwitchUnavailable("the link was lost before the answer"))

    def leave(self) -> None:
        """Close the socket, what is waiting to be sent first."""
        self.flush()
        self._connection.transport.close()

    def abort(self) -> None:
        """Cut the socket at once."""
        self.lost()
        self._connection.transport.abort()


class _PromptConnection(ServerConnection):
    """A connection that acknowledges and hands on at once what it receives, and remembers how much came.

    Asterisk leaves Nagle's algorithm on: of two small frames in a row, it holds the second until the first is
    acknowledged, and Linux may put that off by 40 ms. Each arrival of a caller would pay for it.

    Whole text frames, all that Asterisk sends, reach the listener in the turn in which they come: the library's
    own queue, and a task woken for each, cost more than reading them. Any others stay with it.
    """

    octets = 0
    """Received so far."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.spoken = asyncio.Event()
        """Whether a frame came."""
        self._early: list[bytes] = []
        self._listener: Callable[[bytes], None] = self._early.append

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Hand over what came so far, and from now on each frame as it comes. The listener raises nothing."""
        self._listener = listener
        for frame in self._early:
            listener(frame)
        self._early.clear()

    def process_event(self, event: Event) -> None:
        """Take in one frame, or the handshake."""
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
            self.spoken.set()
            self._listener(bytes(event.data))
        else:
            super().process_event(event)

    def data_received(self, data: bytes) -> None:
        """Acknowledge what came (Linux forgets the option after use; Asterisk may wait for it), and read it."""
        self.octets += len(data)
        sock = self.transport.get_extra_info("socket")
        if _QUICK_ACK is not None and sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
        super().data_received(data)


class AriServer:
    """Waits for Asterisk and hands over its link and events, one link at a time: the newest."""

    def __init__(
        self,
        *,
        port: int,
        username: str,
        password: str,
        connected: Callable[[AriLink], None],
        received: Callable[[AriLink, Known], None],
        lost: Callable[[AriLink, str], None],
    ) -> None:
        self._port = port
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._authorization = f"Basic {credentials}"
        self._connected = connected
        self._received = received
        self._lost = lost
        self._server: Server | None = None
        self._link: AriLink | None = None
        self.bytes_received = 0
        self.frames_received = 0

    async def start(self) -> None:
        """Listen on loopback.

        Raises:
            OSError: the port is taken.
        """
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self._port,
            process_request=self._check,
            create_connection=_PromptConnection,
            subprotocols=["ari"],  # type: ignore[list-item]
            compression=None,
            max_size=_MAX_FRAME,
            ping_interval=None,  # see _watch
            close_timeout=_CLOSE_TIMEOUT,
            server_header=None,
        )

    def let_go(self) -> None:
        """Stop listening and end the link at once; what was ordered is sent."""
        if self._server is not None:
            self._server.close()
        if self._link is not None:
            self._link.leave()

    async def close(self) -> None:
        """Stop listening and end the link; calls go on without us."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Let in Asterisk only."""
        given = request.headers.get("Authorization", "")
        if request.path.partition("?")[0] != "/ari":
            return connection.respond(HTTPStatus.NOT_FOUND, "")
        if not hmac.compare_digest(given.encode(), self._authorization.encode()):
            log.warning("ari_connection_refused")
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        """Read one socket until it ends."""
        link = AriLink(connection)
        if self._link is not None:
            self._end(self._link, "Asterisk dialled again")
        self._link = link
        prompt = cast(_PromptConnection, connection)
        watching = asyncio.get_running_loop().create_task(self._watch(prompt, link))
        reason = "closed by Asterisk"
        try:
            await _first_word(prompt)
            if self._link is not link:
                return
            self._connected(link)
            prompt.listen(lambda frame: self._take(link, frame))
            async for frame in connection:
                self._take(link, frame)
        except ConnectionClosed as error:
            reason = error.rcvd.reason if error.rcvd else "the socket broke"
        except Exception:  # the top of this task: nothing may leave the link half alive
            reason = "a fault of ours"
            log.exception("ari_link_failed")
            raise
        finally:
            watching.cancel()
            if self._link is link:
                self._end(link, reason)

    async def _watch(self, connection: _PromptConnection, link: AriLink) -> None:
        """Ask a link that fell silent for a sign of life, and end one that gives none; any frame is one."""
        silent, octets = 0, connection.octets
        while self._link is link:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.sleep(0)  # what came while we stood still is read first
            silent = silent + 1 if connection.octets == octets else 0
            octets = connection.octets
            if silent == ASKED_AFTER_LOOKS:
                link.ask_for_life()
            elif silent >= SILENT_LOOKS and self._link is link:
                self._end(link, "nothing comes from Asterisk")

    def _take(self, link: AriLink, frame: str | bytes) -> None:
        """Read a frame of the link, while it is the one in use."""
        if self._link is not link:
            return
        try:
            self._read(link, frame)
        except Exception:  # called by the loop itself: nothing may leave the link half alive
            log.exception("ari_link_failed")
            self._end(link, "a fault of ours")

    def _read(self, link: AriLink, frame: str | bytes) -> None:
        self.frames_received += 1
        self.bytes_received += len(frame)
        message = decode(frame)
        if isinstance(message, RESTResponse):
            link.answered(message)
        elif message is not None:
            self._received(link, message)

    def _end(self, link: AriLink, reason: str) -> None:
        """Forget the link, once."""
        self._link = None
        link.abort()
        self._lost(link, reason)


def _heard(answer: asyncio.Future[str]) -> None:
    """Take note of an answer that says nothing but that there is one."""
    if not answer.cancelled():
        answer.exception()


async def _first_word(connection: _PromptConnection) -> None:
    """Wait for Asterisk's first frame (``ApplicationRegistered``), but not for long.

    A request sent before it may reach Asterisk in one piece with our answer to its handshake; Asterisk then
    leaves it unread in a buffer until something more comes, which would be our next ping, a second later.
    """
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(connection.spoken.wait(), _FIRST_WORD_SECONDS)


def _reason(response: RESTResponse) -> str:
    """Why Asterisk refused; its texts name channels, never persons."""
    try:
        return str(msgspec.json.decode(response.message_body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return response.reason_phrase
