"""What a source or a session may ask of the pages' server: size and time of bodies, requests, open sockets.

An ASGI middleware around everything else: what goes too far is answered here, before any of it is read as JSON.
How fast passwords may be tried is ``web.throttle``'s business, what a live screen may send ``web.socket``'s.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.auth import COOKIE, Gate
from web.rates import Rates
from web.texts import message

log = structlog.get_logger(__name__)

API = ("/api/", "/aml/")
"""Where programs ask, rather than people."""
_NO_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """Octets, seconds, and counts."""

    body: int = 64 * 1024
    """Octets of the longest body."""
    long_bodies: Mapping[str, int] = field(default_factory=dict)
    """Paths that take longer ones, from who is logged in: path → octets."""
    body_seconds: float = 20
    """How long a body may take to come."""
    session_per_second: float = 10
    session_burst: float = 60
    """Requests to the API, of one session."""
    source_per_second: float = 200
    source_burst: float = 1200
    """Of one address: a whole room may share one."""
    sockets: int = 24
    """WebSockets open at a time, of one session: a few screens in each of a few windows."""
    remembered: int = 8192
    """Sessions and addresses remembered at once; beyond, the longest untouched is forgotten."""


class _TooMuch(Exception):
    """The request is answered with this status and code, whatever becomes of it."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class InputLimits:
    """ASGI middleware that keeps requests within their limits.

    Args:
        app: what it guards.
        gate: knows sessions.
        limits: how much is let through.
        now: a clock that never goes back, in seconds.
    """

    def __init__(self, app: ASGIApp, gate: Gate, limits: RequestLimits, now: Callable[[], float]) -> None:
        self._app = app
        self._gate = gate
        self._limits = limits
        self._now = now
        self._of_session = Rates(limits.session_per_second, limits.session_burst, limits.remembered)
        self._of_source = Rates(limits.source_per_second, limits.source_burst, limits.remembered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or one WebSocket."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    # --- WebSockets -------------------------------------------------------------------------------------

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = _session(scope) or ""
        full = self._gate.pages_open(session) >= self._limits.sockets
        if full or not self._of_source.allow(_source(scope), self._now()):
            log.warning("socket_refused", reason="too_many")
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        self._gate.page_opened(session)
        try:
            await self._app(scope, receive, send)
        finally:
            self._gate.page_closed(session)

    # --- requests ---------------------------------------------------------------------------------------

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._count(scope)
            most = await self._longest(scope)
        except _TooMuch as refused:
            await self._refuse(refused, scope, receive, send)
            return
        deadline = self._now() + self._limits.body_seconds
        body = _Body(receive, most, deadline, self._now)
        answered = False

        async def answering(part: Message) -> None:
            nonlocal answered
            if body.refused is not None and not answered:
                return  # what the application makes of a body that was cut off is not for them
            answered = True
            await send(part)

        with suppress(ClientDisconnect):  # theirs or ours: nobody is there to be answered by the application
            await self._app(scope, body.receive, answering)
        if body.refused is not None and not answered:
            await self._refuse(body.refused, scope, receive, send)

    def _count(self, scope: Scope) -> None:
        if not scope["path"].startswith(API):
            return
        now, session = self._now(), _session(scope)
        if not self._of_source.allow(_source(scope), now):
            raise _TooMuch(429, "too_many_commands")
        if session is not None and not self._of_session.allow(session, now):
            raise _TooMuch(429, "too_many_commands")

    async def _longest(self, scope: Scope) -> int:
        """How long the request's body may be; one that says itself that it is longer goes no further."""
        most = self._limits.body
        longer = self._limits.long_bodies.get(scope["path"])
        if scope["method"] not in _NO_BODY and longer is not None:
            connection = HTTPConnection(scope)
            if self._gate.from_our_pages(connection) and await self._gate.identity(connection) is not None:
                most = longer
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said[:12]) > most:
            raise _TooMuch(413, "too_long")
        return most

    @staticmethod
    async def _refuse(refused: _TooMuch, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Connection": "close"}
        if refused.status == 429:
            headers["Retry-After"] = "1"
        told = {"code": refused.code, "message": message(refused.code)}
        await JSONResponse(told, refused.status, headers)(scope, receive, send)


class _Body:
    """The body of a request as it comes in: no longer, and no later, than it may."""

    def __init__(self, receive: Receive, most: int, deadline: float, now: Callable[[], float]) -> None:
        self._receive = receive
        self._left = most
        self._deadline = deadline
        self._now = now
        self._whole = False
        self.refused: _TooMuch | None = None

    async def receive(self) -> Message:
        """The next part; to the application, one that is cut off looks like a client who left."""
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._deadline - self._now())):
                part = await self._receive()
        except TimeoutError:
            return self._cut(_TooMuch(408, "too_slow"))
        if part["type"] == "http.request":
            self._left -= len(part.get("body", b""))
            if self._left < 0:
                return self._cut(_TooMuch(413, "too_long"))
            self._whole = not part.get("more_body", False)
        return part

    def _cut(self, why: _TooMuch) -> Message:
        self._whole = True
        self.refused = why
        return {"type": "http.disconnect"}


def _session(scope: Scope) -> str | None:
    return HTTPConnection(scope).cookies.get(COOKIE)


def _source(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
