"""I5: an agent is never in two calls, nor stuck in a state that nothing will end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.audit.evidence import Evidence, Lasting, Presence
from app.audit.findings import Finding, Invariant
from calls.call import PartyState
from calls.model import ImpossibleStep, LiveCalls
from calls.policy import MOST_CALLS
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallArrived,
    CallOffered,
    Envelope,
    FallbackCallEnded,
    FallbackCallFound,
    OfferAccepted,
    OfferWithdrawn,
    PositionStateChanged,
)
from core.ids import AgentId, CallId, OfferId, PartyId, PositionId
from core.words import PositionState

TWO_CALLS_S = 2.0
"""How long taking a second call may take until the first one is on hold."""
STUCK_S = 15.0
"""How long a state may outlive its reason: a core looks for such states every few seconds."""

_LIMITS = {
    "hears several calls": TWO_CALLS_S,
    f"is in more than {MOST_CALLS} calls": TWO_CALLS_S,
    "is at several positions": TWO_CALLS_S,
    "is on_call without a call": STUCK_S,
    "is in a call without being on_call": STUCK_S,
    "is offered without an offer": STUCK_S,
    "has an offer past its deadline": STUCK_S,
    "is still in wrap_up": STUCK_S,
    "is still being joined to a call": STUCK_S,
}


@dataclass(slots=True)
class _Seen:
    agent_id: AgentId
    state: PositionState = PositionState.UNREADY
    until: datetime | None = None
    offers: dict[OfferId, datetime] = field(default_factory=dict)


class _Floor:
    """Who is where, in which state, with which offers and calls."""

    def __init__(self) -> None:
        self.positions: dict[PositionId, _Seen] = {}
        self.calls = LiveCalls()
        self.fallback: dict[CallId, PositionId | None] = {}
        """Calls that go on in mode secours, and where."""

    def fold(self, envelope: Envelope) -> None:
        """Apply one event. ImpossibleStep: the journal tells what cannot be."""
        event = envelope.event
        match event:
            case AgentLoggedIn():
                self.positions[event.position_id] = _Seen(event.agent_id)
            case AgentLoggedOut():
                self.positions.pop(event.position_id, None)
            case PositionStateChanged():
                if seen := self.positions.get(event.position_id):
                    seen.state, seen.until = event.state, event.until
            case FallbackCallFound():
                self.fallback[event.call_id] = event.position_id
            case FallbackCallEnded():
                self.fallback.pop(event.call_id, None)
            case CallArrived():
                self.fallback.pop(event.call_id, None)  # taken back from there
            case CallOffered():
                if seen := self.positions.get(event.position_id):
                    seen.offers[event.offer_id] = event.deadline
            case OfferAccepted() | OfferWithdrawn():
                if seen := self.positions.get(event.position_id):
                    seen.offers.pop(event.offer_id, None)
            case _:
                pass
        self.calls.fold(envelope)

    def wrong(self, now: datetime) -> Iterator[tuple[str, str, datetime]]:
        """What is not as it should be at rest: condition, position, and since when if it is new."""
        agents: dict[AgentId, PositionId] = {}
        for position_id, seen in self.positions.items():
            for condition in self._of(position_id, seen):
                yield condition, position_id, now
            late = min((deadline for deadline in seen.offers.values()), default=now)
            if late < now:
                yield "has an offer past its deadline", position_id, late
            if seen.state is PositionState.WRAP_UP and seen.until is not None and seen.until < now:
                yield "is still in wrap_up", position_id, seen.until
            if seen.agent_id in agents:
                yield "is at several positions", position_id, now
            agents[seen.agent_id] = position_id

    def _of(self, position_id: PositionId, seen: _Seen) -> Iterator[str]:
        calls = self.calls.calls_of(position_id)
        parties = [call.parties[PartyId(position_id)] for call in calls]
        if sum(not party.held for party in parties) > 1:
            yield "hears several calls"
        if len(calls) > MOST_CALLS:
            yield f"is in more than {MOST_CALLS} calls"
        if seen.state is PositionState.ON_CALL and not calls and position_id not in self.fallback.values():
            yield "is on_call without a call"
        if calls and seen.state is not PositionState.ON_CALL:
            yield "is in a call without being on_call"
        if seen.state is PositionState.OFFERED and not seen.offers:
            yield "is offered without an offer"
        if any(party.state is PartyState.JOINING for party in parties):
            yield "is still being joined to a call"


def check_positions(evidence: Evidence, presence: Presence) -> Iterator[Finding]:
    """I5."""
    floor, lasting = _Floor(), Lasting(presence, _LIMITS)
    for envelope in evidence.envelopes:
        now = envelope.occurred_at
        yield from _too_long(evidence, floor, lasting, now)
        try:
            floor.fold(envelope)
        except ImpossibleStep as error:
            if evidence.judges(now):
                yield Finding(Invariant.ONE_CALL_EACH, f"event {envelope.seq}", str(error))
        lasting.hold(floor.wrong(now))
    yield from _too_long(evidence, floor, lasting, evidence.until)


def _too_long(evidence: Evidence, floor: _Floor, lasting: Lasting, now: datetime) -> Iterator[Finding]:
    """What has lasted too long by now, deadlines that passed since the last event included."""
    lasting.hold(floor.wrong(now))
    for kind, position_id, seconds in lasting.too_long(now):
        if evidence.judges(now):
            yield Finding(Invariant.ONE_CALL_EACH, position_id, f"it {kind} for {seconds:.0f} s")
