"""How positions get into calls: an accepted offer is joined, and how that went is written."""

import asyncio

from calls.call import EVERYBODY, Call, Party, PartyState
from calls.hands import Hands
from calls.moves import Join, carried_out
from calls.policy import why_not_joined
from calls.wiring import anchor
from core.events import CallAnswered, Envelope, OfferAccepted, OfferWithdrawn, PartyNotReached
from core.ids import CallId, ChannelId, PartyId, PositionId
from core.words import PartyEnd, WithdrawReason


class Answering:
    """Joins positions to the calls that they accept."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._joins: set[asyncio.Future[list[ChannelId]]] = set()
        hands.bus.subscribe((OfferAccepted,), self._on_accepted)
        hands.bus.subscribe((OfferWithdrawn,), self._on_withdrawn)

    def _on_accepted(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, OfferAccepted)  # noqa: S101 - by subscription
        call = self._hands.calls.by_id.get(event.call_id)
        party = call.parties.get(PartyId(event.position_id)) if call is not None else None
        if call is None or party is None or party.state is not PartyState.JOINING:
            return  # it is over already
        self._hands.hold_what_is_heard(event.position_id, but=call, cause=envelope)
        self.join(call, party, envelope)

    def join(self, call: Call, party: Party, cause: Envelope | None = None) -> None:
        """Let a position and those in its call hear each other, then write how it went."""
        self._hands.open_line(call, cause)
        joins: list[Join] = self._hands.wirer.apply(call)
        if not joins:
            self._joined(call, party, cause)
            return
        task = asyncio.ensure_future(carried_out(joins))

        def done(future: asyncio.Future[list[ChannelId]]) -> None:
            self._joins.discard(task)
            if future.cancelled():
                return
            still = self._hands.calls.by_id.get(call.call_id) is call
            if not still or call.parties.get(party.party_id) is not party:
                return  # the call has moved on meanwhile
            failed = future.result()
            if not failed:
                self._joined(call, party, cause)
            elif self._hands.reaches(anchor(call)):  # otherwise reconciliation will tell what to do
                for channel_id in failed:
                    self._hands.wirer.join_failed(channel_id)
                self._not_joined(call, party, cause)

        self._joins.add(task)
        task.add_done_callback(done)

    def _joined(self, call: Call, party: Party, cause: Envelope | None) -> None:
        position_id = party.position_id
        if party.state is not PartyState.JOINING or not (party.offer_id and position_id and party.agent_id):
            return
        self._hands.publish(
            CallAnswered(
                call_id=call.call_id,
                offer_id=party.offer_id,
                position_id=position_id,
                agent_id=party.agent_id,
            ),
            cause,
        )
        if party.by == position_id:
            self._took_over(call, position_id)

    def _took_over(self, call: Call, position_id: PositionId) -> None:
        """Who took a colleague's call is in it: the colleague is out."""
        for other in call.positions():
            if other.position_id != position_id:
                self._hands.leave(call, other.party_id, PartyEnd.TRANSFERRED)

    def _not_joined(self, call: Call, party: Party, cause: Envelope | None) -> None:
        """The sound could not be joined: the offer is over, and the call where it was."""
        position_id = party.position_id
        if party.state is PartyState.JOINING and party.offer_id and position_id:
            self._hands.publish(
                OfferWithdrawn(
                    call_id=call.call_id,
                    offer_id=party.offer_id,
                    position_id=position_id,
                    reason=WithdrawReason.CONNECT_FAILED,
                ),
                cause,
            )

    def _on_withdrawn(self, envelope: Envelope) -> None:
        """An offer is over: an invitation that it answered failed."""
        event = envelope.event
        assert isinstance(event, OfferWithdrawn)  # noqa: S101 - by subscription
        call = self._hands.calls.by_id.get(event.call_id)
        if call is None:
            return
        party = call.parties.get(PartyId(event.position_id))
        if party is not None and party.state is PartyState.RINGING and party.offer_id == event.offer_id:
            self._fail(call.call_id, party.party_id, why_not_joined(event.reason), envelope)
        elif party is None and event.reason is WithdrawReason.CONNECT_FAILED:
            self._fail(call.call_id, PartyId(event.position_id), PartyEnd.FAILED, envelope)
        if EVERYBODY in call.parties and not call.offers_to_all:
            self._fail(call.call_id, EVERYBODY, PartyEnd.NO_ANSWER, envelope)

    def _fail(self, call_id: CallId, party_id: PartyId, reason: PartyEnd, cause: Envelope) -> None:
        self._hands.publish(PartyNotReached(call_id=call_id, party_id=party_id, reason=reason), cause)
