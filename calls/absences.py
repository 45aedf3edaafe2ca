"""Watches the positions in calls without sound: tells the caller, joins both again, or gives the call up."""

from datetime import datetime, timedelta

from calls.absence import Fate, fate
from calls.call import Call, Party, PartyState
from calls.hands import Hands
from calls.wiring import HOLD_MUSIC, Music, wiring
from core.events import AgentBack, AgentLost, CallEnded, Envelope, OfferAccepted, PartyJoined
from core.ids import CallId, ChannelId, PartyId, PlaybackId, PositionId
from core.switch import PlaybackEnded
from core.words import EndedBy, Target, TargetKind

MESSAGE = "agent-lost"
"""The announcement, by its name in the prompts catalogue."""
SOUND_STOPPED = 44
"""Q.850: the cause with which Asterisk ends a channel from which no sound came any more, for some seconds."""
_PLAYBACK = "agent-lost-"


class Absences:
    """The agents of one centre who are lost in mid-call.

    Args:
        hands: shared by the parts of call control.
        grace: seconds in which a page that is loaded again has its sound back.
        patience: seconds after which a lost agent's call goes back to its room.
    """

    def __init__(self, hands: Hands, grace: float, patience: float) -> None:
        self._hands = hands
        self._grace = timedelta(seconds=grace)
        self._patience = patience
        self._since: dict[tuple[CallId, PositionId], datetime] = {}
        """Since when each position in a call is without sound there, as far as this core knows."""
        self._saying: dict[CallId, PlaybackId] = {}
        hands.bus.subscribe((OfferAccepted, PartyJoined, CallEnded), self._on_moved)

    def channel_gone(self, channel_id: ChannelId, cause: int) -> None:
        """A channel is about to be forgotten: a leg that was silent for long has had its grace."""
        position_id = self._hands.wirer.whose(channel_id)
        if position_id is None:
            return
        had = self._grace if cause == SOUND_STOPPED else timedelta()
        for call in self._hands.calls.calls_of(position_id):
            if self._hands.wirer.leg_for(position_id, call) == channel_id:
                self._since[call.call_id, position_id] = self._hands.clock.now() - had

    def playback_ended(self, event: PlaybackEnded) -> None:
        """Music follows the message."""
        for call_id, playback_id in list(self._saying.items()):
            if playback_id == event.playback_id:
                del self._saying[call_id]
                self._play_music(call_id)

    def switch_is_back(self, node: str) -> None:
        """What was being said there may be over without our having been told."""
        for call_id in list(self._saying):
            call = self._hands.calls.by_id.get(call_id)
            if call is None or self._hands.wirer.node_of(call) == node:
                del self._saying[call_id]

    def tick(self, now: datetime) -> None:
        """Look at every position in a call."""
        calls, without = self._hands.calls, set()
        for position_id in list(calls.by_position):
            for call in calls.calls_of(position_id):
                if self._is_without(call, position_id, now):
                    without.add((call.call_id, position_id))
        for gone in self._since.keys() - without:
            del self._since[gone]
        found = {call_id: calls.by_id[call_id] for call_id, _ in self._since if call_id in calls.by_id}
        fates = [(call, self._fate(call, now)) for call in found.values()]
        for call, what in fates:
            if what is not Fate.GOES_ON and calls.by_id.get(call.call_id) is call:
                self._follow(call, what, now)

    def _is_without(self, call: Call, position_id: PositionId, now: datetime) -> bool:
        """Whether a position has no sound in a call; with its Asterisk away nobody knows."""
        hands = self._hands
        if hands.wirer.node_of(call) not in hands.nodes_up:
            return False
        party = call.parties[PartyId(position_id)]
        lost = party.lost_until is not None
        if hands.wirer.leg_for(position_id, call) is None:
            self._since.setdefault((call.call_id, position_id), now - self._grace if lost else now)
            return True
        if lost:
            self._back(call, party, position_id)
        return False

    def _fate(self, call: Call, now: datetime) -> Fate:
        mine = [p.position_id for p in call.positions() if p.position_id is not None]
        absent = [p for p in mine if self._since.get((call.call_id, p), now) + self._grace <= now]
        return fate(call, absent, [c for p in mine for c in self._hands.calls.calls_of(p) if c is not call])

    def _follow(self, call: Call, what: Fate, now: datetime) -> None:
        if all(p.lost_until is None for p in call.positions()):
            self._lost(call)
        until = [p.lost_until for p in call.positions() if p.lost_until is not None]
        if until and max(until) <= now:
            self._give_up(call, what)

    # --- steps ------------------------------------------------------------------------------------------

    def _lost(self, call: Call) -> None:
        """The one outside is told; who was on hold hears music already."""
        hands, heard = self._hands, bool(call.hearing())
        until = hands.deadline(self._patience)
        for party in call.positions():
            if party.position_id is not None and party.agent_id is not None:
                hands.publish(
                    AgentLost(
                        call_id=call.call_id,
                        position_id=party.position_id,
                        agent_id=party.agent_id,
                        until=until,
                    )
                )
        hands.wirer.apply(call)
        channel_id = next((p.channel_id for p in call.outside()), None)
        if heard and channel_id is not None:
            hands.switch.stop_music(channel_id)
            playback_id = PlaybackId(f"{_PLAYBACK}{int(hands.clock.now().timestamp() * 1000)}-{call.call_id}")
            self._saying[call.call_id] = playback_id
            hands.switch.play(channel_id, playback_id, MESSAGE)

    def _back(self, call: Call, party: Party, position_id: PositionId) -> None:
        """The agent's sound is there again: both hear each other at once."""
        self._hush(call.call_id)
        if party.agent_id is not None and party.state is PartyState.IN:
            self._hands.publish(
                AgentBack(call_id=call.call_id, position_id=position_id, agent_id=party.agent_id)
            )
            self._hands.wirer.apply(call)

    def _give_up(self, call: Call, what: Fate) -> None:
        hands = self._hands
        self._hush(call.call_id)
        if what is Fate.ENDS:
            hands.end(call, EndedBy.SYSTEM, detail="the agent was lost")
            return
        lost = [p for p in call.positions() if p.position_id is not None]
        last = lost[-1]
        name = hands.calls.names.get(PositionId(last.party_id), last.party_id)
        hands.give_back(call, Target(TargetKind.POSITION, last.party_id), name, lost, last.agent_id)

    # --- the message ------------------------------------------------------------------------------------

    def _on_moved(self, envelope: Envelope) -> None:
        """Somebody takes the call, or it is over: Asterisk joins nobody being spoken to."""
        if envelope.call_id is not None:
            self._hush(envelope.call_id)

    def _hush(self, call_id: CallId) -> None:
        if playback_id := self._saying.pop(call_id, None):
            self._hands.switch.stop_playback(playback_id)

    def _play_music(self, call_id: CallId) -> None:
        call = self._hands.calls.by_id.get(call_id)
        if call is None:
            return
        for channel_id, place in wiring(call).channels.items():
            if place == Music(HOLD_MUSIC):
                self._hands.switch.start_music(channel_id, HOLD_MUSIC)
