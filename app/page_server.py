"""The web server of the pages: what a connection may cost before a request has come by it.

A connection that sends no whole request for some seconds is closed, also one that sends a byte now and then;
and so is one more from an address that has many. What requests may do is ``web.limits``'s business.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.authority import Certificates
from web.live import MAX_FRAME

log = structlog.get_logger(__name__)

HEAD_OCTETS: Final = 32 * 1024
"""Longest request line with its headers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionLimits:
    """How many connections there may be at a time, and how long one may go without asking for anything."""

    of_source: int = 1000
    """Of one address: a whole room may share one, and each page opens several."""
    in_all: int = 10_000
    request_seconds: float = 10


class Connections:
    """The open connections, by address. A closed one is found out when the next one comes."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[str, set[asyncio.Transport]] = {}

    def admit(self, transport: asyncio.Transport) -> bool:
        """Whether one more connection may stay; it counts if so."""
        source = _source(transport)
        mine = self._open.setdefault(source, set())
        if len(mine) >= self.limits.of_source or self._count() >= self.limits.in_all:
            self._forget_closed()
            mine = self._open.setdefault(source, set())
        if len(mine) >= self.limits.of_source or self._count() >= self.limits.in_all:
            return False
        mine.add(transport)
        return True

    def _count(self) -> int:
        return sum(map(len, self._open.values()))

    def _forget_closed(self) -> None:
        for source, transports in list(self._open.items()):
            still = {each for each in transports if not each.is_closing()}
            if still:
                self._open[source] = still
            else:
                del self._open[source]


class PatientProtocol(H11Protocol):
    """HTTP of uvicorn, with a limit to its patience."""

    connections_open: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        self._waiting: asyncio.TimerHandle | None = None
        self._upgraded = False
        super().connection_made(transport)
        if self.connections_open.admit(transport):
            self._watch()
        else:
            log.warning("connection_refused", reason="too_many")
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Some of a request, or of several."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """A request is answered; the next one is waited for."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """From here on the live protocol watches over it."""
        self._upgraded = True
        super().handle_websocket_upgrade(event)
        self._stop_waiting()

    def _watch(self) -> None:
        """Wait for a whole request head, where none is being answered; a part of one gives no more time."""
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self._upgraded or self.transport.is_closing():
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(self.connections_open.limits.request_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        self.transport.close()


class PageServer(uvicorn.Server):
    """Leaves signals to the program: it serves on two ports at once."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def server_config(
    application: Callable[..., Any],
    *,
    connections: Connections,
    protocol: type[PatientProtocol] = PatientProtocol,
    **more: Any,
) -> uvicorn.Config:
    """How the pages are served. ``more``: where, and by which certificate."""

    class Watched(protocol):  # type: ignore[valid-type,misc]
        connections_open = connections

    return uvicorn.Config(
        application,
        http=Watched,
        h11_max_incomplete_event_size=HEAD_OCTETS,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME,
        ws_per_message_deflate=False,  # short frames to many screens: not worth its time and memory
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        server_header=False,
        **more,
    )


def page_servers(
    application: Callable[..., Any],
    certificates: Certificates,
    *,
    host: str,
    ports: tuple[int, int],
    of_source: int,
) -> list[PageServer]:
    """HTTP for this machine, HTTPS for the others.

    Args:
        application: what is served on both.
        certificates: of this machine.
        host: the address to listen on.
        ports: of HTTP and of HTTPS.
        of_source: how many connections one address may have open, on both together.
    """
    connections = Connections(ConnectionLimits(of_source=of_source))
    secure = {"ssl_certfile": str(certificates.certificate), "ssl_keyfile": str(certificates.private_key)}
    tls: tuple[dict[str, Any], ...] = ({}, secure)
    same: dict[str, Any] = {"host": host, "log_level": "warning"}
    return [
        PageServer(server_config(application, connections=connections, port=port, **same, **more))
        for port, more in zip(ports, tls, strict=True)
    ]


def _source(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
