"""Who else is in a call, and where it is passed on to."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent
from core.ids import CallId, ChannelId, PartyId, PositionId
from core.words import PartyEnd, Priority, Target

__all__ = [
    "CallsMerged",
    "PartyInvited",
    "PartyJoined",
    "PartyLeft",
    "PartyMuted",
    "PartyNotReached",
    "PartyRinging",
    "TransferFailed",
    "TransferStarted",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyInvited(CallEvent):
    """Somebody is asked into the call until ``deadline``: a number rings, or a position is made an offer.

    Ends in PartyJoined (a number), CallAnswered (a position), or PartyNotReached. ``by`` is who asked, if a
    person did.
    """

    party_id: PartyId
    target: Target
    deadline: datetime
    by: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyRinging(CallEvent):
    """The telephone of an invited number rings, or its network tells how the call goes: told once."""

    party_id: PartyId


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyJoined(CallEvent):
    """An invited number answered and is in the call."""

    party_id: PartyId
    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyNotReached(CallEvent):
    """An invitation ended without the party in the call. The call goes on without it."""

    party_id: PartyId
    reason: PartyEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyLeft(CallEvent):
    """A party is out of the call, which goes on for the others. A position is free from here on."""

    party_id: PartyId
    reason: PartyEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyMuted(CallEvent):
    """A party of a conference is no longer heard by the others, or is heard again."""

    party_id: PartyId
    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CallsMerged(CallEvent):
    """The parties of ``merged_id`` are now in this call. CallEnded of the other follows."""

    merged_id: CallId
    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferStarted(CallEvent):
    """An agent passes the call on. Until it has arrived the caller hears music, and it may come back.

    To a room: the room queues it at once, with ``priority`` where one is given.
    """

    position_id: PositionId
    target: Target
    priority: Priority | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferFailed(CallEvent):
    """The target was not reached. The call goes back to who passed it on, else to the head of its room."""

    position_id: PositionId
    target: Target
    reason: PartyEnd
