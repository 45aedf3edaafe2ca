"""Passing calls on: blind, attended, while the target still rings, and taking a colleague's."""

from calls.call import Call, Party
from calls.hands import Hands
from calls.placing import Placing
from calls.policy import older, refusal_to_merge, refusal_to_take_over, refusal_to_transfer, rung_alone
from core.commands import AcceptOffer, CompleteTransfer, MergeCalls, TakeOverCall, TransferCall
from core.errors import CommandRefused
from core.events import (
    CallEnded,
    CallOffered,
    CallsMerged,
    Envelope,
    TransferFailed,
    TransferStarted,
)
from core.ids import PartyId, PositionId
from core.words import CallKind, EndedBy, OfferKind, Outcome, PartyEnd, Target, TargetKind

_TRANSFERABLE = frozenset({TargetKind.NUMBER, TargetKind.POSITION, TargetKind.ROOM})


class Transferring:
    """Transfers and take-overs."""

    def __init__(self, hands: Hands, placing: Placing) -> None:
        self._hands = hands
        self._placing = placing
        bus = hands.bus
        bus.handle(TransferCall, self._transfer)
        bus.handle(MergeCalls, self._merge)
        bus.handle(CompleteTransfer, self._complete)
        bus.handle(TakeOverCall, self._take_over)
        bus.subscribe((CallOffered,), self._on_offered)
        bus.subscribe((CallsMerged, TransferStarted, TransferFailed), self._rewire)

    def _rewire(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallsMerged | TransferStarted | TransferFailed)  # noqa: S101 - by subscription
        if call := self._hands.calls.by_id.get(event.call_id):
            self._hands.wirer.apply(call, (event.position_id,))

    # --- blind ------------------------------------------------------------------------------------------

    def _transfer(self, command: TransferCall) -> None:
        """Pass a call on without a word. It comes back when the target is not reached."""
        hands, position_id = self._hands, command.position_id
        call = hands.own(command, command.call_id)
        target = self._placing.target(command.target, _TRANSFERABLE, position_id)
        if refusal := refusal_to_transfer(call):
            raise CommandRefused(refusal)
        started = hands.publish(
            TransferStarted(
                call_id=call.call_id, position_id=position_id, target=target, priority=command.priority
            )
        )
        hands.leave(call, PartyId(position_id), PartyEnd.TRANSFERRED, started)
        if target.kind is not TargetKind.ROOM and hands.calls.by_id.get(call.call_id) is call:
            self._placing.ask(call, target, position_id, started)

    # --- attended ---------------------------------------------------------------------------------------

    def _merge(self, command: MergeCalls) -> None:
        self._merged(command, command.position_id)

    def _complete(self, command: CompleteTransfer) -> None:
        """The two whom the agent talked with in turn are together, without the agent.

        Where the second still rings, the caller waits for them with music, as after a blind transfer.
        """
        for asked in self._hands.calls.calls_of(command.position_id):
            if rung := rung_alone(asked, command.position_id):
                self._complete_ringing(command, asked, rung)
                return
        call = self._merged(command, command.position_id)
        left = self._hands.leave(call, PartyId(command.position_id), PartyEnd.TRANSFERRED)
        self._hands.settle(call, EndedBy.AGENT, left)

    def _complete_ringing(self, command: CompleteTransfer, asked: Call, rung: Party) -> None:
        """Pass the other call on to somebody who still rings: a number goes on ringing, a colleague anew."""
        hands, position_id = self._hands, command.position_id
        call = next((c for c in hands.calls.calls_of(position_id) if c is not asked), None)
        if call is None:
            raise CommandRefused("not_two_calls")
        hands.ready(command)
        if refusal := refusal_to_transfer(call):
            raise CommandRefused(refusal)
        if rung.target.kind is TargetKind.NUMBER:
            if hands.wirer.node_of(call) != hands.wirer.node_of(asked):
                raise CommandRefused("calls_on_two_nodes")
            self._merge_into(call, asked, position_id)
        started = hands.publish(
            TransferStarted(call_id=call.call_id, position_id=position_id, target=rung.target)
        )
        hands.leave(call, PartyId(position_id), PartyEnd.TRANSFERRED, started)
        if rung.target.kind is TargetKind.POSITION:
            self._placing.ask(call, rung.target, position_id, started)
            if asked.parties.get(rung.party_id) is rung:
                hands.uninvite(asked, rung, PartyEnd.CANCELLED, started)

    def _merged(self, command: MergeCalls | CompleteTransfer, position_id: PositionId) -> Call:
        """Make one call of the position's two: parties of both are in it."""
        hands = self._hands
        calls = hands.calls.calls_of(position_id)
        if len(calls) != 2:
            raise CommandRefused("not_two_calls")
        hands.ready(command)
        if refusal := refusal_to_merge(*calls):
            raise CommandRefused(refusal)
        if hands.wirer.node_of(calls[0]) != hands.wirer.node_of(calls[1]):
            raise CommandRefused("calls_on_two_nodes")
        kept, gone = older(*calls)
        others = [p for p in gone.parties if p != PartyId(position_id)]
        if not others:
            raise CommandRefused("nobody_left")
        self._merge_into(kept, gone, position_id)
        return kept

    def _merge_into(self, kept: Call, gone: Call, position_id: PositionId) -> None:
        hands = self._hands
        merged = hands.publish(
            CallsMerged(call_id=kept.call_id, merged_id=gone.call_id, position_id=position_id)
        )
        hands.publish(
            CallEnded(
                call_id=gone.call_id,
                outcome=Outcome.ANSWERED if gone.answered else _outcome(gone),
                ended_by=EndedBy.AGENT,
                position_id=gone.answered_by,
                detail="merged",
            ),
            merged,
        )

    # --- taking over ------------------------------------------------------------------------------------

    def _take_over(self, command: TakeOverCall) -> None:
        """Ask oneself into a colleague's call; once in, the colleague is out."""
        hands, position_id = self._hands, command.position_id
        hands.ready(command)
        call = hands.calls.by_id.get(command.call_id)
        refusal = refusal_to_take_over(call, position_id)
        if call is None or refusal is not None:
            raise CommandRefused(refusal or "call_gone")
        if hands.wirer.leg_for(position_id, call) is None:
            raise CommandRefused("no_audio")
        self._placing.ask(call, Target(TargetKind.POSITION, position_id), position_id)

    def _on_offered(self, envelope: Envelope) -> None:
        """Who asked themselves in need not be asked again."""
        event = envelope.event
        assert isinstance(event, CallOffered)  # noqa: S101 - by subscription
        call = self._hands.calls.by_id.get(event.call_id)
        party = call.parties.get(PartyId(event.position_id)) if call is not None else None
        if event.kind is not OfferKind.INVITED or call is None or party is None:
            return
        if party.by == event.position_id and call.transfer is None:
            accept = AcceptOffer(position_id=event.position_id, offer_id=event.offer_id)
            try:
                self._hands.bus.execute(accept)
            except CommandRefused:
                self._hands.uninvite(call, party, PartyEnd.UNAVAILABLE, envelope)


def _outcome(call: Call) -> Outcome:
    return Outcome.ANSWERED if call.kind is CallKind.INCOMING else Outcome.NOT_REACHED
