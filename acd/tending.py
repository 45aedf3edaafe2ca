"""Looks after what waits: overflow deadlines, parked callers, rules changed by supervisors."""

from datetime import datetime

import structlog

from acd.model.calls import WaitingCall
from acd.model.room import Room
from acd.model.rules import OverflowRule, RoomRule, changed, present
from acd.policy.estimate import estimated_wait
from acd.policy.overflow import Pressure, away_for_too_long, due, may_be_ended
from acd.policy.watch import check_back_due
from acd.policy.who_may import refusal_to_change
from acd.queueing import WAITING_MUSIC, Queueing
from acd.states import States
from core.commands import ChangeRoomRule, CheckedBack
from core.errors import CommandRefused
from core.events import (
    CallCheckedBack,
    CallDismissed,
    CheckBackDue,
    OverflowTriggered,
    ParkedCallerLeft,
    RoomRuleChanged,
)
from core.ids import CallId, PlaybackId, QueueId
from core.ports import Bus, Clock, Switch
from core.switch import PlaybackEnded
from core.words import Role, TargetKind

log = structlog.get_logger(__name__)

_MESSAGE = "overflow-"


class Tending:
    """What must happen to waiting calls with time."""

    def __init__(
        self, bus: Bus, switch: Switch, clock: Clock, room: Room, states: States, queueing: Queueing
    ) -> None:
        self._bus = bus
        self._switch = switch
        self._clock = clock
        self._room = room
        self._states = states
        self._queueing = queueing
        self._saying: dict[CallId, PlaybackId] = {}
        """The calls that hear an overflow's message, as far as this core knows."""
        self._unsayable: set[CallId] = set()
        """The calls whose last message could not be played: nobody is left without having heard it."""

    # --- estimated wait ---------------------------------------------------------------------------------

    def estimate(self, queue: QueueId, place: int, now: datetime) -> float | None:
        """Seconds until the call at a place (0: the next) of a room is taken; none: unknown."""
        rule = self._room.rule(queue)
        logged_in, ready = self._room.index.serving(rule.queue)
        return estimated_wait(self._room.answers.of(queue), now, place, ready, logged_in)

    def place_of(self, call_id: CallId) -> int | None:
        """How many calls of its room are served before a waiting one; none: it does not wait in line."""
        call = self._room.waiting.get(call_id)
        if call is None or not call.free:
            return None
        return self._room.in_order(call.queue).index(call_id)

    # --- overflow ---------------------------------------------------------------------------------------

    def overflow(self, now: datetime) -> None:
        """Send elsewhere the calls that a rule of their room sends elsewhere now."""
        for queue in {call.queue for call in self._room.waiting.values()}:
            if self._room.rule(queue).overflows:
                self._overflow_room(queue, now)

    def _overflow_room(self, queue: QueueId, now: datetime) -> None:
        rule, calls = self._room.rule(queue), self._room.in_order(queue)
        pressure = Pressure(
            waiting=len(calls),
            serving=self._room.index.serving(queue)[0],
            estimate=lambda place: self.estimate(queue, place, now),
        )
        place = 0
        for call_id in calls:
            call = self._room.waiting[call_id]
            found = due(rule, call, place, pressure, now)
            if found is not None:
                self._send(call, rule, found)
            if found is None or found.target.kind is TargetKind.MESSAGE:
                place += 1  # it still waits before those behind it

    def _send(self, call: WaitingCall, rule: RoomRule, found: OverflowRule) -> None:
        triggered = self._bus.publish(
            OverflowTriggered(
                call_id=call.call_id,
                queue=rule.queue,
                rule=found.name,
                cause=found.cause,
                target=found.target,
                ends=found.ends,
            )
        )
        if found.target.kind is TargetKind.ROOM:
            self._queueing.pass_on(call.call_id, QueueId(found.target.value), triggered, keep_place=True)
        elif found.target.kind is TargetKind.MESSAGE:
            self._say(call.call_id, found.target.value)

    def _say(self, call_id: CallId, message: str) -> None:
        if channel := self._room.channel_of(call_id):
            playback = PlaybackId(f"{_MESSAGE}{int(self._clock.now().timestamp() * 1000)}-{call_id}")
            self._saying[call_id] = playback
            self._switch.stop_music(channel)
            self._switch.play(channel, playback, message)

    def on_playback_ended(self, event: PlaybackEnded) -> None:
        """After an overflow's message the call is over, or the caller who still waits hears the music again."""
        if not event.playback_id.startswith(_MESSAGE):
            return
        call_id = CallId(event.playback_id.removeprefix(_MESSAGE).partition("-")[2])
        ours = self._saying.get(call_id)
        call, channel = self._room.waiting.get(call_id), self._room.channel_of(call_id)
        if ours == event.playback_id:
            del self._saying[call_id]
            if call is not None and self._may_end(call) and self._ended(call, event.ok):
                return
        elif ours is not None:
            return  # another one is being said
        if call is not None and channel is not None and call.accepted_by is None:
            self._switch.start_music(channel, WAITING_MUSIC)

    def _may_end(self, call: WaitingCall) -> bool:
        """Whether a call is to be over after its last message, now that this has been said."""
        return bool(call.last_words) and call.free and may_be_ended(call)

    def _ended(self, call: WaitingCall, heard: bool) -> bool:
        """End a call after its last message; one that could not be played ends nothing."""
        if not heard:
            log.error("last_message_not_played", queue=call.queue)
            self._unsayable.add(call.call_id)
            return False
        self._bus.publish(CallDismissed(call_id=call.call_id, queue=call.queue))
        return True

    def say_last_words(self) -> None:
        """Say the last message to whom it was not said to its end: an offer came between, or a restart."""
        for call in list(self._room.waiting.values()):
            unsaid = call.call_id not in self._saying and call.call_id not in self._unsayable
            if unsaid and self._may_end(call):
                self._say(call.call_id, call.last_words)

    def switch_is_back(self) -> None:
        """What was being said may be over without our having been told."""
        self._saying.clear()

    def forget(self, call_id: CallId) -> None:
        """A call is over."""
        self._saying.pop(call_id, None)
        self._unsayable.discard(call_id)

    def hush(self, call_id: CallId) -> None:
        """Somebody takes the call: its message is cut short, for Asterisk joins nobody being spoken to."""
        if playback := self._saying.pop(call_id, None):
            self._switch.stop_playback(playback)

    def bring_back(self, now: datetime) -> None:
        """A call that an overflow sent away and that nobody carried out waits again."""
        for call in list(self._room.waiting.values()):
            if away_for_too_long(call, now):
                self._queueing.come_back(call.call_id)

    # --- parked callers ---------------------------------------------------------------------------------

    def watch(self, now: datetime) -> None:
        """Call for somebody to look after the parked callers left alone for too long."""
        for call in list(self._room.waiting.values()):
            if check_back_due(self._room.rule(call.queue), call, now):
                self._bus.publish(CheckBackDue(call_id=call.call_id, queue=call.queue))
        self.tell_of_departed()

    def tell_of_departed(self) -> None:
        """Alarm who parked a caller that has hung up meanwhile."""
        for call in list(self._room.departed.values()):
            if call.by is not None:
                self._bus.publish(
                    ParkedCallerLeft(call_id=call.call_id, queue=call.queue, priority=call.priority, by=call.by)
                )

    def checked_back(self, command: CheckedBack) -> None:
        """Somebody has looked after a parked caller, or has seen that the caller is gone."""
        position = self._states.of(command)
        if command.call_id not in self._room.gone:
            call = self._room.waiting.get(command.call_id)
            rule = self._room.rule(call.queue) if call is not None else None
            if refusal := refusal_to_change(position, call, rule):
                raise CommandRefused(refusal)
        self._bus.publish(CallCheckedBack(call_id=command.call_id, position_id=command.position_id))

    # --- rules changed while the room works -------------------------------------------------------------

    def change_rule(self, command: ChangeRoomRule) -> None:
        """Change how a room works, until it is put back."""
        if self._states.of(command).profile.role is not Role.SUPERVISOR:
            raise CommandRefused("not_supervisor")
        if command.queue not in self._room.plan.rooms:
            raise CommandRefused("unknown_room")
        rule = self._room.rule(command.queue)
        try:
            before = present(rule, command.setting, command.rule)
        except KeyError as error:
            raise CommandRefused("unknown_rule") from error
        change = RoomRuleChanged(
            queue=command.queue,
            setting=command.setting,
            value=command.value,
            before=before,
            rule=command.rule,
            by=command.position_id,
        )
        try:
            if command.value:
                changed(rule, change)
        except ValueError as error:
            raise CommandRefused("bad_value") from error
        if command.value != before:
            self._bus.publish(change)
