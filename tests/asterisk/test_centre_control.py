"""Call control in a whole centre, proved by who hears whom: every party sounds a tone of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RoomSettings
from core.events import (
    CallAnswered,
    CallEnded,
    CallQueued,
    DigitsSent,
    RecordingEnded,
    TransferFailed,
)
from core.ids import CallId
from core.words import Outcome
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition
from tests.support.audio import Pcm, contains_tone, tone
from tests.support.centre_process import (
    ARM1,
    ARM2,
    PASSWORD,
    TONES,
    TRUNK,
    CentreProcess,
    Person,
    new_number,
)
from tests.support.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
PRESENTED = "+33144000015"
ARM3 = Person("arm3", "Alix Durand", "899700000003")
HZ = (620.0, 830.0, 1040.0, 1270.0, 1530.0, 1810.0, 2110.0, 2430.0)
"""One for each party of a full conference; no one is a multiple of another."""
RING_SECONDS = 14
"""How long a number rings: longer than a new core needs on a busy machine."""
QUIET = 0.07
"""Level of each tone: eight of them together do not overflow."""
OCTETS_A_SECOND = 16_000
"""Of a track: 8 kHz, two octets a sample."""
AMONG_OTHERS_DB = -14.0
"""How faint a tone may be among seven others as loud."""


class Talker(Protocol):
    """Anybody who speaks and listens."""

    def say(self, pcm: Pcm) -> None: ...
    def hush(self) -> None: ...
    def forget(self) -> None: ...
    def heard(self, seconds: float = 120) -> Pcm: ...


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=30, wrap_up_seconds=0),
        outgoing=OutgoingSettings(
            host=OPERATOR[0], port=OPERATOR[1], presented=PRESENTED, ring_seconds=RING_SECONDS
        ),
    ) as centre:
        await centre.add(ARM3)
        yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def desk(centre: CentreProcess) -> AsyncIterator["Desk"]:
    async with Desk(centre) as desk:
        yield desk


class Desk:
    """Agents, callers and numbers of one test."""

    def __init__(self, centre: CentreProcess) -> None:
        self.centre = centre
        self.witness = centre.witness()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Desk":
        self.operator = await self._stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def agent(self, person: Person = ARM1) -> RobotPosition:
        robot = RobotPosition(self.centre.url, person.login, PASSWORD)
        await self._stack.enter_async_context(robot)
        await robot.until(lambda view: view.get("position", {}).get("state") == "ready", 60)
        return robot

    async def caller(self) -> tuple[Caller, CallId]:
        """A caller in the waiting room."""
        caller = await self._stack.enter_async_context(await Caller.open(TRUNK))
        number = new_number()
        caller.call("15", number=number)
        await caller.answered(60)
        call_id = await self.witness.call_of(number)
        caller.press("1")
        return caller, call_id

    async def talking(self, robot: RobotPosition) -> tuple[Caller, CallId]:
        """A caller answered by the agent."""
        caller, call_id = await self.caller()
        await self.accept(robot)
        return caller, call_id

    async def accept(self, robot: RobotPosition) -> None:
        await robot.until(lambda view: "offer" in view)
        await robot.accept()
        await robot.until(lambda view: "offer" not in view)

    async def invites(self, robot: RobotPosition, number: str) -> Callee:
        await robot.command("invite", kind="number", value=number)
        callee = await self.operator.called()
        callee.ring()
        callee.answer()
        return callee


def call_of(robot: RobotPosition) -> str:
    return str(robot.view["call"]["id"])


async def hear_each_other(together: Iterable[Talker], alone: Iterable[Talker] = ()) -> None:
    """Everybody sounds a tone: those together hear each other's and nobody else's; the others hear none."""
    talkers, others = [*together], [*alone]
    wanted: dict[Talker, list[Talker]] = {t: [o for o in talkers if o is not t] for t in talkers}
    for talker in others:
        wanted[talker] = []
    await hears_exactly(wanted, [*talkers, *others])


async def hears_exactly(wanted: Mapping[Talker, Iterable[Talker]], everybody: Iterable[Talker]) -> None:
    """Wait until each hears exactly those it should."""
    own = dict(zip(everybody, HZ, strict=False))
    for talker, hz in own.items():
        talker.hush()
        talker.say(tone(hz, 65, level=QUIET))
    expected = {talker: {own[other] for other in others} for talker, others in wanted.items()}
    try:
        async with asyncio.timeout(60):
            while True:
                for talker in own:
                    talker.forget()
                await asyncio.sleep(1.2)
                found = {talker: _tones(talker.heard(1)) - {own[talker]} for talker in wanted}
                if found == expected:
                    return
    except TimeoutError:
        pytest.fail(f"heard {list(found.values())}, not {list(expected.values())}")
    finally:
        for talker in own:
            talker.hush()


def _tones(pcm: Pcm) -> set[float]:
    return {hz for hz in HZ if contains_tone(pcm, hz, seconds=0.5, min_snr_db=AMONG_OTHERS_DB)}


async def hears_music(caller: Caller) -> None:
    caller.forget()
    await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))


# --- two calls --------------------------------------------------------------------------------------------


async def test_a_consultation_with_swap_keys_and_an_attended_transfer(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    await hear_each_other([arm1, caller])
    await arm1.command("place_call", kind="number", value="01 99 00 12 34")
    callee = await desk.operator.called()
    assert (callee.number, callee.shown) == ("+33199001234", PRESENTED)
    await hears_music(caller)
    callee.ring()
    await arm1.hears(lambda pcm: contains_tone(pcm, 440.0))
    callee.answer()
    await hear_each_other([arm1, callee], [])
    await arm1.command("send_digits", digits="15#")
    await desk.witness.until(lambda j: any(isinstance(e.event, DigitsSent) for e in j), "keys sent")
    await until(lambda: callee.keys == "15#", "the keys are sounded")
    await arm1.command("swap")
    await hear_each_other([arm1, caller])
    callee.forget()
    await callee.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
    assert {c["state"] for c in arm1.view["calls"].values()} == {"talking", "held"}
    await arm1.command("complete_transfer")
    await hear_each_other([caller, callee])
    await arm1.until(lambda view: "call" not in view and view["position"]["state"] == "ready")
    caller.hang_up()
    await callee.ended()
    await desk.witness.until(
        lambda j: sum(isinstance(e.event, RecordingEnded) and e.event.call_id == call_id for e in j) == 2,
        "both recorded",
        20,
    )
    assert (await desk.centre.ledger_of(call_id)).outcome is Outcome.ANSWERED


async def test_colleagues_call_each_other_and_everybody(desk: Desk) -> None:
    arm1, arm2, arm3 = [await desk.agent(person) for person in (ARM1, ARM2, ARM3)]
    await arm1.command("place_call", kind="position", value="arm2")
    await arm2.until(lambda view: view.get("offer", {}).get("kind") == "invited")
    await arm1.hears(lambda pcm: contains_tone(pcm, 440.0))
    await desk.accept(arm2)
    await hear_each_other([arm1, arm2], [arm3])
    await arm2.command("hang_up")
    await arm1.until(lambda view: "call" not in view)
    await arm1.command("place_call", kind="everybody", value="")
    await desk.accept(arm2)
    await desk.accept(arm3)
    await hear_each_other([arm1, arm2, arm3])
    await arm1.command("hang_up")
    await hear_each_other([arm2, arm3], [arm1])
    await arm2.command("hang_up")
    await arm3.until(lambda view: "call" not in view)


# --- transfers --------------------------------------------------------------------------------------------


async def test_blind_transfers_to_an_agent_a_room_and_a_number(desk: Desk) -> None:
    arm1, arm2 = await desk.agent(), None
    caller, call_id = await desk.talking(arm1)
    arm2 = await desk.agent(ARM2)
    await arm1.command("transfer", callId=call_id, kind="position", value="arm2", priority="")
    await hears_music(caller)
    await desk.accept(arm2)
    await hear_each_other([arm2, caller], [arm1])
    told = await desk.centre.told_to_lrm()
    assert {(c["idAppel"]) for c in told[:2]} == {call_id}
    await arm2.command("transfer", callId=call_id, kind="room", value="15", priority="")
    await desk.accept(arm1)
    await hear_each_other([arm1, caller], [arm2])
    await arm1.command("transfer", callId=call_id, kind="number", value="+33199001234", priority="")
    callee = await desk.operator.called()
    callee.ring()
    callee.answer()
    await hear_each_other([caller, callee], [arm1, arm2])
    callee.hang_up()
    await caller.ended()
    await desk.witness.until(lambda j: any(isinstance(e.event, CallEnded) for e in j), "the call's end")
    story = [type(e.event) for e in await desk.witness.events()]
    assert story.count(CallAnswered) == 3
    assert story.count(CallQueued) == 2
    assert story.count(CallEnded) == 1


@pytest.mark.parametrize("why", ["busy", "unknown", "no_answer", "declined"])
async def test_a_transfer_that_fails_comes_back(desk: Desk, why: str) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    if why == "declined":
        arm2 = await desk.agent(ARM2)
        await arm1.command("transfer", callId=call_id, kind="position", value="arm2", priority="")
        await arm2.until(lambda view: "offer" in view)
        await arm2.command("decline_offer", offerId=arm2.view["offer"]["id"])
    else:
        await arm1.command("transfer", callId=call_id, kind="number", value="+33199001234", priority="")
        callee = await desk.operator.called()
        callee.ring()
        if why != "no_answer":
            callee.refuse(*{"busy": (486, "Busy Here"), "unknown": (404, "Not Found")}[why])
    await hears_music(caller)
    await arm1.until(lambda view: "offer" in view, RING_SECONDS + 20)
    await desk.accept(arm1)
    await hear_each_other([arm1, caller])
    assert [e.event for e in await desk.witness.events() if isinstance(e.event, TransferFailed)]


async def test_a_caller_is_left_to_a_colleague_who_still_rings(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    arm2 = await desk.agent(ARM2)
    await arm1.command("place_call", kind="position", value="arm2")
    await arm2.until(lambda view: view.get("offer", {}).get("asked") == "internal")
    await arm1.command("complete_transfer")
    await arm2.until(lambda view: view.get("offer", {}).get("asked") == "transfer")
    assert arm2.view["offer"]["callId"] == call_id
    await arm1.until(lambda view: "call" not in view)
    await hears_music(caller)
    await desk.accept(arm2)
    await hear_each_other([arm2, caller], [arm1])
    await arm2.command("hang_up")
    await caller.ended()


@pytest.mark.parametrize("how", ["answers", "busy", "no_answer", "core_dies"])
async def test_a_caller_is_left_to_a_number_that_still_rings(desk: Desk, how: str) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    await arm1.command("place_call", kind="number", value="+33199001234")
    callee = await desk.operator.called()
    callee.ring()
    await hears_music(caller)
    await arm1.command("complete_transfer")
    await arm1.until(lambda view: "call" not in view)
    await hears_music(caller)
    if how == "core_dies":
        async with desk.centre.core_dead():
            await hears_music(caller)
    if how in ("answers", "core_dies"):
        callee.answer()
        await hear_each_other([caller, callee], [arm1])
        callee.hang_up()
        await caller.ended()
    else:
        if how == "busy":
            callee.refuse()
        await arm1.until(lambda view: view.get("offer", {}).get("callId") == call_id, RING_SECONDS + 20)
        await desk.accept(arm1)
        await hear_each_other([arm1, caller])
        assert [e.event for e in await desk.witness.events() if isinstance(e.event, TransferFailed)]
    assert desk.operator.nobody_called, "it is not called twice"


async def test_a_colleagues_call_is_taken_over(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    arm2 = await desk.agent(ARM2)
    await arm2.command("take_over", callId=call_id)
    await hear_each_other([arm2, caller], [arm1])
    await arm1.until(lambda view: "call" not in view)


# --- conferences ------------------------------------------------------------------------------------------


async def test_a_conference_of_eight_mute_drop_and_the_others_left_connected(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    callees = [await desk.invites(arm1, f"+3319900{index:04d}") for index in range(6)]
    everybody: list[Talker] = [arm1, caller, *callees]
    await hear_each_other(everybody)
    with pytest.raises(Refused):
        await arm1.command("invite", kind="number", value="+33199009999")
    ids = {p["number"]: i for i, p in arm1.view["calls"][call_id]["parties"].items() if "number" in p}
    muted = callees[2]
    await arm1.command("mute_party", callId=call_id, partyId=ids["+33199000002"], muted=True)
    audible = {t: [o for o in everybody if o is not t and o is not muted] for t in everybody}
    await hears_exactly(audible, everybody)
    await arm1.command("mute_party", callId=call_id, partyId=ids["+33199000002"], muted=False)
    await arm1.command("drop_party", callId=call_id, partyId=ids["+33199000005"])
    await callees[5].ended()
    await hear_each_other([arm1, caller, *callees[:5]])
    await arm1.command("leave_call", callId=call_id)
    await arm1.until(lambda view: "call" not in view)
    await hear_each_other([caller, *callees[:5]], [arm1])
    caller.hang_up()
    await hear_each_other(callees[:5])


# --- the core dies ----------------------------------------------------------------------------------------


async def test_a_conference_outlives_its_core(desk: Desk) -> None:
    arm1, arm2 = await desk.agent(), None
    caller, call_id = await desk.talking(arm1)
    arm2 = await desk.agent(ARM2)
    callee = await desk.invites(arm1, "+33199001234")
    await arm1.command("invite", kind="position", value="arm2")
    await desk.accept(arm2)
    everybody: list[Talker] = [arm1, arm2, caller, callee]
    await hear_each_other(everybody)
    await desk.centre.kill_core()
    await hear_each_other(everybody)
    await desk.centre.start_core()
    await hear_each_other(everybody)
    for robot in (arm1, arm2):
        await robot.strip_up()
        await robot.until(lambda view: view["position"]["leg"] and "call" in view, 60)
    await arm1.command("leave_call", callId=call_id)
    await hear_each_other([arm2, caller, callee], [arm1])


async def test_a_transfer_goes_on_after_its_core_died(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    await arm1.command("transfer", callId=call_id, kind="number", value="+33199001234", priority="")
    callee = await desk.operator.called()
    callee.ring()
    async with desk.centre.core_dead():
        await hears_music(caller)
        callee.answer()
    await hear_each_other([caller, callee], [arm1])


async def test_a_number_that_rings_when_the_core_dies_is_joined_by_the_next_core(desk: Desk) -> None:
    arm1 = await desk.agent()
    caller, _ = await desk.talking(arm1)
    await arm1.command("place_call", kind="number", value="+33199001234")
    callee = await desk.operator.called()
    callee.ring()
    async with desk.centre.core_dead():
        await hears_music(caller)
    callee.answer()
    await hear_each_other([arm1, callee])
    await arm1.strip_up()
    await arm1.command("swap")
    await hear_each_other([arm1, caller])


# --- instant recall ---------------------------------------------------------------------------------------


async def test_what_the_caller_said_is_heard_again_by_the_agent_alone_while_they_talk(desk: Desk) -> None:
    said, now, agent = HZ[1], HZ[4], HZ[6]
    arm1 = await desk.agent()
    caller, call_id = await desk.talking(arm1)
    with pytest.raises(Refused):
        await arm1.command("stop_recall")
    caller.say(tone(said, 3, level=QUIET))
    await arm1.hears(lambda pcm: contains_tone(pcm, said))
    track = next(desk.centre.settings.storage.recordings_dir.rglob(f"{call_id}-caller.wav"))
    enough = track.stat().st_size + 5 * OCTETS_A_SECOND  # all that was said; Asterisk writes some 2 s at a time
    await until(lambda: track.stat().st_size >= enough, "what was said is written")
    caller.say(tone(now, 20, level=QUIET))
    arm1.say(tone(agent, 20, level=QUIET))
    await arm1.command("play_recall", seconds=15, speed=70)
    await arm1.until(lambda view: view.get("recall", {}).get("callId") == call_id)
    recall = arm1.view["recall"]
    assert recall["asked"] == 15
    assert recall["seconds"] > 7  # some 6 s were written, which at 70 % last longer
    caller.forget()
    arm1.forget()
    await arm1.hears(lambda pcm: contains_tone(pcm, said, min_snr_db=-8), 60)
    await arm1.hears(lambda pcm: contains_tone(pcm, now, min_snr_db=-8))
    await caller.hears(lambda pcm: contains_tone(pcm, agent))
    assert not contains_tone(caller.heard(), said, seconds=0.25, min_snr_db=AMONG_OTHERS_DB)
    await arm1.command("stop_recall")
    await arm1.until(lambda view: "recall" not in view)
    await asyncio.sleep(0.5)  # what was on its way arrives
    arm1.forget()
    await asyncio.sleep(1)  # time in which it would be heard
    assert not contains_tone(arm1.heard(), said, seconds=0.25)
    assert contains_tone(arm1.heard(), now)
    assert not list((desk.centre.settings.storage.recordings_dir / "recall").iterdir())
    caller.hang_up()
    kinds = [type(e.event).__name__ for e in await desk.witness.events() if e.call_id == call_id]
    assert (kinds.count("RecallPlayed"), kinds.count("RecallEnded")) == (1, 1)
    assert "0 active channels" not in await desk.centre.asterisk_says("core show channels count")
