"""The event stream on a real server: in order, each once, over lost connections, restarts and takeovers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.clock import SystemClock
from core.api_clients import Scope
from core.events import CallerLocated, CallNoted
from core.ids import AgentId, CallId, PositionId
from core.location import Location, LocationSource
from lrm_bridge.api import log as event_log
from lrm_bridge.api.door import DoorLimits
from lrm_bridge.api.stream import StreamClose, StreamPace
from lrm_client import Event, EventStream, Snapshot
from storage.api_clients import StoredApiClients
from tests.support.api import AGENT, ApiCentre, api_centre
from tests.support.ports import free_port
from tests.support.relay import Relay
from tests.support.waiting import until

pytestmark = pytest.mark.component


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[ApiCentre]:
    async with api_centre(tmp_path) as centre:
        yield centre


def note(centre: ApiCentre, call_id: CallId, text: str) -> None:
    centre.say(
        CallNoted(call_id=call_id, position_id=PositionId("arm1"), agent_id=AgentId(AGENT), name="A", text=text)
    )


@asynccontextmanager
async def stream(centre: ApiCentre, token: str, query: str = "") -> AsyncIterator[ClientConnection]:
    address = f"ws://{centre.host}/api/lrm/v1/stream{query}"
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(address, additional_headers=headers, proxy=None, close_timeout=0.5) as connection:
        yield connection


async def frame(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        read: dict[str, Any] = json.loads(await connection.recv())
        return read


async def close_code(connection: ClientConnection) -> int | None:
    """Read until the server closes; its code."""
    with suppress(ConnectionClosed):
        while True:
            await frame(connection)
    return connection.close_code


async def test_a_snapshot_then_events(centre: ApiCentre) -> None:
    call_id = centre.caller()
    async with stream(centre, await centre.token()) as connection:
        first = await frame(connection)
        assert (first["type"], first["reason"]) == ("stream.snapshot", "start")
        assert [call["call_id"] for call in first["data"]["calls"]] == [call_id]
        note(centre, call_id, "un")
        event = await frame(connection)
        assert (event["type"], event["data"]["call"]["notes"][0]["text"]) == ("call.noted", "un")
        assert event["seq"] > first["seq"]


async def test_only_what_one_may_and_wants_to_hear(centre: ApiCentre) -> None:
    call_id = centre.caller()
    where = Location(source=LocationSource.LRM, at=SystemClock().now(), latitude=49.4, longitude=1.1)
    blind = await centre.token([Scope.CALLS_READ, Scope.PRESENCE_READ])
    async with (
        stream(centre, blind) as calls,
        stream(centre, await centre.token(), "?types=call.located,agent.*") as places,
    ):
        await frame(calls)
        await frame(places)
        centre.say(CallerLocated(call_id=call_id, location=where, commune="Rouen (76)"))
        note(centre, call_id, "deux")
        centre.agent()
        assert (await frame(calls))["type"] == "call.noted"
        located = await frame(places)
        assert located["data"]["location"]["commune"] == "Rouen (76)"
        assert (await frame(places))["type"] == "agent.state"


@pytest.mark.parametrize(
    ("query", "scopes", "status", "code"),
    [
        ("?after=x", tuple(Scope), 422, "bad_request"),
        ("?after=-1", tuple(Scope), 422, "bad_request"),
        ("?after=" + "9" * 30, tuple(Scope), 422, "bad_request"),
        ("?types=nothing", tuple(Scope), 422, "bad_request"),
        ("?types=agent.state", (Scope.CALLS_READ,), 403, "scope_missing"),
        ("", (Scope.CALLS_WRITE,), 403, "scope_missing"),
    ],
)
async def test_what_is_refused(
    centre: ApiCentre, query: str, scopes: tuple[Scope, ...], status: int, code: str
) -> None:
    token = await centre.token(scopes)
    with pytest.raises(InvalidStatus) as caught:
        async with stream(centre, token, query):
            pass
    assert caught.value.response.status_code == status
    assert json.loads(caught.value.response.body)["code"] == code


async def test_no_more_streams_than_allowed_and_none_that_speaks(centre: ApiCentre) -> None:
    token = await centre.token()
    async with (
        stream(centre, token) as one,
        stream(centre, token),
        stream(centre, token),
        stream(centre, token),
    ):
        with pytest.raises(InvalidStatus) as caught:
            async with stream(centre, token):
                pass
        assert caught.value.response.status_code == 429
        await one.send("hello")
        assert await close_code(one) == StreamClose.SPOKE


async def test_a_revoked_client_is_put_out(centre: ApiCentre) -> None:
    centre.core.api.door.limits = DoorLimits(believed_seconds=0.05)
    clients = StoredApiClients(centre.database, SystemClock())
    client, token = await clients.add("essai", [Scope.CALLS_READ])
    async with stream(centre, token) as connection:
        await frame(connection)
        await clients.revoke(client.client_id)
        assert await close_code(connection) == StreamClose.NOT_ALLOWED


async def test_heartbeats_move_the_place_of_who_hears_nothing(centre: ApiCentre) -> None:
    centre.core.api.streams._pace = StreamPace(heartbeat=0.05)
    call_id = centre.caller()
    async with stream(centre, await centre.token(), "?types=agent.state") as connection:
        await frame(connection)
        note(centre, call_id, "trois")
        async with asyncio.timeout(5):
            while (await frame(connection))["seq"] != centre.core.api.events.seq:
                pass


async def test_what_is_no_more_remembered_begins_anew(
    centre: ApiCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.core.api.events._keep = 3
    call_id = centre.caller()
    before = centre.core.api.events.seq
    for number in range(10):
        note(centre, call_id, str(number))
    token = await centre.token()
    for query in (
        f"?after={before}",
        f"?after={before + 10_000}",
        f"?after={centre.core.api.events.seq}&id=other",
    ):
        async with stream(centre, token, query) as connection:
            first = await frame(connection)
            assert (first["type"], first["reason"]) == ("stream.snapshot", "too_old")
    assert event_log.KEPT > 10_000


async def test_a_client_that_does_not_read_is_put_out_and_nobody_waits_for_it(centre: ApiCentre) -> None:
    centre.core.api.events._keep = 400
    centre.core.api.streams._pace = StreamPace(send=0.5)
    call_id = centre.caller()
    token = await centre.token()
    wanted = "?types=call.*"
    async with stream(centre, token, wanted) as slow, stream(centre, token, wanted) as quick:
        await frame(quick)
        slow.transport.pause_reading()
        told = 0
        while centre.core.api.streams.open == 2:
            note(centre, call_id, "x" * 2000)
            assert (await frame(quick))["type"] == "call.noted"
            told += 1
            if told > 40:  # a call has at most so many notes to send again and again
                call_id = centre.caller()
                assert (await frame(quick))["type"] == "call.arrived"
                told = 0
        slow.transport.resume_reading()


async def test_each_event_once_over_cut_wires_a_restart_and_a_takeover(tmp_path: Path) -> None:
    """The client's wire is cut at random moments; the core is replaced twice; the story is whole."""
    heard: list[str] = []
    seqs: list[int] = []
    relay_port = free_port()

    async def listen(events: EventStream) -> None:
        async for message in events:
            if isinstance(message, Snapshot):
                heard.append("snapshot")
                continue
            assert isinstance(message, Event)
            seqs.append(message.seq)
            assert message.data.call is not None
            heard.append(message.data.call.notes[-1].text)

    told: list[str] = []
    async with api_centre(tmp_path) as first:
        call_id = first.caller()
        token = await first.token()
        before = first
        events = EventStream(f"ws://127.0.0.1:{relay_port}/api/lrm/v1/stream", token, types=["call.noted"])
        relay = Relay(relay_port, port_of(first))
        await relay.mend()
        listening = asyncio.create_task(listen(events))
        await reached(heard, 1)
        await tell(first, call_id, told, heard, relay)
        await relay.cut()
        say(first, call_id, told)  # what it misses
    for _ in range(2):
        async with api_centre(tmp_path, before.journal) as after:
            say(after, call_id, told)
            relay = Relay(relay_port, port_of(after))
            await relay.mend()
            await tell(after, call_id, told, heard, relay)
            await relay.cut()
            before = after
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    assert heard == ["snapshot", *told]
    assert seqs == sorted(set(seqs))
    assert events.connections >= 6


def say(centre: ApiCentre, call_id: CallId, told: list[str]) -> None:
    told.append(f"note {len(told)}")
    note(centre, call_id, told[-1])


async def tell(centre: ApiCentre, call_id: CallId, told: list[str], heard: list[str], relay: Relay) -> None:
    """Tell things, with the wire cut after some of them."""
    for number in range(6):
        say(centre, call_id, told)
        if number % 3 == 1:
            await relay.cut()
            say(centre, call_id, told)
            await relay.mend()
        if number % 2:
            await reached(heard, 1 + len(told))
    await reached(heard, 1 + len(told))


async def reached(heard: list[str], count: int) -> None:
    await until(lambda: len(heard) >= count, f"{count} heard", 15)
    assert len(heard) == count


def port_of(centre: ApiCentre) -> int:
    return int(centre.host.rpartition(":")[2])
