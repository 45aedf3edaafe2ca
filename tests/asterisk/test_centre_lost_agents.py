"""A position is killed in mid-call: the caller is told, and is with an agent again, the same or another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from calls.absences import MESSAGE
from core.events import AgentBack, AgentLost, CallEnded, CallOffered, CallQueued, CallReturned
from core.ids import CallId, PositionId
from core.words import EndedBy, Outcome
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, PASSWORD, TONES, CentreProcess, Person, new_number
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER_HZ, AGENT_HZ, MESSAGE_HZ = 1300.0, 2600.0, 1700.0
MESSAGE_SECONDS = 3.0
PATIENCE_SECONDS = 12


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=60, wrap_up_seconds=0, lost_agent_seconds=PATIENCE_SECONDS)
    async with CentreProcess(room=room, sounds={MESSAGE: (MESSAGE_HZ, MESSAGE_SECONDS)}) as centre:
        yield centre


@asynccontextmanager
async def robot(centre: CentreProcess, person: Person) -> AsyncIterator[RobotPosition]:
    """An agent, who is in the end wherever they logged in last."""
    async with RobotPosition(centre.url, person.login, PASSWORD) as one:
        yield one


async def calling(centre: CentreProcess, witness: Witness, stack: AsyncExitStack) -> tuple[Caller, CallId]:
    """A caller who waits."""
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call("15", number=number)
    await caller.answered(60)
    call_id = await witness.call_of(number)
    caller.press("1")
    await witness.until_told(call_id, CallQueued)
    return caller, call_id


async def taken(one: RobotPosition, call_id: CallId) -> None:
    await one.until(lambda view: view.get("offer", {}).get("callId") == call_id, 60)
    await one.accept()
    await one.until(lambda view: view.get("call", {}).get("state") == "talking")


async def they_talk(one: RobotPosition, caller: Caller) -> None:
    """From now on each comes to hear the other."""
    one.forget()
    caller.forget()
    one.send_tone(AGENT_HZ, 60)
    caller.send_tone(CALLER_HZ, 60)
    await asyncio.gather(
        caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ), 60),
        one.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), 60),
    )
    one.hush()
    caller.hush()


async def test_the_agent_killed_in_mid_call_finds_the_call_again_elsewhere(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        caller, call_id = await calling(centre, witness, stack)
        async with robot(centre, ARM1) as one:
            await taken(one, call_id)
            await they_talk(one, caller)
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, MESSAGE_HZ), 60)
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]), 60)
        again = await stack.enter_async_context(robot(centre, ARM1))
        await again.until(lambda view: view.get("call", {}).get("id") == call_id, 60)
        await they_talk(again, caller)
        await again.until(lambda view: "lostAt" not in view["call"])
        await again.command("hang_up")
        story = await witness.until_told(call_id, CallEnded)
        assert len(story.all(AgentLost)) == len(story.all(AgentBack)) == 1
        assert not story.all(CallReturned)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
        await again.command("log_out")


async def test_the_call_of_an_agent_who_does_not_come_back_is_offered_first_to_another(
    centre: CentreProcess,
) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        caller, call_id = await calling(centre, witness, stack)
        async with robot(centre, ARM1) as one:
            await taken(one, call_id)
            await they_talk(one, caller)
        _, behind = await calling(centre, witness, stack)
        story = await witness.until_told(call_id, CallReturned, 60)
        assert story.all(CallQueued)[-1].was_with
        other = await stack.enter_async_context(robot(centre, ARM2))
        await taken(other, call_id)
        assert "wasWith" in other.view["call"]
        await they_talk(other, caller)
        offers = (await witness.until_told(call_id, CallOffered)).all(CallOffered)
        assert offers[-1].position_id == PositionId(ARM2.login)
        assert not (await witness.story(behind)).all(CallOffered)
        await other.command("hang_up")
        story = await witness.until_told(call_id, CallEnded)
        assert story.ended.outcome is Outcome.ANSWERED
