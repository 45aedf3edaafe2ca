"""All waiting rooms and positions of a centre, folded from the journal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from acd.model.calls import Offer, WaitingCall
from acd.model.history import Answers, Callers
from acd.model.lineup import Lineup
from acd.model.positions import Position
from acd.model.rules import RoomPlan, Strategy
from acd.policy.serving import TEST
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallArrived,
    CallCheckedBack,
    CallDismissed,
    CallEnded,
    CallOffered,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallsMerged,
    CheckBackDue,
    DossierCorrelated,
    Envelope,
    Event,
    FallbackCallEnded,
    FallbackCallFound,
    OfferAccepted,
    OfferWithdrawn,
    OverflowTriggered,
    ParkedCallerLeft,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    PositionReadinessChanged,
    PositionStateChanged,
    RoomRuleChanged,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId, QueueId
from core.nodes import ONE_NODE, Nodes
from core.words import PositionState, Priority, TargetKind

ALARMS_KEPT = 100
"""How many callers who left are kept for somebody to take note of; the oldest go first."""


class Room(Lineup):
    """All waiting rooms and positions of a centre."""

    def __init__(self, plan: RoomPlan, nodes: Nodes = ONE_NODE) -> None:
        super().__init__(nodes)
        self.offers: dict[OfferId, Offer] = {}
        """Every offer that is open."""
        self.wrapping_up: dict[PositionId, Position] = {}
        self.last_queued: dict[CallId, CallQueued] = {}
        """How each live call was last queued, and with ``since``: what it comes back to."""
        self.regulation: dict[CallId, Priority] = {}
        """The regulation priority that the LRM gave a call, where no agent gave another since."""
        self.gone: dict[CallId, ParkedCallerLeft] = {}
        """Parked callers who left, not yet taken note of."""
        self.departed: dict[CallId, WaitingCall] = {}
        """Parked callers who have just left, until that is told."""
        self.released: dict[PositionId, Position] = {}
        """The positions whose last call is over, until they have moved on."""
        self.callers = Callers()
        self.answers = Answers()
        self._tests: set[CallId] = set()
        self._waited_since: dict[CallId, datetime] = {}
        """The calls that a neighbouring centre sent, or that waited in the fallback: when their wait began."""
        self._offers_of: dict[CallId, dict[OfferId, Offer]] = {}
        self._position_of_agent: dict[AgentId, PositionId] = {}
        self._positions_in: dict[CallId, dict[PositionId, None]] = {}
        self._folds: dict[type[Event], Callable[[Any, Envelope], None]] = {
            CallArrived: self._arrived,
            CallQueued: self._queued,
            CallPrioritised: self._priority_changed,
            DossierCorrelated: self._correlated,
            CallOffered: self._offered,
            OfferWithdrawn: self._withdrawn,
            OfferAccepted: self._accepted,
            CallAnswered: self._answered,
            CallEnded: self._ended,
            CallPlaced: self._placed,
            CallsMerged: self._merged,
            PartyJoined: self._party_joined,
            PartyNotReached: self._not_reached,
            PartyLeft: self._party_left,
            OverflowTriggered: self._overflowed,
            CallDismissed: self._dismissed,
            CheckBackDue: self._check_due,
            CallCheckedBack: self._checked_back,
            ParkedCallerLeft: self._parked_left,
            FallbackCallFound: self._fallback_found,
            FallbackCallEnded: self._fallback_ended,
            RoomRuleChanged: self._rule_changed,
            AgentLoggedIn: self._logged_in,
            AgentLoggedOut: self._logged_out,
            PositionReadinessChanged: self._readiness,
            PositionStateChanged: self._state_changed,
        }
        self.use(plan)

    # --- questions --------------------------------------------------------------------------------------

    def channel_of(self, call_id: CallId) -> ChannelId | None:
        """The caller's channel, while the call lives."""
        return self.channels.get(call_id)

    def waited_since(self, call_id: CallId) -> datetime | None:
        """When the wait of a call began that has waited elsewhere before: at a neighbour's, in the fallback."""
        return self._waited_since.get(call_id)

    def positions_in(self, call_id: CallId) -> list[Position]:
        """The positions in a call, from the accepted offer on."""
        inside = self._positions_in.get(call_id, ())
        return [self.positions[each] for each in inside if each in self.positions]

    def position_of_agent(self, agent_id: AgentId) -> Position | None:
        """Where an agent is logged in."""
        position_id = self._position_of_agent.get(agent_id)
        return self.positions.get(position_id) if position_id is not None else None

    def in_order(self, queue: QueueId | None = None) -> list[CallId]:
        """The calls not offered at present, in order of service; of one room, or of all."""
        return [call_id for _, call_id in self.index.places(queue)]

    def offers_of(self, call_id: CallId) -> list[Offer]:
        """The open offers of a call, whatever their kind."""
        return list(self._offers_of.get(call_id, {}).values())

    # --- folding: calls ---------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        self.callers.fold(envelope)
        if apply := self._folds.get(type(envelope.event)):
            apply(envelope.event, envelope)

    def _arrived(self, event: CallArrived, envelope: Envelope) -> None:
        self.channels[event.call_id] = event.channel_id
        if event.caller.test:
            self._tests.add(event.call_id)
        since = event.origin.since if event.origin is not None else event.since
        if since is not None:
            self._waited_since[event.call_id] = since

    def _queued(self, event: CallQueued, envelope: Envelope) -> None:
        before = self.waiting.get(event.call_id)
        now = envelope.occurred_at
        call = WaitingCall(
            call_id=event.call_id,
            queue=event.queue,
            flow=event.flow,
            priority=event.priority,
            front_office=event.front_office,
            skills=frozenset(event.skills) | ({TEST} if event.call_id in self._tests else set()),
            since=event.since or now,
            entered_at=now,
            seq=envelope.seq,
            by=event.by,
            repeat_of=event.repeat_of,
            prefers=event.prefers,
            checked_at=now,
            overflowed=before.overflowed if before else {},
            entrusted=event.call_id in self._waited_since,
        )
        self.waiting[call.call_id] = call
        self.last_queued[call.call_id] = replace(event, since=call.since)
        self._stand(call, now)

    def _priority_changed(self, event: CallPrioritised, envelope: Envelope) -> None:
        if call := self.waiting.get(event.call_id):
            call.priority = event.priority
            self.last_queued[event.call_id] = replace(self.last_queued[event.call_id], priority=event.priority)
            self._stand(call, envelope.occurred_at)

        self.regulation.pop(event.call_id, None)  # who spoke last is right

    def _correlated(self, event: DossierCorrelated, envelope: Envelope) -> None:
        if event.priority is not None and event.call_id in self.channels:
            self.regulation[event.call_id] = event.priority

    def _offered(self, event: CallOffered, envelope: Envelope) -> None:
        call = self.waiting.get(event.call_id)
        shared = call is not None and self.rule(call.queue).strategy is Strategy.RING_ALL
        offer = Offer(event.offer_id, event.call_id, event.position_id, event.deadline, event.kind, shared)
        self.offers[offer.offer_id] = offer
        self._offers_of.setdefault(offer.call_id, {})[offer.offer_id] = offer
        if offer.from_room and call is not None:
            call.offers[event.position_id] = offer
            self.index.take(call.call_id)
        if position := self.positions.get(event.position_id):
            position.offer = position.last_offer = offer
            self.index.reconsider(position)

    def _close(self, offer_id: OfferId) -> Offer | None:
        """Take an offer from the open ones."""
        offer = self.offers.pop(offer_id, None)
        if offer is not None:
            of_call = self._offers_of[offer.call_id]
            del of_call[offer_id]
            if not of_call:
                del self._offers_of[offer.call_id]
        return offer

    def _withdrawn(self, event: OfferWithdrawn, envelope: Envelope) -> None:
        open_until_now = self._close(event.offer_id)
        position = self.positions.get(event.position_id)
        if position is not None:
            if position.offer is not None and position.offer.offer_id == event.offer_id:
                position.offer = None
            if open_until_now is None:  # it was accepted, and could not be joined
                self._leave(position, event.call_id)
            self.index.reconsider(position)
        call = self.waiting.get(event.call_id)
        if call is not None:
            call.offers.pop(event.position_id, None)
            if call.accepted_by == event.position_id and open_until_now is None:
                call.accepted_by = None
            self._stand(call, envelope.occurred_at)

    def _accepted(self, event: OfferAccepted, envelope: Envelope) -> None:
        offer = self._close(event.offer_id)
        call = self.waiting.get(event.call_id)
        if call is not None and offer is not None and offer.from_room:
            call.offers.pop(event.position_id, None)
            call.accepted_by = event.position_id
            self.answers.add(call.queue, envelope.occurred_at)
        if position := self.positions.get(event.position_id):
            position.offer = None
            position.taken += 1
            queued = self.last_queued.get(event.call_id)
            position.served = queued.queue if queued else None
            self._enter_call(position, event.call_id)

    def _answered(self, event: CallAnswered, envelope: Envelope) -> None:
        self._out_of_room(event.call_id)
        if position := self.positions.get(event.position_id):
            self._enter_call(position, event.call_id)

    def _ended(self, event: CallEnded, envelope: Envelope) -> None:
        call = self.waiting.get(event.call_id)
        if call is not None and call.by is not None and self.rule(call.queue).check_back:
            self.departed[call.call_id] = call
        self._out_of_room(event.call_id)
        self._leave_all(event.call_id)
        for gone in (
            self.channels,
            self._waited_since,
            self._positions_in,
            self.last_queued,
            self.regulation,
        ):
            gone.pop(event.call_id, None)
        self._tests.discard(event.call_id)

    def _placed(self, event: CallPlaced, envelope: Envelope) -> None:
        if position := self.positions.get(event.position_id):
            if not position.calls:
                position.served = None
            self._enter_call(position, event.call_id)

    def _fallback_found(self, event: FallbackCallFound, envelope: Envelope) -> None:
        self._leave_all(event.call_id)
        if event.position_id is not None and (position := self.positions.get(event.position_id)):
            position.served = self.plan.fallback.queue  # its wrap-up: that of an emergency call
            self._enter_call(position, event.call_id)

    def _fallback_ended(self, event: FallbackCallEnded, envelope: Envelope) -> None:
        self._leave_all(event.call_id)
        self._positions_in.pop(event.call_id, None)

    def _leave_all(self, call_id: CallId) -> None:
        for position in self.positions_in(call_id):
            self._leave(position, call_id)

    def _merged(self, event: CallsMerged, envelope: Envelope) -> None:
        self._out_of_room(event.merged_id)
        for position in self.positions_in(event.merged_id):
            self._enter_call(position, event.call_id)
            self._leave(position, event.merged_id)
        for gone in (
            self.channels,
            self._waited_since,
            self._positions_in,
            self.last_queued,
            self.regulation,
        ):
            gone.pop(event.merged_id, None)

    def _party_joined(self, event: PartyJoined, envelope: Envelope) -> None:
        if (call := self.waiting.get(event.call_id)) and call.away:
            self._out_of_room(event.call_id)

    def _not_reached(self, event: PartyNotReached, envelope: Envelope) -> None:
        if (call := self.waiting.get(event.call_id)) and call.away:
            call.away = False
            self._stand(call, envelope.occurred_at)

    def _party_left(self, event: PartyLeft, envelope: Envelope) -> None:
        if position := self.positions.get(PositionId(event.party_id)):
            self._leave(position, event.call_id)

    def _out_of_room(self, call_id: CallId) -> None:
        if self.waiting.pop(call_id, None) is not None:
            self.index.take(call_id)

    def _enter_call(self, position: Position, call_id: CallId) -> None:
        position.calls[call_id] = None
        self._positions_in.setdefault(call_id, {})[position.position_id] = None
        self.released.pop(position.position_id, None)
        self.index.reconsider(position)

    def _leave(self, position: Position, call_id: CallId) -> None:
        if call_id not in position.calls:
            return
        del position.calls[call_id]
        self._positions_in.get(call_id, {}).pop(position.position_id, None)
        if not position.calls:
            self.released[position.position_id] = position

    # --- folding: what is watched -----------------------------------------------------------------------

    def _overflowed(self, event: OverflowTriggered, envelope: Envelope) -> None:
        if call := self.waiting.get(event.call_id):
            call.overflowed[event.queue, event.rule] = envelope.occurred_at
            if event.target.kind in (TargetKind.NUMBER, TargetKind.CENTRE):
                call.away = True
                self.index.take(call.call_id)
            elif event.ends:
                call.last_words = event.target.value

    def _dismissed(self, event: CallDismissed, envelope: Envelope) -> None:
        if call := self.waiting.get(event.call_id):
            call.dismissed = True
            self.index.take(call.call_id)

    def _check_due(self, event: CheckBackDue, envelope: Envelope) -> None:
        if call := self.waiting.get(event.call_id):
            call.check_due = True

    def _checked_back(self, event: CallCheckedBack, envelope: Envelope) -> None:
        self.gone.pop(event.call_id, None)
        if call := self.waiting.get(event.call_id):
            call.check_due = False
            call.checked_at = envelope.occurred_at

    def _parked_left(self, event: ParkedCallerLeft, envelope: Envelope) -> None:
        self.departed.pop(event.call_id, None)
        self.gone[event.call_id] = event
        if len(self.gone) > ALARMS_KEPT:
            del self.gone[next(iter(self.gone))]

    # --- folding: positions -----------------------------------------------------------------------------

    def _logged_in(self, event: AgentLoggedIn, envelope: Envelope) -> None:
        if before := self.positions.get(event.position_id):
            self.index.forget(before)
        profile = self._profile(event.position_id, event.role)
        position = Position(
            event.position_id, event.agent_id, profile, envelope.occurred_at, idle_order=envelope.seq
        )
        self.positions[event.position_id] = position
        self.index.join(position)
        self._position_of_agent[event.agent_id] = event.position_id

    def _logged_out(self, event: AgentLoggedOut, envelope: Envelope) -> None:
        position = self.positions.pop(event.position_id, None)
        if position is None:
            return
        self.index.forget(position)
        self.wrapping_up.pop(event.position_id, None)
        self.released.pop(event.position_id, None)
        for call_id in position.calls:
            self._positions_in.get(call_id, {}).pop(event.position_id, None)
        if self._position_of_agent.get(position.agent_id) == event.position_id:
            del self._position_of_agent[position.agent_id]

    def _readiness(self, event: PositionReadinessChanged, envelope: Envelope) -> None:
        if position := self.positions.get(event.position_id):
            position.ready = event.ready
            if position.profile.nodes != frozenset(event.nodes):
                self.index.forget(position)
                position.profile = replace(position.profile, nodes=frozenset(event.nodes))
                self.index.join(position)

    def _state_changed(self, event: PositionStateChanged, envelope: Envelope) -> None:
        position = self.positions.get(event.position_id)
        if position is None:
            return
        was_free = position.free
        if position.state is PositionState.ON_CALL and event.state is not PositionState.ON_CALL:
            position.idle_order, position.idle_since = envelope.seq, envelope.occurred_at
        position.state = event.state
        position.pause_reason = event.pause_reason
        position.until = event.until
        if event.state is PositionState.WRAP_UP:
            self.wrapping_up[event.position_id] = position
        else:
            self.wrapping_up.pop(event.position_id, None)
        if event.state is not PositionState.ON_CALL:
            self.released.pop(event.position_id, None)
        if was_free or position.free:
            self.index.reconsider(position)
