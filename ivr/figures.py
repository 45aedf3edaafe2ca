"""What the SVI knows of the rooms and of numbers that called, folded from the journal. Pure and bounded."""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallPrioritised,
    CallQueued,
    Envelope,
)
from core.ids import CallId, QueueId
from ivr.script import CentreState, Saturation
from ivr.walk import RoomFigures

_LATELY: Final = timedelta(minutes=30)
_ANSWERS_KEPT: Final = 20
_FEWEST_ANSWERS: Final = 3
_NUMBERS_KEPT: Final = 20_000


@dataclass(slots=True)
class _Waiting:
    """A call in a room."""

    queue: QueueId
    rank: int
    since: datetime


class Figures:
    """Waiting calls by room, the pace at which rooms answer, and when numbers called last."""

    def __init__(self) -> None:
        self._waiting: dict[CallId, _Waiting] = {}
        self._ahead: dict[QueueId, Counter[int]] = {}
        self._answers: dict[QueueId, deque[datetime]] = {}
        self._called: OrderedDict[str, datetime] = OrderedDict()
        self._entrusted: set[CallId] = set()
        """Calls of neighbouring centres: that they waited there is no sign of our own saturation."""
        self._oldest: OrderedDict[CallId, datetime] = OrderedDict()

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if not isinstance(event, CallEvent):
            return
        match event:
            case CallArrived() if event.origin is not None:
                self._entrusted.add(event.call_id)
            case CallQueued():
                self._leave(event.call_id)
                since = None if event.call_id in self._entrusted else event.since
                since = since or envelope.occurred_at
                self._waiting[event.call_id] = _Waiting(event.queue, event.priority.rank, since)
                self._ahead.setdefault(event.queue, Counter())[event.priority.rank] += 1
                self._oldest[event.call_id] = since
            case CallPrioritised():
                self._prioritised(event)
            case CallAnswered():
                if left := self._leave(event.call_id):
                    kept = self._answers.setdefault(left.queue, deque(maxlen=_ANSWERS_KEPT))
                    kept.append(envelope.occurred_at)
            case CallEnded():
                self._leave(event.call_id)
                self._entrusted.discard(event.call_id)
            case _:
                pass

    def called(self, event: CallArrived, now: datetime) -> datetime | None:
        """Note that a number calls; when it called before, if it did."""
        number = event.caller.e164
        if number is None or event.caller.test:
            return None
        before = self._called.pop(number, None)
        self._called[number] = now
        if len(self._called) > _NUMBERS_KEPT:
            self._called.popitem(last=False)
        return before

    def room(self, queue: QueueId, now: datetime) -> RoomFigures:
        """What a caller may be told of a room."""
        answers = self._answers.get(queue, ())
        lately = [answer for answer in answers if now - answer <= _LATELY]
        pace = None
        if len(lately) >= _FEWEST_ANSWERS:
            pace = (lately[-1] - lately[0]).total_seconds() / (len(lately) - 1)
        return RoomFigures(dict(self._ahead.get(queue, ())), pace)

    def state(self, saturation: Saturation, now: datetime) -> CentreState:
        """How the centre is doing."""
        if len(self._waiting) >= saturation.waiting:
            return CentreState.SATURATED
        oldest = next(iter(self._oldest.values()), now)
        long = (now - oldest).total_seconds() >= saturation.wait_s
        return CentreState.SATURATED if long else CentreState.NORMAL

    def _leave(self, call_id: CallId) -> _Waiting | None:
        left = self._waiting.pop(call_id, None)
        if left is not None:
            self._ahead[left.queue][left.rank] -= 1
            del self._oldest[call_id]
        return left

    def _prioritised(self, event: CallPrioritised) -> None:
        call = self._waiting.get(event.call_id)
        if call is not None:
            self._ahead[call.queue][call.rank] -= 1
            call.rank = event.priority.rank
            self._ahead[call.queue][call.rank] += 1
