"""Makes, accepts and withdraws offers: by the rooms' distribution, a colleague's invitation, one's choice."""

from datetime import datetime, timedelta

import structlog

from acd.model.calls import Offer
from acd.model.positions import Position
from acd.model.room import Room
from acd.policy.after import NextState, late
from acd.policy.matching import next_match
from acd.policy.who_may import enters_offered, not_reached, refusal_to_take
from acd.states import States
from core.commands import AcceptOffer, DeclineOffer, TakeCall
from core.errors import CommandRefused
from core.events import CallOffered, Envelope, OfferAccepted, OfferWithdrawn, PartyInvited, PartyNotReached
from core.ids import CallId, OfferId, PositionId, new_id
from core.ports import Bus, Clock
from core.words import OfferKind, PartyEnd, PositionState, TargetKind, WithdrawReason

log = structlog.get_logger(__name__)


class Offering:
    """The offers of one centre."""

    def __init__(self, bus: Bus, clock: Clock, room: Room, states: States) -> None:
        self._bus = bus
        self._clock = clock
        self._room = room
        self._states = states

    # --- the rooms' distribution ------------------------------------------------------------------------

    def distribute(self) -> None:
        """Offer calls while there are both a call waiting and somebody ready for it."""
        while match := next_match(self._room, self._clock.now()):
            seconds = self._room.rule(match.call.queue).offer_seconds
            deadline = self._clock.now() + timedelta(seconds=seconds)
            for position in match.positions:
                self._offer(match.call.call_id, position, deadline, OfferKind.DISTRIBUTED, match.reasons)
            if match.call.free:  # a fold failed: never turn in circles
                log.error("offer_without_effect", queue=match.call.queue)
                return

    def _offer(
        self,
        call_id: CallId,
        position: Position,
        deadline: datetime,
        kind: OfferKind,
        reasons: tuple[str, ...],
        cause: Envelope | None = None,
    ) -> OfferId:
        offer_id = OfferId(new_id())
        offered = self._bus.publish(
            CallOffered(
                call_id=call_id,
                offer_id=offer_id,
                position_id=position.position_id,
                agent_id=position.agent_id,
                deadline=deadline,
                kind=kind,
                reasons=reasons,
            ),
            cause,
        )
        if enters_offered(position, kind):
            self._states.enter(position, NextState(PositionState.OFFERED, position.pause_reason), offered)
        return offer_id

    # --- withdrawing ------------------------------------------------------------------------------------

    def withdraw(self, offer: Offer, reason: WithdrawReason, cause: Envelope | None = None) -> None:
        """End an offer unanswered."""
        self._bus.publish(
            OfferWithdrawn(
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                position_id=offer.position_id,
                reason=reason,
            ),
            cause,
        )

    def withdraw_late(self, now: datetime) -> None:
        """End the offers whose deadline has passed."""
        for offer in late(self._room.offers.values(), now):
            if offer.offer_id in self._room.offers:
                self.withdraw(offer, WithdrawReason.TIMED_OUT)

    def call_over(self, call_id: CallId, cause: Envelope | None = None) -> None:
        """End all the offers of a call that is over."""
        for offer in self._room.offers_of(call_id):
            self.withdraw(offer, WithdrawReason.CALLER_LEFT, cause)

    def uninvited(self, call_id: CallId, position_id: PositionId, cause: Envelope) -> None:
        """End the offer that answered an invitation which is no more."""
        for offer in self._room.offers_of(call_id):
            if offer.position_id == position_id and not offer.from_room:
                self.withdraw(offer, WithdrawReason.CANCELLED, cause)

    # --- accepting --------------------------------------------------------------------------------------

    def accept(self, command: AcceptOffer) -> None:
        """Décrocher: of several positions the first has the call."""
        position = self._states.of(command)
        self._accepted(self._open(position, command.offer_id), position)

    def decline(self, command: DeclineOffer) -> None:
        """Refuse an offered call."""
        self.withdraw(self._open(self._states.of(command), command.offer_id), WithdrawReason.DECLINED)

    def take(self, command: TakeCall) -> None:
        """Take a waiting call of one's choice; colleagues at whom it rings see it go."""
        position = self._states.of(command)
        call = self._room.waiting.get(command.call_id)
        if call is not None and (own := call.offers.get(position.position_id)) is not None:
            self._accepted(own, position)
            return
        rule = self._room.rule(call.queue) if call is not None else None
        if refusal := refusal_to_take(position, call, rule, self._room.node_of(command.call_id)):
            raise CommandRefused(refusal)
        offer_id = self._offer(
            command.call_id, position, self._clock.now(), OfferKind.CHOSEN, self._why_chosen(command.call_id)
        )
        self._accepted(self._open(position, offer_id), position)

    def _why_chosen(self, call_id: CallId) -> tuple[str, ...]:
        call = self._room.waiting[call_id]
        rung = next(iter(call.offers), None)
        waited = max(0, int((self._clock.now() - call.since).total_seconds()))
        chosen = (f"room:{call.queue}", f"priority:{call.priority}", f"waited:{waited}s", "chosen")
        return (*chosen, f"rang_at:{rung}") if rung is not None else chosen

    def _accepted(self, offer: Offer, position: Position) -> None:
        accepted = self._bus.publish(
            OfferAccepted(
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                position_id=position.position_id,
                agent_id=position.agent_id,
            )
        )
        if offer.call_id not in position.calls:
            return  # it could not be joined, and that was said at once
        self._states.begin_call(position, accepted)
        if offer.from_room:
            for other in self._room.offers_of(offer.call_id):
                self.withdraw(other, WithdrawReason.TAKEN_ELSEWHERE, accepted)

    @staticmethod
    def _open(position: Position, offer_id: OfferId) -> Offer:
        """The position's offer, if it is still the one meant: so there are never two winners."""
        if position.offer is None or position.offer.offer_id != offer_id:
            raise CommandRefused("offer_gone")
        return position.offer

    # --- what colleagues ask ----------------------------------------------------------------------------

    def invite(self, event: PartyInvited, envelope: Envelope) -> None:
        """A position, or every ready one, is asked into a call: offer it, or say at once that it cannot."""
        if event.target.kind is TargetKind.POSITION:
            position = self._room.positions.get(PositionId(event.target.value))
            self._replace(event, position, envelope)
            refused = not_reached(position, self._room.node_of(event.call_id))
            if position is None or refused is not None:
                self._not_reached(event, refused or PartyEnd.UNAVAILABLE, envelope)
                return
            self._invited(event, position, OfferKind.INVITED, envelope)
        elif event.target.kind is TargetKind.EVERYBODY:
            node = self._room.node_of(event.call_id)
            free = [p for p in self._room.positions.values() if p.may_be_asked and p.profile.hears(node)]
            others = [p for p in free if p.position_id != event.by]
            for position in others:
                self._invited(event, position, OfferKind.EVERYBODY, envelope)
            if not others:
                self._not_reached(event, PartyEnd.UNAVAILABLE, envelope)

    def _replace(self, event: PartyInvited, position: Position | None, cause: Envelope) -> None:
        """Who rings for a colleague's question, and is now passed the caller by that colleague, rings for that.

        Between the two the position is never free: no other call comes in between.
        """
        offer = position.offer if position is not None else None
        if offer is None or offer.kind is not OfferKind.INVITED or offer.call_id == event.call_id:
            return
        if any(each.position_id == event.by for each in self._room.positions_in(offer.call_id)):
            self.withdraw(offer, WithdrawReason.CANCELLED, cause)

    def _invited(self, event: PartyInvited, position: Position, kind: OfferKind, envelope: Envelope) -> None:
        reasons = (f"{kind}_by:{event.by}",) if event.by is not None else (kind.value,)
        self._offer(event.call_id, position, event.deadline, kind, reasons, envelope)

    def _not_reached(self, event: PartyInvited, reason: PartyEnd, envelope: Envelope) -> None:
        self._bus.publish(
            PartyNotReached(call_id=event.call_id, party_id=event.party_id, reason=reason), envelope
        )
