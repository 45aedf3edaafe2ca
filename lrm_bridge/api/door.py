"""Who a request comes from, and whether it may."""

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address

import structlog
from starlette.requests import HTTPConnection

from core.api_clients import ApiClient, ApiClients, Scope
from core.errors import StorageUnavailable
from core.ports import Clock
from lrm_bridge.api.errors import ApiError
from web.rates import Rates

log = structlog.get_logger(__name__)

LONGEST_TOKEN = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class DoorLimits:
    """What one client may ask of the API."""

    per_second: float = 20
    burst: float = 100
    bad_tokens_per_second: float = 2
    bad_tokens_burst: float = 20
    """Of one address."""
    streams: int = 4
    """Open at a time."""
    believed_seconds: float = 10
    """How long a token is taken to be good: one that is revoked ends within that."""
    patience_seconds: float = 2
    """A database that has not answered within this is taken to be away: clients known before go on."""


class Door:
    """Knows clients by their tokens, and counts what they ask."""

    def __init__(self, clients: ApiClients, clock: Clock, limits: DoorLimits | None = None) -> None:
        self.limits = limits or DoorLimits()
        self._clients = clients
        self._clock = clock
        self._known: OrderedDict[str, tuple[ApiClient, float]] = OrderedDict()
        self._rates = Rates(self.limits.per_second, self.limits.burst, 1024)
        self._bad = Rates(self.limits.bad_tokens_per_second, self.limits.bad_tokens_burst, 8192)
        self._streams: Counter[str] = Counter()

    async def client(self, connection: HTTPConnection, scope: Scope | None = None) -> ApiClient:
        """Whose request it is; it counts.

        Raises:
            ApiError: 401, 403, 429, or 503 where the database does not answer and the token is new.
        """
        if not _secure(connection):
            raise ApiError("https_required")
        client = await self.holder(token_of(connection), connection)
        if not self._rates.allow(client.client_id, self._clock.monotonic()):
            raise ApiError("too_many_requests", {"Retry-After": "1"})
        if scope is not None and scope not in client.scopes:
            log.warning("api_scope_missing", client=client.client_id, scope=scope.value)
            raise ApiError("scope_missing")
        return client

    async def holder(self, token: str, connection: HTTPConnection) -> ApiClient:
        """Whose token it is.

        Raises:
            ApiError: 401, 429 or 503.
        """
        now = self._clock.monotonic()
        client, believed_until = self._known.get(token, (None, 0.0))
        if client is not None and now < believed_until:
            return client
        source = connection.client.host if connection.client else ""
        if client is None and not self._bad.allow(source, now):
            raise ApiError("too_many_requests", {"Retry-After": "5"})
        try:
            async with asyncio.timeout(self.limits.patience_seconds):
                found = await self._clients.find(token)
        except (StorageUnavailable, TimeoutError) as error:
            if client is None:
                raise ApiError("unavailable", {"Retry-After": "5"}) from error
            found = client
        if found is None:
            self._known.pop(token, None)
            log.warning("api_token_refused", source=source)
            raise ApiError("bad_token", {"WWW-Authenticate": "Bearer"})
        self._known[token] = found, now + self.limits.believed_seconds
        while len(self._known) > 1024:
            self._known.popitem(last=False)
        return found

    def open_stream(self, client: ApiClient) -> None:
        """One more stream of a client.

        Raises:
            ApiError: it has as many as it may have.
        """
        if self._streams[client.client_id] >= self.limits.streams:
            raise ApiError("too_many_streams")
        self._streams[client.client_id] += 1

    def close_stream(self, client: ApiClient) -> None:
        """One fewer."""
        self._streams[client.client_id] -= 1


def token_of(connection: HTTPConnection) -> str:
    """The token that a request brings.

    Raises:
        ApiError: it brings none.
    """
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise ApiError("no_token", {"WWW-Authenticate": "Bearer"})
    return token.strip()


def _secure(connection: HTTPConnection) -> bool:
    """Whether nobody on the way can read the token: TLS, or this very machine."""
    if connection.url.scheme in ("https", "wss"):
        return True
    try:
        return connection.client is not None and ip_address(connection.client.host).is_loopback
    except ValueError:
        return False
