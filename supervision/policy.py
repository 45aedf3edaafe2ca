"""When an alarm is raised, and when it is over. Pure: ``now`` is an argument."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from core.alarms import CARDS, AlarmCard, AlarmKind
from core.events import AlarmCleared, AlarmRaised, Envelope

AGAIN = timedelta(minutes=10)
"""An alarm raised again within this of its clearing comes and goes: its next clearing waits twice as long."""
LONGEST_CLEAR = timedelta(minutes=5)
"""What coming and going makes the wait for the clearing at most."""

AlarmKey = tuple[AlarmKind, str]
"""The cause: its kind, and what it is about (a node, a line), where there may be several."""


class Due(Enum):
    """What is to be said of an alarm now."""

    RAISE = auto()
    CLEAR = auto()


@dataclass(slots=True)
class Alarm:
    """One cause, as reported, and as last said.

    ``wrong_since`` alone: it holds; ``well_since`` alone: it does not; both: it was an instant, and is over;
    neither: nobody has reported since this core started.
    """

    wrong_since: datetime | None = None
    well_since: datetime | None = None
    detail: str = ""
    raised_at: datetime | None = None
    cleared_at: datetime | None = None
    returns: int = 0
    """How many times in a row it came back soon after its clearing."""


class AlarmBook:
    """All alarms of a centre. What was said is folded from the journal; what is reported is of this core.

    Args:
        started_at: since when this core has looked.
        cards: how each kind behaves.
    """

    def __init__(self, started_at: datetime, cards: Mapping[AlarmKind, AlarmCard] = CARDS) -> None:
        self._started_at = started_at
        self._cards = cards
        self._alarms: dict[AlarmKey, Alarm] = {}

    def begin(self, now: datetime) -> None:
        """Count from now on what this core has looked at: before, another one was at work."""
        self._started_at = now

    @property
    def raised(self) -> dict[AlarmKey, Alarm]:
        """Those that hold."""
        return {key: alarm for key, alarm in self._alarms.items() if alarm.raised_at is not None}

    def fold(self, envelope: Envelope) -> None:
        """Take note of what was said."""
        event, at = envelope.event, envelope.occurred_at
        if isinstance(event, AlarmRaised):
            alarm = self._alarm((event.kind, event.subject))
            soon = alarm.cleared_at is not None and at - alarm.cleared_at < AGAIN
            if alarm.raised_at is None:
                alarm.returns = alarm.returns + 1 if soon else 0
            alarm.raised_at, alarm.detail = at, event.detail
            if self._cards[event.kind].momentary:
                alarm.well_since = alarm.well_since or at
        elif isinstance(event, AlarmCleared):
            alarm = self._alarm((event.kind, event.subject))
            alarm.raised_at, alarm.cleared_at = None, at
            if alarm.well_since is not None:
                alarm.wrong_since = None

    def wrong(self, key: AlarmKey, detail: str, now: datetime) -> None:
        """The cause holds; a momentary one has just been."""
        alarm = self._alarm(key)
        alarm.detail = detail
        alarm.wrong_since = min(alarm.wrong_since or now, now)  # a clock may be put back
        alarm.well_since = now if self._cards[key[0]].momentary else None

    def well(self, key: AlarmKey, now: datetime) -> None:
        """The cause does not hold."""
        if (alarm := self._alarms.get(key)) is not None:
            alarm.wrong_since, alarm.well_since = None, min(alarm.well_since or now, now)

    def due(self, now: datetime) -> list[tuple[AlarmKey, Due]]:
        """All that is to be said now."""
        said = [(key, self.due_of(key, now)) for key in self._alarms]
        return [(key, due) for key, due in said if due is not None]

    def due_of(self, key: AlarmKey, now: datetime) -> Due | None:
        """What is to be said of one alarm now."""
        alarm, card = self._alarm(key), self._cards[key[0]]
        if alarm.raised_at is None:
            lasting = alarm.wrong_since is not None and now - alarm.wrong_since >= _seconds(card.raise_after)
            return Due.RAISE if lasting else None
        if alarm.well_since is not None:
            over = now - alarm.well_since >= self._patience(alarm, card)
        else:
            over = alarm.wrong_since is None and now - self._started_at >= _seconds(card.confirm_after)
        return Due.CLEAR if over else None

    def detail(self, key: AlarmKey) -> str:
        """What was reported of it last."""
        return self._alarm(key).detail

    def _alarm(self, key: AlarmKey) -> Alarm:
        return self._alarms.setdefault(key, Alarm())

    def _patience(self, alarm: Alarm, card: AlarmCard) -> timedelta:
        """How long all must be well. The others than momentary ones wait longer at each return."""
        once = _seconds(card.clear_after)
        if card.momentary:
            return once
        doubled: timedelta = once * float(2 ** min(alarm.returns, 16))
        return max(once, min(doubled, LONGEST_CLEAR))


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
