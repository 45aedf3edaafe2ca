"""Every few seconds: a call without its channel, or a channel without its call, is found and healed."""

from calls.arriving import Arriving
from calls.hands import Hands
from core.alarms import StuckKind
from core.events import StuckStateHealed
from core.ids import BridgeId, CallId, ChannelId
from core.switch import CallerChannel, SwitchSeen, call_bridge

UNKNOWN_CAUSE = 0
"""Q.850 has no number for an end of which nobody told."""
_OF_CALLS = call_bridge(CallId(""))
"""How the names of calls' bridges begin."""


class Patrolling:
    """Compares the calls with what Asterisk is seen to hold."""

    def __init__(self, hands: Hands, arriving: Arriving) -> None:
        self._hands = hands
        self._arriving = arriving
        self._missing: dict[str, frozenset[ChannelId]] = {}
        self._unneeded: dict[str, frozenset[BridgeId]] = {}
        """What each Asterisk was seen to lack, and to have in vain, at the last look."""

    def gone(self, channel_id: ChannelId) -> None:
        """A channel's end was never told, and is about to be."""
        found = self._hands.calls.party_of(channel_id)
        if found is not None:
            self._healed(StuckKind.CALL_WITHOUT_CHANNEL, found[0].call_id)

    def stray(self, channel: CallerChannel) -> None:
        """A caller's arrival was never told, and is about to be."""
        if channel.channel_id not in self._hands.calls.by_channel:
            self._healed(StuckKind.CHANNEL_WITHOUT_CALL, channel.call_id)

    def look(self, seen: SwitchSeen) -> None:
        """Find the calls that wait for the end of a channel of which we were told, and which was not noted."""
        mine = f"-{seen.switch}-"
        missing = frozenset(
            channel_id
            for channel_id in self._hands.calls.by_channel
            if mine in channel_id and channel_id not in seen.channels
        )
        stuck = missing & self._missing.get(seen.switch, frozenset())
        self._missing[seen.switch] = missing
        for channel_id in stuck:
            self.gone(channel_id)
            self._arriving.channel_gone(channel_id, UNKNOWN_CAUSE)
        if seen.bridges is not None:
            self._look_at_bridges(seen.switch, seen.bridges)

    def _look_at_bridges(self, switch: str, empty: frozenset[BridgeId]) -> None:
        """Close the empty bridges that outlived their calls."""
        needed = frozenset(map(call_bridge, self._hands.calls.by_id))
        unneeded = frozenset(each for each in empty - needed if each.startswith(_OF_CALLS))
        stuck = unneeded & self._unneeded.get(switch, frozenset())
        self._unneeded[switch] = unneeded
        for bridge in stuck:
            self._healed(StuckKind.BRIDGE_WITHOUT_CALL, CallId(bridge.removeprefix(_OF_CALLS)))
            self._hands.switch.close_bridge(bridge)

    def _healed(self, kind: StuckKind, call_id: CallId) -> None:
        self._hands.publish(StuckStateHealed(kind=kind, call_id=call_id))
