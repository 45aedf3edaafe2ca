"""A real web server on loopback, in the test's own event loop, with accounts and sessions in memory."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from app.clock import SystemClock
from app.page_server import ConnectionLimits, Connections, server_config
from core.accounts import Account, Session
from core.errors import StorageUnavailable
from core.ids import AgentId, PositionId
from core.ports import Clock
from core.words import Role
from tests.support.waiting import until
from web.auth import Gate
from web.limits import RequestLimits
from web.live import merge_apply
from web.site import site

PASSWORD = "un mot de passe"


def account(login: str, role: Role = Role.ARM) -> Account:
    """An agent; their password is :data:`PASSWORD`."""
    return Account(agent_id=AgentId(f"8{login}/1"), login=login, name=f"Agent {login}", role=role)


class MemoryAccounts:
    """Implements core.ports.Accounts."""

    def __init__(self, *accounts: Account) -> None:
        self.by_login = {a.login: a for a in accounts}
        self.asked = 0

    async def verify(self, login: str, password: str) -> Account | None:
        self.asked += 1
        await asyncio.sleep(0)
        return self.by_login.get(login) if password == PASSWORD else None


class MemorySessions:
    """Implements core.ports.Sessions."""

    def __init__(self, clock: Clock) -> None:
        self.by_token: dict[str, Session] = {}
        self.away = False
        self._clock = clock

    async def create(self, agent: Account, position_id: PositionId, expires_at: datetime) -> str:
        self._check()
        token = f"token-{len(self.by_token)}-{agent.login}"
        self.by_token[token] = Session(
            agent=agent, position_id=position_id, created_at=self._clock.now(), expires_at=expires_at
        )
        return token

    async def find(self, token: str) -> Session | None:
        self._check()
        session = self.by_token.get(token)
        return session if session is not None and session.expires_at > self._clock.now() else None

    async def delete(self, token: str) -> None:
        self._check()
        self.by_token.pop(token, None)

    async def sweep(self) -> int:
        return 0

    def _check(self) -> None:
        if self.away:
            raise StorageUnavailable("away")


@asynccontextmanager
async def served(
    *routers: APIRouter,
    pages: Path = Path("/nonexistent"),
    gate: Gate | None = None,
    limits: RequestLimits | None = None,
    connections: ConnectionLimits | None = None,
) -> AsyncIterator[str]:
    """Serve these routes; gives ``host:port``."""
    clock = SystemClock()
    application = site(
        routers,
        pages=pages,
        sip_ports=(8088, 8089),
        gate=gate or Gate(MemorySessions(clock), clock),
        limits=limits or RequestLimits(),
        now=clock.monotonic,
    )
    async with answering(application, connections) as host:
        yield host


@asynccontextmanager
async def answering(application: FastAPI, connections: ConnectionLimits | None = None) -> AsyncIterator[str]:
    """Serve an application as a core does; gives ``host:port``."""
    # Named TCP: only then does asyncio send without waiting for acknowledgements (40 ms a request).
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    open_ones = Connections(connections or ConnectionLimits())
    config = server_config(application, connections=open_ones, log_config=None, ws_ping_interval=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await until(lambda: server.started, "the server listens")
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await asyncio.wait_for(serving, 10)
        listening.close()


class LiveClient:
    """A page's side of the live protocol, on a connected WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[dict[str, Any]] = []
        self.view: Any = None
        self.seq: int | None = None
        self.epoch: str | None = None
        self._next_id = 1

    async def send(self, **frame: Any) -> None:
        await self.connection.send(json.dumps(frame))

    async def hello(self, **resume: Any) -> None:
        await self.send(type="hello", **resume)
        await self.read()

    async def read(self) -> dict[str, Any]:
        """The next frame, applied to the view."""
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), 5))
        self.frames.append(frame)
        if frame["type"] == "snapshot":
            self.view, self.epoch, self.seq = frame["view"], frame["epoch"], frame["seq"]
        elif frame["type"] == "change":
            self.view, self.seq = merge_apply(self.view, frame["patch"]), frame["seq"]
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """Read up to the next frame of a type."""
        while (frame := await self.read())["type"] != kind:
            pass
        return frame

    async def sync(self) -> Any:
        """The view once everything sent before has been read."""
        await self.send(type="ping")
        await self.until("pong")
        return self.view

    async def command(self, name: str, **args: Any) -> dict[str, Any]:
        """Ask, and read up to the reply."""
        self._next_id += 1
        await self.send(type="command", id=self._next_id, name=name, args=args)
        reply = await self.until("reply")
        assert reply["id"] == self._next_id
        return reply

    async def close_code(self) -> int | None:
        """Read until the server closes; its code."""
        async with asyncio.timeout(5):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code
