"""The centre's own launcher keeps two cores: whichever dies comes back behind the other."""

import signal
from pathlib import Path

import pytest

from app.settings import RoomSettings
from app.standby import end
from storage.lease import AT_WORK, STANDING_BY, holder, living
from tests.support.centre_process import CORE, STANDBY, CentreProcess
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
            await caller.answered(20)
        said = await centre.command("handover")
        assert f"{STANDBY} handed over to {CORE}" in said, "its standby was first started afresh"
        await until(lambda: states() == {CORE: AT_WORK, STANDBY: STANDING_BY}, "as in the beginning", 60)
