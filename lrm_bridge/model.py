"""The calls of the last day, as far as the LRM is concerned, folded from the journal. Pure; it never fails.

A call is live from CallArrived or CallPlaced to CallEnded, and known for a day after: an LRM may say later
which dossier it belongs to. Of two calls made one, the id of the other goes on meaning the one that stays.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.dossiers import SHOWN_FOR
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallResumed,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    Event,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
)
from core.ids import AgentId, CallId, DossierId, PartyId, PositionId
from core.words import CallerNumber, CallKind, Priority, TargetKind

_CALLER = PartyId("caller")
_EVERYBODY = PartyId("everybody")


@dataclass(kw_only=True, slots=True)
class Someone:
    """Somebody in a call, or asked into it. ``number``: of who is outside; ``agent_id``: who answered."""

    number: str = ""
    agent_id: AgentId | None = None
    present: bool = True
    held: bool = False


@dataclass(kw_only=True, slots=True)
class Call:
    """One call. ``caller`` is who called in; none for a call that an agent began, to ``number``."""

    call_id: CallId
    kind: CallKind
    caller: CallerNumber | None = None
    number: str = ""
    placed_by: PositionId | None = None
    queued: CallQueued | None = None
    parties: dict[PartyId, Someone] = field(default_factory=dict)
    dossier_id: DossierId | None = None
    regulation: Priority | None = None
    """The regulation priority that the LRM gave last."""
    told: dict[AgentId, DossierId | None] = field(default_factory=dict)
    """What each agent's LRM was told, or is about to be: that the call came, or the dossier to show."""
    ended_at: datetime | None = None

    def agents(self) -> Iterator[AgentId]:
        """Who is in it."""
        return (one.agent_id for one in self.parties.values() if one.agent_id is not None)

    def numbers(self) -> set[str]:
        """The numbers that are in it, or ring."""
        return {one.number for one in self.parties.values() if one.number}

    def others_than(self, position_id: PositionId) -> int:
        """How many are in it beside a position."""
        return sum(one.present for party_id, one in self.parties.items() if party_id != PartyId(position_id))


class CallBook:
    """The calls of a centre by their id, and who is logged in where."""

    def __init__(self) -> None:
        self.positions: dict[AgentId, PositionId] = {}
        self._calls: dict[CallId, Call] = {}
        self._merged: dict[CallId, CallId] = {}
        self._over: deque[tuple[datetime, CallId]] = deque()
        self._of_position: dict[PositionId, dict[CallId, None]] = {}
        self._folds: dict[type[Event], Callable[[Any, datetime], None]] = {
            AgentLoggedIn: self._logged_in,
            AgentLoggedOut: self._logged_out,
            CallArrived: self._arrived,
            CallPlaced: self._placed,
            CallEnded: self._ended,
            CallsMerged: self._merge,
        }
        self._steps: dict[type[Event], Callable[[Call, Any], None]] = {
            CallQueued: self._queued,
            CallPrioritised: self._prioritised,
            PartyInvited: self._invited,
            PartyJoined: self._joined,
            PartyNotReached: self._left,
            PartyLeft: self._left,
            CallAnswered: self._answered,
            CallHeld: self._held,
            CallResumed: self._held,
            DossierCorrelated: self._correlated,
        }

    # --- questions --------------------------------------------------------------------------------------

    def find(self, call_id: CallId) -> Call | None:
        """A call, live or of the last day; for one that became part of another, that other."""
        while call_id in self._merged:
            call_id = self._merged[call_id]
        return self._calls.get(call_id)

    def calls_of(self, position_id: PositionId) -> list[Call]:
        """The live calls that a position is in, the oldest first."""
        return [self._calls[call_id] for call_id in self._of_position.get(position_id, ())]

    def current(self, position_id: PositionId) -> Call | None:
        """The call that a position hears; else one that it holds."""
        calls = self.calls_of(position_id)
        heard = [call for call in calls if not call.parties[PartyId(position_id)].held]
        return next(iter((*heard, *calls)), None)

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event; what concerns a call not known is passed over."""
        event = envelope.event
        if step := self._steps.get(type(event)):
            if (call := self._calls.get(event.call_id)) is not None:  # type: ignore[attr-defined]
                step(call, event)
        elif apply := self._folds.get(type(event)):
            apply(event, envelope.occurred_at)

    def _logged_in(self, event: AgentLoggedIn, now: datetime) -> None:
        self.positions[event.agent_id] = event.position_id

    def _logged_out(self, event: AgentLoggedOut, now: datetime) -> None:
        if self.positions.get(event.agent_id) == event.position_id:
            del self.positions[event.agent_id]

    def _arrived(self, event: CallArrived, now: datetime) -> None:
        call = Call(call_id=event.call_id, kind=CallKind.INCOMING, caller=event.caller)
        call.number = event.caller.e164 or ""
        call.parties[_CALLER] = Someone(number=call.number)
        self._calls[call.call_id] = call

    def _placed(self, event: CallPlaced, now: datetime) -> None:
        call = Call(call_id=event.call_id, kind=event.kind, placed_by=event.position_id)
        call.number = event.target.value if event.target.kind is TargetKind.NUMBER else ""
        self._calls[call.call_id] = call
        self._enter(call, event.position_id, event.agent_id)

    def _ended(self, event: CallEnded, now: datetime) -> None:
        call = self._calls.get(event.call_id)
        if call is None or call.ended_at is not None:
            return
        call.ended_at = now
        self._empty(call)
        self._over.append((now, call.call_id))
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        while self._over and self._over[0][0] <= now - SHOWN_FOR:
            _, call_id = self._over.popleft()
            self._calls.pop(call_id, None)
            self._merged.pop(call_id, None)

    # who is in it

    def _enter(self, call: Call, position_id: PositionId, agent_id: AgentId) -> None:
        call.parties[PartyId(position_id)] = Someone(agent_id=agent_id)
        self._of_position.setdefault(position_id, {})[call.call_id] = None

    def _leave(self, call: Call, party_id: PartyId) -> Someone | None:
        calls = self._of_position.get(PositionId(party_id))
        if calls is not None:
            calls.pop(call.call_id, None)
            if not calls:
                del self._of_position[PositionId(party_id)]
        return call.parties.pop(party_id, None)

    def _empty(self, call: Call) -> None:
        for party_id in list(call.parties):
            self._leave(call, party_id)

    def _invited(self, call: Call, event: PartyInvited) -> None:
        number = event.target.value if event.target.kind is TargetKind.NUMBER else ""
        if event.party_id not in call.parties:
            call.parties[event.party_id] = Someone(number=number, present=False)

    def _joined(self, call: Call, event: PartyJoined) -> None:
        if (one := call.parties.get(event.party_id)) is not None:
            one.present = True

    def _left(self, call: Call, event: PartyLeft | PartyNotReached) -> None:
        self._leave(call, event.party_id)

    def _answered(self, call: Call, event: CallAnswered) -> None:
        if call.ended_at is None:
            call.parties.pop(_EVERYBODY, None)
            self._enter(call, event.position_id, event.agent_id)

    def _held(self, call: Call, event: CallHeld | CallResumed) -> None:
        if (one := call.parties.get(PartyId(event.position_id))) is not None:
            one.held = isinstance(event, CallHeld)

    def _merge(self, event: CallsMerged, now: datetime) -> None:
        call, merged = self._calls.get(event.call_id), self._calls.get(event.merged_id)
        if call is None or merged is None or call is merged or event.call_id in self._merged:
            return
        for party_id, one in list(merged.parties.items()):
            self._leave(merged, party_id)
            known = PartyId(event.merged_id) if party_id == _CALLER and _CALLER in call.parties else party_id
            if known in call.parties:
                call.parties[known].held = False
            elif one.agent_id is not None:
                self._enter(call, PositionId(party_id), one.agent_id)
            else:
                call.parties[known] = one
        call.dossier_id, call.regulation = (
            (call.dossier_id, call.regulation) if call.dossier_id else (merged.dossier_id, merged.regulation)
        )
        self._merged[merged.call_id] = call.call_id

    # what is known of it

    def _queued(self, call: Call, event: CallQueued) -> None:
        call.queued = event

    def _prioritised(self, call: Call, event: CallPrioritised) -> None:
        if call.queued is not None and call.queued.priority is not event.priority:
            call.queued = replace(call.queued, priority=event.priority)

    def _correlated(self, call: Call, event: DossierCorrelated) -> None:
        call.dossier_id, call.regulation = event.dossier_id, event.priority
