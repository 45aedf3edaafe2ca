"""Makes Asterisk agree with the wiring: knows where each channel was put, and orders the differences."""

from collections.abc import Iterable
from typing import Final

from calls.call import Call
from calls.model import LiveCalls
from calls.moves import Join, LegMoves
from calls.wiring import QUIET, InBridge, Music, Place, anchor, hears_ringing, leg_muted, leg_place, wiring
from core.ids import BridgeId, CallId, ChannelId, PlaybackId, PositionId
from core.nodes import ONE_NODE, Nodes
from core.ports import Switch
from core.switch import SwitchTruth, call_bridge

NOTICE: Final = "notice-"
"""How the name of a sentence to a position begins; its call's id follows."""


def ringback_of(call_id: CallId) -> PlaybackId:
    """Name of the ringing tone that a position hears while somebody is called. The same after a restart."""
    return PlaybackId(f"ringback-{call_id}")


class Wirer:
    """Where the channels of the centre's Asterisks are, as ordered."""

    def __init__(self, switch: Switch, calls: LiveCalls, nodes: Nodes = ONE_NODE) -> None:
        self._switch = switch
        self._calls = calls
        self._nodes = nodes
        self._at: dict[ChannelId, Place] = {}
        self._members: dict[BridgeId, set[ChannelId]] = {}
        """Who is in each bridge of a call: it is made for the first, and closed after the last."""
        self._muted: set[ChannelId] = set()
        self._legs: dict[PositionId, list[ChannelId]] = {}
        """The legs of each position, the newest last."""
        self._called: set[ChannelId] = set()
        """Channels towards numbers that are asked for, and do not exist yet."""
        self._ringing: set[ChannelId] = set()
        """Numbers that ring, and send no sound of their own."""
        self._ringback: dict[PositionId, tuple[PlaybackId, ChannelId]] = {}
        """The ringing tone that a position hears, and by which leg."""
        self._notices: dict[PositionId, tuple[PlaybackId, ChannelId]] = {}
        """The sentence that a position hears, and by which leg."""
        self._moves = LegMoves(self._not_moved)

    # --- what is known ----------------------------------------------------------------------------------

    def node_of(self, call: Call) -> str:
        """The node that a call is on."""
        return self._nodes.of(anchor(call))

    def leg(self, position_id: PositionId, node: str | None = None) -> ChannelId | None:
        """The audio leg of a position on a node (``None``: on any), while it has one."""
        legs = self._legs.get(position_id, ())
        return next((leg for leg in reversed(legs) if node in (None, self._nodes.of(leg))), None)

    def leg_for(self, position_id: PositionId, call: Call) -> ChannelId | None:
        """The leg by which a position can be in a call: the one on the call's node."""
        return self.leg(position_id, self.node_of(call))

    def whose(self, channel_id: ChannelId) -> PositionId | None:
        """The position whose newest leg of its node a channel is."""
        node = self._nodes.of(channel_id)
        return next((p for p in self._legs if self.leg(p, node) == channel_id), None)

    def leg_opened(self, position_id: PositionId, channel_id: ChannelId) -> None:
        """A leg came. It is in no bridge."""
        legs = self._legs.setdefault(position_id, [])
        if channel_id not in legs:
            legs.append(channel_id)
        self._at.pop(channel_id, None)

    def gone(self, channel_id: ChannelId) -> None:
        """A channel ended."""
        self._put_down(channel_id)
        self._muted.discard(channel_id)
        self._ringing.discard(channel_id)
        self._called.discard(channel_id)
        self._moves.forget(channel_id)
        for position_id, legs in list(self._legs.items()):
            if channel_id in legs:
                legs.remove(channel_id)
                for heard in (self._ringback, self._notices):
                    if _is_heard_by(channel_id, heard.get(position_id)):
                        del heard[position_id]
                if legs:
                    self.apply_leg(position_id)
                else:
                    del self._legs[position_id]

    def said(self, playback_id: PlaybackId) -> None:
        """A sentence to a position was said: its leg may go where it belongs."""
        for position_id in [p for p, (notice, _) in self._notices.items() if notice == playback_id]:
            del self._notices[position_id]
            self.apply_leg(position_id)

    def left_bridges(self, channel_id: ChannelId) -> None:
        """A channel was taken out of its bridge, not by us."""
        self._put_down(channel_id)
        self._ringing.discard(channel_id)

    def called(self, channel_id: ChannelId) -> None:
        """A channel towards a number is asked for: it is put nowhere before it exists."""
        self._called.add(channel_id)

    def exists(self, channel_id: ChannelId) -> None:
        """The channel towards a number exists."""
        self._called.discard(channel_id)

    def rings(self, channel_id: ChannelId, *, by_itself: bool) -> None:
        """A number rings. ``by_itself``: its network sends the sound of it."""
        (self._ringing.discard if by_itself else self._ringing.add)(channel_id)

    def take_in(self, truth: SwitchTruth) -> None:
        """Asterisk's truth replaces what was known of its channels."""
        bridges = {channel: bridge for bridge, members in truth.bridges.items() for channel in members}
        self._at = {c: place for c, place in self._at.items() if not truth.covers(c)}
        self._at |= {channel: InBridge(bridge) for channel, bridge in bridges.items()}
        for bridge, members in list(self._members.items()):
            members -= {channel for channel in members if truth.covers(channel)}
            if not members:
                del self._members[bridge]
        for bridge, found in truth.bridges.items():
            if bridge.startswith("call-"):
                self._members.setdefault(bridge, set()).update(found)
        gone = {c for c in self._muted | self._ringing | self._called if truth.covers(c)}
        gone -= {found.channel_id for found in truth.channels}
        self._muted -= gone
        self._ringing -= gone
        self._called = {channel for channel in self._called if not truth.covers(channel)}
        self._moves.forget_all(truth.covers)
        self._notices = {p: said for p, said in self._notices.items() if not truth.covers(said[1])}
        self._take_in_legs(truth, bridges)

    def _take_in_legs(self, truth: SwitchTruth, bridges: dict[ChannelId, BridgeId]) -> None:
        legs: dict[PositionId, list[ChannelId]] = {}
        for position_id, known in self._legs.items():
            if others := [leg for leg in known if not truth.covers(leg)]:
                legs[position_id] = others
        for found in truth.channels:
            if found.leg is not None:
                legs.setdefault(found.leg, []).append(found.channel_id)
        for position_id, found_legs in legs.items():
            newest = {self.leg(position_id, node) for node in self._nodes.prefixes}
            found_legs.sort(key=lambda leg: (leg in newest, leg in bridges))
        self._legs = legs

    # --- orders -----------------------------------------------------------------------------------------

    def apply(self, call: Call, also: Iterable[PositionId] = ()) -> list[Join]:
        """Put a call's channels and the legs of its positions, and of others, where they belong."""
        joins: list[Join] = []
        wanted = wiring(call)
        for channel_id, place in wanted.channels.items():
            if channel_id in self._called:
                continue
            self._put(channel_id, place, joins)
            self._mute(channel_id, channel_id in wanted.muted)
        positions = [party.position_id for party in call.positions() if party.position_id is not None]
        for position_id in {*positions, *also}:
            self.apply_leg(position_id, joins)
        return joins

    def apply_leg(self, position_id: PositionId, joins: list[Join] | None = None) -> None:
        """Put the legs of a position where they belong, and let it hear a telephone ring while it must.

        The one on the node of the call that it hears is in that call; the others are at home, or nowhere.
        """
        call = self._calls.heard_by(position_id)
        if self._notices:
            self._hush(position_id)
        for node in self._nodes.prefixes:
            leg = self.leg(position_id, node)
            if leg is None:
                continue
            here = call is None or self.node_of(call) == node
            wanted = self._wanted_ringback(position_id) if here else None
            ringing = self._ringback.get(position_id)
            if ringing is not None and ringing[1] == leg and ringing[0] != wanted:
                self._stop_ringback(position_id)  # before it moves: Asterisk would lose its place
            self._put_leg(position_id, leg, joins)
            self._mute(leg, here and leg_muted(self._calls, position_id))
            if wanted is not None and position_id not in self._ringback:
                self._ringback[position_id] = wanted, leg
                self._switch.start_ringback(leg, wanted)

    def call_over(self, call_id: CallId) -> None:
        """Take the legs out of the bridge of a call that is over."""
        for channel_id in list(self._members.get(call_bridge(call_id), ())):
            for position_id, legs in list(self._legs.items()):
                if channel_id in legs:
                    self.apply_leg(position_id)

    def silence_ringback(self, call_id: CallId) -> None:
        """Stop a ringing tone that an earlier core may have begun."""
        self._switch.stop_playback(ringback_of(call_id))

    def doubt_mutes(self, call: Call) -> None:
        """An earlier core may have muted anybody in a conference: make sure of each."""
        self._muted |= {p.channel_id for p in call.outside() if p.channel_id is not None}
        positions = [p.position_id for p in call.positions() if p.position_id is not None]
        self._muted |= {leg for position_id in positions if (leg := self.leg_for(position_id, call))}

    def apply_legs(self, positions: Iterable[PositionId] | None = None) -> None:
        """Put the legs of these positions where they belong; ``None``: of all."""
        for position_id in list(self._legs if positions is None else positions):
            self.apply_leg(position_id)

    def _put_leg(self, position_id: PositionId, leg: ChannelId, joins: list[Join] | None) -> None:
        node = self._nodes.of(leg)
        place = leg_place(self._calls, position_id, lambda call: self.node_of(call) == node)
        if place == QUIET and _is_heard_by(leg, self._notices.get(position_id)):
            return  # what is being said to it would keep it from leaving
        ordered: list[Join] = []
        self._put(leg, place, ordered)
        if place == QUIET:
            self._moves.forget(leg)
        elif joins is not None:
            joins += ordered or self._moves.under_way(leg)
        elif ordered:
            self._moves.watch(*ordered[0])

    def say(self, position_id: PositionId, leg: ChannelId, call_id: CallId, sound: str) -> None:
        """Say a short sentence to a position, cut short when it hears somebody."""
        notice = PlaybackId(f"{NOTICE}{call_id}")
        self._notices[position_id] = notice, leg
        self._switch.play(leg, notice, sound)

    def _hush(self, position_id: PositionId) -> None:
        """Somebody is there to be heard: the sentence is cut short."""
        if position_id in self._notices and self._calls.heard_by(position_id) is not None:
            self._switch.stop_playback(self._notices.pop(position_id)[0])

    def _put(self, channel_id: ChannelId, place: Place, joins: list[Join]) -> None:
        before = self._at.get(channel_id)
        if before == place:
            return
        if isinstance(place, InBridge):
            self._join(channel_id, place, joins)
            return
        self._put_down(channel_id, leave=True)
        self._at[channel_id] = place
        if isinstance(place, Music):
            self._switch.start_music(channel_id, place.name)
        elif isinstance(before, Music):
            self._switch.stop_music(channel_id)

    def _join(self, channel_id: ChannelId, place: InBridge, joins: list[Join]) -> None:
        bridge, before = place.bridge, self._at.get(channel_id)
        self._at[channel_id] = place
        if bridge.startswith("call-"):
            if bridge not in self._members:
                self._members[bridge] = set()
                self._switch.open_bridge(bridge)
            self._members[bridge].add(channel_id)
        joins.append((channel_id, self._switch.join(bridge, channel_id)))
        if isinstance(before, InBridge):  # Asterisk took it out of there by itself
            self._emptier(before.bridge, channel_id)

    def _put_down(self, channel_id: ChannelId, *, leave: bool = False) -> None:
        before = self._at.pop(channel_id, None)
        if isinstance(before, InBridge):
            if leave:
                self._switch.leave(before.bridge, channel_id)
            self._emptier(before.bridge, channel_id)

    def _emptier(self, bridge: BridgeId, channel_id: ChannelId) -> None:
        members = self._members.get(bridge)
        if members is None:
            return
        members.discard(channel_id)
        if not members:
            del self._members[bridge]
            self._switch.close_bridge(bridge)

    def _not_moved(self, leg: ChannelId, refused: bool) -> None:
        """A leg for which nobody waited is not where it was ordered to. Refused, its page opens another."""
        self.join_failed(leg)
        if refused:
            self._switch.hang_up(leg)

    def join_failed(self, channel_id: ChannelId) -> None:
        """A channel is not where it was ordered to: the next look at its call orders it again."""
        self._put_down(channel_id)

    def _mute(self, channel_id: ChannelId, muted: bool) -> None:
        if muted == (channel_id in self._muted):
            return
        (self._muted.add if muted else self._muted.discard)(channel_id)
        self._switch.mute(channel_id, muted)

    def _wanted_ringback(self, position_id: PositionId) -> PlaybackId | None:
        """The ringing tone that a position is to hear now."""
        call = hears_ringing(self._calls, position_id)
        if call is None:
            return None
        audible = any(p.channel_id is None or p.channel_id in self._ringing for p in call.ringing())
        return ringback_of(call.call_id) if audible else None

    def _stop_ringback(self, position_id: PositionId) -> None:
        playing = self._ringback.pop(position_id, None)
        if playing is not None:
            self._switch.stop_playback(playing[0])


def _is_heard_by(leg: ChannelId, heard: tuple[PlaybackId, ChannelId] | None) -> bool:
    """Whether a leg is the one by which a position hears this tone or sentence, if it hears any."""
    return heard is not None and heard[1] == leg
