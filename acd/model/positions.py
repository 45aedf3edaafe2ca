"""Positions: where agents take calls.

::

              ┌──────────── readiness ────────────┐
              ▼                                   ▼
    log in ► UNREADY ◄──────────────────────────► READY ──CallOffered──► OFFERED ──OfferAccepted──► ON_CALL
              ▲  ▲                                ▲ ▲ │                     │                          │
              │  └───────── Pause, GoReady ──► PAUSED ◄── timed out, declined                     last call over
              │                                   ▲ └──────────────────────────────────────────────┐   ▼
              └───────────────────────────────────┴──────── wrap-up over, GoReady ───────────── WRAP_UP

A position on one call may be offered a second (by a colleague) and stays ON_CALL meanwhile.
"""

from dataclasses import dataclass, field
from datetime import datetime

from acd.model.calls import Offer
from acd.policy.serving import Profile
from core.ids import AgentId, CallId, PositionId, QueueId
from core.words import PauseReason, PositionState

MOST_CALLS = 2
"""How many calls a position may have: one heard, one on hold."""


@dataclass(slots=True)
class Position:
    """One position, logged in. A ``pause_reason`` while not paused is a pause that begins after the call."""

    position_id: PositionId
    agent_id: AgentId
    profile: Profile
    idle_since: datetime
    """When its last call ended, or its login."""
    idle_order: int = 0
    """Journal order of that: the smaller, the longer idle."""
    state: PositionState = PositionState.UNREADY
    ready: bool = False
    pause_reason: PauseReason | None = None
    until: datetime | None = None
    offer: Offer | None = None
    last_offer: Offer | None = None
    """The last one made to it, open or not."""
    calls: dict[CallId, None] = field(default_factory=dict)
    """The calls it is in, from the accepted offer on; at most two."""
    served: QueueId | None = None
    """The room of the call it took last; none: a call of its own."""
    taken: int = 0
    """How many calls it took since login."""

    @property
    def may_be_asked(self) -> bool:
        """Whether a call to everybody rings there."""
        return self.free and not self.profile.tests

    @property
    def free(self) -> bool:
        """Whether a call may be distributed to it."""
        return self.state is PositionState.READY and self.offer is None and not self.calls
