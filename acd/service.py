"""Carries out the distribution: one writer for every queue and position state of the centre."""

from datetime import datetime

from acd.model.positions import Position
from acd.model.room import Room
from acd.model.rules import RoomPlan
from acd.offering import Offering
from acd.patrolling import Patrolling
from acd.policy.after import NextState, finished
from acd.queueing import Queueing
from acd.states import States
from acd.tending import Tending
from core.commands import (
    AcceptOffer,
    ChangePriority,
    ChangeRoomRule,
    CheckedBack,
    DeclineOffer,
    GoReady,
    LogIn,
    LogOut,
    Pause,
    TakeCall,
)
from core.errors import CommandRefused
from core.events import (
    CallEnded,
    CallOriented,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallReturned,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    FallbackCallEnded,
    FallbackCallFound,
    OfferAccepted,
    OfferWithdrawn,
    PartyInvited,
    PartyLeft,
    PartyNotReached,
    PositionReadinessChanged,
    PositionStateChanged,
    RoomRuleChanged,
    TransferFailed,
    TransferStarted,
)
from core.ids import CallId, PositionId, QueueId
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Clock, Switch
from core.switch import PlaybackEnded, SwitchEvent, SwitchUp
from core.words import PauseReason, PositionState, Target, TargetKind, WithdrawReason


class DistributionService:
    """The waiting rooms and the positions of one centre."""

    def __init__(self, bus: Bus, switch: Switch, clock: Clock, plan: RoomPlan, nodes: Nodes = ONE_NODE) -> None:
        self.room = Room(plan, nodes)
        self._clock = clock
        self._states = States(bus, clock, self.room)
        self._offering = Offering(bus, clock, self.room, self._states)
        self._queueing = Queueing(bus, switch, clock, self.room, self._states)
        self._tending = Tending(bus, switch, clock, self.room, self._states, self._queueing)
        self._patrolling = Patrolling(bus, self.room, self._states, self._offering, self._queueing)
        bus.project(self.room.fold)
        self._listen(bus)
        self._obey(bus)

    def _listen(self, bus: Bus) -> None:
        bus.subscribe((CallOriented,), self._on_call_oriented)
        bus.subscribe((CallEnded,), self._on_call_ended)
        bus.subscribe((OfferWithdrawn,), self._on_offer_withdrawn)
        bus.subscribe((OfferAccepted,), self._on_accepted)
        bus.subscribe((TransferStarted,), self._on_transfer)
        bus.subscribe((TransferFailed,), self._on_transfer_failed)
        bus.subscribe((CallReturned,), self._on_returned)
        bus.subscribe((DossierCorrelated,), self._on_correlated)
        bus.subscribe((CallPlaced,), self._on_call_placed)
        bus.subscribe((PartyInvited,), self._on_party_invited)
        bus.subscribe((PartyLeft, PartyNotReached), self._on_party_out)
        bus.subscribe((CallsMerged,), self._on_merged)
        bus.subscribe((FallbackCallFound, FallbackCallEnded), self._on_fallback)
        bus.subscribe((PositionReadinessChanged,), self._on_readiness)
        bus.subscribe((CallQueued, CallPrioritised, PositionStateChanged, RoomRuleChanged), self._on_change)

    def _obey(self, bus: Bus) -> None:
        bus.handle(LogIn, self._states.log_in)
        bus.handle(LogOut, self._log_out)
        bus.handle(AcceptOffer, self._offering.accept)
        bus.handle(DeclineOffer, self._offering.decline)
        bus.handle(TakeCall, self._offering.take)
        bus.handle(Pause, self._pause)
        bus.handle(GoReady, self._states.go_ready)
        bus.handle(ChangePriority, self._queueing.change_priority)
        bus.handle(CheckedBack, self._tending.checked_back)
        bus.handle(ChangeRoomRule, self._tending.change_rule)

    def look(self) -> None:
        """Compare positions and calls now, besides the usual times."""
        self._patrolling.look()

    # --- questions of others ----------------------------------------------------------------------------

    def estimated_wait(self, queue: QueueId, call_id: CallId | None = None) -> float | None:
        """Seconds that a call, or one more call, will wait in a room; none: unknown."""
        place = self._tending.place_of(call_id) if call_id is not None else None
        if place is None:
            place = self.room.index.length(self.room.rule(queue).queue)
        return self._tending.estimate(queue, place, self._clock.now())

    def place_of(self, call_id: CallId) -> int | None:
        """How many calls are served before a waiting one; none: it does not wait in line."""
        return self._tending.place_of(call_id)

    # --- what happens -----------------------------------------------------------------------------------

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        if isinstance(event, PlaybackEnded):
            self._tending.on_playback_ended(event)
        elif isinstance(event, SwitchUp):
            self._tending.switch_is_back()

    def tick(self, now: datetime) -> None:
        """Act on the deadlines that have passed."""
        self._offering.withdraw_late(now)
        for position in finished(self.room.wrapping_up.values(), now):
            self._states.end_wrap_up(position)
        self._states.move_on()
        self._offering.distribute()
        self._tending.overflow(now)
        self._tending.say_last_words()
        self._tending.bring_back(now)
        self._tending.watch(now)
        self._patrolling.tick(now)

    def _on_change(self, envelope: Envelope) -> None:
        self._offering.distribute()

    def _on_call_oriented(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallOriented)  # noqa: S101 - by subscription
        self._queueing.oriented(event, envelope)

    def _on_call_ended(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallEnded)  # noqa: S101 - by subscription
        self._tending.forget(event.call_id)
        self._offering.call_over(event.call_id, envelope)
        self._states.move_on(envelope)
        self._tending.tell_of_departed()

    def _on_accepted(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, OfferAccepted)  # noqa: S101 - by subscription
        self._tending.hush(event.call_id)

    def _on_offer_withdrawn(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, OfferWithdrawn)  # noqa: S101 - by subscription
        if position := self.room.positions.get(event.position_id):
            self._states.offer_over(position, event, envelope)
        self._offering.distribute()

    def _on_transfer(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, TransferStarted)  # noqa: S101 - by subscription
        if event.target.kind is TargetKind.ROOM:
            queue = QueueId(event.target.value)
            self._queueing.pass_on(
                event.call_id, queue, envelope, by=event.position_id, priority=event.priority
            )

    def _on_transfer_failed(self, envelope: Envelope) -> None:
        """Not even who passed the call on could be reached: it waits again where it came from."""
        event = envelope.event
        assert isinstance(event, TransferFailed)  # noqa: S101 - by subscription
        if event.target == Target(TargetKind.POSITION, event.position_id):
            self._queueing.come_back(event.call_id, envelope)

    def _on_returned(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallReturned)  # noqa: S101 - by subscription
        self._queueing.give_back(event, envelope)

    def _on_correlated(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, DossierCorrelated)  # noqa: S101 - by subscription
        self._queueing.correlated(event, envelope)

    def _on_call_placed(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallPlaced)  # noqa: S101 - by subscription
        if position := self.room.positions.get(event.position_id):
            self._states.begin_call(position, envelope)

    def _on_party_invited(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, PartyInvited)  # noqa: S101 - by subscription
        self._offering.invite(event, envelope)

    def _on_party_out(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, PartyLeft | PartyNotReached)  # noqa: S101 - by subscription
        self._offering.uninvited(event.call_id, PositionId(event.party_id), envelope)
        self._states.move_on(envelope)

    def _on_fallback(self, envelope: Envelope) -> None:
        """A call of mode secours goes on at a position, or is over there: meanwhile it is offered nothing."""
        event = envelope.event
        position_id = event.position_id if isinstance(event, FallbackCallFound) else None
        if position_id is not None and (position := self.room.positions.get(position_id)):
            if position.offer is not None:
                self._offering.withdraw(position.offer, WithdrawReason.POSITION_LOST, envelope)
            self._states.begin_call(position, envelope)
        self._states.move_on(envelope)

    def _on_merged(self, envelope: Envelope) -> None:
        self._states.move_on(envelope)

    def _on_readiness(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, PositionReadinessChanged)  # noqa: S101 - by subscription
        position = self.room.positions.get(event.position_id)
        if position is None:
            return
        offer = position.offer
        heard = offer is None or position.profile.hears(self.room.node_of(offer.call_id))
        if offer is not None and not (position.ready and heard):
            self._offering.withdraw(offer, WithdrawReason.POSITION_LOST, envelope)
        else:
            self._states.rest(position, envelope)

    # --- commands about both a position and its offer ---------------------------------------------------

    def _log_out(self, command: LogOut) -> None:
        position = self._states.of(command)
        if position.state is PositionState.ON_CALL:
            raise CommandRefused("on_call")
        self._give_back(position, PauseReason.OTHER)
        self._states.log_out(command)

    def _pause(self, command: Pause) -> None:
        self._give_back(self._states.of(command), command.reason)
        self._states.pause(command)

    def _give_back(self, position: Position, reason: PauseReason) -> None:
        """The offer to a position goes back to its place; the pause is there before another could be made."""
        offer = position.offer
        if offer is not None:
            self._states.enter(position, NextState(position.state, reason, position.until))
            self._offering.withdraw(offer, WithdrawReason.DECLINED)
