"""Waiting calls and offers."""

from dataclasses import dataclass, field
from datetime import datetime

from acd.policy.ageing import Urgency
from core.ids import AgentId, CallId, OfferId, PositionId, QueueId
from core.words import FrontOffice, OfferKind, Priority


@dataclass(frozen=True, slots=True)
class Offer:
    """One call proposed to one position until a deadline."""

    offer_id: OfferId
    call_id: CallId
    position_id: PositionId
    deadline: datetime
    kind: OfferKind = OfferKind.DISTRIBUTED
    shared: bool = False
    """Whether others of the room were offered the call at the same time."""

    @property
    def from_room(self) -> bool:
        """Whether the call waits in a room meanwhile, and goes back to its place there if not accepted."""
        return self.kind in (OfferKind.DISTRIBUTED, OfferKind.CHOSEN)


@dataclass(slots=True, kw_only=True)
class WaitingCall:
    """A call in a waiting room, not yet answered by a person."""

    call_id: CallId
    queue: QueueId
    flow: str
    priority: Priority
    front_office: FrontOffice
    skills: frozenset[str]
    since: datetime
    """When its wait began."""
    entered_at: datetime
    """When it entered this room."""
    seq: int
    by: PositionId | None = None
    """The position that sent it here."""
    repeat_of: CallId | None = None
    prefers: AgentId | None = None
    offers: dict[PositionId, Offer] = field(default_factory=dict)
    """To whom it is proposed now."""
    accepted_by: PositionId | None = None
    """Set while its audio is being joined."""
    away: bool = False
    """An overflow is trying to reach somebody else for it."""
    checked_at: datetime
    """When somebody last looked after it."""
    check_due: bool = False
    overflowed: dict[tuple[QueueId, str], datetime] = field(default_factory=dict)
    """The overflow rules that have applied to it, and when."""
    entrusted: bool = False
    """A neighbouring centre's call: its line is not picked up here before somebody takes it."""
    last_words: str = ""
    """The message after which it is over, once a rule has said so."""
    dismissed: bool = False
    """Its last message is said, its line is being closed."""

    @property
    def free(self) -> bool:
        """Whether it may be offered."""
        return not self.offers and self.accepted_by is None and not self.away and not self.dismissed

    @property
    def place(self) -> tuple[QueueId, Priority, datetime, int]:
        """What decides its place in line."""
        return self.queue, self.priority, self.since, self.seq


Place = tuple[Urgency, CallId]
"""A place in a line."""
