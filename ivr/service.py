"""Carries out scripts: welcomes callers, asks them, tells them, and sends them where the centre's plan says."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import structlog

from core.events import (
    CallArrived,
    CallbackRequested,
    CallDiverted,
    CallOriented,
    CallPrioritised,
    Envelope,
    LineOpened,
    PartyNotReached,
    ScriptAdvanced,
    ScriptEnded,
    ScriptFailed,
)
from core.ids import CallId, CentreId, PlaybackId
from core.ports import Bus, Clock, Switch
from core.switch import DigitPressed, PlaybackEnded, SwitchEvent, SwitchUp
from core.words import FrontOffice, Outcome, Priority, Target, TargetKind
from ivr.listening import Listening
from ivr.model import NOTHING, Library, PlanKey, RoomCall, SviCall, SviState
from ivr.neighbours import has_room, oriented
from ivr.policy import begin, proceed, resume, ringing_still
from ivr.walk import (
    Action,
    CallBack,
    Circumstances,
    Enter,
    Finish,
    Happening,
    Hearing,
    Key,
    NotReached,
    Play,
    Played,
    Ring,
    ScriptBroken,
    Tick,
    Turn,
)

log = structlog.get_logger(__name__)

RINGING_MUSIC = "hold"
"""Heard while a number outside rings."""


class IvrService:
    """The SVI of one centre.

    Args:
        bus: where it meets the others.
        switch: Asterisk.
        clock: gives the instant of what a switch event tells.
        library: the call flows of every version of the plan.
        default: the plan in force until the journal says otherwise.
        rooms: of neighbouring centres, their rooms and ours, where the names differ.
        vital_lines: lines whose callers come first when they come back from the fallback, as they did there.
    """

    def __init__(
        self,
        bus: Bus,
        switch: Switch,
        clock: Clock,
        library: Library,
        default: PlanKey = (0, ""),
        rooms: Mapping[CentreId, Mapping[str, str]] | None = None,
        vital_lines: Collection[str] = (),
    ) -> None:
        self._vital_lines = frozenset(vital_lines)
        self._rooms = rooms or {}
        self.greetings = SviState(library, default)
        self._bus = bus
        self._switch = switch
        self._clock = clock
        self.listening = Listening(bus, switch, lambda: self.greetings.flows(self.greetings.current).silence_s)
        self._playing: dict[PlaybackId, CallId] = {}
        bus.project(self.greetings.fold)
        bus.subscribe((CallArrived,), self._on_arrived)
        bus.subscribe((LineOpened,), self._on_line_opened)
        bus.subscribe((PartyNotReached,), self._on_not_reached)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event. After a restart, whoever was in a script goes on from its step."""
        self.listening.on_switch(event)
        if isinstance(event, DigitPressed):
            if call := self.greetings.by_channel.get(event.channel_id):
                self._happens(call, Key(event.digit))
            elif waiting := self.greetings.in_room.get(event.channel_id):
                self._key_in_room(waiting, event.digit)
        elif isinstance(event, PlaybackEnded):
            call_id = self._playing.pop(event.playback_id, None)
            call = self.greetings.by_call.get(call_id) if call_id is not None else None
            if call is not None and call.playback_id == event.playback_id:
                call.playback_id = NOTHING
                self._happens(call, Played(event.ok))
        elif isinstance(event, SwitchUp):
            self._reconcile({channel.channel_id for channel in event.truth.channels})

    def tick(self, now: datetime) -> None:
        """Act on the menus whose time is over, and on the lines that stay silent."""
        self.listening.tick(now)
        for call in list(self.greetings.by_call.values()):
            deadline = call.walk.deadline if call.walk is not None else None
            if deadline is not None and deadline <= now:
                self._happens(call, Tick())

    # --- calls of neighbouring centres ------------------------------------------------------------------

    def _on_arrived(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, CallArrived)  # noqa: S101 - by subscription
        if envelope.event.origin is not None:
            self._receive(envelope.event, envelope)

    def _receive(self, call: CallArrived, cause: Envelope | None = None) -> None:
        """Send a neighbour's call to its room at once, or back to the neighbour."""
        if call.origin is None:
            return
        flows = self.greetings.flows(self.greetings.current)
        if has_room(flows.state or self.greetings.figures.state(flows.saturation, self._clock.now())):
            rooms = self._rooms.get(call.origin.sender, {})
            self._bus.publish(oriented(call.call_id, call.origin, flows, rooms), cause)
        else:
            self._bus.publish(ScriptEnded(call_id=call.call_id, outcome=Outcome.REFUSED), cause)

    # --- what happens to a call -------------------------------------------------------------------------

    def _on_line_opened(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, LineOpened)  # noqa: S101 - by subscription
        call = self.greetings.by_call.get(envelope.event.call_id)
        if call is not None and self._goes_straight(call):
            self._to_room(call, envelope)
        elif call is not None:
            self._guard(call, lambda: begin(self.greetings.flows(call.plan), self._here(call)), envelope)

    def _on_not_reached(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, PartyNotReached)  # noqa: S101 - by subscription
        call = self.greetings.by_call.get(envelope.event.call_id)
        if call is not None and call.walk is not None and call.walk.hearing is Hearing.ELSEWHERE:
            self._switch.stop_music(call.channel_id)
            self._happens(call, NotReached(), envelope)

    def _happens(self, call: SviCall, happening: Happening, cause: Envelope | None = None) -> None:
        walk = call.walk
        if walk is not None:
            flows = self.greetings.flows(call.plan)
            self._guard(call, lambda: proceed(flows, self._here(call), walk, happening), cause)

    def _reconcile(self, present: set[str]) -> None:
        """Play again what callers were hearing: whether they heard it to the end is not known."""
        for arrived in list(self.greetings.entrusted.values()):
            if arrived.channel_id in present:
                self._receive(arrived)
        for call in list(self.greetings.by_call.values()):
            if call.channel_id not in present:
                continue
            self._hush(call)
            walk = call.walk
            flows = self.greetings.flows(call.plan)
            if walk is not None and walk.hearing is Hearing.ELSEWHERE:
                call.walk = ringing_still(flows, walk, self._clock.now())
            elif self._goes_straight(call):
                self._to_room(call)
            elif walk is None:
                self._guard(call, lambda c=call, f=flows: begin(f, self._here(c)))  # type: ignore[misc]
            else:
                self._guard(call, lambda c=call, f=flows, w=walk: resume(f, self._here(c), w))  # type: ignore[misc]

    def _key_in_room(self, waiting: RoomCall, digit: str) -> None:
        priority = waiting.keys.get(digit)
        if priority is not None and priority.rank < waiting.priority.rank:
            self._bus.publish(CallPrioritised(call_id=waiting.call_id, priority=priority))

    # --- what is done -----------------------------------------------------------------------------------

    def _guard(self, call: SviCall, take_turn: Callable[[], Turn], cause: Envelope | None = None) -> None:
        """Carry out a turn; on any difficulty the caller goes to the emergency room at once."""
        try:
            self._carry_out(call, take_turn(), cause)
        except ScriptBroken as error:
            self._rescue(call, str(error), cause)
        except Exception as error:  # a fault of ours must never keep a caller in the SVI
            log.exception("script_failed")
            self._rescue(call, type(error).__name__, cause)

    def _carry_out(self, call: SviCall, turn: Turn, cause: Envelope | None) -> None:
        if turn.hush:
            self._hush(call)
        enter = next((action for action in turn.actions if isinstance(action, Enter)), None)
        if enter is not None:
            self._orient(call, turn, enter, cause)
            return
        if turn.route:
            version, surge = call.plan
            advanced = ScriptAdvanced(
                call_id=call.call_id,
                version=version,
                surge=surge,
                script=turn.walk.script,
                route=turn.route,
            )
            cause = self._bus.publish(advanced, cause)
        call.walk = turn.walk
        for action in turn.actions:
            self._act(call, action, cause)

    def _act(self, call: SviCall, action: Action, cause: Envelope | None) -> None:
        match action:
            case Play():
                self._play(call, action.sounds)
            case Ring():
                self._switch.start_music(call.channel_id, RINGING_MUSIC)
                target = Target(TargetKind.NUMBER, action.number)
                self._bus.publish(
                    CallDiverted(call_id=call.call_id, target=target, deadline=action.until), cause
                )
            case CallBack():
                self._bus.publish(CallbackRequested(call_id=call.call_id, number=action.number), cause)
            case Finish():
                self._bus.publish(ScriptEnded(call_id=call.call_id, outcome=action.outcome), cause)
            case Enter():
                pass  # seen to before: the call leaves the SVI

    def _play(self, call: SviCall, sounds: tuple[str, ...]) -> None:
        call.plays += 1
        playback = PlaybackId(f"svi-{call.call_id}-{self._clock.now().timestamp():.3f}-{call.plays}")
        call.playback_id = playback
        self._playing[playback] = call.call_id
        self._switch.play(call.channel_id, playback, *sounds)

    def _hush(self, call: SviCall) -> None:
        """Cut short what is played."""
        if call.playback_id:
            self._playing.pop(call.playback_id, None)
            self._switch.stop_playback(call.playback_id)
            call.playback_id = NOTHING

    def _orient(self, call: SviCall, turn: Turn, enter: Enter, cause: Envelope | None) -> None:
        version, surge = call.plan
        walk = turn.walk
        self._bus.publish(
            CallOriented(
                call_id=call.call_id,
                flow=walk.flow,
                queue=enter.queue,
                priority=walk.priority,
                front_office=enter.front_office,
                skills=walk.skills,
                version=version,
                surge=surge,
                script=walk.script,
                route=turn.route,
            ),
            cause,
        )

    def _rescue(self, call: SviCall, detail: str, cause: Envelope | None) -> None:
        """Send the caller to the emergency room."""
        if self.greetings.by_call.get(call.call_id) is not call:
            return  # it has left the SVI meanwhile
        self._hush(call)
        walk = call.walk
        step = walk.step if walk is not None else ""
        log.error("script_failed", step=step, detail=detail)
        failed = self._bus.publish(ScriptFailed(call_id=call.call_id, step=step, detail=detail), cause)
        self._to_room(call, failed)

    def _goes_straight(self, call: SviCall) -> bool:
        """Whether a caller of the fallback is welcomed no more; those of vital lines are urgent above all."""
        return call.waited and (not call.unheard or call.line in self._vital_lines)

    def _to_room(self, call: SviCall, cause: Envelope | None = None) -> None:
        """Send the caller to the emergency room with no more words."""
        flows, walk = self.greetings.flows(call.plan), call.walk
        vital = call.waited and call.line in self._vital_lines
        self._bus.publish(
            CallOriented(
                call_id=call.call_id,
                flow=walk.flow if walk is not None else flows.line(call.line).flow,
                queue=flows.rescue,
                priority=walk.priority if walk is not None else Priority.UV if vital else Priority.PX,
                front_office=flows.rooms.get(flows.rescue, FrontOffice.FO1),
            ),
            cause,
        )

    def _here(self, call: SviCall) -> Circumstances:
        now, figures = self._clock.now(), self.greetings.figures
        flows = self.greetings.flows(call.plan)
        return Circumstances(
            now=now,
            line=call.line,
            number=call.number,
            called_before=call.called_before,
            state=flows.state or figures.state(flows.saturation, now),
            room=lambda queue: figures.room(queue, now),
        )
