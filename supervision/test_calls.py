"""The continuous test call: what the robot reports becomes ``TestCallMade``, and an alarm where it failed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.alarms import AlarmKind
from core.commands import ReportTestCall
from core.errors import CommandRefused
from core.events import Envelope, TestCallMade
from core.ports import Alarms, Bus, Clock
from core.words import Role, TestStep
from web.room import RoomState

MISSED = 2.5
"""So many times the usual interval without a report of a line, and the robot itself is what fails."""


class TestCallService:
    """Watches over the test calls of one centre.

    Args:
        bus: where reports come from, and results go.
        clock: the time.
        alarms: told of failures, by line.
        room: who is where: only the test robot may report.
        lines: those to be tested.
        every_seconds: how often each is tested; 0: never, and nothing is missed.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        alarms: Alarms,
        room: RoomState,
        *,
        lines: Sequence[str],
        every_seconds: float,
    ) -> None:
        self._bus = bus
        self._alarms = alarms
        self._room = room
        self._patience = timedelta(seconds=every_seconds * MISSED)
        self._due = {line: clock.now() + self._patience for line in lines} if every_seconds else {}
        bus.handle(ReportTestCall, self._report)
        bus.project(self._fold)
        bus.subscribe((TestCallMade,), self._on_made)

    def tick(self, now: datetime) -> None:
        """Raise the alarm of the lines that nobody has tested for too long."""
        for line, due in self._due.items():
            if now >= due:
                self._due[line] = now + self._patience
                self._alarms.raise_alarm(AlarmKind.TEST_CALL_FAILED, line, TestStep.UNHEARD_OF.value)

    def _report(self, command: ReportTestCall) -> None:
        position = self._room.positions.get(command.position_id)
        if position is None or position.role is not Role.TEST_ROBOT:
            raise CommandRefused("not_allowed")
        self._bus.publish(TestCallMade(line=command.line, failed=command.failed, seconds=command.seconds))

    def _fold(self, envelope: Envelope) -> None:
        if isinstance(envelope.event, TestCallMade) and envelope.event.line in self._due:
            self._due[envelope.event.line] = envelope.occurred_at + self._patience

    def _on_made(self, envelope: Envelope) -> None:
        if not isinstance(envelope.event, TestCallMade):
            return
        line, failed = envelope.event.line, envelope.event.failed
        if failed is None:
            self._alarms.clear_alarm(AlarmKind.TEST_CALL_FAILED, line)
        else:
            self._alarms.raise_alarm(AlarmKind.TEST_CALL_FAILED, line, failed.value)
