"""Carries out the distribution: one writer for every queue and position state of the centre."""

from datetime import datetime

from acd.model import Offer, Position, Room
from acd.policy import (
    NextState,
    Rules,
    after_call,
    after_unanswered_offer,
    finished_wrap_ups,
    late_offers,
    next_match,
    offer_deadline,
    resting,
)
from core.commands import AcceptOffer, Command, DeclineOffer, GoReady, LogIn, LogOut, Pause
from core.errors import CommandRefused
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallEnded,
    CallOffered,
    CallOriented,
    CallQueued,
    Envelope,
    OfferAccepted,
    OfferWithdrawn,
    PositionReadinessChanged,
    PositionStateChanged,
)
from core.ids import OfferId, new_id
from core.ports import Bus, Clock, Switch
from core.words import PositionState, WithdrawReason

WAITING_MUSIC = "waiting"

_RESTING = frozenset({PositionState.READY, PositionState.UNREADY, PositionState.PAUSED})


class DistributionService:
    """The waiting room and the positions of one centre."""

    def __init__(self, bus: Bus, switch: Switch, clock: Clock, rules: Rules) -> None:
        self.room = Room()
        self._bus = bus
        self._switch = switch
        self._clock = clock
        self._rules = rules
        bus.project(self.room.fold)
        bus.subscribe((CallOriented,), self._on_call_oriented)
        bus.subscribe((CallEnded,), self._on_call_ended)
        bus.subscribe((OfferWithdrawn,), self._on_offer_withdrawn)
        bus.subscribe((PositionReadinessChanged,), self._on_readiness)
        bus.handle(LogIn, self._log_in)
        bus.handle(LogOut, self._log_out)
        bus.handle(AcceptOffer, self._accept)
        bus.handle(DeclineOffer, self._decline)
        bus.handle(Pause, self._pause)
        bus.handle(GoReady, self._go_ready)

    # --- calls ------------------------------------------------------------------------------------------

    def _on_call_oriented(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallOriented)  # noqa: S101 - by subscription
        channel = self.room.channel_before_queue(event.call_id)
        if channel is None:
            return  # the caller left while being oriented
        self._bus.publish(
            CallQueued(
                call_id=event.call_id,
                flow=event.flow,
                queue=event.queue,
                priority=event.priority,
                front_office=event.front_office,
            ),
            envelope,
        )
        self._switch.start_music(channel, WAITING_MUSIC)
        self._distribute()

    def _on_call_ended(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallEnded)  # noqa: S101 - by subscription
        position = self.room.position_of(event.call_id)
        if position is None:
            return
        if position.offer is not None:
            self._withdraw(position.offer, WithdrawReason.CALLER_LEFT)
        elif position.state is PositionState.ON_CALL:
            self._enter(position, after_call(self._rules, position, self._clock.now()), envelope)
            self._distribute()

    def _on_offer_withdrawn(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, OfferWithdrawn)  # noqa: S101 - by subscription
        position = self.room.positions.get(event.position_id)
        if position is not None and position.state in (PositionState.OFFERED, PositionState.ON_CALL):
            self._enter(position, after_unanswered_offer(position, event.reason), envelope)
        self._distribute()

    def _distribute(self) -> None:
        """Offer calls while there are both a call waiting and a position ready."""
        while match := next_match(self.room):
            call, position = match
            offered = self._bus.publish(
                CallOffered(
                    call_id=call.call_id,
                    offer_id=OfferId(new_id()),
                    position_id=position.position_id,
                    agent_id=position.agent_id,
                    deadline=offer_deadline(self._rules, self._clock.now()),
                )
            )
            self._enter(position, NextState(PositionState.OFFERED), offered)

    def _withdraw(self, offer: Offer, reason: WithdrawReason) -> None:
        self._bus.publish(
            OfferWithdrawn(
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                position_id=offer.position_id,
                reason=reason,
            )
        )

    def tick(self, now: datetime) -> None:
        """Act on the deadlines that have passed."""
        for offer in late_offers(self.room, now):
            self._withdraw(offer, WithdrawReason.TIMED_OUT)
        for position in finished_wrap_ups(self.room, now):
            self._enter(position, resting(position))
        self._distribute()

    # --- positions --------------------------------------------------------------------------------------

    def _on_readiness(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, PositionReadinessChanged)  # noqa: S101 - by subscription
        position = self.room.positions.get(event.position_id)
        if position is None:
            return
        if position.state is PositionState.OFFERED and not position.ready and position.offer is not None:
            self._withdraw(position.offer, WithdrawReason.POSITION_LOST)
        elif position.state in _RESTING:
            self._enter(position, resting(position), envelope)
            self._distribute()

    def _log_in(self, command: LogIn) -> None:
        position = self.room.positions.get(command.position_id)
        if position is not None and position.agent_id == command.agent_id:
            return
        if position is not None:
            raise CommandRefused("position_taken")
        self._bus.publish(
            AgentLoggedIn(
                position_id=command.position_id,
                agent_id=command.agent_id,
                name=command.name,
                role=command.role,
            )
        )
        self._bus.publish(PositionStateChanged(position_id=command.position_id, state=PositionState.UNREADY))

    def _log_out(self, command: LogOut) -> None:
        position = self._position(command)
        if position.state is PositionState.ON_CALL:
            raise CommandRefused("on_call")
        if position.offer is not None:
            self._withdraw(position.offer, WithdrawReason.DECLINED)
        self._bus.publish(AgentLoggedOut(position_id=position.position_id, agent_id=position.agent_id))

    def _accept(self, command: AcceptOffer) -> None:
        position = self._position(command)
        offer = self._offer(position, command.offer_id)
        accepted = self._bus.publish(
            OfferAccepted(
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                position_id=position.position_id,
                agent_id=position.agent_id,
            )
        )
        self._enter(position, NextState(PositionState.ON_CALL), accepted)

    def _decline(self, command: DeclineOffer) -> None:
        self._withdraw(self._offer(self._position(command), command.offer_id), WithdrawReason.DECLINED)

    def _pause(self, command: Pause) -> None:
        position = self._position(command)
        if position.offer is not None:
            self._withdraw(position.offer, WithdrawReason.DECLINED)
        if position.state in (PositionState.ON_CALL, PositionState.WRAP_UP):
            self._enter(position, NextState(position.state, command.reason, position.until))
        else:
            self._enter(position, NextState(PositionState.PAUSED, command.reason))

    def _go_ready(self, command: GoReady) -> None:
        position = self._position(command)
        if position.state is PositionState.ON_CALL:
            self._enter(position, NextState(PositionState.ON_CALL))
        elif position.state in (PositionState.PAUSED, PositionState.WRAP_UP):
            ready = PositionState.READY if position.ready else PositionState.UNREADY
            self._enter(position, NextState(ready))
            self._distribute()

    def _enter(self, position: Position, to: NextState, cause: Envelope | None = None) -> None:
        """Put a position in a state, unless it is there already."""
        if (position.state, position.pause_reason, position.until) == (to.state, to.pause_reason, to.until):
            return
        self._bus.publish(
            PositionStateChanged(
                position_id=position.position_id,
                state=to.state,
                pause_reason=to.pause_reason,
                until=to.until,
            ),
            cause,
        )

    def _position(self, command: Command) -> Position:
        position = self.room.positions.get(command.position_id)
        if position is None:
            raise CommandRefused("not_logged_in")
        return position

    @staticmethod
    def _offer(position: Position, offer_id: OfferId) -> Offer:
        """The position's offer, if it is still the one meant: so there are never two winners."""
        if position.offer is None or position.offer.offer_id != offer_id:
            raise CommandRefused("offer_gone")
        return position.offer
