"""Calls the telephones that carry positions' sound, and has a person confirm each call by a key.

A telephone that is confirmed comes back as the position's leg, like any other (``bandeau/legs.py``): nothing
else knows of it. How far each is, is in the journal (``phone_model``), so that a restarted core goes on.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bandeau.phone_model import UNDER_WAY, Phone, Phones, PhoneState
from bandeau.phone_policy import (
    KEY,
    MOST_KEYS,
    PhoneRules,
    recall_at,
    telephone,
    why_ended,
    why_not_made,
)
from bandeau.phone_talk import PhoneTalk
from core.commands import (
    AcceptOffer,
    Command,
    PlaceCall,
    RingPhone,
    TakeCall,
    TakeOverCall,
    UseHeadset,
    UsePhone,
)
from core.errors import BandeauError, CommandRefused
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallOffered,
    Envelope,
    PhoneCalled,
    PhoneChosen,
    PhoneConfirmed,
    PhoneFailed,
    PhonePickedUp,
    PhoneReleased,
    PhoneRested,
    PositionMuted,
    PositionStateChanged,
)
from core.ids import ChannelId, PlaybackId, PositionId
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Clock, Switch
from core.switch import (
    ChannelGone,
    ChannelTruth,
    DigitPressed,
    LegOpened,
    PhoneAnswered,
    PlaybackEnded,
    SwitchDown,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
)
from core.words import PhoneEnd, PhoneMode, PositionState
from web.seen import PositionSeen

log = structlog.get_logger(__name__)

NEEDS_SOUND = (AcceptOffer, TakeCall, PlaceCall, TakeOverCall)
"""Commands that put the position into a call: a telephone of each call is rung first."""
BECOMES_LEG_S = 5.0
"""A telephone that was confirmed, and is no leg by then, is lost."""
_BUSY = (PositionState.ON_CALL, PositionState.OFFERED)
_AT_REST = (PhoneState.IDLE, PhoneState.FAILED)


class PhoneKeeper:
    """The telephones of one centre.

    Args:
        phones: as folded from the journal, before any listener is told.
        positions: the positions taken, with their offers, folded likewise.
        leg_is_up: whether a position's leg is in its bridge.
        legs_at: the Asterisks where a position's legs are in their bridges.
        nodes: the Asterisks.
        changed: called with a position whose readiness may have changed.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        switch: Switch,
        clock: Clock,
        rules: PhoneRules,
        phones: Phones,
        positions: dict[PositionId, PositionSeen],
        leg_is_up: Callable[[PositionId], bool],
        legs_at: Callable[[PositionId], tuple[str, ...]] = lambda position_id: (),
        nodes: Nodes = ONE_NODE,
        changed: Callable[[PositionId], None],
    ) -> None:
        self.rules = rules
        self._bus = bus
        self._switch = switch
        self._clock = clock
        self._phones = phones.by_position
        self._of_channel = phones.of_channel
        self._positions = positions
        self._leg_is_up = leg_is_up
        self._legs_at = legs_at
        self._nodes = nodes
        self._nodes_up: set[str] = set()
        self._changed = changed
        self._channels: dict[PositionId, ChannelId] = {}
        """The last call to each position's telephone, kept until it is hung up."""
        self._talk = PhoneTalk(switch)
        self._confirmed: dict[PositionId, float] = {}
        """Since when (monotonic) a confirmed telephone is awaited as a leg."""
        self._waiting: dict[PositionId, Command] = {}
        """What an agent asked for, to be done once the telephone is there."""
        self._tasks: set[asyncio.Task[None]] = set()
        bus.handle(UsePhone, self._use_phone)
        bus.handle(UseHeadset, self._use_headset)
        bus.handle(RingPhone, self._ring_phone)
        bus.subscribe((AgentLoggedIn, AgentLoggedOut), self._on_agent)
        bus.subscribe((CallOffered,), self._on_offer)
        bus.subscribe((PositionStateChanged,), self._on_state)
        bus.subscribe((PositionMuted,), self._on_muted)

    # --- questions --------------------------------------------------------------------------------------

    def sound_ready(self, position_id: PositionId) -> bool:
        """Whether the position's sound is there, or is proven to come with each call."""
        phone = self._phones.get(position_id)
        if phone is not None and phone.mode is PhoneMode.PER_CALL:
            return phone.proven
        return self._leg_is_up(position_id)

    def where(self, position_id: PositionId) -> tuple[str, ...]:
        """The Asterisks where the position's sound is; none: wherever it is needed, it is called there."""
        phone = self._phones.get(position_id)
        if phone is not None and phone.mode is PhoneMode.PER_CALL:
            return ()
        return self._legs_at(position_id)

    def _node_for(self, position_id: PositionId) -> str:
        """Where a position's telephone is called: on the Asterisk of the call it is for, or one that works."""
        position = self._positions.get(position_id)
        if position is not None and position.offer is not None:
            return self._nodes.of(position.offer.call_id)
        return next((node for node in self._nodes.prefixes if node in self._nodes_up), self._nodes.first)

    def is_leg(self, position_id: PositionId, channel_id: ChannelId) -> bool:
        """Whether a channel may be the position's leg: its telephone's alone, where it has one."""
        phone = self._phones.get(position_id)
        return phone is None or phone.channel_id == channel_id

    def _for_a_call(self, position_id: PositionId) -> bool:
        """Whether the position's sound is needed now."""
        position = self._positions.get(position_id)
        busy = position is not None and (position.state in _BUSY or position.offer is not None)
        return busy or position_id in self._waiting

    # --- what agents ask for ----------------------------------------------------------------------------

    def _use_phone(self, command: UsePhone) -> None:
        position_id = command.position_id
        self._must_be_free(position_id)
        if command.mode not in self.rules.modes:
            raise CommandRefused("phone_mode_not_allowed")
        number = telephone(command.number, position_id, self.rules)
        phone = self._phones.get(position_id)
        if phone is None or (phone.number, phone.mode) != (number, command.mode):
            self._let_go(position_id)
            self._bus.publish(PhoneChosen(position_id=position_id, number=number, mode=command.mode))
            self._changed(position_id)
        self._call_unless_proven(position_id)

    def _call_unless_proven(self, position_id: PositionId) -> None:
        phone = self._phones[position_id]
        if phone.state in _AT_REST and not phone.proven:
            self._call(position_id)

    def _use_headset(self, command: UseHeadset) -> None:
        self._must_be_free(command.position_id)
        if command.position_id in self._phones:
            self._let_go(command.position_id)
            self._bus.publish(PhoneReleased(position_id=command.position_id))
            self._changed(command.position_id)

    def _ring_phone(self, command: RingPhone) -> None:
        phone = self._phones.get(command.position_id)
        if phone is None:
            raise CommandRefused("no_phone")
        if phone.state in _AT_REST:
            self._call(command.position_id)

    def _must_be_free(self, position_id: PositionId) -> None:
        position = self._positions.get(position_id)
        if position is None:
            raise CommandRefused("not_logged_in")
        if position.state in _BUSY:
            raise CommandRefused("on_call")

    def postpone(self, command: Command) -> bool:
        """Keep a command until the position's telephone of each call is there; whether it was kept."""
        position_id = command.position_id
        phone = self._phones.get(position_id)
        if phone is None or phone.mode is PhoneMode.KEPT or not isinstance(command, NEEDS_SOUND):
            return False
        if self._leg_is_up(position_id):
            return False
        if not isinstance(command, AcceptOffer):  # an open offer is in the journal
            self._waiting[position_id] = command
        if phone.state in _AT_REST:
            self._call(position_id)
        return True

    # --- what happens -----------------------------------------------------------------------------------

    def _on_agent(self, envelope: Envelope) -> None:
        if isinstance(envelope.event, AgentLoggedIn | AgentLoggedOut):
            position_id = envelope.event.position_id
            if position_id not in self._phones:
                self._let_go(position_id)

    def _on_offer(self, envelope: Envelope) -> None:
        """A call is offered: the telephone of each call rings along."""
        if isinstance(envelope.event, CallOffered):
            position_id = envelope.event.position_id
            phone = self._phones.get(position_id)
            if phone is not None and phone.mode is PhoneMode.PER_CALL and phone.state is PhoneState.IDLE:
                self._call(position_id)

    def _on_state(self, envelope: Envelope) -> None:
        """The telephone of each call is let go once no call needs it; one that proves itself goes on."""
        if not isinstance(envelope.event, PositionStateChanged):
            return
        position_id = envelope.event.position_id
        phone = self._phones.get(position_id)
        if phone is None or phone.mode is PhoneMode.KEPT or self._for_a_call(position_id):
            return
        calling_for_a_call = phone.state in UNDER_WAY and phone.proven
        if calling_for_a_call or (phone.state is PhoneState.UP and not self._talk.ends(phone.channel_id)):
            self._let_go(position_id)
            self._bus.publish(PhoneRested(position_id=position_id))

    def _on_muted(self, envelope: Envelope) -> None:
        """A page closes its own microphone; a telephone's is closed in its call."""
        if isinstance(envelope.event, PositionMuted):
            phone = self._phones.get(envelope.event.position_id)
            if phone is not None and phone.channel_id is not None and phone.state is PhoneState.UP:
                self._switch.mute(phone.channel_id, envelope.event.muted)

    def leg_changed(self, position_id: PositionId) -> None:
        """The position's leg is in its bridge, or is gone: do what the agent waited for."""
        phone = self._phones.get(position_id)
        if phone is None or not self._leg_is_up(position_id):
            return
        self._confirmed.pop(position_id, None)
        command = self._waiting.pop(position_id, None)
        position = self._positions.get(position_id)
        if command is None and phone.mode is PhoneMode.PER_CALL and position is not None and position.offer:
            command = AcceptOffer(position_id=position_id, offer_id=position.offer.offer_id)
        if command is None:
            return
        try:
            self._bus.execute(command)
        except CommandRefused as error:  # the caller left, say: the telephone is let go with the offer
            log.info("phone_came_for_nothing", position_id=position_id, reason=error.code)
            if not self._for_a_call(position_id):
                self._let_go(position_id)
                self._bus.publish(PhoneRested(position_id=position_id))

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        match event:
            case PhoneAnswered(channel_id=channel_id):
                self._picked_up(channel_id)
            case DigitPressed(channel_id=channel_id, digit=digit):
                self._pressed(channel_id, digit)
            case PlaybackEnded(playback_id=playback_id, ok=ok):
                self._said(playback_id, again=ok)
            case LegOpened(position_id=position_id, channel_id=channel_id):
                self._became_leg(position_id, channel_id)
            case ChannelGone(channel_id=channel_id, cause=cause):
                self._gone(channel_id, cause)
            case SwitchUp(truth=truth):
                self._nodes_up.add(truth.switch)
                self._reconcile(truth)
            case SwitchDown(switch=switch):
                self._nodes_up.discard(switch)
            case _:
                pass

    def tick(self, now: datetime) -> None:
        """Look at the deadlines."""
        for position_id, phone in list(self._phones.items()):
            if phone.state in UNDER_WAY and phone.deadline is not None and phone.deadline <= now:
                picked_up = phone.state is PhoneState.CONFIRMING
                self._give_up(position_id, PhoneEnd.NOT_CONFIRMED if picked_up else PhoneEnd.NO_ANSWER)
            elif phone.retry_at is not None and phone.retry_at <= now:
                if phone.mode is PhoneMode.KEPT or self._for_a_call(position_id):
                    self._call(position_id, phone.attempt + 1)
                else:
                    self._bus.publish(PhoneRested(position_id=position_id))
        late = self._clock.monotonic() - BECOMES_LEG_S
        for position_id in [p for p, since in self._confirmed.items() if since <= late]:
            del self._confirmed[position_id]
            if position_id in self._phones:
                self._give_up(position_id, PhoneEnd.FAILED)

    # --- one call to a telephone ------------------------------------------------------------------------

    def _call(self, position_id: PositionId, attempt: int = 1) -> None:
        phone = self._phones[position_id]
        rules = self.rules
        prefix = self._nodes.prefixes[self._node_for(position_id)]
        channel_id = ChannelId(f"{prefix}phone-{secrets.token_hex(6)}")
        self._channels[position_id] = channel_id
        self._bus.publish(
            PhoneCalled(
                position_id=position_id,
                channel_id=channel_id,
                deadline=self._in(rules.ring_seconds + rules.confirm_seconds),
                attempt=attempt,
                code=str(10 + secrets.randbelow(90)) if rules.code else KEY,
            )
        )
        number, presented = phone.number, rules.presented
        order = self._switch.call_phone(channel_id, position_id, number, presented, rules.ring_seconds)
        task = asyncio.ensure_future(self._made(channel_id, order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _made(self, channel_id: ChannelId, order: Awaitable[None]) -> None:
        """Give up a call that Asterisk does not make."""
        try:
            await order
        except BandeauError as error:
            log.warning("phone_not_called", reason=error.code)
            if found := self._of_channel(channel_id):
                self._failed(found[0], why_not_made(found[1].number, error))

    def _picked_up(self, channel_id: ChannelId) -> None:
        found = self._of_channel(channel_id)
        if found is None:
            self._switch.hang_up(channel_id)
        elif found[1].state is PhoneState.CALLING:
            deadline = self._in(self.rules.confirm_seconds)
            self._bus.publish(PhonePickedUp(position_id=found[0], deadline=deadline))
            self._ask(*found)

    def _ask(self, position_id: PositionId, phone: Phone) -> None:
        for_a_call = phone.mode is PhoneMode.PER_CALL and self._for_a_call(position_id)
        usual = "phone-call" if for_a_call else "phone-key"
        self._say(phone, usual if phone.code == KEY else "phone-code")

    def _say(self, phone: Phone, sound: str, *, last: bool = False) -> None:
        if phone.channel_id is not None:
            self._talk.say(phone.channel_id, sound, last=last)

    def _said(self, playback_id: PlaybackId, *, again: bool) -> None:
        channel_id = self._talk.ended(playback_id)
        if channel_id is None or not again:
            return
        if (found := self._of_channel(channel_id)) and found[1].state is PhoneState.CONFIRMING:
            self._ask(*found)

    def _pressed(self, channel_id: ChannelId, digit: str) -> None:
        found = self._of_channel(channel_id)
        if found is None or found[1].state is not PhoneState.CONFIRMING:
            return
        position_id, phone = found
        typed = self._talk.pressed(channel_id, digit)
        if typed.endswith(phone.code):
            self._confirm(position_id, phone, channel_id)
        elif len(typed) >= MOST_KEYS:
            self._give_up(position_id, PhoneEnd.NOT_CONFIRMED)

    def _confirm(self, position_id: PositionId, phone: Phone, channel_id: ChannelId) -> None:
        self._talk.quiet(channel_id)
        self._bus.publish(PhoneConfirmed(position_id=position_id))
        if phone.mode is PhoneMode.PER_CALL and not self._for_a_call(position_id):
            self._say(phone, "phone-proven", last=True)
        else:
            self._confirmed[position_id] = self._clock.monotonic()
            self._switch.confirm_phone(channel_id)
        self._changed(position_id)

    def _became_leg(self, position_id: PositionId, channel_id: ChannelId) -> None:
        phone = self._phones.get(position_id)
        if phone is None or phone.channel_id != channel_id:
            return
        position = self._positions.get(position_id)
        if position is not None and position.muted:
            self._switch.mute(channel_id, muted=True)
        if phone.mode is PhoneMode.KEPT:
            self._say(phone, "phone-taken")

    def _gone(self, channel_id: ChannelId, cause: int) -> None:
        proven = self._talk.ends(channel_id)
        self._talk.forget(channel_id)
        found = self._of_channel(channel_id)
        if found is None:
            return
        position_id, phone = found
        up = phone.state is PhoneState.UP
        if up and phone.mode is PhoneMode.PER_CALL and (proven or not self._for_a_call(position_id)):
            self._bus.publish(PhoneRested(position_id=position_id))
            if self._for_a_call(position_id):  # a call came while the telephone was being proven
                self._call(position_id)
            return
        picked_up = phone.state is PhoneState.CONFIRMING
        self._failed(position_id, why_ended(cause, picked_up=picked_up, up=up), lost=up)

    def _give_up(self, position_id: PositionId, reason: PhoneEnd) -> None:
        lost = self._phones[position_id].state is PhoneState.UP
        self._let_go(position_id, keep_waiting=True)
        self._failed(position_id, reason, lost=lost)

    def _failed(self, position_id: PositionId, reason: PhoneEnd, *, lost: bool = False) -> None:
        phone = self._phones[position_id]
        self._confirmed.pop(position_id, None)
        attempt = 0 if lost else phone.attempt
        wanted = phone.mode is PhoneMode.KEPT or self._for_a_call(position_id)
        # One that was never confirmed is called again by a click only: somebody is there who looks at it.
        retry_at = (
            recall_at(self.rules, attempt, self._clock.now()) if wanted and phone.confirmed_once else None
        )
        if retry_at is None:
            self._waiting.pop(position_id, None)
        failed = PhoneFailed(position_id=position_id, reason=reason, attempt=attempt, retry_at=retry_at)
        self._bus.publish(failed)
        self._changed(position_id)

    def _let_go(self, position_id: PositionId, *, keep_waiting: bool = False) -> None:
        """End the telephone's call, if there is one."""
        if not keep_waiting:
            self._waiting.pop(position_id, None)
        self._confirmed.pop(position_id, None)
        channel_id = self._channels.pop(position_id, None)
        if channel_id is not None:
            self._talk.forget(channel_id)
            self._switch.hang_up(channel_id)

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)

    # --- after a restart or a cut -----------------------------------------------------------------------

    def _reconcile(self, truth: SwitchTruth) -> None:
        """Go on with what Asterisk holds."""
        self._talk.clear()
        present = {channel.channel_id: channel for channel in truth.channels}
        known = {phone.channel_id for phone in self._phones.values()}
        for channel in truth.channels:
            if channel.phone is not None and channel.channel_id not in known:
                self._switch.hang_up(channel.channel_id)
        for position_id, phone in list(self._phones.items()):
            if phone.channel_id is not None and truth.covers(phone.channel_id):
                self._channels[position_id] = phone.channel_id
                self._go_on(position_id, phone, present.get(phone.channel_id))

    def _go_on(self, position_id: PositionId, phone: Phone, channel: ChannelTruth | None) -> None:
        if channel is None:
            self._failed(position_id, PhoneEnd.HUNG_UP, lost=phone.state is PhoneState.UP)
        elif channel.leg is not None:
            return  # the keeper of legs has it
        elif phone.state is PhoneState.CALLING and channel.up:
            self._picked_up(channel.channel_id)
        elif phone.state is PhoneState.CONFIRMING:
            self._ask(position_id, phone)
        elif phone.state is PhoneState.UP:
            self._confirm(position_id, phone, channel.channel_id)
