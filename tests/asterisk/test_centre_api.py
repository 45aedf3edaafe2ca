"""The API with real calls: click-to-call and its result, the stream of a caller's way, presence, recordings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RoomSettings
from lrm_client import ApiRefused, Call, Event, LrmApi, Snapshot
from simulator.callees import Callee, Operator
from simulator.robot_position import RobotPosition
from tests.support.centre_process import ARM1, CORE, PASSWORD, STANDBY, TRUNK, CentreProcess, new_number
from tests.support.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
PLAN = """
salle de secours: "15"
salles: {"15": {niveau: FO1, rôles: [arm, superviseur]}}
lignes: {autres: {flux: "15", parcours: direct}}
parcours: {direct: {étapes: {attente: {salle: "15"}}}}
"""


class Listener:
    """Somebody who listens to the stream all the time, and knows nothing else."""

    def __init__(self, api: LrmApi) -> None:
        self.calls: dict[str, Call] = {}
        self.types: list[str] = []
        self.results: dict[str, list[str]] = {}
        self.agents: dict[str, str | None] = {}
        self.recordings: dict[str, str] = {}
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._listen(api))

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _listen(self, api: LrmApi) -> None:
        async for message in api.stream():
            async with self._news:
                self._take(message)
                self._news.notify_all()

    def _take(self, message: Snapshot | Event) -> None:
        if isinstance(message, Snapshot):
            self.calls = {call.call_id: call for call in message.calls}
            return
        self.types.append(message.type)
        data = message.data
        if data.call is not None:
            self.calls[data.call.call_id] = data.call
            if data.call.result is not None:
                known = self.results.setdefault(data.call.call_id, [])
                if known[-1:] != [data.call.result]:
                    known.append(data.call.result)
        if data.agent is not None:
            self.agents[data.agent.agent_id] = data.agent.state
        if data.recording is not None:
            self.recordings[data.recording.recording_id] = data.recording.state

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    outgoing = OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015", ring_seconds=5)
    room = RoomSettings(wrap_up_seconds=0)
    async with CentreProcess(room=room, plan=PLAN, outgoing=outgoing, standby=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def operator(centre: CentreProcess) -> AsyncIterator[Operator]:
    async with await Operator.open(OPERATOR, TRUNK) as operator:
        yield operator


@pytest_asyncio.fixture(loop_scope="module")
async def arm(centre: CentreProcess) -> AsyncIterator[RobotPosition]:
    async with RobotPosition(centre.url, ARM1.login, PASSWORD) as robot:
        await robot.until(lambda view: view["position"]["state"] == "ready", 60)
        yield robot
        await robot.strip_up(60)
        await robot.until(lambda view: view["position"]["state"] == "ready" and "call" not in view, 60)
        await robot.log_out()


@pytest_asyncio.fixture(loop_scope="module")
async def api(centre: CentreProcess) -> AsyncIterator[LrmApi]:
    async with centre.api() as api:
        yield api


@pytest_asyncio.fixture(loop_scope="module")
async def listener(api: LrmApi) -> AsyncIterator[Listener]:
    listener = Listener(api)
    yield listener
    await listener.close()


async def placed(api: LrmApi, number: str, key: str | None = None) -> Call:
    call = await api.place_call(ARM1.agent_id, number, key=key)
    assert call is not None
    return call


async def test_click_to_call_that_is_answered(
    api: LrmApi, listener: Listener, arm: RobotPosition, operator: Operator
) -> None:
    number = new_number()
    call = await placed(api, number, "clic")
    callee = await operator.called()
    callee.ring()
    await listener.until(lambda: listener.results.get(call.call_id, [])[-1:] == ["ringing"])
    assert (await api.call(call.call_id)).state == "ringing"
    again = await placed(api, number, "clic")
    assert again.call_id == call.call_id
    callee.answer()
    await listener.until(lambda: listener.results[call.call_id][-1] == "answered")
    assert listener.agents[ARM1.agent_id] == "on_call"
    await api.correlate("current", "D-15", ARM1.agent_id)
    callee.hang_up()
    await listener.until(lambda: listener.calls[call.call_id].state == "ended")
    assert listener.results[call.call_id] == ["calling", "ringing", "answered"]
    await listener.until(lambda: "available" in listener.recordings.values())
    [recording] = await api.recordings_of("D-15")
    assert (recording.state, recording.call_id) == ("available", call.call_id)
    assert recording.seconds is not None


HOW: dict[str, Callable[[Callee], None]] = {
    "busy": lambda callee: callee.refuse(486, "Busy Here"),
    "refused": lambda callee: callee.refuse(603, "Decline"),
    "failed": lambda callee: callee.refuse(404, "Not Found"),
    "no_answer": lambda callee: callee.ring(),
}


@pytest.mark.parametrize("result", HOW)
async def test_click_to_call_that_is_not(
    api: LrmApi, listener: Listener, arm: RobotPosition, operator: Operator, result: str
) -> None:
    call = await placed(api, new_number())
    callee = await operator.called()
    HOW[result](callee)
    await listener.until(lambda: listener.results.get(call.call_id, [])[-1:] == [result])
    assert (await api.call(call.call_id)).result == result
    await listener.until(lambda: listener.calls[call.call_id].state == "ended")


async def test_an_agent_who_gives_up_cancels(
    api: LrmApi, listener: Listener, arm: RobotPosition, operator: Operator
) -> None:
    call = await placed(api, new_number())
    (await operator.called()).ring()
    await listener.until(lambda: listener.results[call.call_id][-1] == "ringing")
    await arm.command("hang_up")
    await listener.until(lambda: listener.results[call.call_id][-1] == "cancelled")


async def test_a_click_during_a_call_holds_it_and_a_third_is_refused(
    centre: CentreProcess, api: LrmApi, listener: Listener, arm: RobotPosition, operator: Operator
) -> None:
    async with centre.caller() as caller:
        caller.call("15", number=new_number())
        await arm.until(lambda view: "offer" in view, 60)
        await arm.accept()
        await listener.until(lambda: any(call.state == "talking" for call in listener.calls.values()))
        first = next(call for call in listener.calls.values() if call.state == "talking")
        second = await placed(api, new_number())
        callee = await operator.called()
        callee.answer()
        await listener.until(lambda: listener.calls[second.call_id].state == "talking")
        assert listener.calls[first.call_id].state == "held"
        with pytest.raises(ApiRefused, match="two_calls"):
            await placed(api, new_number())
        callee.hang_up()
        await listener.until(lambda: listener.calls[second.call_id].state == "ended")
    await listener.until(lambda: listener.calls[first.call_id].state == "ended")
    way = [each for each in listener.types if each.startswith("call.")]
    assert way[:4] == ["call.arrived", "call.queued", "call.offered", "call.answered"]
    assert "call.held" in way


@pytest.mark.parametrize("how", ["started again", "taken over"])
async def test_a_killed_core_costs_the_stream_nothing(
    centre: CentreProcess, api: LrmApi, arm: RobotPosition, how: str
) -> None:
    """The core dies with no word; it comes back, or its standby takes over: each event comes, and once."""
    if how == "taken over":
        await centre.start_standby()
    seqs: list[int] = []
    place: list[tuple[int, str]] = []
    snapshots = 0
    stream = api.stream(types=["call.*"])

    async def listen() -> None:
        nonlocal snapshots
        async for message in stream:
            if isinstance(message, Snapshot):
                snapshots += 1
            else:
                seqs.append(message.seq)
                place.append((message.seq, message.type))

    listening = asyncio.create_task(listen())
    await until(lambda: snapshots == 1, "the stream is open")
    async with centre.caller() as caller:
        caller.call("15", number=new_number())
        await arm.until(lambda view: "offer" in view, 60)
        witness, after = centre.witness(), STANDBY if centre.at_work == CORE else CORE
        await centre.kill_core()
        if how == "taken over":
            await centre.taken_over(witness, after)
        else:
            await centre.start_core()
        await arm.until(lambda view: view["position"]["state"] == "ready" or "offer" in view, 60)

    def over() -> bool:
        assert not listening.done(), listening.exception()
        return any(kind == "call.ended" for _, kind in place)

    await until(over, "the end is told", 60)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    assert snapshots == 1
    assert stream.connections >= 2
    assert seqs == sorted(set(seqs))
    kinds = [kind for _, kind in place]
    assert kinds[:3] == ["call.arrived", "call.queued", "call.offered"]
    assert kinds[-1] == "call.ended"
