"""What a client may cost the pages' server, over a real one: size, time and number of everything it sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, Request, WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.clock import SystemClock
from app.page_server import HEAD_OCTETS, ConnectionLimits
from core.ids import PositionId
from tests.support.web_server import MemorySessions, account, served
from web.auth import COOKIE, Gate
from web.limits import RequestLimits

pytestmark = pytest.mark.component

LONG = "/api/long"


def routes() -> APIRouter:
    """Routes that say how much they were sent, and a WebSocket that says nothing."""
    router = APIRouter()

    @router.post("/api/short")
    @router.post(LONG)
    async def size(request: Request) -> int:
        return len(await request.body())

    @router.get("/api/short")
    async def nothing() -> int:
        return 0

    @router.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive()

    return router


class Served:
    """The routes, served with given limits, and somebody who is logged in."""

    def __init__(self, limits: RequestLimits, connections: ConnectionLimits | None = None) -> None:
        self._limits, self._connections = limits, connections
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Served":
        clock = SystemClock()
        sessions = MemorySessions(clock)
        expires_at = clock.now() + timedelta(hours=1)
        self.token = await sessions.create(account("arm1"), PositionId("arm1"), expires_at)
        self.cookie = {"Cookie": f"{COOKIE}={self.token}"}
        self.host = await self._stack.enter_async_context(
            served(routes(), gate=Gate(sessions, clock), limits=self._limits, connections=self._connections)
        )
        self.http = await self._stack.enter_async_context(httpx2.AsyncClient(base_url=f"http://{self.host}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name, port = self.host.split(":")
        return await asyncio.open_connection(name, int(port))


async def parts(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


SHORT = RequestLimits(body=1000, long_bodies={LONG: 5000}, body_seconds=0.3)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "logged_in", "size", "status"),
    [
        ("/api/short", False, 1000, 200),
        ("/api/short", True, 1001, 413),
        (LONG, False, 1001, 413),
        (LONG, True, 5000, 200),
        (LONG, True, 5010, 413),
    ],
)
async def test_a_body_is_no_longer_than_its_path_takes(
    path: str, logged_in: bool, size: int, status: int, chunked: bool
) -> None:
    async with Served(SHORT) as it:
        content = parts(size // 10, 10) if chunked else b"x" * size
        sent = size // 10 * 10 if chunked else size
        expected = 200 if chunked and sent <= 1000 else status
        answer = await it.http.post(path, content=content, headers=it.cookie if logged_in else {})
        assert answer.status_code == expected
        if expected == 413:
            assert answer.json()["code"] == "too_long"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        else:
            assert answer.json() == sent


async def test_a_body_that_takes_too_long_is_given_up() -> None:
    async with Served(SHORT) as it:
        reader, writer = await it.raw()
        writer.write(b"POST /api/short HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        assert answer.startswith(b"HTTP/1.1 408")
        writer.close()


async def test_who_never_ends_a_request_is_closed_however_they_dribble() -> None:
    async with Served(RequestLimits(), ConnectionLimits(request_seconds=0.5)) as it:
        reader, writer = await it.raw()

        async def dribble() -> None:
            writer.write(b"GET /api/short HTTP/1.1\r\n")
            while True:
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.05)

        dribbling = asyncio.create_task(dribble())
        try:
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        except ConnectionError:
            pass  # closed while it wrote
        finally:
            dribbling.cancel()
            writer.close()


async def test_an_open_screen_that_says_nothing_is_the_live_protocols_business() -> None:
    async with (
        Served(RequestLimits(), ConnectionLimits(request_seconds=0.3)) as it,
        connect(f"ws://{it.host}/ws") as screen,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(screen.recv(), 1)


async def test_headers_without_end_are_refused() -> None:
    async with Served(RequestLimits()) as it:
        reader, writer = await it.raw()
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"y" * (2 * HEAD_OCTETS))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        assert answer.startswith(b"HTTP/1.1 400")
        writer.close()


async def test_an_address_has_so_many_connections_and_gets_new_ones_for_those_it_closes() -> None:
    async with Served(RequestLimits(), ConnectionLimits(of_source=3)) as it:
        opened = [await it.raw() for _ in range(3)]
        reader, writer = await it.raw()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        _, first = opened[0]
        first.close()
        await first.wait_closed()
        async with asyncio.timeout(10):
            while True:
                reader, writer = await it.raw()
                writer.write(b"GET /api/short HTTP/1.1\r\nHost: x\r\n\r\n")
                if await reader.read(12) == b"HTTP/1.1 200":
                    break
        writer.close()


async def test_a_session_and_an_address_may_ask_so_often() -> None:
    limits = RequestLimits(session_per_second=0.001, session_burst=3, source_per_second=0.001, source_burst=5)
    async with Served(limits) as it:
        mine = [(await it.http.get("/api/short", headers=it.cookie)).status_code for _ in range(4)]
        others = [(await it.http.get("/api/short")).status_code for _ in range(2)]
        assert (mine, others) == ([200, 200, 200, 429], [200, 429])
        refused = await it.http.get("/api/short")
        assert refused.json()["code"] == "too_many_commands"
        assert refused.headers["Retry-After"] == "1"


async def test_a_session_has_so_many_screens_open() -> None:
    async with Served(RequestLimits(sockets=2)) as it, AsyncExitStack() as stack:
        address = f"ws://{it.host}/ws"
        for _ in range(2):
            await stack.enter_async_context(connect(address, additional_headers=it.cookie))
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, additional_headers=it.cookie)
        assert refused.value.response.status_code == 403
        await stack.aclose()
        async with asyncio.timeout(10):
            while True:
                try:
                    async with connect(address, additional_headers=it.cookie) as screen:
                        await screen.send(json.dumps({}))
                        with pytest.raises(ConnectionClosed):
                            await screen.recv()
                    break
                except InvalidStatus:
                    continue


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/%00",
        "/assets/a%00.js",
        "/" + "x" * 5000,
        "/" + "x/" * 3000,
        "/%ff%fe",
        "/link.txt",
    ],
)
async def test_nothing_outside_the_pages_is_served(path: str, tmp_path: Path) -> None:
    pages = tmp_path / "dist"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("page")
    (tmp_path / "secret.txt").write_text("secret")
    (pages / "link.txt").symlink_to(tmp_path / "secret.txt")
    async with served(pages=pages) as host:
        name, port = host.split(":")
        reader, writer = await asyncio.open_connection(name, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
    assert answer[9:12] in (b"400", b"404"), answer[:200]
    assert b"secret" not in answer.partition(b"\r\n\r\n")[2]
