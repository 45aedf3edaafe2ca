"""After a restart or a lost link: the calls of the journal and the channels of Asterisk agree again."""

from calls.answering import Answering
from calls.arriving import Arriving
from calls.hands import Hands
from calls.model import Call, PartyState
from calls.placing import Placing
from calls.policy import heard_twice
from core.events import CallHeld
from core.ids import ChannelId
from core.switch import ChannelTruth, SwitchTruth
from core.words import EndedBy, PartyEnd

FOUND_ENDED = "found ended at reconciliation"


class Reconciling:
    """Compares what should be with what is, in whatever state each call was left."""

    def __init__(self, hands: Hands, arriving: Arriving, answering: Answering, placing: Placing) -> None:
        self._hands = hands
        self._arriving = arriving
        self._answering = answering
        self._placing = placing

    def reconcile(self, truth: SwitchTruth) -> None:
        """Make the calls of the journal and the channels of Asterisk agree."""
        hands = self._hands
        hands.wirer.take_in(truth)
        hands.ending.clear()
        hands.dropping.clear()
        found = {channel.channel_id: channel for channel in truth.channels}
        for position_id in list(hands.calls.by_position):
            for call_id in heard_twice(hands.calls, position_id):
                hands.publish(CallHeld(call_id=call_id, position_id=position_id))
        for call in list(hands.calls.by_id.values()):
            self._channels_of(call, found)
        for call in list(hands.calls.by_id.values()):
            self._sound_of(call)
        for channel in truth.channels:
            if channel.callee is not None and channel.channel_id not in hands.calls.by_channel:
                hands.switch.hang_up(channel.channel_id)
            elif channel.caller is not None:
                self._arriving.caller_arrived(channel.caller)

    def _channels_of(self, call: Call, found: dict[ChannelId, ChannelTruth]) -> None:
        """Note who left, and who answered, meanwhile."""
        for party in [p for p in call.parties.values() if p.channel_id is not None]:
            if self._hands.calls.by_id.get(call.call_id) is not call:
                return  # it was over
            if party.channel_id is None or party.party_id not in call.parties:
                continue
            channel = found.get(party.channel_id)
            if channel is None and party.state is PartyState.IN:
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
