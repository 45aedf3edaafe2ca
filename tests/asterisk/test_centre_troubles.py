"""What a call leans on fails around it (disk, database, LRM, link): the call goes on, and the room is told."""

import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RecorderSettings, RoomSettings
from core.alarms import AlarmKind
from core.events import AlarmCleared, AlarmRaised, CallAnswered, CallEnded, RecordingEnded, RecordingMissing
from core.words import EndedBy, Outcome
from recorder.policy import SHORT_BY_S
from simulator.robot_position import RobotPosition
from tests.asterisk.test_centre_faults import Known, answer, calling, robot, they_talk
from tests.support.centre_process import ARM1, ARM2, CentreProcess
from tests.support.full_disk import fill
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

ALARM_WITHIN_S = 10
"""Seconds from a fault to its alarm in the journal, on a machine that does much else."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    """A centre whose recordings have a small disk of their own."""
    made = CentreProcess(
        room=RoomSettings(offer_seconds=60, wrap_up_seconds=0),
        recorder=RecorderSettings(low_megabytes=8, full_megabytes=2),
    )
    recordings = made.settings.storage.recordings_dir
    recordings.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", "size=32m", "none", str(recordings))
    mounted = True
    try:
        async with made:
            yield made
            _run("umount", "--lazy", str(recordings))  # the folder is deleted next
            mounted = False
    finally:
        if mounted:
            _run("umount", "--lazy", str(recordings))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


async def end(one: RobotPosition) -> None:
    """The agent hangs up, and is free again."""
    await one.command("hang_up")
    await one.until(lambda view: view["position"]["state"] == "ready", 60)


async def raised(witness: Witness, kind: AlarmKind) -> None:
    await witness.next(AlarmRaised, lambda alarm: alarm.kind is kind, ALARM_WITHIN_S)


async def cleared(witness: Witness, kind: AlarmKind) -> None:
    await witness.next(AlarmCleared, lambda alarm: alarm.kind is kind, 60)


def kinds_shown(one: RobotPosition) -> set[str]:
    """The alarms on an agent's strip."""
    assert one.view is not None
    return {alarm["kind"] for alarm in one.view["platform"].get("alarms", [])}


@asynccontextmanager
async def two_calls_around(
    centre: CentreProcess, witness: Witness, trouble: AsyncExitStack
) -> AsyncIterator[tuple[RobotPosition, list[Known]]]:
    """Stand for an agent in a call before the trouble, and for a second who takes one in the middle of it."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(robot(centre, ARM1))
        before = await calling(centre, witness, stack)
        await answer(first, before)
        async with trouble:
            second = await stack.enter_async_context(robot(centre, ARM2))
            during = await calling(centre, witness, stack)
            await answer(second, during)
            await they_talk(first, before)
            yield first, [before, during]
            await they_talk(second, during)
        for one in (first, second):
            await end(one)
        for call in (before, during):
            story = await witness.until_told(call.call_id, CallEnded)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
            story.only(CallAnswered)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    ballast = folder / "ballast"
    fill(ballast)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def locked(centre: CentreProcess) -> Iterator[None]:
    """Another program holds the database."""
    file = centre.settings.storage.url.partition(":///")[2]
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_a_full_disk_of_recordings_costs_the_recordings_only(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as trouble:
        trouble.enter_context(full(centre.settings.storage.recordings_dir))
        await raised(witness, AlarmKind.RECORDINGS_DISK_FULL)
        async with two_calls_around(centre, witness, trouble) as (one, calls):
            await one.until(lambda view: "recordings_disk_full" in kinds_shown(one), 60)
    for call in calls:
        story = await witness.until_told(call.call_id, RecordingMissing, 60)
        assert (await centre.ledger_of(call.call_id)).recorded is False, story.names
    await cleared(witness, AlarmKind.RECORDINGS_DISK_FULL)
    await raised(witness, AlarmKind.RECORDING_MISSING)
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(robot(centre, ARM1))
        after = await calling(centre, witness, stack)
        await answer(agent, after)
        await end(agent)
        story = await witness.until_told(after.call_id, RecordingEnded, 60)
        assert story.all(RecordingMissing) == []


async def test_a_disk_that_fills_up_during_a_call_flags_it(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(robot(centre, ARM1))
        call = await calling(centre, witness, stack)
        await answer(agent, call)
        with full(centre.settings.storage.recordings_dir):
            await raised(witness, AlarmKind.RECORDINGS_DISK_FULL)
            enough = time.monotonic() + SHORT_BY_S + 3  # a little less is no loss worth a word
            while time.monotonic() < enough:
                await they_talk(agent, call)
            await end(agent)
            await witness.until_told(call.call_id, RecordingMissing, 60)
        await cleared(witness, AlarmKind.RECORDINGS_DISK_FULL)


async def test_a_locked_database_delays_no_call_and_gets_every_event(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(robot(centre, ARM1))
        before = await calling(centre, witness, stack)
        await answer(first, before)
        with locked(centre):
            during = await calling(centre, witness, stack)
            await raised(witness, AlarmKind.DATABASE_AWAY)
            await they_talk(first, before)
            await first.until(lambda view: "database_away" in kinds_shown(first), 60)
            await first.command("hang_up")
            await answer(first, during)
        await cleared(witness, AlarmKind.DATABASE_AWAY)
        await end(first)
        for call in (before, during):
            story = await witness.until_told(call.call_id, CallEnded)
            assert (await centre.ledger_of(call.call_id)).outcome is Outcome.ANSWERED
            assert [envelope.seq for envelope in story.envelopes] == sorted(
                {envelope.seq for envelope in story.envelopes}
            )


@pytest.mark.parametrize("fault", ["absent", "slow:30"])
async def test_an_lrm_in_trouble_touches_no_call(centre: CentreProcess, fault: str) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as trouble:
        await trouble.enter_async_context(centre.lrm_in_trouble(fault))
        async with two_calls_around(centre, witness, trouble):
            await raised(witness, AlarmKind.LRM_AWAY)
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(robot(centre, ARM1))
        after = await calling(centre, witness, stack)
        await answer(agent, after)
        await cleared(witness, AlarmKind.LRM_AWAY)
        await end(agent)


async def test_a_silent_link_is_an_alarm_until_it_is_back(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with centre.ari_cut(silently=True):
        await raised(witness, AlarmKind.SWITCH_SILENT)
    await cleared(witness, AlarmKind.SWITCH_SILENT)
