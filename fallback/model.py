"""What the journal says of calls in mode secours, folded from events."""

from datetime import datetime

from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallArrived,
    CallEnded,
    Envelope,
    FallbackCallEnded,
    FallbackCallFound,
)
from core.ids import AgentId, CallId, PositionId
from core.words import Outcome


class Known:
    """The calls that a core has told of, and who is where. Never fails on an event it did not expect."""

    def __init__(self) -> None:
        self.taken_back: set[CallId] = set()
        """Calls that a core took over: what becomes of them, their own events tell."""
        self.handed_back: set[CallId] = set()
        """Calls that a core gave to the fallback: it must not take them back."""
        self.ended: set[CallId] = set()
        """Calls whose end in the fallback is told."""
        self.talking: dict[CallId, tuple[PositionId | None, datetime]] = {}
        """Calls left in the fallback's hands: with whom, and since when that is known."""
        self.agents: dict[PositionId, AgentId] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        match event:
            case CallArrived() if event.since is not None:
                self.taken_back.add(event.call_id)
                self.talking.pop(event.call_id, None)
            case CallEnded(outcome=Outcome.FALLBACK):
                self.handed_back.add(event.call_id)
            case FallbackCallFound():
                since = self.talking.get(event.call_id, (None, envelope.occurred_at))[1]
                self.talking[event.call_id] = (event.position_id, since)
            case FallbackCallEnded():
                self.ended.add(event.call_id)
                self.talking.pop(event.call_id, None)
            case AgentLoggedIn():
                self.agents[event.position_id] = event.agent_id
            case AgentLoggedOut():
                self.agents.pop(event.position_id, None)
            case _:
                pass
