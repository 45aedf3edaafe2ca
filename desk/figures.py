"""The desk's figures of one day, folded from events. Pure.

They are about the items whose first loss is of that day (Europe/Paris):

* *callback ratio*: items called back (at least one attempt) ÷ items to call back. Not counted in either: those
  whose caller rang again and was answered before anybody tried.
* *delay*: from the first loss to the first attempt, and to the closing, of the same items.

Short abandons and hidden numbers are counted beside; test calls nowhere.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.desk import LostItem
from core.events import Envelope, ItemClosed, ItemKept, LostCallFiled
from core.ids import ItemId
from core.words import ItemOutcome
from desk.policy import Group, group_of
from web.live import View

PARIS = ZoneInfo("Europe/Paris")


def day_of(instant: datetime) -> date:
    """The day of an instant, in Europe/Paris."""
    return instant.astimezone(PARIS).date()


@dataclass(slots=True)
class Counted:
    """What became of one item."""

    item: LostItem
    outcome: ItemOutcome | None = None
    closed_at: datetime | None = None

    @property
    def first_attempt_seconds(self) -> float | None:
        """Delay to the first attempt."""
        at = self.item.first_attempt_at
        return None if at is None else (at - self.item.first_lost_at).total_seconds()

    @property
    def closing_seconds(self) -> float | None:
        """Delay to the closing."""
        return None if self.closed_at is None else (self.closed_at - self.item.first_lost_at).total_seconds()


class Figures:
    """The figures of one day. ``items`` are told of by :meth:`update` each time they change."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.losses = 0
        self._items: dict[ItemId, Counted] = {}

    def fold(self, envelope: Envelope) -> bool:
        """Apply one event; whether a figure may have changed. The item itself comes by :meth:`update`."""
        event = envelope.event
        if isinstance(event, LostCallFiled):
            if day_of(event.lost_at) == self.day:
                self.losses += 1
            return True
        if isinstance(event, ItemClosed):
            if counted := self._items.get(event.item_id):
                counted.outcome, counted.closed_at = event.outcome, envelope.occurred_at
            return True
        return isinstance(event, ItemKept)

    def update(self, item: LostItem) -> None:
        """Take note of what an item is now."""
        if day_of(item.first_lost_at) != self.day:
            return
        if counted := self._items.get(item.item_id):
            counted.item = item
        else:
            self._items[item.item_id] = Counted(item)

    def view(self) -> View:
        """The figures as shown. Delays in seconds, absent where there is none."""
        groups = {group: [c for c in self._items.values() if group_of(c.item) is group] for group in Group}
        due = [c for c in groups[Group.CALL] if c.item.attempts or c.outcome is not ItemOutcome.CALLED_AGAIN]
        tried = [c.first_attempt_seconds for c in due if c.first_attempt_seconds is not None]
        closed = [c.closing_seconds for c in due if c.closing_seconds is not None]
        view: View = {
            "date": self.day.isoformat(),
            "losses": self.losses,
            "toCall": len(due),
            "called": len(tried),
            "closed": len(closed),
            "calledAgain": sum(c.outcome is ItemOutcome.CALLED_AGAIN for c in groups[Group.CALL]),
            "reached": sum(c.outcome is ItemOutcome.REACHED for c in groups[Group.CALL]),
            "short": len(groups[Group.SHORT]),
            "hidden": len(groups[Group.HIDDEN]),
        }
        if tried:
            view["meanToAttempt"] = round(sum(tried) / len(tried))
        if closed:
            view["meanToClosing"] = round(sum(closed) / len(closed))
        return view
