"""After a restart or a lost link: the calls of the journal and the channels of Asterisk agree again."""

from calls.answering import Answering
from calls.arriving import Arriving
from calls.call import CALLER, Call, Party, PartyState
from calls.hands import Hands
from calls.placing import Placing
from calls.policy import heard_twice
from calls.runs import Runs
from calls.wiring import anchor
from core.events import CallHeld
from core.ids import ChannelId
from core.switch import ChannelTruth, SwitchTruth
from core.words import EndedBy, Outcome, PartyEnd

FOUND_ENDED = "found ended at reconciliation"
SWITCH_DIED = "Asterisk ended"
FELL_BACK = "given to the fallback while no core was there"


class Reconciling:
    """Compares what should be with what is, in whatever state each call was left."""

    def __init__(self, hands: Hands, arriving: Arriving, answering: Answering, placing: Placing) -> None:
        self._hands = hands
        self._arriving = arriving
        self._answering = answering
        self._placing = placing
        self._runs = Runs()
        hands.bus.project(self._runs.fold)

    def died(self, truth: SwitchTruth) -> None:
        """Asterisk has ended, and cut every call that it held."""
        hands = self._hands
        hands.wirer.take_in(truth)
        for call in self._covered(truth):
            for party in [p for p in call.outside() if p.channel_id is not None]:
                self._cut(call, party)
            self._unreached(call)
        self._forget_ends(truth)

    def _covered(self, truth: SwitchTruth) -> list[Call]:
        """The calls that Asterisk tells of."""
        return [call for call in self._hands.calls.by_id.values() if truth.covers(anchor(call))]

    def _forget_ends(self, truth: SwitchTruth) -> None:
        """What was being ended there has ended, or is ended anew."""
        hands = self._hands
        live = hands.calls.by_id
        hands.ending = {
            c: by for c, by in hands.ending.items() if c in live and not truth.covers(anchor(live[c]))
        }
        hands.dropping = {c: why for c, why in hands.dropping.items() if not truth.covers(c)}

    def _cut(self, call: Call, party: Party) -> None:
        """Asterisk took somebody outside with it. Who was being hung up on is not lost."""
        hands = self._hands
        if hands.calls.by_id.get(call.call_id) is not call or party.party_id not in call.parties:
            return
        over = call.call_id in hands.ending or call.closing is not None or not call.line_open
        if over or party.channel_id in hands.dropping:
            self._arriving.left(call, party, PartyEnd.HUNG_UP, SWITCH_DIED)
        else:
            hands.over(call, EndedBy.SYSTEM, Outcome.TECHNICAL_FAILURE, detail=SWITCH_DIED)

    def _unreached(self, call: Call) -> None:
        """Numbers that were being called from a call that goes on."""
        for party in call.ringing():
            if party.channel_id is not None and self._hands.calls.by_id.get(call.call_id) is call:
                self._placing.fail(call, party.party_id, PartyEnd.FAILED)

    def give_up(self, truth: SwitchTruth) -> None:
        """The dialplan's own queue has some callers, or had: what became of them there, it tells."""
        for call in self._covered(truth):
            caller = call.parties.get(CALLER)
            if caller is not None and caller.channel_id in truth.fallen_back:
                self._hands.over(call, EndedBy.SYSTEM, Outcome.FALLBACK, detail=FELL_BACK)

    def reconcile(self, truth: SwitchTruth) -> None:
        """Make the calls of the journal and the channels of Asterisk agree."""
        hands = self._hands
        hands.wirer.take_in(truth)
        found = {channel.channel_id: channel for channel in truth.channels}
        for position_id in list(hands.calls.by_position):
            for call_id in heard_twice(hands.calls, position_id):
                hands.publish(CallHeld(call_id=call_id, position_id=position_id))
        for call in self._covered(truth):
            self._channels_of(call, found, truth)
        self._forget_ends(truth)
        for call in self._covered(truth):
            self._sound_of(call)
        for channel in truth.channels:
            if channel.callee is not None and channel.channel_id not in hands.calls.by_channel:
                hands.switch.hang_up(channel.channel_id)
            elif channel.caller is not None:
                self._arriving.caller_arrived(channel.caller)

    def _channels_of(self, call: Call, found: dict[ChannelId, ChannelTruth], truth: SwitchTruth) -> None:
        """Note who left, and who answered, meanwhile."""
        for party in [p for p in call.parties.values() if p.channel_id is not None]:
            if self._hands.calls.by_id.get(call.call_id) is not call:
                return  # it was over
            if party.channel_id is None or party.party_id not in call.parties:
                continue
            channel = found.get(party.channel_id)
            if channel is None and party.state is PartyState.IN and self._runs.cut(truth, party.channel_id):
                self._cut(call, party)
            elif channel is None and party.state is PartyState.IN:
                self._arriving.left(call, party, PartyEnd.HUNG_UP, FOUND_ENDED)
            elif channel is None:
                self._placing.fail(call, party.party_id, PartyEnd.FAILED)
            elif channel.recorded:
                self._placing.answered(call, party)

    def _sound_of(self, call: Call) -> None:
        """Put everybody where they belong; finish what was being joined or rung."""
        hands = self._hands
        if hands.calls.by_id.get(call.call_id) is not call:
            return
        if call.closing is not None:
            hands.end(call, EndedBy.SYSTEM, detail=FOUND_ENDED)
            return
        if len(call.parties) > 2:
            hands.wirer.doubt_mutes(call)
        if call.placed_by is not None:
            hands.wirer.silence_ringback(call.call_id)
        for party in call.ringing():
            if party.channel_id is not None:
                hands.wirer.rings(party.channel_id, by_itself=False)
                self._placing.ring(call, party)
        for party in call.positions():
            if party.state is PartyState.JOINING:
                self._answering.join(call, party)
        hands.wirer.apply(call)
        hands.settle(call, EndedBy.SYSTEM, detail=FOUND_ENDED)
