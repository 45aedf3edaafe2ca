"""The wallboard and the metrics, over a real server, on a centre with a fake switch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from core.alarms import AlarmKind
from core.commands import AcceptOffer, Pause
from core.ids import CallId, ChannelId, PositionId
from core.switch import CallerChannel, PlaybackEnded
from core.words import CallerNumber, PauseReason, Role
from supervision.alarms import AlarmService
from supervision.routes import metrics_route
from supervision.service import BoardService
from supervision.ws import board_socket
from tests.support.centre import FakeCentre, settle
from tests.support.web_server import LiveClient, MemorySessions, account, served
from web.auth import COOKIE, Gate
from web.live import Close
from web.socket import Limits

pytestmark = pytest.mark.component

NO_AID = {"overflowed": 0, "aided": 0, "aidAnswered": 0}


class World:
    """A centre with its wallboard served."""

    def __init__(self, centre: FakeCentre) -> None:
        self.centre = centre
        self.board = BoardService(
            bus=centre.bus,
            clock=centre.clock,
            epoch="epoch-1",
            gauges={"spool_lag": ("Events not yet in the database", lambda: 7)},
        )
        self.sessions = MemorySessions(centre.clock)
        gate = Gate(self.sessions, centre.clock)
        self.routers = (
            board_socket(self.board, gate, centre.clock, Limits()),
            metrics_route(self.board.metrics, gate),
        )
        self.host = ""

    async def token(self) -> str:
        expires_at = self.centre.clock.now().replace(year=2090)
        return await self.sessions.create(account("chef"), PositionId("chef"), expires_at)

    def caller(self, name: str, *, test: bool = False) -> CallerChannel:
        """A caller who has heard the welcome."""
        channel = CallerChannel(
            channel_id=ChannelId(name),
            call_id=CallId(name),
            line="15",
            caller=CallerNumber("+33612345678", test),
            created_at=self.centre.clock.now(),
        )
        self.centre.switch.caller_arrives(channel)
        for greeting in list(self.centre.ivr.greetings.by_call.values()):
            self.centre.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
        return channel

    async def answer(self, name: str) -> None:
        position = self.centre.acd.room.positions[PositionId(name)]
        assert position.offer is not None
        self.centre.bus.execute(AcceptOffer(position_id=position.position_id, offer_id=position.offer.offer_id))
        await settle()

    @asynccontextmanager
    async def wallboard(self) -> AsyncIterator[LiveClient]:
        headers = {"Cookie": f"{COOKIE}={await self.token()}"}
        async with connect(f"ws://{self.host}/ws/salle", additional_headers=headers) as connection:
            client = LiveClient(connection)
            await client.hello()
            yield client


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World(FakeCentre())
    world.centre.start()
    await world.board.start()
    async with served(*world.routers) as world.host:
        yield world
        assert world.centre.failures == []


async def test_the_wallboard_follows_the_room(world: World) -> None:
    async with world.wallboard() as board:
        assert board.view["platform"] == {"switch": "up"}
        assert board.view["positions"] == {}
        assert board.view["today"] == {
            "date": "2026-03-29",
            "presented": 0,
            "answered": 0,
            "abandoned": 0,
            **NO_AID,
        }
        world.centre.agent("arm1")
        world.caller("taken")
        world.caller("abandons")
        view = await board.sync()
        assert view["room"].items() >= {"waiting": 2, "inProgress": 0, "ready": 0, "positions": 1}.items()
        assert view["positions"]["arm1"].items() >= {"name": "arm1", "role": "arm", "state": "offered"}.items()
        await world.answer("arm1")
        world.centre.switch.channel_ends(ChannelId("abandons"))
        view = await board.sync()
        assert view["room"].items() >= {"waiting": 0, "inProgress": 1, "inSvi": 0}.items()
        assert "oldestQueuedAt" not in view["room"]
        assert view["today"].items() >= {"presented": 2, "answered": 1, "abandoned": 1, **NO_AID}.items()
        world.centre.switch.channel_ends(ChannelId("taken"))
        world.centre.bus.execute(Pause(position_id=PositionId("arm1"), reason=PauseReason.BREAK))
        world.centre.advance(16)
        view = await board.sync()
        assert view["positions"]["arm1"].items() >= {"state": "paused", "pauseReason": "break"}.items()
        assert view["today"].items() >= {"presented": 2, "answered": 1, "abandoned": 1, **NO_AID}.items()


async def test_midnight_in_paris_begins_a_new_day(world: World) -> None:
    async with world.wallboard() as board:
        world.caller("before")
        # The night of 29 March 2026 has 23 hours: 21:59:59 UTC is 23:59:59 in Paris.
        world.centre.clock.advance((21.5 * 3600) - 1)
        world.board.tick(world.centre.clock.now())
        assert (await board.sync())["today"]["presented"] == 1
        world.board.tick(world.centre.clock.now())
        world.centre.clock.advance(1)
        world.board.tick(world.centre.clock.now())
        view = await board.sync()
        assert view["today"] == {"date": "2026-03-30", "presented": 0, "answered": 0, "abandoned": 0, **NO_AID}
        assert view["room"]["waiting"] == 1
        world.centre.switch.channel_ends(ChannelId("before"))
        assert (await board.sync())["today"]["abandoned"] == 0  # it was presented yesterday
        world.caller("after")
        assert (await board.sync())["today"]["presented"] == 1


async def test_test_calls_are_in_no_figure(world: World) -> None:
    async with world.wallboard() as board:
        world.caller("robot", test=True)
        view = await board.sync()
        assert (view["room"]["waiting"], view["today"]["presented"]) == (0, 0)
        world.centre.agent("robot-essai", role=Role.TEST_ROBOT)
        await world.answer("robot-essai")
        view = await board.sync()
        assert (view["room"]["inProgress"], view["today"]["answered"]) == (0, 0)
        assert (view["room"]["positions"], view["positions"]) == (0, {})


async def test_today_is_the_same_after_a_restart(world: World) -> None:
    world.centre.agent("arm1")
    world.caller("taken")
    await world.answer("arm1")
    world.caller("abandons")
    world.centre.switch.channel_ends(ChannelId("abandons"))
    again = World(FakeCentre(world.centre.journal.envelopes))
    for envelope in world.centre.journal.envelopes:
        again.board.model.fold(envelope)
    assert again.board.model.today.view() == world.board.model.today.view()
    assert again.board.model.sections() == world.board.model.sections()


async def test_a_wallboard_commands_nothing_and_needs_a_session(world: World) -> None:
    async with world.wallboard() as board:
        assert (await board.command("log_out"))["code"] == "unknown_command"
    async with connect(f"ws://{world.host}/ws/salle") as connection:
        assert await LiveClient(connection).close_code() == Close.NO_SESSION


async def test_the_core_says_bye_when_it_restarts(world: World) -> None:
    async with world.wallboard() as board:
        await world.board.close()
        assert (await board.until("bye"))["reason"] == "restarting"


async def test_metrics_have_figures_and_no_personal_data(world: World) -> None:
    world.centre.agent("arm1")
    world.caller("taken")
    world.centre.clock.advance(12)
    await world.answer("arm1")
    world.caller("abandons")
    world.caller("robot", test=True)
    world.centre.switch.channel_ends(ChannelId("robot"))
    world.centre.switch.channel_ends(ChannelId("abandons"))
    async with httpx2.AsyncClient(base_url=f"http://{world.host}") as http:
        answer = await http.get("/metrics")
    lines = answer.text.splitlines()
    for line in (
        "bandeau15_calls_waiting 0.0",
        "bandeau15_calls_in_progress 1.0",
        'bandeau15_positions{state="on_call"} 1.0',
        'bandeau15_calls_ended_total{outcome="abandoned_queue"} 1.0',
        'bandeau15_answer_wait_seconds_bucket{le="10.0"} 0.0',
        'bandeau15_answer_wait_seconds_bucket{le="15.0"} 1.0',
        "bandeau15_spool_lag 7.0",
        "bandeau15_switch_up 1.0",
    ):
        assert line in lines
    samples = "\n".join(line for line in lines if not line.startswith("#"))
    for personal in ("+336", "612345678", "arm1", "taken"):
        assert personal not in samples


async def test_an_alarm_is_on_the_wallboard_and_in_the_metrics_while_it_holds(world: World) -> None:
    alarms = AlarmService(world.centre.bus, world.centre.clock)
    async with world.wallboard() as board:
        alarms.raise_alarm(AlarmKind.NODE_DOWN, "asterisk-b", "frozen")
        await board.sync()
        [alarm] = board.view["platform"]["alarms"]
        assert (alarm["kind"], alarm["severity"], alarm["subject"]) == ("node_down", "critical", "asterisk-b")
        assert b'bandeau15_alarms{kind="node_down"} 1.0' in world.board.metrics.text()
        alarms.clear_alarm(AlarmKind.NODE_DOWN, "asterisk-b")
        alarms.tick(world.centre.clock.advance(6))
        await board.sync()
        assert "alarms" not in board.view["platform"]
        assert b'bandeau15_alarms{kind="node_down"} 0.0' in world.board.metrics.text()
