"""Two Asterisks in one centre: either takes calls for the same agents; one that dies leaves the other alone."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from core.events import CallAnswered, CallEnded, CallQueued, LostCallFiled, SwitchConnected
from core.words import EndedBy, LossPlace, Outcome
from simulator.robot_position import RobotPosition
from tests.asterisk.test_centre_faults import Known, answer, robot, they_talk
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, TONES, CentreProcess, new_number
from tests.support.two_nodes import NODES, SECOND, call_either
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

FILED_WITHIN = timedelta(seconds=10)
"""From the fault to the desk. Five are the aim, and what an idle machine needs."""
FAILOVER_SECONDS = 0.4
"""How long an operator waits for the first road before it takes the second."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=60, wrap_up_seconds=1)
    async with CentreProcess(room=room, launched=True, nodes=(SECOND,)) as centre:
        yield centre


async def comes(
    centre: CentreProcess, witness: Witness, stack: AsyncExitStack, node: str, seconds: float = 20
) -> Known:
    """A caller who waits: on the node asked for, unless it takes longer than that to answer."""
    number = new_number()
    caller, _ = await call_either(stack, number, node, seconds)
    call_id = await witness.call_of(number)
    caller.press("1")
    await witness.until_told(call_id, CallQueued)
    return Known(caller, call_id)


async def takes(robots: list[RobotPosition], call: Known) -> RobotPosition:
    """Whoever is offered the call takes it; both hear each other."""
    async with asyncio.timeout(30):
        while True:
            for one in robots:
                if one.view.get("offer", {}).get("callId") == call.call_id:
                    await answer(one, call)
                    return one
            await asyncio.sleep(0.05)


async def two_robots(centre: CentreProcess, stack: AsyncExitStack) -> list[RobotPosition]:
    robots = [await stack.enter_async_context(robot(centre, person)) for person in (ARM1, ARM2)]
    for one in robots:
        await one.leg_up(60)
        assert one.legs_connected == len(NODES)
    return robots


async def test_a_node_that_dies_leaves_the_other_alone(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        robots = await two_robots(centre, stack)
        on_a = await comes(centre, witness, stack, "asterisk-a")
        of_a = await takes(robots, on_a)
        on_b = await comes(centre, witness, stack, "asterisk-b")
        of_b = await takes([one for one in robots if one is not of_a], on_b)
        assert "-asterisk-a-" in on_a.call_id
        assert "-asterisk-b-" in on_b.call_id
        waiting_a = await comes(centre, witness, stack, "asterisk-a")
        waiting_b = await comes(centre, witness, stack, "asterisk-b")

        again = centre.witness()
        hurt_at = datetime.now(UTC)
        centre.hurt_asterisk(signal.SIGKILL, "asterisk-a")
        # Who calls now is answered by the other node; who talks there goes on talking.
        after = await comes(centre, witness, stack, "asterisk-a", FAILOVER_SECONDS)
        assert "-asterisk-b-" in after.call_id
        await they_talk(of_b, on_b)
        await waiting_b.hears(TONES["music"])
        for call, agent in ((on_a, True), (waiting_a, False)):
            story = await witness.until_told(call.call_id, LostCallFiled)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.TECHNICAL_FAILURE, EndedBy.SYSTEM)
            filed = story.only(LostCallFiled)
            assert (filed.place, filed.last_agent is not None) == (LossPlace.FAILURE, agent)
            took = story.at(LostCallFiled) - hurt_at
            assert took < FILED_WITHIN, f"on the desk after {took}"

        # The agent whose caller was cut is there for those who wait on the other node, in their order.
        assert await takes([of_a], waiting_b) is of_a
        await of_a.command("hang_up")
        # The node is back, and so are the legs there: it takes calls again.
        await again.next(SwitchConnected, lambda event: event.switch == "asterisk-a")
        for one in robots:
            await one.leg_up(60)
        await of_a.until(lambda view: view.get("offer", {}).get("callId") == after.call_id, 60)
        await answer(of_a, after)
        await of_b.command("hang_up")
        back = await comes(centre, witness, stack, "asterisk-a")
        assert "-asterisk-a-" in back.call_id
        assert await takes([of_b], back) is of_b
        for one in robots:
            await one.command("hang_up")
        for call in (on_b, waiting_b, after, back):
            story = await witness.until_told(call.call_id, CallEnded)
            assert (story.ended.outcome, len(story.all(CallAnswered))) == (Outcome.ANSWERED, 1)


async def test_a_conference_and_a_held_call_stay_on_their_node(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        one, other = await two_robots(centre, stack)
        call = await comes(centre, witness, stack, "asterisk-b")
        talker = await takes([one, other], call)
        asked = other if talker is one else one
        await talker.command("hold")
        await call.hears(TONES["music"])
        await talker.command("resume")
        await they_talk(talker, call)
        position = asked.view["position"]["id"]
        await talker.command("invite", kind="position", value=position)
        await asked.until(lambda view: "offer" in view, 60)
        await asked.accept()
        await asked.until(lambda view: view.get("call", {}).get("state") == "talking")
        await they_talk(asked, call)
        await they_talk(talker, call)
        # The caller hears both agents, who hear each other.
        asked.forget()
        talker.send_tone(1900.0, 60)
        await asked.hears(lambda pcm: contains_tone(pcm, 1900.0), 60)
        talker.hush()
        await talker.command("leave_call", callId=call.call_id)
        await they_talk(asked, call)
        await asked.command("hang_up")
        story = await witness.until_told(call.call_id, CallEnded)
        assert story.ended.outcome is Outcome.ANSWERED
