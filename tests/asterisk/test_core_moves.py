"""A core dies with a call in each state, another takes over: each call goes on where it was, with its sound."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RemoteSettings, RoomSettings
from core.events import CallAnswered, CallEnded, CallOffered, CallQueued, OverflowTriggered, SwitchConnected
from core.words import Outcome
from simulator.callees import Operator
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition
from simulator.sip_call import CallState
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, PASSWORD, TONES, TRUNK, CentreProcess
from tests.support.moving_centre import CALLEE_HZ, LONG, Check, Known, Scene, killed, until_ready

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
NUMBER = "+33199001234"
SILENCE = 2.0
"""The longest silence that a caller may be given to hear, in seconds, beside the time without any core."""
OVERFLOW_AFTER = 12
PROMPTS = {
    "phone-key": (2000.0, 6.0),
    "phone-call": (2200.0, 6.0),
    "phone-taken": (2400.0, 1.0),
    "phone-proven": (2800.0, 1.0),
}
"""What stands for each announcement: Hz, seconds."""
PLAN = f"""
salle de secours: "15"
salles:
  "15": {{niveau: FO1, rôles: [arm]}}
  Garde:
    niveau: FO1
    rôles: [superviseur]
    débordements: [{{nom: trop long, si: attente, seuil: {OVERFLOW_AFTER}, vers: {{salle: "15"}}}}]
  MU: {{niveau: FO2, rôles: [médecin urgentiste]}}
lignes:
  "2": {{flux: "15", parcours: direct}}
  "33": {{flux: "15", parcours: garde}}
  autres: {{flux: "15", parcours: accueil}}
parcours:
  accueil: {{étapes: {{accueil: {{annonce: welcome, puis: attente}}, attente: {{salle: "15"}}}}}}
  direct: {{étapes: {{attente: {{salle: "15"}}}}}}
  garde: {{étapes: {{attente: {{salle: Garde}}}}}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=60, wrap_up_seconds=2),
        plan=PLAN,
        outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015"),
        remote=RemoteSettings(telephone=True, ring_seconds=60, confirm_seconds=20),
        sounds=PROMPTS,
        standby=True,
    ) as centre:
        yield centre


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def robots(centre: CentreProcess) -> AsyncIterator[tuple[RobotPosition, RobotPosition]]:
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(RobotPosition(centre.url, person.login, PASSWORD))
            for person in (ARM1, ARM2)
        ]
        yield one, other


@pytest_asyncio.fixture(loop_scope="module")
async def scene(centre: CentreProcess, robots: tuple[RobotPosition, RobotPosition]) -> AsyncIterator[Scene]:
    """One agent free, the other away; a core at work, and one that stands by."""
    await centre.start_standby()
    one, other = robots
    async with await Operator.open(OPERATOR, TRUNK) as operator, Scene(centre, operator, one, other) as scene:
        await until_ready(one)
        await other.command("pause", reason="break")
        yield scene
        await until_ready(one)


Arrangement = tuple[list[Known], Check]
"""The callers whose sound counts, and what must hold afterwards."""


async def in_the_svi(scene: Scene) -> Arrangement:
    call = await scene.calls("15")
    await call.hears(TONES["welcome"])

    async def goes_on_to_the_room() -> None:
        story = await scene.witness.until_told(call.call_id, CallOffered)
        assert len(story.all(CallQueued)) == 1
        await scene.answers(scene.robots[0], call)

    return [call], goes_on_to_the_room


async def waiting(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    await one.command("pause", reason="break")
    calls = [await scene.waits() for _ in range(3)]
    for call in calls:
        await call.hears(TONES["music"])
    await one.command("change_priority", callId=calls[2].call_id, priority="UV")

    async def place_and_priority_are_kept() -> None:
        for call in calls:
            await call.hears(TONES["music"])
        await one.command("ready")
        for call in (calls[2], calls[0], calls[1]):
            await scene.answers(one, call)
            await one.command("hang_up")
            await one.until(lambda view: "call" not in view)
        for call in calls:
            assert len((await scene.witness.story(call.call_id)).all(CallQueued)) == 1, "never left its place"

    return calls, place_and_priority_are_kept


async def waiting_with_a_deadline(scene: Scene) -> Arrangement:
    call = await scene.waits("33")
    await call.hears(TONES["music"])

    async def the_deadline_is_the_one_it_had() -> None:
        story = await scene.witness.until_told(call.call_id, OverflowTriggered, OVERFLOW_AFTER + 20)
        waited = story.at(OverflowTriggered) - story.at(CallQueued)
        assert waited >= timedelta(seconds=OVERFLOW_AFTER)
        [*_, back] = [e for e in await scene.witness.events() if isinstance(e.event, SwitchConnected)]
        since = story.at(OverflowTriggered) - back.occurred_at
        assert since < timedelta(seconds=OVERFLOW_AFTER), "it did not begin anew with the new core"
        await scene.answers(scene.robots[0], call)

    return [call], the_deadline_is_the_one_it_had


async def offered(scene: Scene) -> Arrangement:
    call, robot = await scene.waits(), scene.robots[0]
    await robot.until(lambda view: "offer" in view)
    before = robot.view["offer"]["id"]
    await call.hears(TONES["music"])

    async def is_offered_again() -> None:
        try:
            await scene.answers(robot, call)
        except Refused:  # it was the offer of the core that is no more
            await robot.until(lambda view: view.get("offer", {}).get("id") not in (None, before), 60)
            await scene.answers(robot, call)

    return [call], is_offered_again


async def talking(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    call = await scene.talks(one)

    async def go_on() -> None:
        await one.until(lambda view: view.get("call", {}).get("id") == call.call_id)
        await scene.hear_each_other(one, call)

    return [call], go_on


async def held(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    call = await scene.talks(one)
    await one.command("hold")
    await call.hears(TONES["music"])

    async def is_taken_back() -> None:
        await one.until(lambda view: view.get("call", {}).get("state") == "held")
        await call.hears(TONES["music"])
        await one.command("resume")
        await scene.hear_each_other(one, call)

    return [call], is_taken_back


async def consulting(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    call = await scene.talks(one)
    callee = await scene.number(one.command("place_call", kind="number", value=NUMBER))
    await one.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ), 60)
    await call.hears(TONES["music"])

    async def the_transfer_is_completed() -> None:
        await one.until(lambda view: len(view.get("calls", {})) == 2)
        await one.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ), 60)
        await call.hears(TONES["music"])
        await one.command("complete_transfer")
        await call.hears(CALLEE_HZ)
        await until_ready(one)
        call.caller.hang_up()
        await callee.ended()

    return [call], the_transfer_is_completed


async def in_a_conference(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    call = await scene.talks(one)
    callee = await scene.number(one.command("invite", kind="number", value=NUMBER))
    await scene.hear_each_other(one, call, callee)

    async def all_hear_all() -> None:
        await one.until(lambda view: len(view.get("call", {}).get("parties", {})) >= 2)
        await scene.hear_each_other(one, call, callee)
        await one.command("leave_call", callId=call.call_id)
        await call.hears(CALLEE_HZ)
        callee.hang_up()
        await call.caller.ended(60)

    return [call], all_hear_all


async def parked(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    call = await scene.talks(one)
    await one.command("transfer", callId=call.call_id, kind="room", value="MU", priority="P1")
    await one.until(lambda view: "call" not in view)
    await call.hears(TONES["music"])
    await until_ready(one)

    async def is_taken_back() -> None:
        await one.until(lambda view: call.call_id in view.get("parked", {}))
        assert one.view["parked"][call.call_id]["priority"] == "P1"
        await one.command("take_call", callId=call.call_id)
        await one.until(lambda view: view.get("call", {}).get("state") == "talking")
        await scene.hear_each_other(one, call)

    return [call], is_taken_back


async def wrapping_up(scene: Scene) -> Arrangement:
    one = scene.robots[0]
    await scene.talks(one)
    await one.command("hang_up")
    await one.until(lambda view: view["position"]["state"] == "wrap_up")

    async def ends() -> None:
        await until_ready(one)

    return [], ends


async def ringing_a_telephone(scene: Scene) -> Arrangement:
    """The other agent works from home: the telephone rings with the offer."""
    one, other = scene.robots
    await one.command("pause", reason="break")
    await other.command("use_phone", number=NUMBER, mode="per_call")
    proof = await scene.operator.called()
    proof.ring()
    proof.answer()
    await proof.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-key"][0]), 60)
    proof.press("1")
    await proof.ended(60)
    await other.command("ready")
    await until_ready(other)
    call = await scene.waits()
    ringing = await scene.operator.called()
    ringing.ring()
    await call.hears(TONES["music"])

    async def its_key_is_the_answer() -> None:
        telephone = ringing
        if telephone.call.state is CallState.ENDED:  # the offer was made again
            telephone = await scene.operator.called()
            telephone.ring()
        telephone.answer()
        await telephone.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-call"][0]), 60)
        telephone.press("1")
        await scene.witness.until_told(call.call_id, CallAnswered)
        telephone.send_tone(CALLEE_HZ, LONG)
        await call.hears(CALLEE_HZ)
        await other.command("hang_up")
        await telephone.ended(60)
        await other.command("use_headset")
        await until_ready(other)
        await other.command("pause", reason="break")
        await one.command("ready")

    return [call], its_key_is_the_answer


STATES: list[Callable[[Scene], Awaitable[Arrangement]]] = [
    in_the_svi,
    waiting,
    waiting_with_a_deadline,
    offered,
    talking,
    held,
    consulting,
    in_a_conference,
    parked,
    wrapping_up,
    ringing_a_telephone,
]


@pytest.mark.parametrize("arrange", STATES)
async def test_a_core_killed_in_any_state_costs_no_call(
    scene: Scene, arrange: Callable[[Scene], Awaitable[Arrangement]]
) -> None:
    calls, check = await arrange(scene)
    async with scene.moving(*calls):
        took = await killed(scene.centre, scene.witness)
    print(f"{arrange.__name__}: Asterisk under command again {took:.3f} s after the death")
    await check()
    longest = [call.ear.longest for call in calls if call.caller.ended_by is None]
    assert all(seconds <= SILENCE + took for seconds in longest), f"silence of {max(longest):.1f} s"
    one = scene.robots[0]
    if "call" in one.view:
        await one.command("hang_up")
    for call in calls:
        story = await scene.witness.until_told(call.call_id, CallEnded)
        assert story.ended.outcome is Outcome.ANSWERED
        assert (await scene.centre.ledger_of(call.call_id)).outcome is Outcome.ANSWERED
