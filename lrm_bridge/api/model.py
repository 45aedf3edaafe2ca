"""What the API shows of the centre, folded from the journal; and which public event each journalled one is.

Pure. One event of the journal gives one public event at most, with the same place and the same id: so whoever
folds the same journal tells the same story, and a client goes on with any core where it stopped with another.
It never fails on an event it did not expect: a history may begin in the middle.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerLocated,
    CallEvent,
    CallHeld,
    CallNoted,
    CallOffered,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallResumed,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    Event,
    FallbackCallEnded,
    OfferWithdrawn,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    PartyRinging,
    PositionStateChanged,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
    TransferFailed,
    TransferStarted,
)
from core.ids import CallId, PositionId
from core.words import CallerNumber, CallKind, PartyEnd, PositionState, Role, TargetKind
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.shown import (
    Agent,
    AgentChanged,
    AgentInCall,
    Call,
    CallChanged,
    CallLocated,
    CallLocation,
    CallResult,
    CallState,
    Data,
    Note,
    PublicEvent,
    Recording,
    RecordingChanged,
    RecordingState,
)

KEPT_CALLS = 20_000
"""How many calls are remembered, ended ones included: some days of a big centre."""

_RESULTS = {
    PartyEnd.BUSY: CallResult.BUSY,
    PartyEnd.NO_ANSWER: CallResult.NO_ANSWER,
    PartyEnd.DECLINED: CallResult.REFUSED,
    PartyEnd.CANCELLED: CallResult.CANCELLED,
}
_UNANSWERED = frozenset({CallResult.CALLING, CallResult.RINGING})


class PublicModel:
    """The calls, agents, positions of callers and recordings that the API shows."""

    def __init__(self) -> None:
        self.seq = 0
        """The last event folded."""
        self.calls: OrderedDict[str, Call] = OrderedDict()
        """Live and ended, the oldest first."""
        self.agents: dict[PositionId, Agent] = {}
        self.locations: dict[str, dict[bool, CallLocation]] = {}
        """By call: the best position, and what stands beside it."""
        self.recordings: dict[str, dict[str, Recording]] = {}
        """By call, by id."""
        self.dossiers: dict[str, dict[str, None]] = {}
        """The calls of each dossier, in order."""
        self.asked: dict[str, tuple[str, str]] = {}
        """What each request of a program led to: a call, and the fingerprint of what was asked."""
        self._offers: dict[str, dict[str, PositionId]] = {}
        self._transfers: set[str] = set()
        self._merges: dict[str, str] = {}
        self._requests: dict[str, str] = {}
        """The other way round of ``asked``."""
        self._steps: dict[type[Event], tuple[str, Callable[[Any, datetime, Any], Call | None]]] = {
            CallQueued: ("call.queued", self._queued),
            CallPrioritised: ("call.prioritised", self._prioritised),
            CallOffered: ("call.offered", self._offered),
            OfferWithdrawn: ("call.offer_ended", self._withdrawn),
            PartyRinging: ("call.ringing", self._ringing),
            CallAnswered: ("call.answered", self._answered),
            PartyNotReached: ("call.not_reached", self._not_reached),
            CallHeld: ("call.held", self._held),
            CallResumed: ("call.resumed", self._held),
            TransferStarted: ("call.transferred", self._transferred),
            TransferFailed: ("call.transfer_failed", self._transferred),
            PartyLeft: ("call.left", self._left),
            CallsMerged: ("call.merged", self._merged),
            CallNoted: ("call.noted", self._noted),
            CallEnded: ("call.ended", self._ended),
            DossierCorrelated: ("dossier.correlated", self._correlated),
        }
        self._others: dict[type[Event], Callable[[Any, datetime], tuple[str, Data] | None]] = {
            CallArrived: self._arrived,
            CallPlaced: self._placed,
            PartyJoined: self._joined,
            FallbackCallEnded: self._ended_in_fallback,
            AgentLoggedIn: self._logged_in,
            AgentLoggedOut: self._logged_out,
            PositionStateChanged: self._changed_state,
            CallerLocated: self._located,
            RecordingStarted: self._recording_started,
            RecordingEnded: self._recording_ended,
            RecordingMissing: self._recording_ended,
        }

    # --- questions --------------------------------------------------------------------------------------

    def live(self) -> list[Call]:
        """The calls that have not ended, the oldest first."""
        return [call for call in self.calls.values() if call.ended_at is None]

    def agent(self, agent_id: str) -> Agent | None:
        """Who is at work under that id."""
        return next((agent for agent in self.agents.values() if agent.agent_id == agent_id), None)

    def of_dossier(self, dossier_id: str) -> list[Call]:
        """The calls of a dossier, in the order in which they came to belong to it."""
        return [self.calls[call_id] for call_id in self.dossiers.get(dossier_id, ())]

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> PublicEvent | None:
        """Apply one event; the public event that it is, if it is one."""
        self.seq = envelope.seq
        event, at = envelope.event, envelope.occurred_at
        told: tuple[str, Data] | None = None
        if step := self._steps.get(type(event)):
            told = self._step(step, event, at)
        elif other := self._others.get(type(event)):
            told = other(event, at)
        if told is None:
            return None
        name, data = told
        return PublicEvent(
            type=name,
            version=KINDS[name].version,
            seq=envelope.seq,
            id=envelope.event_id,
            timestamp=at,
            centre_id=envelope.centre_id,
            data=data,
        )

    def _step(
        self, step: tuple[str, Callable[[Any, datetime, Any], Call | None]], event: Event, at: datetime
    ) -> tuple[str, Data] | None:
        assert isinstance(event, CallEvent)  # noqa: S101 - by the table
        call = self.calls.get(event.call_id)
        if call is None:
            return None
        name, change = step
        changed = change(event, at, call)
        if changed is None:
            return None
        self.calls[call.call_id] = changed
        return name, CallChanged(call=changed)

    # calls that begin and end

    def _begin(self, call: Call) -> CallChanged:
        self.calls[call.call_id] = call
        if len(self.calls) > KEPT_CALLS:
            self._forget()
        return CallChanged(call=call)

    def _forget(self) -> None:
        """Let the oldest ended call go."""
        oldest = next((call for call in self.calls.values() if call.ended_at is not None), None)
        if oldest is None:
            return
        del self.calls[oldest.call_id]
        self.locations.pop(oldest.call_id, None)
        self.recordings.pop(oldest.call_id, None)
        if oldest.dossier_id is not None and (of := self.dossiers.get(oldest.dossier_id)):
            of.pop(oldest.call_id, None)
            if not of:
                del self.dossiers[oldest.dossier_id]
        if request := self._requests.pop(oldest.call_id, ""):
            self.asked.pop(request, None)

    def _arrived(self, event: CallArrived, at: datetime) -> tuple[str, Data] | None:
        if event.caller.test:
            return None  # the centre's own test robot: no dispatch software need know
        return "call.arrived", self._begin(
            _incoming(event.call_id, event.line, event.caller, event.since or at)
        )

    def _placed(self, event: CallPlaced, at: datetime) -> tuple[str, Data]:
        if event.asked:
            request, _, fingerprint = event.asked.rpartition(":")
            self.asked[request], self._requests[event.call_id] = (event.call_id, fingerprint), request
        call = Call(
            call_id=event.call_id,
            direction=event.kind,
            state=CallState.CALLING,
            began_at=at,
            line=event.presented,
            number=event.target.value if event.target.kind is TargetKind.NUMBER else None,
            agents=(AgentInCall(agent_id=event.agent_id),),
            placed_by=event.agent_id,
            result=CallResult.CALLING,
        )
        return "call.placed", self._begin(call)

    def _ended(self, event: CallEnded, at: datetime, call: Call) -> Call:
        self._offers.pop(call.call_id, None)
        self._transfers.discard(call.call_id)
        result = CallResult.CANCELLED if call.result in _UNANSWERED else call.result
        return replace(
            call,
            state=CallState.ENDED,
            ended_at=at,
            outcome=event.outcome,
            agents=(),
            offered_to=(),
            result=result,
            merged_into=self._merges.pop(call.call_id, None),
        )

    def _ended_in_fallback(self, event: FallbackCallEnded, at: datetime) -> tuple[str, Data] | None:
        if event.caller.test:
            return None
        call = self.calls.get(event.call_id) or _incoming(
            event.call_id, event.line, event.caller, event.arrived_at
        )
        ended = replace(
            call,
            state=CallState.ENDED,
            answered_at=event.answered_at or call.answered_at,
            ended_at=event.ended_at,
            outcome=event.outcome,
            agents=(),
            offered_to=(),
        )
        return "call.ended", self._begin(ended)

    # waiting and offers

    def _queued(self, event: CallQueued, at: datetime, call: Call) -> Call:
        self._transfers.discard(call.call_id)
        return replace(
            call,
            state=CallState.OFFERED if call.offered_to else CallState.WAITING,
            flow=event.flow,
            queue=event.queue,
            priority=event.priority,
            front_office=event.front_office,
            queued_at=event.since or at,
        )

    def _prioritised(self, event: CallPrioritised, at: datetime, call: Call) -> Call:
        return replace(call, priority=event.priority)

    def _offered(self, event: CallOffered, at: datetime, call: Call) -> Call | None:
        if event.position_id not in self.agents:
            return None
        self._offers.setdefault(call.call_id, {})[event.offer_id] = event.position_id
        state = CallState.OFFERED if call.state is CallState.WAITING else call.state
        return replace(call, state=state, offered_to=self._offered_to(call.call_id))

    def _withdrawn(self, event: OfferWithdrawn, at: datetime, call: Call) -> Call | None:
        if self._offers.get(call.call_id, {}).pop(event.offer_id, None) is None:
            return None
        left = self._offered_to(call.call_id)
        state = CallState.WAITING if call.state is CallState.OFFERED and not left else call.state
        return replace(call, state=state, offered_to=left)

    def _offered_to(self, call_id: str) -> tuple[str, ...]:
        positions = dict.fromkeys(self._offers.get(call_id, {}).values())
        return tuple(self.agents[each].agent_id for each in positions if each in self.agents)

    # who is in it

    def _answered(self, event: CallAnswered, at: datetime, call: Call) -> Call:
        self._offers.get(call.call_id, {}).pop(event.offer_id, None)
        self._transfers.discard(call.call_id)
        others = tuple(each for each in call.agents if each.agent_id != event.agent_id)
        return self._with(
            call,
            (*others, AgentInCall(agent_id=event.agent_id)),
            offered_to=self._offered_to(call.call_id),
            answered_at=call.answered_at or at,
            result=_answered_result(call),
        )

    def _ringing(self, event: PartyRinging, at: datetime, call: Call) -> Call | None:
        if call.result is not CallResult.CALLING:
            return None  # a third party
        return replace(call, state=CallState.RINGING, result=CallResult.RINGING)

    def _joined(self, event: PartyJoined, at: datetime) -> tuple[str, Data] | None:
        call = self.calls.get(event.call_id)
        if call is None:
            return None
        self._transfers.discard(call.call_id)
        joined = self._with(
            call, call.agents, answered_at=call.answered_at or at, result=_answered_result(call)
        )
        self.calls[call.call_id] = joined
        return "call.joined" if call.answered_at else "call.answered", CallChanged(call=joined)

    def _not_reached(self, event: PartyNotReached, at: datetime, call: Call) -> Call | None:
        if call.result not in _UNANSWERED:
            return None  # a third party, or one of several colleagues
        return replace(call, result=_RESULTS.get(event.reason, CallResult.FAILED))

    def _held(self, event: CallHeld | CallResumed, at: datetime, call: Call) -> Call:
        held, mine = isinstance(event, CallHeld), self._agent_id(event.position_id)
        agents = tuple(replace(each, held=held) if each.agent_id == mine else each for each in call.agents)
        return self._with(call, agents)

    def _left(self, event: PartyLeft, at: datetime, call: Call) -> Call:
        gone = self._agent_id(PositionId(event.party_id))
        return self._with(call, tuple(each for each in call.agents if each.agent_id != gone))

    def _merged(self, event: CallsMerged, at: datetime, call: Call) -> Call:
        merged = self.calls.get(event.merged_id)
        came = merged.agents if merged is not None else ()
        self._merges[event.merged_id] = call.call_id
        known = {each.agent_id for each in call.agents}
        agents = (*call.agents, *(each for each in came if each.agent_id not in known))
        return self._with(call, tuple(replace(each, held=False) for each in agents))

    def _transferred(self, event: TransferStarted | TransferFailed, at: datetime, call: Call) -> Call:
        self._transfers.add(call.call_id)
        return replace(call, state=CallState.TRANSFERRING)

    def _with(self, call: Call, agents: tuple[AgentInCall, ...], **changes: Any) -> Call:
        """The call with these agents in it: heard, or on hold, where it is neither offered nor on its way."""
        changed: Call = replace(call, agents=agents, **changes)
        if changed.result in _UNANSWERED or changed.ended_at or not agents:
            return changed
        if changed.call_id in self._transfers:
            return changed
        state = CallState.HELD if all(each.held for each in agents) else CallState.TALKING
        return replace(changed, state=state)

    def _agent_id(self, position_id: PositionId) -> str | None:
        agent = self.agents.get(position_id)
        return agent.agent_id if agent is not None else None

    # what is told of it

    def _noted(self, event: CallNoted, at: datetime, call: Call) -> Call:
        return replace(call, notes=(*call.notes, Note(at=at, agent_id=event.agent_id, text=event.text)))

    def _correlated(self, event: DossierCorrelated, at: datetime, call: Call) -> Call:
        if call.dossier_id is not None and call.dossier_id != event.dossier_id:
            self.dossiers.get(call.dossier_id, {}).pop(call.call_id, None)
        self.dossiers.setdefault(event.dossier_id, {})[call.call_id] = None
        return replace(
            call, dossier_id=event.dossier_id, dossier_priority=event.priority or call.dossier_priority
        )

    def _located(self, event: CallerLocated, at: datetime) -> tuple[str, Data] | None:
        if event.call_id not in self.calls:
            return None
        where = event.location
        shown = CallLocation(
            call_id=event.call_id,
            source=where.source,
            at=where.at,
            best=event.best,
            latitude=where.latitude,
            longitude=where.longitude,
            radius_m=where.radius_m,
            altitude_m=where.altitude_m,
            confidence=where.confidence,
            address=where.civic,
            commune=event.commune,
        )
        self.locations.setdefault(event.call_id, {})[event.best] = shown
        return "call.located", CallLocated(location=shown)

    def _recording_started(self, event: RecordingStarted, at: datetime) -> tuple[str, Data] | None:
        recording = Recording(
            recording_id=recording_id(event.caller_track, event.call_id),
            call_id=event.call_id,
            state=RecordingState.RECORDING,
            began_at=at,
        )
        return self._recorded("recording.started", recording)

    def _recording_ended(
        self, event: RecordingEnded | RecordingMissing, at: datetime
    ) -> tuple[str, Data] | None:
        which = recording_id(event.caller_track, event.call_id)
        before = self.recordings.get(event.call_id, {}).get(which)
        recording = Recording(
            recording_id=which,
            call_id=event.call_id,
            state=RecordingState.AVAILABLE if isinstance(event, RecordingEnded) else RecordingState.MISSING,
            began_at=before.began_at if before is not None else at,
            seconds=event.seconds if isinstance(event, RecordingEnded) else None,
        )
        return self._recorded(f"recording.{recording.state}", recording)

    def _recorded(self, name: str, recording: Recording) -> tuple[str, Data] | None:
        if recording.call_id not in self.calls:
            return None
        self.recordings.setdefault(recording.call_id, {})[recording.recording_id] = recording
        return name, RecordingChanged(recording=recording)

    # agents

    def _logged_in(self, event: AgentLoggedIn, at: datetime) -> tuple[str, Data] | None:
        if event.role is Role.TEST_ROBOT:
            return None
        agent = Agent(
            agent_id=event.agent_id,
            name=event.name,
            role=event.role,
            position_id=event.position_id,
            state=PositionState.UNREADY,
            since=at,
        )
        self.agents[event.position_id] = agent
        return "agent.state", AgentChanged(agent=agent)

    def _logged_out(self, event: AgentLoggedOut, at: datetime) -> tuple[str, Data] | None:
        agent = self.agents.pop(event.position_id, None)
        if agent is None:
            return None
        gone = replace(agent, state=None, since=at, pause_reason=None, until=None)
        return "agent.state", AgentChanged(agent=gone)

    def _changed_state(self, event: PositionStateChanged, at: datetime) -> tuple[str, Data] | None:
        agent = self.agents.get(event.position_id)
        if agent is None:
            return None
        changed = replace(
            agent, state=event.state, since=at, pause_reason=event.pause_reason, until=event.until
        )
        self.agents[event.position_id] = changed
        return "agent.state", AgentChanged(agent=changed)


def recording_id(caller_track: str, call_id: CallId) -> str:
    """The id of a recording: its caller's channel, as the file of the caller's track is named."""
    name = PurePosixPath(caller_track).name.removesuffix(".wav").removesuffix("-caller")
    return name or call_id


def _incoming(call_id: CallId, line: str, caller: CallerNumber, at: datetime) -> Call:
    return Call(
        call_id=call_id,
        direction=CallKind.INCOMING,
        state=CallState.WELCOMED,
        began_at=at,
        line=line,
        number=caller.e164,
        hidden=caller.hidden,
    )


def _answered_result(call: Call) -> CallResult | None:
    return CallResult.ANSWERED if call.result in _UNANSWERED else call.result
