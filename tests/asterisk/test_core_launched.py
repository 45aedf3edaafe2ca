"""The centre's own launcher keeps two cores, or one: whichever dies comes back behind the other, or at once."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.asterisk_setup import state_dir
from app.core_keeper import QUICK_DEATH_SECONDS
from app.priority import ahead, reached
from app.settings import RoomSettings
from app.standby import end
from core.events import CallQueued
from core.nodes import FIRST
from core.processes import words_of
from storage.lease import AT_WORK, STANDING_BY, holder, living
from tests.support.centre_process import CORE, STANDBY, CentreProcess, asterisk_below, new_number
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk


async def test_a_core_that_dies_comes_back_as_the_standby_of_the_other(asterisk_root: Path | None) -> None:
    async with CentreProcess(room=RoomSettings(), launched=True, standby=True) as centre:
        folder = centre.settings.storage.cores_dir

        def states() -> dict[str, str]:
            return {sign.core: sign.state for sign in living(folder)}

        await until(lambda: states() == {CORE: AT_WORK, STANDBY: STANDING_BY}, "two cores", 60)
        witness = centre.witness()
        first = holder(folder)
        assert first is not None
        end(first, signal.SIGKILL)
        await centre.taken_over(witness, STANDBY)
        await until(lambda: states() == {CORE: STANDING_BY, STANDBY: AT_WORK}, "two cores again", 60)
        async with centre.caller() as caller:
            caller.call("2")
            await caller.answered(60)
        said = await centre.command("handover")
        assert f"{STANDBY} handed over to {CORE}" in said, "its standby was first started afresh"
        await until(lambda: states() == {CORE: AT_WORK, STANDBY: STANDING_BY}, "as in the beginning", 60)


async def test_the_only_core_is_back_without_being_loaded_again(asterisk_root: Path | None) -> None:
    async with CentreProcess(room=RoomSettings(), launched=True) as centre:
        folder = centre.settings.storage.cores_dir
        await asyncio.sleep(QUICK_DEATH_SECONDS)  # who dies younger is not followed at once
        first, witness = holder(folder), centre.witness()
        assert first is not None
        keeper = parent(first.pid)
        asterisk = asterisk_below(parent(keeper), state_dir(centre.settings, FIRST) / "etc")
        assert niceness(asterisk) == {reached(ahead(centre.settings.asterisk.niceness))}
        end(first, signal.SIGKILL)
        died = datetime.now(UTC)
        took = (await centre.taken_over(witness, CORE) - died).total_seconds()
        print(f"under command again {took:.2f} s after the death")
        second = holder(folder)
        assert second is not None
        assert second.pid != first.pid
        assert parent(second.pid) == keeper
        async with centre.caller() as caller:
            caller.call("2", number=(number := new_number()))
            await caller.answered(60)
            await witness.until_told(await witness.call_of(number), CallQueued)


def parent(pid: int) -> int:
    """The process that started another."""
    return int(words_of(Path(f"/proc/{pid}/stat"))[1])


def niceness(pid: int) -> set[int]:
    """Of all threads of a process."""
    threads = (each / "stat" for each in Path(f"/proc/{pid}/task").iterdir())
    return {int(words_of(thread)[16]) for thread in threads}
