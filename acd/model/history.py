"""What was, as far as it decides: who called lately and who took them, and how fast rooms were emptied."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.events import CallAnswered, CallArrived, CallEnded, Envelope
from core.ids import AgentId, CallId, QueueId

KEPT = timedelta(hours=24)
"""How long a number is remembered: the longest window a room may use."""

ANSWERS_KEPT = 20


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last call of a number: when it was last heard of, and who took it last."""

    call_id: CallId
    at: datetime
    agent_id: AgentId | None = None


class Callers:
    """The last call of each number. Hidden numbers and test calls are nobody's."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, LastCall] = OrderedDict()
        self._numbers: dict[CallId, str] = {}
        self._before: dict[CallId, LastCall] = {}

    def before(self, call_id: CallId) -> LastCall | None:
        """The call of the same number before this live one."""
        return self._before.get(call_id)

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event, now = envelope.event, envelope.occurred_at
        if isinstance(event, CallArrived):
            self._arrived(event, now)
        elif isinstance(event, CallAnswered):
            self._heard_of(event.call_id, now, event.agent_id)
        elif isinstance(event, CallEnded):
            self._heard_of(event.call_id, now)
            self._before.pop(event.call_id, None)
            self._numbers.pop(event.call_id, None)

    def _arrived(self, event: CallArrived, now: datetime) -> None:
        number = event.caller.e164
        if number is None or event.caller.test:
            return
        last = self._last.pop(number, None)
        if last is not None:
            self._before[event.call_id] = last
        self._numbers[event.call_id] = number
        self._last[number] = LastCall(event.call_id, now, last.agent_id if last else None)
        while self._last and next(iter(self._last.values())).at < now - KEPT:
            self._last.popitem(last=False)

    def _heard_of(self, call_id: CallId, now: datetime, agent_id: AgentId | None = None) -> None:
        number = self._numbers.get(call_id)
        last = self._last.get(number) if number is not None else None
        if number is None or last is None or last.call_id != call_id:
            return
        self._last[number] = LastCall(call_id, now, agent_id or last.agent_id)
        self._last.move_to_end(number)


class Answers:
    """When the last calls of each room were taken."""

    def __init__(self) -> None:
        self._of: dict[QueueId, deque[datetime]] = {}

    def add(self, queue: QueueId, at: datetime) -> None:
        """A call of the room was taken."""
        self._of.setdefault(queue, deque(maxlen=ANSWERS_KEPT)).append(at)

    def of(self, queue: QueueId) -> tuple[datetime, ...]:
        """The last ones, the oldest first."""
        return tuple(self._of.get(queue, ()))
