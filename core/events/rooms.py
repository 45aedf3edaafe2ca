"""A call in the waiting rooms: its place, its overflow, who it is offered to; and the rooms' rules."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent, Event
from core.ids import AgentId, CallId, OfferId, PositionId, QueueId
from core.words import FrontOffice, OfferKind, OverflowCause, Priority, RoomSetting, Target, WithdrawReason

__all__ = [
    "CallCheckedBack",
    "CallDismissed",
    "CallOffered",
    "CallQueued",
    "CheckBackDue",
    "OfferAccepted",
    "OfferWithdrawn",
    "OverflowTriggered",
    "ParkedCallerLeft",
    "RoomRuleChanged",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallQueued(CallEvent):
    """The call entered a waiting room: from the SVI, or from a position (transfer, parking, overflow).

    Its place is by the room's policy; ``since`` is when its wait began, where that is earlier than this event
    (a call that failed to reach somebody comes back to its place). ``by`` is the position that sent it.
    ``repeat_of`` is the call of the same number shortly before, if there was one: the caller calls again.
    ``prefers`` is the agent to be chosen before others, if free: who had that number last.
    ``was_with`` names the agent, or the centre, who had the call and was lost: it is the first of its room.
    """

    flow: str
    queue: QueueId
    priority: Priority
    front_office: FrontOffice
    skills: tuple[str, ...] = ()
    since: datetime | None = None
    by: PositionId | None = None
    repeat_of: CallId | None = None
    prefers: AgentId | None = None
    was_with: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OverflowTriggered(CallEvent):
    """A rule of its room sends a waiting call elsewhere, because of ``cause``.

    To a room: CallQueued there follows. To a number or a centre: it is invited, and the call leaves with it,
    or comes back to its place when it is not reached. To a message: it is played, and the call goes on waiting;
    but where it ``ends``, CallDismissed follows, unless somebody takes the call before the message is over.
    """

    queue: QueueId
    rule: str
    cause: OverflowCause
    target: Target
    ends: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDismissed(CallEvent):
    """The caller has heard a room's last message, which ends the call as the centre's plan says."""

    queue: QueueId


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckBackDue(CallEvent):
    """Nobody has looked after a parked caller for the longest time allowed: somebody must, now."""

    queue: QueueId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallCheckedBack(CallEvent):
    """An agent has looked after a parked caller, or taken note that the caller is gone."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedCallerLeft(CallEvent):
    """A caller parked by ``by`` hung up before anybody took the call: an alarm, until checked back."""

    queue: QueueId
    priority: Priority
    by: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOffered(CallEvent):
    """The call is proposed to a position until ``deadline``.

    ``reasons`` say why this call and why this agent, as codes with their values (``longest_idle:312s``). An
    offer of kind INVITED or EVERYBODY answers a :class:`PartyInvited` of the same position.
    """

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId
    deadline: datetime
    kind: OfferKind = OfferKind.DISTRIBUTED
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWithdrawn(CallEvent):
    """An offer ended unanswered. Unless the caller left, the call waits again at the same place."""

    offer_id: OfferId
    position_id: PositionId
    reason: WithdrawReason


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferAccepted(CallEvent):
    """The agent clicked Décrocher in time: the one winner. The audio is being joined."""

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomRuleChanged(Event):
    """A supervisor changed how a waiting room works, until put back or until another plan is activated.

    ``value`` empty: back to the plan's. ``before`` is what it was, as such a value. ``rule`` names the overflow
    rule, for the settings about one.
    """

    queue: QueueId
    setting: RoomSetting
    value: str
    before: str
    rule: str = ""
    by: PositionId | None = None
