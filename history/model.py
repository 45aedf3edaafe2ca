"""Each agent's last calls, folded from events. What no agent's list holds any more is forgotten."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallNoted,
    CallOffered,
    CallPlaced,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    FallbackCallEnded,
    OfferWithdrawn,
)
from core.ids import AgentId, CallId, DossierId, OfferId, PositionId
from core.notes import Note
from core.words import CallerNumber, CallKind, Role, Target, TargetKind, WithdrawReason

KEPT_CALLS = 50
"""How many calls are kept for each agent."""


class Way(StrEnum):
    """How a call looks to one agent."""

    IN = "in"
    OUT = "out"
    MISSED = "missed"


@dataclass(slots=True)
class KnownCall:
    """A call, live or past. ``other`` is whom an agent reached for, where an agent started it."""

    call_id: CallId
    caller: CallerNumber | None
    line: str
    kind: CallKind
    started_at: datetime
    placed_by: PositionId | None = None
    other: Target | None = None
    dossier_id: DossierId | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    notes: list[Note] = field(default_factory=list)
    holders: int = 0
    """How many agents' lists it is in."""


@dataclass(slots=True)
class Remembered:
    """A call in an agent's list; ``at`` is when it came to the agent."""

    call: KnownCall
    way: Way
    at: datetime


@dataclass(slots=True)
class Agent:
    """Who is at a position."""

    agent_id: AgentId
    name: str
    role: Role


class History:
    """The recent calls of every agent. Never fails on an event it did not expect."""

    def __init__(self) -> None:
        self.calls: dict[CallId, KnownCall] = {}
        self.agents: dict[PositionId, Agent] = {}
        self._recent: defaultdict[AgentId, OrderedDict[CallId, Remembered]] = defaultdict(OrderedDict)
        self._offers: dict[OfferId, AgentId] = {}

    # --- questions --------------------------------------------------------------------------------------

    def recent(self, agent_id: AgentId) -> list[Remembered]:
        """An agent's calls, the latest first."""
        return list(reversed(self._recent[agent_id].values()))

    def handled(self, agent_id: AgentId, call_id: CallId) -> bool:
        """Whether the agent is or was in the call."""
        remembered = self._recent[agent_id].get(call_id)
        return remembered is not None and remembered.way is not Way.MISSED

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event, at = envelope.event, envelope.occurred_at
        match event:
            case AgentLoggedIn():
                self.agents[event.position_id] = Agent(event.agent_id, event.name, event.role)
            case AgentLoggedOut():
                self.agents.pop(event.position_id, None)
            case CallArrived():
                self._begin(KnownCall(event.call_id, event.caller, event.line, CallKind.INCOMING, at))
            case CallPlaced():
                self._placed(event, at)
            case FallbackCallEnded() if event.agent_id is not None:
                began = event.answered_at or event.arrived_at
                taken = KnownCall(event.call_id, event.caller, event.line, CallKind.INCOMING, event.arrived_at)
                taken.answered_at = began
                self._begin(taken)
                self._remember(event.agent_id, self.calls[event.call_id], Way.IN, began)
                self._end(self.calls[event.call_id], event.ended_at)
            case CallEvent():
                if call := self.calls.get(event.call_id):
                    self._fold_call(event, call, at)
            case _:
                pass

    def _fold_call(self, event: CallEvent, call: KnownCall, at: datetime) -> None:
        match event:
            case CallOffered():
                self._offers[event.offer_id] = event.agent_id
            case OfferWithdrawn():
                agent_id = self._offers.pop(event.offer_id, None)
                if agent_id is not None and event.reason is WithdrawReason.TIMED_OUT:
                    self._remember(agent_id, call, Way.MISSED, at)
            case CallAnswered():
                self._offers.pop(event.offer_id, None)
                call.answered_at = call.answered_at or at
                self._remember(event.agent_id, call, Way.IN, at)
            case CallNoted():
                note = Note(text=event.text, agent_id=event.agent_id, name=event.name, at=at)
                call.notes.append(note)
            case DossierCorrelated():
                call.dossier_id = event.dossier_id
            case CallEnded():
                self._end(call, at)
            case CallsMerged():
                if merged := self.calls.get(event.merged_id):
                    call.dossier_id = call.dossier_id or merged.dossier_id
                    self._end(merged, at)
            case _:
                pass

    def _placed(self, event: CallPlaced, at: datetime) -> None:
        call = KnownCall(event.call_id, None, event.presented, event.kind, at)
        call.placed_by, call.other = event.position_id, event.target
        self._begin(call)
        self._remember(event.agent_id, call, Way.OUT, at)

    def _begin(self, call: KnownCall) -> None:
        self.calls.setdefault(call.call_id, call)

    def _end(self, call: KnownCall, at: datetime) -> None:
        call.ended_at = at
        self._forget(call)

    def _remember(self, agent_id: AgentId, call: KnownCall, way: Way, at: datetime) -> None:
        """Put the call at the head of the agent's list. Once taken, it is missed no more."""
        calls = self._recent[agent_id]
        before = calls.get(call.call_id)
        if before is None:
            call.holders += 1
            calls[call.call_id] = Remembered(call, way, at)
        elif before.way is Way.MISSED:
            calls[call.call_id] = Remembered(call, way, at)
            calls.move_to_end(call.call_id)
        while len(calls) > KEPT_CALLS:
            _, oldest = calls.popitem(last=False)
            oldest.call.holders -= 1
            self._forget(oldest.call)

    def _forget(self, call: KnownCall) -> None:
        if call.ended_at is not None and call.holders == 0:
            self.calls.pop(call.call_id, None)


def number_of(remembered: Remembered) -> str | None:
    """The number to call again: the caller's, or the one that was called."""
    call = remembered.call
    if call.caller is not None:
        return call.caller.e164
    if call.other is not None and call.other.kind is TargetKind.NUMBER:
        return call.other.value
    return None


def position_of(remembered: Remembered) -> PositionId | None:
    """The colleague at the other end of an internal call."""
    call = remembered.call
    if call.kind is not CallKind.INTERNAL:
        return None
    if remembered.way is not Way.OUT:
        return call.placed_by
    if call.other is not None and call.other.kind is TargetKind.POSITION:
        return PositionId(call.other.value)
    return None
