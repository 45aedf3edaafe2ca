"""How calls of callers begin, and how channels end."""

import structlog

from calls.call import CALLER, Call, Party, PartyState
from calls.hands import Hands
from calls.neighbours import believed, refusal_to_take
from calls.policy import is_neighbour_lost, is_over, waits_alone_without, why_not_reached
from core.events import (
    CallArrived,
    CallDismissed,
    CallQueued,
    Envelope,
    LineOpened,
    PartyLeft,
    PartyNotReached,
    ScriptEnded,
)
from core.ids import CallId, ChannelId
from core.switch import CallerChannel
from core.words import EndedBy, Origin, Outcome, PartyEnd, TargetKind

log = structlog.get_logger(__name__)


class Arriving:
    """Arrivals and ends of channels."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        hands.bus.subscribe((CallQueued,), self._on_queued)
        hands.bus.subscribe((ScriptEnded, CallDismissed), self._on_last_words)

    def caller_arrived(self, channel: CallerChannel) -> None:
        """A caller is ours: write it, and pick the line up."""
        hands = self._hands
        if channel.channel_id in hands.calls.by_channel:
            return  # told twice: by the event and by the truth after a reconnection
        if channel.origin is not None:
            self._entrusted(channel, channel.origin)
            return
        if channel.call_id in hands.calls.by_id:
            return
        arrived = hands.publish(
            CallArrived(
                call_id=channel.call_id,
                channel_id=channel.channel_id,
                line=channel.line,
                caller=channel.caller,
                since=min(channel.created_at, hands.clock.now()) if channel.waited else None,
            )
        )
        hands.switch.pick_up(channel.channel_id)
        hands.publish(LineOpened(call_id=channel.call_id), arrived)

    def _entrusted(self, channel: CallerChannel, origin: Origin) -> None:
        """A neighbour's call: it rings there, and keeps its music there, until somebody here takes it."""
        hands = self._hands
        here = channel.call_id in hands.calls.by_id
        refusal = "here_already" if here else refusal_to_take(hands.aid, channel)
        if refusal is not None:
            log.warning("neighbours_call_refused", reason=refusal, sender=origin.sender)
            hands.switch.refuse(channel.channel_id)
            return
        hands.switch.say_ringing(channel.channel_id)
        hands.publish(
            CallArrived(
                call_id=channel.call_id,
                channel_id=channel.channel_id,
                line=channel.line,
                caller=channel.caller,
                origin=believed(origin, hands.clock.now()),
            )
        )

    def channel_gone(self, channel_id: ChannelId, cause: int) -> None:
        """A channel ended: somebody left a call, or was not reached."""
        hands = self._hands
        found = hands.calls.party_of(channel_id)
        hands.wirer.gone(channel_id)
        reason = hands.dropping.pop(channel_id, None)
        if found is None:
            return
        call, party = found
        if party.state is PartyState.RINGING:
            not_reached = PartyNotReached(
                call_id=call.call_id, party_id=party.party_id, reason=reason or why_not_reached(cause)
            )
            hands.publish(not_reached)
        elif reason is None and is_neighbour_lost(party, cause) and waits_alone_without(call, party):
            centre = party.target
            hands.give_back(call, centre, centre.value, [party])
        else:
            self.left(call, party, reason or PartyEnd.HUNG_UP)

    def left(self, call: Call, party: Party, reason: PartyEnd, detail: str = "") -> None:
        """Somebody outside is gone: the call is over, or goes on for the others."""
        hands = self._hands
        known = EndedBy.SYSTEM if call.closing is not None else hands.ending.get(call.call_id)
        of_caller = reason is PartyEnd.HUNG_UP and party.target.kind is not TargetKind.CENTRE
        by = known or (EndedBy.CALLER if of_caller else EndedBy.AGENT)
        if [p for p in call.outside() if p is not party] == [] and self._over_without(call, party):
            for other in call.ringing():
                if other.channel_id is not None:
                    hands.switch.hang_up(other.channel_id)
            hands.over(call, by, detail=detail)
            return
        left = hands.publish(PartyLeft(call_id=call.call_id, party_id=party.party_id, reason=reason))
        hands.wirer.apply(call)
        hands.settle(call, by, left)

    @staticmethod
    def _over_without(call: Call, party: Party) -> bool:
        """Whether a call is over once a party has left it."""
        before = call.parties.pop(party.party_id)
        try:
            return is_over(call)
        finally:
            call.parties[party.party_id] = before

    def rescue(self, call_id: CallId) -> None:
        """Give a call about which something failed back to the dialplan's fallback, rather than to silence.

        A call somebody is talking on, or has talked on, is left alone.
        """
        hands = self._hands
        call = hands.calls.by_id.get(call_id)
        caller = call.parties.get(CALLER) if call is not None else None
        if call is None or caller is None or caller.channel_id is None or call.answered or call.reached:
            return
        hands.switch.hand_back(caller.channel_id)
        hands.over(call, EndedBy.SYSTEM, Outcome.FALLBACK, detail="handed back after a fault")

    def _on_queued(self, envelope: Envelope) -> None:
        call = self._hands.calls.by_id.get(envelope.call_id) if envelope.call_id else None
        if call is not None:
            self._hands.wirer.apply(call)

    def _on_last_words(self, envelope: Envelope) -> None:
        """The SVI, or a waiting room, has said its last message: the line is closed."""
        call = self._hands.calls.by_id.get(envelope.call_id) if envelope.call_id else None
        if call is not None:
            self._hands.end(call, EndedBy.SYSTEM, envelope)
