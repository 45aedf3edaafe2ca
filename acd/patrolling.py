"""Every few seconds: what positions and calls say of each other is compared, put right and counted."""

from datetime import datetime, timedelta

from acd.model.positions import Position
from acd.model.room import Room
from acd.offering import Offering
from acd.policy.after import resting
from acd.policy.stuck import Disagreement, disagreements
from acd.queueing import Queueing
from acd.states import States
from core.alarms import StuckKind
from core.events import StuckStateHealed
from core.ids import CallId
from core.ports import Bus
from core.words import WithdrawReason

LOOK_EVERY = timedelta(seconds=3)


class Patrolling:
    """Puts right what has been wrong at two looks in a row."""

    def __init__(self, bus: Bus, room: Room, states: States, offering: Offering, queueing: Queueing) -> None:
        self._bus = bus
        self._room = room
        self._states = states
        self._offering = offering
        self._queueing = queueing
        self._suspects: frozenset[Disagreement] = frozenset()
        self._looked_at: datetime | None = None

    def tick(self, now: datetime) -> None:
        """Look, when it is time."""
        before = self._looked_at
        if before is not None and before <= now < before + LOOK_EVERY:
            return
        self._looked_at = now
        self.look()

    def look(self) -> None:
        """Compare, and put right what was wrong last time, too."""
        room = self._room
        found = disagreements(room.positions, room.waiting.values(), room.offers, self._in_line)
        stuck, self._suspects = found & self._suspects, found
        for each in stuck:
            self._heal(each)

    def _in_line(self, call_id: CallId) -> bool:
        return self._room.index.line_of(call_id) is not None

    def _heal(self, stuck: Disagreement) -> None:
        healed = StuckStateHealed(kind=stuck.kind, position_id=stuck.position_id, call_id=stuck.call_id)
        cause = self._bus.publish(healed)
        position = self._room.positions.get(stuck.position_id) if stuck.position_id is not None else None
        if stuck.kind is StuckKind.CALL_OUT_OF_LINE and stuck.call_id is not None:
            self._queueing.come_back(stuck.call_id, cause)
        elif stuck.offer is not None:
            self._offering.withdraw(stuck.offer, WithdrawReason.POSITION_LOST, cause)
        elif position is not None:
            if stuck.kind is StuckKind.POSITION_WITHOUT_OFFER and position.offer is not None:
                self._offering.withdraw(position.offer, WithdrawReason.POSITION_LOST, cause)
            self._rest(position)

    def _rest(self, position: Position) -> None:
        if not position.calls and position.offer is None:
            self._states.enter(position, resting(position))
