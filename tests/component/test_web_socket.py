"""The pump of a live screen against hostile, slow and silent clients, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from fastapi import APIRouter, WebSocket
from websockets.asyncio.client import connect

from app.clock import SystemClock
from core.errors import CommandRefused
from tests.support.waiting import until
from tests.support.web_server import LiveClient, served
from web.live import Close, CommandFrame, LiveHub, Section
from web.socket import Limits, LiveSocket

pytestmark = pytest.mark.component

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOM = Section("room")


class World:
    """One hub, and a socket that shows it."""

    def __init__(self, limits: Limits) -> None:
        self.hub = LiveHub("e1")
        self.hub.reset(1, {ROOM: {"n": 0}}, NOW)
        self.sockets: list[LiveSocket] = []
        self.commands: list[CommandFrame] = []
        self.ended = 0
        self.host = ""
        self.router = APIRouter()

        @self.router.websocket("/ws")
        async def screen(websocket: WebSocket) -> None:
            await websocket.accept()
            socket = LiveSocket(websocket, self.hub, SystemClock(), limits)
            self.sockets.append(socket)
            try:
                await socket.run(
                    ("room",),
                    joined=lambda: None,
                    heard=lambda: None,
                    command=self._command,
                    message=lambda code: f"Refusé : {code}.",
                )
            finally:
                self.ended += 1

    def _command(self, frame: CommandFrame) -> None:
        self.commands.append(frame)
        if frame.name == "crash":
            raise ZeroDivisionError
        if frame.name != "fine":
            raise CommandRefused("no_call")

    @asynccontextmanager
    async def screen(self, *, hello: bool = True) -> AsyncIterator[LiveClient]:
        async with connect(f"ws://{self.host}/ws", max_queue=1) as connection:
            client = LiveClient(connection)
            if hello:
                await client.hello()
            yield client


@asynccontextmanager
async def serving(**limits: float) -> AsyncIterator[World]:
    world = World(Limits(**limits))  # type: ignore[arg-type]
    async with served(world.router) as world.host:
        yield world
        await until(lambda: world.ended == len(world.sockets), "no screen is left behind")
        assert len(world.hub) == 0


async def test_snapshot_changes_commands_and_heartbeat() -> None:
    async with serving() as world, world.screen() as screen:
        world.hub.publish(2, "CallQueued", {ROOM: {"n": 1}})
        assert await screen.sync() == {"n": 1}
        assert (await screen.command("fine"))["ok"] is True
        refused = await screen.command("other")
        assert (refused["code"], refused["message"]) == ("no_call", "Refusé : no_call.")


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        '{"type":"dance"}',
        '{"type":"hello"}',
        '{"type":"ping","x":1}',
        b"\x00\x01",
        b'{"type":"hello"}',
    ],
)
async def test_a_screen_that_breaks_the_protocol_is_closed(frame: str | bytes) -> None:
    async with serving() as world, world.screen() as screen:
        await screen.connection.send(frame)
        assert await screen.close_code() == Close.BAD_FRAME


async def test_a_frame_too_long_is_not_even_read() -> None:
    async with serving() as world, world.screen() as screen:
        await screen.connection.send('{"type":"ping"}' + " " * 20_000)
        assert await screen.close_code() in (1009, Close.BAD_FRAME)


async def test_the_first_frame_is_hello() -> None:
    async with serving() as world, world.screen(hello=False) as screen:
        await screen.send(type="ping")
        assert await screen.close_code() == Close.BAD_FRAME


async def test_a_screen_that_says_nothing_is_closed() -> None:
    async with serving(hello_seconds=0.05) as world, world.screen(hello=False) as screen:
        assert await screen.close_code() == Close.SILENT
    async with serving(silence_seconds=0.05) as world, world.screen() as screen:
        assert await screen.close_code() == Close.SILENT


async def test_a_flood_is_closed_and_too_many_commands_refused() -> None:
    async with serving(frames_burst=5, frames_per_second=0.001) as world, world.screen() as screen:
        for _ in range(6):
            await screen.send(type="ping")
        assert await screen.close_code() == Close.TOO_MANY
    async with serving(commands_burst=1, commands_per_second=0.001) as world, world.screen() as screen:
        assert (await screen.command("fine"))["ok"] is True
        assert (await screen.command("fine"))["code"] == "too_many_commands"
        assert len(world.commands) == 1


async def test_a_screen_that_does_not_read_is_closed_and_delays_nobody() -> None:
    async with serving(queued_frames=20, send_seconds=0.3) as world, world.screen() as other:
        async with connect(f"ws://{world.host}/ws", max_queue=1) as stuck:
            await stuck.send('{"type":"hello"}')
            await until(lambda: len(world.hub) == 2, "both are connected")
            stuck.transport.pause_reading()
            served, seq = world.sockets[-1], 1
            while len(world.hub) == 2 and served.closed_as is None:
                seq += 1
                assert seq < 2000, "the stuck screen is still served"
                world.hub.publish(seq, "CallQueued", {ROOM: {"n": seq, "long": "x" * 50_000 + str(seq)}})
                assert (await other.until("change"))["seq"] == seq
            await until(lambda: len(world.hub) == 1, "the stuck screen is let go")
            stuck.transport.abort()
        world.hub.publish(seq + 1, "CallQueued", {ROOM: {"n": 0}})
        assert (await other.sync())["n"] == 0


async def test_a_fault_of_ours_closes_one_screen_which_comes_back() -> None:
    async with serving() as world, world.screen() as screen:
        await screen.send(type="command", id=1, name="crash", args={})
        assert await screen.close_code() == Close.RESTARTING
        async with world.screen() as again:
            assert await again.sync() == {"n": 0}


async def test_bye_comes_after_the_reply_being_made() -> None:
    async with serving() as world, world.screen() as screen:
        await screen.send(type="command", id=9, name="fine", args={})
        await until(lambda: bool(world.commands), "the command came")
        world.sockets[0].bye("restarting", Close.RESTARTING)
        assert (await screen.until("bye"))["reason"] == "restarting"
        assert [f["type"] for f in screen.frames] == ["snapshot", "reply", "bye"]
        assert await screen.close_code() == Close.RESTARTING


async def test_many_screens_come_and_go() -> None:
    async with serving() as world:

        async def visit(number: int) -> None:
            async with world.screen() as screen:
                for _ in range(number % 3):
                    await screen.sync()

        await asyncio.gather(*(visit(i) for i in range(30)))
