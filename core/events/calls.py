"""A call that somebody has taken or placed: held, noted, ended."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent
from core.ids import AgentId, OfferId, PositionId
from core.words import CallKind, EndedBy, Outcome, Target

__all__ = [
    "AgentBack",
    "AgentLost",
    "CallAnswered",
    "CallEnded",
    "CallHeld",
    "CallNoted",
    "CallPlaced",
    "CallResumed",
    "CallReturned",
    "DigitsSent",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallAnswered(CallEvent):
    """Caller and agent hear each other: answered by a person."""

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallHeld(CallEvent):
    """The agent put the caller on hold: the caller hears music."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallResumed(CallEvent):
    """The agent took the caller off hold."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLost(CallEvent):
    """The sound of the only agent in the call is gone: the one outside is told so, and waits with music.

    Until ``until`` the agent may come back, on any machine (AgentBack); then the call goes on without them.
    """

    position_id: PositionId
    agent_id: AgentId
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentBack(CallEvent):
    """An agent who was lost is heard again in the call."""

    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallReturned(CallEvent):
    """Who had the call is lost: it goes back to the head of its room. CallQueued follows.

    ``lost`` is the position, or the neighbouring centre; ``name`` is the agent's, or that of the centre.
    """

    lost: Target
    name: str
    agent_id: AgentId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPlaced(CallEvent):
    """An agent started a call of their own. The position is in it from here on; ``target`` is being reached.

    ``presented`` is the number shown to the called party, E.164 or a short number; empty for internal calls.
    ``asked`` names the request of another program that the agent's call follows from; empty: the agent's own.
    """

    position_id: PositionId
    agent_id: AgentId
    kind: CallKind
    target: Target
    presented: str = ""
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitsSent(CallEvent):
    """An agent sent tones into the call. Which ones is nobody's business."""

    position_id: PositionId
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CallNoted(CallEvent):
    """An agent wrote a note on the call, during it or afterwards. ``name`` is the agent's."""

    position_id: PositionId
    agent_id: AgentId
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEnded(CallEvent):
    """The call is over, with its one outcome. ``position_id`` is where it was answered, if it was."""

    outcome: Outcome
    ended_by: EndedBy
    position_id: PositionId | None = None
    detail: str = ""
