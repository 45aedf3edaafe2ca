"""A centre loses its core: strips answer by mode secours; a core that is back takes the calls up, once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import FallbackSettings, RoomSettings
from core.events import (
    AlarmRaised,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallOriented,
    CallQueued,
    CoreStarted,
    FallbackCallEnded,
    FallbackCallFound,
    LostCallFiled,
    RecordingEnded,
)
from core.ids import CallId
from core.words import EndedBy, Outcome, Priority
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import RATE, contains_tone
from tests.support.centre_process import ARM1, PASSWORD, TONES, CentreProcess, new_number
from tests.support.secours import AGENT_HZ, CALLER_HZ, longest_silence, they_talk
from tests.support.waiting import until
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

LONGEST_GAP_S = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=60, wrap_up_seconds=1), fallback=FallbackSettings(vital_lines=("112",))
    ) as centre:
        yield centre


async def calls(centre: CentreProcess, stack: AsyncExitStack, line: str = "15") -> tuple[Caller, str]:
    """A caller whom the fallback has picked up, and the number."""
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call(line, number=number)
    await caller.answered()
    return caller, number


async def ended_of(witness: Witness, number: str) -> FallbackCallEnded:
    """How a call of mode secours is told."""
    return await witness.next(FallbackCallEnded, lambda event: event.caller.e164 == number, 60)


async def test_a_core_that_is_back_takes_up_what_happened_without_it(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(RobotPosition(centre.url, ARM1.login, PASSWORD))
        await one.until(lambda view: view["position"]["state"] == "ready", 60)
        await centre.kill_core()
        talking, talking_number = await calls(centre, stack)
        await they_talk(one, talking)
        waiting, waiting_number = await calls(centre, stack)
        vital, vital_number = await calls(centre, stack, "112")
        gone, gone_number = await calls(centre, stack)
        gone.hang_up()
        await gone.ended()
        await waiting.hears(lambda pcm: contains_tone(pcm, TONES["fallback-welcome"]), 60)
        waiting.forget()
        await centre.start_core()

        # Who talks goes on; the agent is busy for the core as well.
        found = await witness.next(FallbackCallFound)
        assert found.position_id == "arm1"
        await one.strip_up(60)
        await one.until(lambda view: view["position"]["state"] == "on_call", 60)
        await they_talk(one, talking)
        # Who waits is back in the room, with the wait and the priority, the vital line first.
        back = [await witness.call_of(number) for number in (vital_number, waiting_number)]
        for call_id, priority in zip(back, (Priority.UV, Priority.PX), strict=True):
            story = await witness.until_told(call_id, CallQueued, 60)
            assert story.only(CallArrived).since == story.only(CallQueued).since
            assert story.only(CallOriented).priority is priority
            assert not story.all(CallOffered)
        await waiting.hears(lambda pcm: contains_tone(pcm, TONES["music"]), 60)
        # Who left is told, and is to be called back.
        lost = await ended_of(witness, gone_number)
        assert (lost.outcome, lost.answered_at, lost.line) == (Outcome.ABANDONED_QUEUE, None, "15")
        await witness.next(LostCallFiled, lambda event: event.number == gone_number, 60)
        await witness.next(AlarmRaised)

        talking.hang_up()
        told = await ended_of(witness, talking_number)
        assert (told.outcome, told.position_id, told.agent_id) == (Outcome.ANSWERED, "arm1", ARM1.agent_id)
        assert told.call_id == found.call_id
        row = await centre.ledger_of(told.call_id)
        assert (row.outcome, row.number, row.agent_id) == (Outcome.ANSWERED, talking_number, ARM1.agent_id)
        await witness.until_told(told.call_id, RecordingEnded, 60)
        said, given = centre.tracks(told.call_id)
        assert contains_tone(said, CALLER_HZ)
        assert contains_tone(given, AGENT_HZ)
        for caller, call_id in zip((vital, waiting), back, strict=True):
            await one.until(lambda v, c=call_id: v.get("offer", {}).get("callId") == c, 60)  # type: ignore[misc]
            await one.accept()
            await one.until(lambda view: view.get("call", {}).get("state") == "talking")
            await they_talk(one, caller)
            await one.command("hang_up")
            story = await witness.until_told(call_id, CallEnded, 60)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
            assert len(story.all(CallAnswered)) == 1
            waited = (story.at(CallAnswered) - story.only(CallArrived).since).total_seconds()  # type: ignore[operator]
            await witness.until_told(call_id, RecordingEnded, 60)
            assert longest_silence(centre.tracks(call_id)[1][: int(waited * RATE)]) < LONGEST_GAP_S

        # Whatever is read again is told once.
        before = await told_so_far(witness)
        await centre.kill_core()
        await centre.start_core()
        await one.strip_up(60)
        last, last_number = await calls_with_core(centre, stack)
        await witness.call_of(last_number)
        last.hang_up()
        assert await told_so_far(witness) == before
        assert sorted(before) == sorted({told.call_id, lost.call_id})
        await one.log_out()


async def calls_with_core(centre: CentreProcess, stack: AsyncExitStack) -> tuple[Caller, str]:
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call("15", number=number)
    await caller.answered(60)
    return caller, number


async def told_so_far(witness: Witness) -> list[CallId]:
    return [e.event.call_id for e in await witness.events() if isinstance(e.event, FallbackCallEnded)]


async def test_a_call_cut_with_its_asterisk_while_no_core_was_there_is_to_be_called_back(
    centre: CentreProcess,
) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        await centre.kill_core()
        _, number = await calls(centre, stack)
        await centre.restart_asterisk()
        await centre.start_core()
        told = await ended_of(witness, number)
        assert told.outcome is Outcome.TECHNICAL_FAILURE
        await witness.next(LostCallFiled, lambda event: event.number == number, 60)
        await witness.next(CoreStarted)


async def test_who_hangs_up_before_anybody_claims_them_is_in_the_ledger(centre: CentreProcess) -> None:
    witness = centre.witness()
    await centre.kill_core()
    async with centre.caller() as caller:
        caller.call("15", number=(number := new_number()))
        await until(lambda: caller.status > 0, "Asterisk has the call")
        caller.hang_up()
        await centre.start_core()
        told = await ended_of(witness, number)
        assert (told.outcome, told.line, told.answered_at) == (Outcome.ABANDONED_QUEUE, "15", None)
        row = await centre.ledger_of(told.call_id)
        assert (row.outcome, row.number) == (Outcome.ABANDONED_QUEUE, number)
        await witness.next(LostCallFiled, lambda event: event.number == number, 20)
