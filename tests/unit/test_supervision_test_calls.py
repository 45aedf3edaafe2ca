"""The continuous test call: who may report, what raises an alarm, what clears it."""

import pytest

from app.bus import InProcessBus
from core.alarms import AlarmKind
from core.commands import ReportTestCall
from core.errors import CommandRefused
from core.events import AgentLoggedIn, Envelope, TestCallMade
from core.ids import AgentId, CentreId, PositionId, QueueId
from core.words import Role, TestStep
from supervision.test_calls import MISSED, TestCallService
from tests.support.centre import HeldClock, MemoryJournal
from web.room import RoomState

pytestmark = pytest.mark.unit

ROBOT, ARM = PositionId("robot-essai"), PositionId("arm1")
EVERY = 600.0


class Told:
    """The alarms that hold: line → why."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def raise_alarm(self, kind: AlarmKind, subject: str = "", detail: str = "") -> None:
        assert kind is AlarmKind.TEST_CALL_FAILED
        self.of[subject] = detail

    def clear_alarm(self, kind: AlarmKind, subject: str = "") -> None:
        self.of.pop(subject, None)


class World:
    def __init__(self, past: list[Envelope] | None = None, clock: HeldClock | None = None) -> None:
        self.clock = clock or HeldClock()
        self.journal = MemoryJournal(past or [])
        self.bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.room = RoomState(QueueId("15"))
        self.bus.project(self._see)
        self.alarms = Told()
        self.service = TestCallService(
            self.bus, self.clock, self.alarms, self.room, lines=("15", "SAMU"), every_seconds=EVERY
        )
        for envelope in past or []:
            self.bus.replay(envelope)

    def _see(self, envelope: Envelope) -> None:
        self.room.fold(envelope)

    def log_in(self, position_id: PositionId, role: Role) -> None:
        self.bus.publish(
            AgentLoggedIn(position_id=position_id, agent_id=AgentId(position_id), name="x", role=role)
        )

    def report(self, line: str = "15", failed: TestStep | None = None, by: PositionId = ROBOT) -> None:
        self.bus.execute(ReportTestCall(position_id=by, line=line, failed=failed, seconds=4.2))

    def pass_time(self, seconds: float) -> None:
        self.service.tick(self.clock.advance(seconds))


@pytest.fixture
def world() -> World:
    world = World()
    world.log_in(ROBOT, Role.TEST_ROBOT)
    world.log_in(ARM, Role.ARM)
    return world


def test_a_failure_is_an_alarm_of_its_line_until_a_call_goes_well(world: World) -> None:
    world.report("15", TestStep.OFFERED)
    world.report("SAMU")
    assert world.alarms.of == {"15": "offered"}
    assert [(e.line, e.failed) for e in world.journal.events(TestCallMade)] == [
        ("15", TestStep.OFFERED),
        ("SAMU", None),
    ]
    world.report("15")
    assert world.alarms.of == {}


@pytest.mark.parametrize("by", [ARM, PositionId("nobody")])
def test_nobody_else_may_report(world: World, by: PositionId) -> None:
    with pytest.raises(CommandRefused, match="not_allowed"):
        world.report(by=by)
    assert world.journal.events(TestCallMade) == []


def test_a_robot_that_is_not_heard_of_is_a_failure_too(world: World) -> None:
    world.pass_time(EVERY * MISSED - 1)
    world.report("15")
    world.pass_time(1)
    assert world.alarms.of == {"SAMU": "unheard_of"}
    world.pass_time(EVERY * MISSED)
    assert world.alarms.of == {"SAMU": "unheard_of", "15": "unheard_of"}


def test_a_core_that_starts_waits_for_the_next_report() -> None:
    before = World()
    before.log_in(ROBOT, Role.TEST_ROBOT)
    before.report("15")
    again = World(before.journal.envelopes, before.clock)
    again.pass_time(EVERY * MISSED - 1)
    assert again.alarms.of == {}


def test_the_robot_is_in_no_figure(world: World) -> None:
    assert world.room.figures()["positions"] == 1
