"""What is said is left out of a call's recording for a moment, where the centre allows it.

The tracks go on with silence in both. It lasts until the agent ends it, until the longest time allowed is over,
or until anything changes in who is in the call or hears it: nobody is left out whom the agent did not mean.
"""

import asyncio
from datetime import datetime

import structlog

from core.commands import PauseRecording, ResumeRecording
from core.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from core.events import (
    AgentLoggedIn,
    AgentLost,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallHeld,
    CallsMerged,
    Envelope,
    PartyJoined,
    PartyLeft,
    RecordingPaused,
    RecordingResumed,
    TransferStarted,
)
from core.ids import CallId, ChannelId, PartyId, PositionId
from core.ports import Bus, Clock, RecordingSwitch
from core.switch import SwitchEvent, SwitchUp
from core.words import ResumeCause, Role
from recorder.policy import PauseRules
from recorder.scenes import Scene, Scenes

log = structlog.get_logger(__name__)

CHANGES = (CallHeld, AgentLost, TransferStarted, PartyJoined, PartyLeft, CallAnswered, CallsMerged)
"""After which a recording that was paused goes on."""


class PauseService:
    """The pauses of one centre's recordings."""

    def __init__(self, bus: Bus, clock: Clock, recordings: RecordingSwitch, rules: PauseRules) -> None:
        self._bus = bus
        self._clock = clock
        self._recordings = recordings
        self.rules = rules
        self._scenes = Scenes()
        self._roles: dict[PositionId, Role] = {}
        self._paused: dict[CallId, RecordingPaused] = {}
        self._silent: dict[ChannelId, bool] = {}
        """Channels of live calls whose recording was ever paused, and whether it is to be silent now."""
        self._due: set[ChannelId] = set()
        """Those of which Asterisk is to be told."""
        self._telling: asyncio.Task[None] | None = None
        bus.project(self._fold)
        bus.subscribe((RecordingPaused, RecordingResumed), self._on_told)
        bus.subscribe(CHANGES, self._on_change)
        bus.handle(PauseRecording, self._pause)
        bus.handle(ResumeRecording, self._resume)

    async def close(self) -> None:
        """Tell Asterisk no more; who is next in command tells it again."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, AgentLoggedIn):
            self._roles[event.position_id] = event.role
        if not isinstance(event, CallEvent):
            return
        ended = self._scenes.by_call.get(event.call_id) if isinstance(event, CallEnded) else None
        self._scenes.fold(event, envelope.occurred_at)
        match event:
            case RecordingPaused():
                self._paused[event.call_id] = event
                self._want(event.call_id, silent=True)
            case RecordingResumed():
                self._paused.pop(event.call_id, None)
                self._want(event.call_id, silent=False)
            case CallsMerged() if (paused := self._paused.pop(event.merged_id, None)) is not None:
                self._paused[event.call_id] = paused
            case CallEnded():
                self._paused.pop(event.call_id, None)
                for person in ended.people.values() if ended is not None else ():
                    if person.channel_id is not None:
                        self._silent.pop(person.channel_id, None)
            case _:
                pass

    def _want(self, call_id: CallId, *, silent: bool) -> None:
        scene = self._scenes.by_call.get(call_id)
        for person in scene.people.values() if scene is not None else ():
            channel_id = person.channel_id
            if channel_id is not None and person.present and (silent or channel_id in self._silent):
                self._silent[channel_id] = silent

    # --- what agents ask --------------------------------------------------------------------------------

    def _pause(self, command: PauseRecording) -> None:
        position_id = command.position_id
        scene = self._heard_by(position_id)
        if scene.call_id in self._paused:
            raise CommandRefused("already_paused")
        if not self.rules.allow(self._roles.get(position_id), scene.line, command.reason):
            raise CommandRefused("pause_not_allowed")
        if all(p.channel_id is None for p in scene.people.values() if p.present):
            raise CommandRefused("not_recorded")
        agent_id = scene.people[PartyId(position_id)].agent_id
        assert agent_id is not None  # noqa: S101 - a position is there by its agent
        self._bus.publish(
            RecordingPaused(
                call_id=scene.call_id,
                position_id=position_id,
                agent_id=agent_id,
                reason=command.reason,
                until=self._clock.now() + self.rules.longest,
            )
        )

    def _resume(self, command: ResumeRecording) -> None:
        scene = self._heard_by(command.position_id)
        if scene.call_id not in self._paused:
            raise CommandRefused("not_paused")
        self._end(scene.call_id, ResumeCause.AGENT)

    def _heard_by(self, position_id: PositionId) -> Scene:
        """The call that a position hears.

        Raises:
            CommandRefused: there is none (``not_talking``).
        """
        for scene in self._scenes.by_call.values():
            own = scene.people.get(PartyId(position_id))
            if own is not None and own.hears and own.agent_id is not None:
                return scene
        raise CommandRefused("not_talking")

    # --- their end --------------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        """End the pauses that have lasted for as long as may be; tell Asterisk what it was not told."""
        for call_id, paused in list(self._paused.items()):
            if paused.until <= now:
                self._end(call_id, ResumeCause.DEADLINE)
        self._tell()

    def _on_change(self, envelope: Envelope) -> None:
        if envelope.call_id in self._paused:
            self._end(envelope.call_id, ResumeCause.CHANGE, envelope)

    def _end(self, call_id: CallId, cause: ResumeCause, after: Envelope | None = None) -> None:
        self._bus.publish(RecordingResumed(call_id=call_id, cause=cause), after)

    # --- Asterisk ---------------------------------------------------------------------------------------

    def on_switch(self, event: SwitchEvent) -> None:
        """Asterisk is under command again: whatever an earlier core told it, tell it anew."""
        if isinstance(event, SwitchUp):
            self._due.update(channel for channel in self._silent if event.truth.covers(channel))

    def _on_told(self, envelope: Envelope) -> None:
        scene = self._scenes.by_call.get(envelope.call_id) if envelope.call_id else None
        for person in scene.people.values() if scene is not None else ():
            if person.channel_id in self._silent:
                self._due.add(person.channel_id)
        self._tell()

    def _tell(self) -> None:
        if self._due and (self._telling is None or self._telling.done()):
            self._telling = asyncio.get_running_loop().create_task(self._tell_all(), name="recording pauses")

    async def _tell_all(self) -> None:
        """Until Asterisk knows all, or does not answer: then the ticker tries again."""
        while self._due:
            channel = next(iter(self._due))
            silent = self._silent.get(channel)
            try:
                if silent is not None:
                    await self._recordings.leave_out(channel, silent)
            except SwitchRefused:
                log.info("recording_not_paused", reason="the channel has ended")
            except SwitchUnavailable:
                return
            if self._silent.get(channel) == silent:
                self._due.discard(channel)
