"""What every event is; what it is about; its place in the journal."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.ids import CallId, CentreId, EventId, ItemId, PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Base of all events. ``VERSION`` grows when a type's fields change meaning."""

    VERSION: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEvent(Event):
    """Something that happened to one call."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionEvent(Event):
    """Something that happened to one position."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemEvent(Event):
    """Something that happened to one item of the desk."""

    item_id: ItemId


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One event with its place in the centre's journal.

    ``seq`` grows by one with each event of the centre; ``cause_id`` is the event this one follows from.
    """

    event_id: EventId
    seq: int
    occurred_at: datetime
    centre_id: CentreId
    event: Event
    cause_id: EventId | None = None

    @property
    def call_id(self) -> CallId | None:
        """The call it is about, if any."""
        return self.event.call_id if isinstance(self.event, CallEvent) else None
