"""Hold, take up, swap, hang up: one agent with one call or two."""

from calls.call import Call
from calls.hands import Hands
from calls.policy import sent_digits_to
from core.commands import HangUp, HoldCall, ResumeCall, SendDigits, SwapCalls
from core.errors import CommandRefused
from core.events import CallHeld, CallResumed, DigitsSent, Envelope
from core.ids import PartyId, PositionId
from core.words import EndedBy, PartyEnd

_KEYS = frozenset("0123456789*#")
_MOST_KEYS = 32


class Holding:
    """Carries out what one agent does with their own calls."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        bus = hands.bus
        bus.handle(HoldCall, self._hold)
        bus.handle(ResumeCall, self._resume)
        bus.handle(SwapCalls, self._swap)
        bus.handle(HangUp, self._hang_up)
        bus.handle(SendDigits, self._send_digits)
        bus.subscribe((CallHeld, CallResumed), self._rewire)

    def _rewire(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallHeld | CallResumed)  # noqa: S101 - by subscription
        if call := self._hands.calls.by_id.get(event.call_id):
            self._hands.wirer.apply(call, (event.position_id,))

    def _hold(self, command: HoldCall) -> None:
        self._hands.hold(self._hands.heard(command), command.position_id)

    def _resume(self, command: ResumeCall) -> None:
        call = self._hands.calls.held_by(command.position_id)
        if call is None:
            has_one = self._hands.calls.calls_of(command.position_id)
            raise CommandRefused("not_held" if has_one else "no_call")
        self._hands.ready(command)
        self._take_up(call, command.position_id)

    def _swap(self, command: SwapCalls) -> None:
        call = self._hands.calls.held_by(command.position_id)
        if call is None or self._hands.calls.heard_by(command.position_id) is None:
            raise CommandRefused("not_two_calls")
        self._hands.ready(command)
        self._take_up(call, command.position_id)

    def _take_up(self, call: Call, position_id: PositionId) -> None:
        """Hear a call that was on hold; one that is heard goes on hold first."""
        self._hands.hold_what_is_heard(position_id, but=call)
        self._hands.publish(CallResumed(call_id=call.call_id, position_id=position_id))

    def _hang_up(self, command: HangUp) -> None:
        """End the call named, or the one heard, or the only one.

        With colleagues in it, the position only leaves: nobody is cut off from whom they talk with.
        """
        calls = self._hands.calls
        if command.call_id is not None:
            call = self._hands.own(command, command.call_id)
        else:
            found = calls.heard_by(command.position_id) or calls.held_by(command.position_id)
            if found is None:
                raise CommandRefused("no_call")
            self._hands.ready(command)
            call = found
        if len(call.positions()) > 1 and call.outside():
            left = self._hands.leave(call, PartyId(command.position_id), PartyEnd.HUNG_UP)
            self._hands.settle(call, EndedBy.AGENT, left)
        elif len(call.positions()) > 2:
            self._hands.leave(call, PartyId(command.position_id), PartyEnd.HUNG_UP)
        else:
            self._hands.end(call, EndedBy.AGENT)

    def _send_digits(self, command: SendDigits) -> None:
        call = self._hands.heard(command)
        if not 1 <= len(command.digits) <= _MOST_KEYS or not set(command.digits) <= _KEYS:
            raise CommandRefused("bad_arguments")
        listeners = sent_digits_to(call)
        if not listeners:
            raise CommandRefused("nobody_to_hear")
        for party in listeners:
            if party.channel_id is not None:
                self._hands.switch.send_digits(party.channel_id, command.digits)
        self._hands.publish(
            DigitsSent(call_id=call.call_id, position_id=command.position_id, count=len(command.digits))
        )
