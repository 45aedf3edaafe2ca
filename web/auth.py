"""Who is logged in, and whether a request comes from our own pages."""

import asyncio
import re
from collections import Counter, OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import HTTPException, Request, WebSocket
from starlette.requests import HTTPConnection

from core.accounts import Session
from core.errors import StorageUnavailable
from core.ports import Clock, Sessions
from core.words import Role
from web.live import Close

COOKIE = "bandeau15_session"

TOKEN_MAX = 256
SEEN_AT_MOST = 4096
DATABASE_PATIENCE_S = 2.0
"""A database that has not found a session within this is taken to be away: a strip must come back."""
PLACE_REMEMBERED = timedelta(hours=12)
"""How long a place where somebody with a session was is remembered."""

AT_WORK = frozenset(role for role in Role if role.takes_a_position)
"""Whom the room's pages are for."""

_JSON = re.compile(r"^application/json\s*(;|$)", re.IGNORECASE)
_SCHEMES = {"ws": "http", "wss": "https"}


class WebError(HTTPException):
    """A request refused, with a stable code; the text is looked up where it is shown."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, code, headers)
        self.code = code


def origin_allowed(origin: str | None, scheme: str, host: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a request with this ``Origin`` may act for whoever is logged in.

    Browsers always give it where it matters; a client that gives none is no browser, and carries no cookie but
    its own.
    """
    if origin is None:
        return True
    return origin in allowed or (host is not None and origin == f"{_SCHEMES.get(scheme, scheme)}://{host}")


@dataclass(frozen=True, slots=True)
class Identity:
    """A session and the token of its cookie."""

    session: Session
    token: str


class Gate:
    """Checks requests: their origin, their form, their session.

    Sessions seen before are remembered, so that strips come back while the database is away: calls do not wait
    for it. ``roles``: whom the pages behind it are for.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        allowed_origins: tuple[str, ...] = (),
        patience_seconds: float = DATABASE_PATIENCE_S,
        idle: timedelta = timedelta(hours=1),
        roles: Collection[Role] = AT_WORK,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._allowed_origins = allowed_origins
        self._patience_seconds = patience_seconds
        self._idle = idle
        self._roles = roles
        self._used: OrderedDict[str, datetime] = OrderedDict()
        """When each session was last used, with no page open by now."""
        self._open: Counter[str] = Counter()
        """The WebSockets of each session."""
        self._seen: OrderedDict[str, Session] = OrderedDict()
        self._places: OrderedDict[str, datetime] = OrderedDict()

    def from_our_pages(self, connection: HTTPConnection) -> bool:
        """Whether the request may come from our pages."""
        headers = connection.headers
        return origin_allowed(
            headers.get("origin"), connection.url.scheme, headers.get("host"), self._allowed_origins
        )

    async def identity(self, connection: HTTPConnection) -> Identity | None:
        """Whose session the request has, if it has one.

        Raises:
            StorageUnavailable: the database does not answer, and the session was not seen before.
        """
        token = connection.cookies.get(COOKIE)
        if not token or len(token) > TOKEN_MAX:
            return None
        session = await self._find(token)
        if session is None:
            return None
        if self._forgotten(token):
            await self.end(Identity(session, token))
            return None
        self._use(token)
        self._note_place(connection)
        return Identity(session, token)

    def pages_open(self, token: str) -> int:
        """How many WebSockets a session has open; those without session (empty) are not counted."""
        return self._open[token]

    def page_opened(self, token: str) -> None:
        """A page of a session has opened a WebSocket: while it is open, the session is in use."""
        if token:
            self._open[token] += 1

    def page_closed(self, token: str) -> None:
        """A page's WebSocket ended."""
        self._open[token] -= 1
        if self._open[token] <= 0:
            del self._open[token]
        if token in self._used:
            self._use(token)

    def _forgotten(self, token: str) -> bool:
        """Whether nobody has used a session for too long."""
        used = self._used.get(token)
        return used is not None and token not in self._open and self._clock.now() - used > self._idle

    def _use(self, token: str) -> None:
        self._used[token] = self._clock.now()
        self._used.move_to_end(token)
        while len(self._used) > SEEN_AT_MOST:
            self._used.popitem(last=False)

    async def replace(self, connection: HTTPConnection) -> None:
        """End the session that a browser had before it logged in again.

        Raises:
            StorageUnavailable: the database does not answer; the session goes on.
        """
        token = connection.cookies.get(COOKIE)
        if token and len(token) <= TOKEN_MAX:
            await self._sessions.delete(token)
            self._drop(token)

    def _drop(self, token: str) -> None:
        self._seen.pop(token, None)
        self._used.pop(token, None)

    def knows(self, address: str) -> bool:
        """Whether somebody with a session came from an IP address within the last hours."""
        seen = self._places.get(address)
        return seen is not None and self._clock.now() - seen < PLACE_REMEMBERED

    def _note_place(self, connection: HTTPConnection) -> None:
        if connection.client is None:
            return
        self._places.pop(connection.client.host, None)
        self._places[connection.client.host] = self._clock.now()
        while len(self._places) > SEEN_AT_MOST:
            self._places.popitem(last=False)

    async def end(self, identity: Identity) -> None:
        """End a session.

        Raises:
            StorageUnavailable: the database does not answer; the session goes on.
        """
        await self._sessions.delete(identity.token)
        self._drop(identity.token)

    async def _find(self, token: str) -> Session | None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                session = await self._sessions.find(token)
        except (StorageUnavailable, TimeoutError) as error:
            seen = self._seen.get(token)
            if seen is None:
                raise StorageUnavailable("the database does not answer") from error
            return seen if seen.expires_at > self._clock.now() else None
        self._seen.pop(token, None)
        if session is not None:
            self._seen[token] = session
            while len(self._seen) > SEEN_AT_MOST:
                self._seen.popitem(last=False)
        return session

    async def admit(self, websocket: WebSocket) -> Identity | None:
        """Accept a page's WebSocket, or close it and say why; ``None``: it was closed."""
        if not self.from_our_pages(websocket):
            await websocket.close()  # before it is accepted: HTTP 403
            return None
        try:
            identity = await self.identity(websocket)
        except StorageUnavailable:
            await websocket.accept()
            await websocket.close(Close.RESTARTING, "storage_unavailable")
            return None
        await websocket.accept()
        if identity is None:
            await websocket.close(Close.NO_SESSION, "no_session")
        elif identity.session.agent.role not in self._roles:
            await websocket.close(Close.NO_SESSION, "not_allowed")
            return None
        return identity

    async def checked(self, request: Request) -> None:
        """Dependency of every request that changes something: from our pages, and JSON.

        Raises:
            WebError: 403 ``bad_origin``, 415 ``bad_request``.
        """
        if not self.from_our_pages(request):
            raise WebError(403, "bad_origin")
        kind = request.headers.get("content-type")
        if kind is not None and not _JSON.match(kind):
            raise WebError(415, "bad_request")

    async def known(self, request: Request) -> Identity:
        """Dependency: the session of the request, whatever its role.

        Raises:
            WebError: 401 ``no_session``.
        """
        identity = await self.identity(request)
        if identity is None:
            raise WebError(401, "no_session")
        return identity

    async def logged_in(self, request: Request) -> Identity:
        """Dependency: the session of the request, of a role these pages are for.

        Raises:
            WebError: 401 ``no_session``, 403 ``not_allowed``.
        """
        identity = await self.known(request)
        if identity.session.agent.role not in self._roles:
            raise WebError(403, "not_allowed")
        return identity
