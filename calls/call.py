"""One call and who is in it, as data: what ``calls.model`` folds the journal into. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.events import (
    CallQueued,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PartyId, PositionId
from core.location import Location
from core.words import CallerNumber, CallKind, Origin, Outcome, Priority, Target, TargetKind

CALLER = PartyId("caller")


EVERYBODY = PartyId("everybody")
"""Stands for all the positions that are asked at once, until the last of their offers is over."""


OUTSIDE = frozenset({TargetKind.NUMBER, TargetKind.CENTRE})
"""Those reached by a channel of ours."""


class Stage(StrEnum):
    """Where a call is in its life."""

    SVI = "svi"
    WAITING = "waiting"
    """In a waiting room, offered to somebody or not."""
    ENGAGED = "engaged"
    """With agents, or on its way to somebody."""


class PartyState(StrEnum):
    """How far a party is in a call."""

    RINGING = "ringing"
    JOINING = "joining"
    IN = "in"


@dataclass(kw_only=True, slots=True)
class Party:
    """Somebody in a call, or asked into it. ``channel_id`` is set for those outside the centre."""

    party_id: PartyId
    state: PartyState
    target: Target
    channel_id: ChannelId | None = None
    agent_id: AgentId | None = None
    offer_id: OfferId | None = None
    from_room: bool = False
    """A position that took the call from its waiting room, not by an invitation."""
    deadline: datetime | None = None
    rings: bool = False
    """Whether an invited number is known to ring."""
    by: PositionId | None = None
    muted: bool = False
    held: bool = False
    """A position that has put the call on hold."""
    lost_until: datetime | None = None
    """Set while a position's sound is lost, the one outside waiting: when it is given up."""

    @property
    def outside(self) -> bool:
        """Whether it is the caller or a number."""
        return self.channel_id is not None

    @property
    def position_id(self) -> PositionId | None:
        """Its position, where it is an agent."""
        inside = self.channel_id is None and self.party_id != EVERYBODY
        return PositionId(self.party_id) if inside else None

    @property
    def present(self) -> bool:
        """Whether it is in the call, or being joined."""
        return self.state is not PartyState.RINGING


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """A call on its way from a position to somebody. ``back``: it was not reached, the position is rung."""

    position_id: PositionId
    target: Target
    back: bool = False


@dataclass(kw_only=True, slots=True)
class Call:
    """One live call."""

    call_id: CallId
    kind: CallKind
    seq: int
    """Place of its first event in the journal: the smaller, the older."""
    line: str = ""
    caller: CallerNumber = field(default_factory=CallerNumber)
    placed_by: PositionId | None = None
    presented: str = ""
    stage: Stage = Stage.ENGAGED
    parties: dict[PartyId, Party] = field(default_factory=dict)
    offers: set[OfferId] = field(default_factory=set)
    """Open offers of its waiting room."""
    offers_to_all: set[OfferId] = field(default_factory=set)
    """Open offers to everybody."""
    offered_to: dict[OfferId, PositionId] = field(default_factory=dict)
    """Every open offer of it, and whose it is."""
    answered_by: PositionId | None = None
    """The first position that answered it."""
    reached: bool = False
    """Whether a number answered."""
    transfer: Transfer | None = None
    overflowing: bool = False
    """Whether its room sends it to a number or a centre, which is not reached yet."""
    closing: Outcome | None = None
    """The outcome that its last message has given it: it is being ended."""
    origin: Origin | None = None
    """What the neighbouring centre told that sent it."""
    line_open: bool = True
    """Whether the caller's line is picked up: a neighbour's call only rings until somebody takes it."""
    queued: CallQueued | None = None
    """How it was last put into a waiting room."""
    waits_since: datetime | None = None
    """When its first wait began, here or at a neighbour's."""
    priority: Priority | None = None
    silent: bool = False
    """Whether nobody speaks on the caller's line."""
    location: Location | None = None
    """Where the caller is, as far as anybody told."""

    def outside(self) -> list[Party]:
        """The caller and the numbers that are in it."""
        return [p for p in self.parties.values() if p.outside and p.state is PartyState.IN]

    def positions(self) -> list[Party]:
        """The positions that are in it, or being joined."""
        return [p for p in self.parties.values() if p.position_id is not None and p.present]

    def hearing(self) -> list[Party]:
        """The positions that hear it."""
        return [p for p in self.positions() if not p.held and p.lost_until is None]

    def ringing(self) -> list[Party]:
        """Who is asked into it."""
        return [p for p in self.parties.values() if p.state is PartyState.RINGING]

    @property
    def answered(self) -> bool:
        """Whether a person has answered it."""
        return self.answered_by is not None or (self.reached and self.kind is not CallKind.INCOMING)
