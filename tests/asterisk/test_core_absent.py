"""No core comes back, its launcher is there: nobody hears silence, callers go to the fallback in time."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import FallbackSettings, RoomSettings
from app.standby import drain, end
from core.events import (
    CallEnded,
    CallOffered,
    FallbackCallEnded,
    FallbackCallFound,
    LineOpened,
    PositionStateChanged,
)
from core.words import EndedBy, Outcome, PositionState
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from storage.lease import holder
from tests.support.audio import RATE, contains_tone
from tests.support.centre_process import (
    ANNOUNCEMENT_SECONDS,
    ARM1,
    CORE,
    PASSWORD,
    TONES,
    CentreProcess,
    new_number,
)
from tests.support.secours import longest_silence, they_talk
from tests.support.witness import Story, Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

LONGEST_SILENCE_S = 2.0
WITHOUT_CORE_S = 2.5 * ANNOUNCEMENT_SECONDS
"""Long enough for an announcement to end before."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=60, wrap_up_seconds=1),
        launched=True,
        fallback=FallbackSettings(without_core_seconds=WITHOUT_CORE_S),
    ) as centre:
        yield centre


async def calls(centre: CentreProcess, stack: AsyncExitStack) -> tuple[Caller, str]:
    """A caller in the SVI, and the number."""
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call("15", number=number)
    await caller.hears(lambda pcm: contains_tone(pcm, TONES["welcome"]), 60)
    return caller, number


def core_gone(centre: CentreProcess) -> None:
    """The only core dies, and none may take its place."""
    folder = centre.settings.storage.cores_dir
    at_work = holder(folder)
    assert at_work is not None
    drain(folder, CORE, out=True)
    end(at_work, signal.SIGKILL)


async def core_back(centre: CentreProcess, witness: Witness) -> None:
    drain(centre.settings.storage.cores_dir, CORE, out=False)
    await centre.taken_over(witness, CORE)


async def test_callers_hear_music_then_are_answered_each_as_one_call(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(RobotPosition(centre.url, ARM1.login, PASSWORD))
        await one.until(lambda view: view["position"]["state"] == "ready", 60)
        waiting, waiting_number = await calls(centre, stack)
        waiting_id = await witness.call_of(waiting_number)
        await witness.until_told(waiting_id, CallOffered, 60)
        greeted, greeted_number = await calls(centre, stack)
        greeted_id = await witness.call_of(greeted_number)
        core_gone(centre)
        await greeted.hears(lambda pcm: contains_tone(pcm, TONES["music"]), 60)
        for caller in (waiting, greeted):
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["fallback-welcome"]), 60)
        await they_talk(one, waiting)

        await core_back(centre, witness)
        found = await witness.next(FallbackCallFound)
        assert (found.call_id, found.position_id) == (waiting_id, "arm1")
        for call_id in (waiting_id, greeted_id):
            story = await witness.until_told(call_id, CallEnded, 60)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.FALLBACK, EndedBy.SYSTEM)
        await they_talk(one, waiting)
        states = [e.event.state for e in await witness.events() if isinstance(e.event, PositionStateChanged)]
        assert states[-1] is PositionState.ON_CALL, "nothing is offered to who talks"
        waiting.hang_up()
        await they_talk(one, greeted)
        greeted.hang_up()
        for number, call_id in ((waiting_number, waiting_id), (greeted_number, greeted_id)):
            told = await witness.next(FallbackCallEnded, lambda event, n=number: event.caller.e164 == n, 60)  # type: ignore[misc]
            assert (told.call_id, told.outcome, told.handed_back) == (call_id, Outcome.ANSWERED, True)
            row = await centre.ledger_of(call_id)
            assert (row.outcome, row.agent_id) == (Outcome.ANSWERED, ARM1.agent_id)
            assert told.answered_at is not None
            unserved = told.answered_at - Story(await centre.reader.of_call(call_id)).at(LineOpened)
            heard = centre.tracks(call_id)[1][: int(unserved.total_seconds() * RATE)]
            assert longest_silence(heard) < LONGEST_SILENCE_S
        await one.strip_up(60)
        await one.log_out()
