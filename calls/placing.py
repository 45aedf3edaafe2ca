"""Calls that agents begin, and the numbers and colleagues asked into calls."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta

import structlog

from calls.call import EVERYBODY, OUTSIDE, Call, Party, PartyState
from calls.hands import INVITE_SECONDS, Hands
from calls.neighbours import entrusted, refusal_to_send
from calls.numbers import NumberRefused, dialled, presented
from calls.policy import MOST_CALLS, refusal_to_invite
from calls.wiring import anchor
from core.commands import InviteParty, PlaceCall
from core.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from core.events import (
    CallDiverted,
    CallPlaced,
    Envelope,
    OverflowTriggered,
    PartyInvited,
    PartyJoined,
    PartyNotReached,
    PartyRinging,
    TransferFailed,
)
from core.ids import CallId, CentreId, ChannelId, PartyId, PositionId
from core.switch import CalleeAnswered, CalleeProgress, CalleeReady, CalleeRinging
from core.words import CallKind, EndedBy, PartyEnd, Target, TargetKind

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=3)
"""After its deadline an invitation is ended by us, should nobody else have done so."""
_PLACEABLE = frozenset({TargetKind.NUMBER, TargetKind.POSITION, TargetKind.EVERYBODY})
_NOTICES = {
    PartyEnd.BUSY: "callee-busy",
    PartyEnd.DECLINED: "callee-busy",
    PartyEnd.NO_ANSWER: "callee-no-answer",
    PartyEnd.UNAVAILABLE: "callee-unreachable",
    PartyEnd.FAILED: "callee-unreachable",
}
CalleeEvent = CalleeReady | CalleeRinging | CalleeProgress | CalleeAnswered


class Placing:
    """Outgoing and internal calls, and every invitation."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._orders: set[asyncio.Future[bool]] = set()
        bus = hands.bus
        bus.handle(PlaceCall, self._place)
        bus.handle(InviteParty, self._invite)
        bus.subscribe((PartyInvited, PartyJoined), self._rewire)
        bus.subscribe((PartyNotReached,), self._on_not_reached)
        bus.subscribe((OverflowTriggered,), self._on_overflow)
        bus.subscribe((CallDiverted,), self._on_diverted)

    # --- asking -----------------------------------------------------------------------------------------

    def target(self, target: Target, allowed: frozenset[TargetKind], position_id: PositionId) -> Target:
        """Check whom an agent asks for.

        Raises:
            CommandRefused: ``bad_target``, ``unknown_position``, ``oneself``, or why a number may not be.
        """
        if target.kind not in allowed:
            raise CommandRefused("bad_target")
        if target.kind is TargetKind.NUMBER:
            try:
                return Target(TargetKind.NUMBER, dialled(target.value, self._hands.rules))
            except NumberRefused as error:
                raise CommandRefused(error.code) from error
        if target.kind is TargetKind.POSITION:
            if target.value == position_id:
                raise CommandRefused("oneself")
            if target.value not in self._hands.calls.agents:
                raise CommandRefused("unknown_position")
        return target

    def _place(self, command: PlaceCall) -> None:
        hands, position_id = self._hands, command.position_id
        hands.ready(command)
        target = self.target(command.target, _PLACEABLE, position_id)
        if len(hands.calls.calls_of(position_id)) >= MOST_CALLS:
            raise CommandRefused("two_calls")
        node = hands.node_for(position_id)
        if node is None:
            raise CommandRefused("no_audio")
        hands.hold_what_is_heard(position_id)
        number = target.kind is TargetKind.NUMBER
        call_id = CallId(hands.new_channel(node))
        placed = hands.publish(
            CallPlaced(
                call_id=call_id,
                position_id=position_id,
                agent_id=hands.calls.agents[position_id],
                kind=CallKind.OUTGOING if number else CallKind.INTERNAL,
                target=target,
                presented=presented(hands.rules, "", position_id) if number else "",
                asked=command.asked,
            )
        )
        if call := hands.calls.by_id.get(call_id):
            hands.wirer.apply(call)
            self.ask(call, target, position_id, placed, ChannelId(call_id))

    def _invite(self, command: InviteParty) -> None:
        call = self._hands.heard(command)
        allowed = frozenset({TargetKind.NUMBER, TargetKind.POSITION})
        target = self.target(command.target, allowed, command.position_id)
        if refusal := refusal_to_invite(call):
            raise CommandRefused(refusal)
        if PartyId(target.value) in call.parties:
            raise CommandRefused("already_in_call")
        self.ask(call, target, command.position_id)

    def ask(
        self,
        call: Call,
        target: Target,
        by: PositionId | None,
        cause: Envelope | None = None,
        channel: ChannelId | None = None,
        seconds: float | None = None,
    ) -> None:
        """Ask somebody into a call. Numbers and centres are called by a channel of ours."""
        hands = self._hands
        channel = channel or hands.new_channel(hands.wirer.node_of(call))
        party_id = PartyId(channel) if target.kind in OUTSIDE else PartyId(target.value or EVERYBODY)
        seconds = seconds or self._seconds(target)
        if target.kind in OUTSIDE:
            hands.wirer.called(channel)
        hands.publish(
            PartyInvited(
                call_id=call.call_id,
                party_id=party_id,
                target=target,
                deadline=hands.deadline(seconds),
                by=by,
            ),
            cause,
        )
        if target.kind is TargetKind.NUMBER:
            self._watch(hands.switch.call_out(channel, call.call_id, target.value), call, party_id)
        elif target.kind is TargetKind.CENTRE:
            told = entrusted(hands.aid, call, hands.clock.now())
            self._watch(hands.switch.call_centre(channel, CentreId(target.value), told), call, party_id)

    def _seconds(self, target: Target) -> float:
        """How long somebody is rung."""
        if target.kind is TargetKind.CENTRE:
            return self._hands.aid.answer_seconds
        return self._hands.rules.ring_seconds if target.kind is TargetKind.NUMBER else INVITE_SECONDS

    def _watch(self, order: Awaitable[None], call: Call, party_id: PartyId) -> None:
        """A number that cannot even be called is told like one that is not reached."""
        task = asyncio.ensure_future(_failed(order))

        def done(future: "asyncio.Future[bool]") -> None:
            self._orders.discard(task)
            party = call.parties.get(party_id)
            refused = not future.cancelled() and future.result() and self._hands.reaches(anchor(call))
            if refused and party is not None and party.state is PartyState.RINGING:
                self.fail(call, party_id, PartyEnd.FAILED)

        self._orders.add(task)
        task.add_done_callback(done)

    def fail(self, call: Call, party_id: PartyId, reason: PartyEnd) -> None:
        """Somebody asked into a call is not reached."""
        self._hands.publish(PartyNotReached(call_id=call.call_id, party_id=party_id, reason=reason))

    # --- what becomes of it -----------------------------------------------------------------------------

    def on_callee(self, event: CalleeEvent) -> None:
        """Something happened to a number being called."""
        hands = self._hands
        found = hands.calls.party_of(event.channel_id)
        if found is None:
            hands.switch.hang_up(event.channel_id)  # nobody waits for it any more
            return
        call, party = found
        match event:
            case CalleeReady():
                hands.wirer.exists(event.channel_id)
                self.ring(call, party)
            case CalleeRinging() | CalleeProgress():
                hands.wirer.rings(event.channel_id, by_itself=isinstance(event, CalleeProgress))
                if party.state is PartyState.RINGING and not party.rings:
                    hands.publish(PartyRinging(call_id=call.call_id, party_id=party.party_id))
                hands.wirer.apply(call)
            case CalleeAnswered():
                hands.wirer.left_bridges(event.channel_id)
                self.answered(call, party)

    def ring(self, call: Call, party: Party) -> None:
        """Put it where its ringing is to be heard, then let it ring until its deadline."""
        hands = self._hands
        hands.wirer.apply(call)
        if party.channel_id is not None and party.deadline is not None:
            seconds = (party.deadline - hands.clock.now()).total_seconds()
            shown = call.presented or presented(hands.rules, call.line, party.by)
            if party.target.kind is TargetKind.CENTRE:
                shown = ""  # the caller is shown, as ``call_centre`` was told
            hands.switch.ring(party.channel_id, shown, max(1.0, seconds))

    def answered(self, call: Call, party: Party) -> None:
        """A number picked up: it is in the call."""
        if party.state is PartyState.RINGING and party.channel_id is not None:
            self._hands.open_line(call)
            self._hands.publish(
                PartyJoined(call_id=call.call_id, party_id=party.party_id, channel_id=party.channel_id)
            )

    def _rewire(self, envelope: Envelope) -> None:
        if envelope.call_id and (call := self._hands.calls.by_id.get(envelope.call_id)):
            self._hands.wirer.apply(call)

    def _on_not_reached(self, envelope: Envelope) -> None:
        """Somebody asked is not in the call: it goes on without, goes back, or is over."""
        event = envelope.event
        assert isinstance(event, PartyNotReached)  # noqa: S101 - by subscription
        hands = self._hands
        call = hands.calls.by_id.get(event.call_id)
        if call is None:
            return
        waiting = hands.calls.heard_by(call.placed_by) if call.placed_by else None
        hands.wirer.apply(call)
        if call.transfer is not None and not call.positions() and not call.ringing():
            self._not_transferred(call, event.reason, envelope)
        elif waiting is call and call.placed_by and not call.outside() and len(call.positions()) == 1:
            self._say_why(call, call.placed_by, event.reason)
        by_agent = event.reason is PartyEnd.CANCELLED
        hands.settle(call, EndedBy.AGENT if by_agent else EndedBy.SYSTEM, envelope)

    def _say_why(self, call: Call, position_id: PositionId, reason: PartyEnd) -> None:
        """Tell a position that waited alone, in one short sentence, why nobody answers."""
        leg, sound = self._hands.wirer.leg_for(position_id, call), _NOTICES.get(reason)
        if leg is not None and sound is not None:
            self._hands.wirer.say(position_id, leg, call.call_id, sound)

    def _not_transferred(self, call: Call, reason: PartyEnd, cause: Envelope) -> None:
        """The call was passed on to somebody who was not reached: back, first to who passed it on."""
        transfer = call.transfer
        assert transfer is not None  # noqa: S101 - checked by the caller
        back = Target(TargetKind.POSITION, transfer.position_id)
        failed = self._hands.publish(
            TransferFailed(
                call_id=call.call_id,
                position_id=transfer.position_id,
                target=back if transfer.back else transfer.target,
                reason=reason,
            ),
            cause,
        )
        if not transfer.back:
            self.ask(call, back, transfer.position_id, failed)

    def _on_overflow(self, envelope: Envelope) -> None:
        """A waiting room sends a call to a number or a centre: it is asked in, the caller still hears music."""
        event = envelope.event
        assert isinstance(event, OverflowTriggered)  # noqa: S101 - by subscription
        call = self._hands.calls.by_id.get(event.call_id)
        if call is None or event.target.kind not in OUTSIDE:
            return
        if event.target.kind is TargetKind.CENTRE:
            refusal = refusal_to_send(self._hands.aid, call, CentreId(event.target.value))
            if refusal is not None:
                log.warning("overflow_refused", reason=refusal, centre=event.target.value)
                self.fail(call, PartyId(event.target.value), PartyEnd.UNAVAILABLE)
                return
        self.ask(call, event.target, None, envelope)

    def _on_diverted(self, envelope: Envelope) -> None:
        """The SVI passes a call on to a number: it is invited; not reached, the script goes on."""
        event = envelope.event
        assert isinstance(event, CallDiverted)  # noqa: S101 - by subscription
        call = self._hands.calls.by_id.get(event.call_id)
        if call is not None:
            seconds = (event.deadline - envelope.occurred_at).total_seconds()
            self.ask(call, event.target, None, envelope, seconds=seconds)

    def tick(self, now: datetime) -> None:
        """End the invitations whose deadline is well past."""
        hands = self._hands
        late = [key for key, deadline in hands.calls.ringing.items() if deadline + GRACE <= now]
        for call_id, party_id in late:
            call = hands.calls.by_id.get(call_id)
            party = call.parties.get(party_id) if call is not None else None
            if call is not None and party is not None and hands.reaches(anchor(call)):
                if party.channel_id is not None:
                    hands.switch.hang_up(party.channel_id)
                self.fail(call, party_id, PartyEnd.NO_ANSWER)


async def _failed(order: Awaitable[None]) -> bool:
    """Whether Asterisk refused."""
    try:
        await order
    except (SwitchRefused, SwitchUnavailable):
        return True
    return False
