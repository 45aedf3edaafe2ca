"""Mode secours: what Asterisk did with calls that no core had."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent
from core.ids import AgentId, PositionId
from core.words import CallerNumber, Outcome

__all__ = ["FallbackCallEnded", "FallbackCallFound"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FallbackCallFound(CallEvent):
    """A call that Asterisk put through with no core goes on in its hands, with that position.

    Without a position, it was passed on to a number. It is left where it is until it ends.
    """

    position_id: PositionId | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FallbackCallEnded(CallEvent):
    """A call that Asterisk handled with no core is over: told once, when a core learns of it. Whole seconds.

    ``answered_at``, ``position_id``, ``agent_id``: who took it first, if anybody did. ``handed_back``: a core
    had it before, whose CallEnded said FALLBACK; this is how it really ended.
    """

    line: str
    caller: CallerNumber
    arrived_at: datetime
    ended_at: datetime
    outcome: Outcome
    answered_at: datetime | None = None
    position_id: PositionId | None = None
    agent_id: AgentId | None = None
    handed_back: bool = False
