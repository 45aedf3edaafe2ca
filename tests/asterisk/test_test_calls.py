"""The continuous test call on a whole centre: it goes a caller's way, reaches no agent, tells what fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings, TestCallSettings
from app.test_calls import LOGIN, TestCalls
from core.alarms import AlarmKind
from core.events import AlarmCleared, AlarmRaised, CallArrived, CallOffered, TestCallMade
from core.words import Outcome, Role, TestStep
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition
from tests.support.centre_process import ARM1, PASSWORD, SUPERVISOR, CentreProcess, Person

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

ROBOT = Person(LOGIN, "Appel d’essai", LOGIN, Role.TEST_ROBOT)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=20, wrap_up_seconds=1)
    tests = TestCallSettings(enabled=True, lines=("15",), offer_seconds=15)
    async with CentreProcess(room=room, test_calls=tests) as centre:
        await centre.add(ROBOT)
        yield centre


async def test_a_test_call_goes_all_the_way_and_touches_nobody(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with RobotPosition(centre.url, ARM1.login, PASSWORD) as agent:
        await agent.until(lambda view: view["position"]["state"] == "ready", 60)
        assert await TestCalls(centre.settings, PASSWORD).test("15") is None
        made = await witness.next(TestCallMade)
        assert (made.line, made.failed) == ("15", None)
        offered = [e.event for e in await witness.events() if isinstance(e.event, CallOffered)]
        assert {event.position_id for event in offered} == {LOGIN}
        assert agent.view["room"]["waiting"] == 0
        assert agent.view["room"]["positions"] == 1
        arrived = await witness.next(CallArrived)
        entry = await centre.ledger_of(arrived.call_id)
        assert entry.test
        assert entry.outcome is Outcome.ANSWERED
        await agent.log_out()


async def test_an_agent_is_never_offered_a_test_call_and_the_failure_is_told(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with RobotPosition(centre.url, ARM1.login, PASSWORD) as agent:
        await agent.until(lambda view: view["position"]["state"] == "ready", 60)
        robot = TestCalls(centre.settings, PASSWORD)
        blocked = centre.settings.storage.recordings_dir  # what the robot looks at, not what is recorded
        elsewhere = centre.settings.model_copy(
            update={"storage": centre.settings.storage.model_copy(update={"data_dir": blocked / "nowhere"})}
        )
        assert await TestCalls(elsewhere, PASSWORD).test("15") is TestStep.RECORDED
        raised = await witness.next(AlarmRaised, lambda event: event.kind is AlarmKind.TEST_CALL_FAILED)
        assert (raised.subject, raised.detail) == ("15", TestStep.RECORDED)
        assert await robot.test("15") is None
        await witness.next(AlarmCleared, lambda event: event.kind is AlarmKind.TEST_CALL_FAILED)
        assert "offer" not in agent.view
        await agent.log_out()


async def test_only_the_robot_may_report(centre: CentreProcess) -> None:
    async with RobotPosition(centre.url, SUPERVISOR.login, PASSWORD) as supervisor:
        with pytest.raises(Refused) as refused:
            await supervisor.command("report_test_call", line="15", failed="", milliseconds=1)
        assert refused.value.code == "not_allowed"
        await supervisor.log_out()
