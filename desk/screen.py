"""What the desk's page shows: the most urgent items, and the figures. Pure."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from datetime import datetime

from core.desk import LostItem
from core.events import Envelope
from core.ids import ItemId
from desk.figures import Figures, day_of
from desk.model import Desk
from desk.policy import SortKey, group_of, sort_key
from web.live import Audience, Section, View, instant
from web.seen import notes_view

DESK: Audience = "desk"
SHOWN_AT_MOST = 300
"""Items on the page: the others come as these are closed."""

NOTES_SHOWN = 5
"""The last notes of an item: with as many items, a snapshot stays below what a page may be sent at once."""

_EMPTY = Section(DESK)
_FIGURES = Section(DESK, ("figures",))


def _at(item_id: ItemId) -> Section:
    return Section(DESK, ("items", item_id))


class DeskScreen:
    """The page's view of a desk. Make it once the desk's past is folded."""

    def __init__(self, desk: Desk, now: datetime) -> None:
        self.figures = Figures(day_of(now))
        self._desk = desk
        self._order: list[SortKey] = []
        self._keys: dict[ItemId, SortKey] = {}
        self._shown: frozenset[ItemId] = frozenset()
        self._counted = False
        """Whether figures changed since the last time, be it with no item's change."""

    def roll(self, now: datetime) -> bool:
        """Begin a new day if midnight has passed in Paris; whether it did."""
        if day_of(now) <= self.figures.day:
            return False
        self.figures = Figures(day_of(now))
        for item in self._desk.items.values():
            self.figures.update(item)
        return True

    def fold(self, envelope: Envelope) -> None:
        """Count one event, already folded in the desk."""
        rolled = self.roll(envelope.occurred_at)
        self._counted = self.figures.fold(envelope) or rolled or self._counted
        for item_id in self._desk.last_touched:
            if item := self._desk.items.get(item_id):
                self.figures.update(item)

    def changes(self) -> Mapping[Section, View | None]:
        """The sections that may have changed since the last time."""
        touched, self._desk.touched = self._desk.touched, set()
        if not touched and not self._counted:
            return {}
        self._counted = False
        for item_id in touched:
            self._sort(item_id)
        shown = frozenset(ItemId(key[-1]) for key in self._order[:SHOWN_AT_MOST])
        concerned = (touched & shown) | (shown ^ self._shown)
        self._shown = shown
        sections: dict[Section, View | None] = {
            _at(item_id): self._item(self._desk.items[item_id]) if item_id in shown else None
            for item_id in concerned
        }
        sections[_FIGURES] = self._figures()
        return sections

    def sections(self) -> dict[Section, View]:
        """Everything shown now."""
        self._desk.touched = set(self._desk.items) | set(self._keys)
        changes = self.changes()
        shown: dict[Section, View] = {_EMPTY: {"items": {}}, _FIGURES: self._figures()}
        shown.update({section: view for section, view in changes.items() if view is not None})
        return shown

    def _sort(self, item_id: ItemId) -> None:
        item, before = self._desk.items.get(item_id), self._keys.pop(item_id, None)
        if before is not None:
            del self._order[bisect_left(self._order, before)]
        if item is not None:
            self._keys[item_id] = key = sort_key(item)
            insort(self._order, key)

    def _figures(self) -> View:
        items = self._desk.items.values()
        return {
            **self.figures.view(),
            "open": sum(item.to_call for item in items),
            "unshown": max(0, len(self._desk.items) - SHOWN_AT_MOST),
        }

    def _item(self, item: LostItem) -> View:
        view: View = {
            "group": group_of(item).value,
            "line": item.line,
            "flow": item.flow,
            "priority": item.priority.value,
            "place": item.place.value,
            "waited": int(item.waited_seconds),
            "firstLostAt": instant(item.first_lost_at),
            "lastLostAt": instant(item.last_lost_at),
            "losses": item.losses,
            "attempts": item.attempts,
            "onLine": self._desk.on_line(item),
            "beingCalled": self._desk.being_called(item.item_id),
            "notes": notes_view(item.notes, NOTES_SHOWN),
        }
        if item.number is not None:
            view["number"] = item.number
        if item.cut:
            view["cut"] = True
        if item.last_agent is not None:
            view["lastAgent"] = item.last_agent.name or item.last_agent.position_id
        if item.last_attempt_at is not None:
            view["lastAttemptAt"] = instant(item.last_attempt_at)
        if item.owner is not None:
            owner = item.owner
            view["owner"] = {"position": owner.position_id, "agent": owner.agent_id, "name": owner.name}
        return view
