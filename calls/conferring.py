"""Conferences: putting parties out, muting them, leaving the others connected."""

from calls.call import Call, Party, PartyState
from calls.hands import Hands
from calls.policy import refusal_to_leave
from core.commands import DropParty, LeaveCall, MuteParty
from core.errors import CommandRefused
from core.events import CallEnded, Envelope, PartyLeft, PartyMuted
from core.ids import CallId, PartyId
from core.words import EndedBy, PartyEnd


class Conferring:
    """What agents do with the parties of their calls."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        bus = hands.bus
        bus.handle(DropParty, self._drop)
        bus.handle(MuteParty, self._mute)
        bus.handle(LeaveCall, self._leave)
        bus.subscribe((PartyMuted, PartyLeft), self._rewire)
        bus.subscribe((CallEnded,), self._on_ended)

    def _rewire(self, envelope: Envelope) -> None:
        if envelope.call_id and (call := self._hands.calls.by_id.get(envelope.call_id)):
            self._hands.wirer.apply(call)

    def _on_ended(self, envelope: Envelope) -> None:
        if envelope.call_id:
            self._hands.wirer.call_over(envelope.call_id)

    def _drop(self, command: DropParty) -> None:
        hands = self._hands
        call, party = self._party(command, command.call_id, command.party_id)
        if party.party_id == PartyId(command.position_id):
            raise CommandRefused("oneself")
        if party.state is PartyState.RINGING:
            hands.uninvite(call, party, PartyEnd.CANCELLED)
        elif party.channel_id is not None:
            hands.dropping[party.channel_id] = PartyEnd.DROPPED
            hands.switch.hang_up(party.channel_id)
        else:
            left = hands.leave(call, party.party_id, PartyEnd.DROPPED)
            hands.settle(call, EndedBy.AGENT, left)

    def _mute(self, command: MuteParty) -> None:
        call, party = self._party(command, command.call_id, command.party_id)
        if party.state is not PartyState.IN:
            raise CommandRefused("still_ringing")
        if party.muted != command.muted:
            muted = PartyMuted(call_id=call.call_id, party_id=party.party_id, muted=command.muted)
            self._hands.publish(muted)

    def _leave(self, command: LeaveCall) -> None:
        call = self._hands.own(command, command.call_id)
        if refusal := refusal_to_leave(call):
            raise CommandRefused(refusal)
        self._hands.leave(call, PartyId(command.position_id), PartyEnd.LEFT)

    def _party(self, command: DropParty | MuteParty, call_id: CallId, party_id: PartyId) -> tuple[Call, Party]:
        call = self._hands.own(command, call_id)
        party = call.parties.get(party_id)
        if party is None:
            raise CommandRefused("party_gone")
        return call, party
