"""Instant recall: the last words of the caller, again, in one agent's ear, while the call goes on.

The caller's track is read while Asterisk writes it. The excerpt is made in a thread, whispered to the leg of
the position, and forgotten when it is over.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from core.commands import PlayRecall, StopRecall
from core.errors import CommandRefused
from core.events import (
    CallEnded,
    CallHeld,
    CallsMerged,
    Envelope,
    PartyLeft,
    RecallEnded,
    RecallPlayed,
    RecordingStarted,
)
from core.ids import CallId, ChannelId, PlaybackId, PositionId, new_id
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Switch
from core.switch import ChannelGone, LegOpened, PlaybackEnded, SwitchEvent, SwitchUp
from recorder.excerpt import NothingToHear, make_excerpt
from recorder.policy import recall_allowed
from web.parties import PartiesSeen

log = structlog.get_logger(__name__)

FOLDER = "recall"
"""Within the recordings folder: Asterisk reads it there."""
Maker = Callable[[Path, Path, float, int], float]


class RecallService:
    """The recalls of one centre. ``make``: makes an excerpt; blocking, run in a thread."""

    def __init__(
        self,
        bus: Bus,
        switch: Switch,
        folder: Path,
        make: Maker = make_excerpt,
        nodes: Nodes = ONE_NODE,
    ) -> None:
        self._bus = bus
        self._switch = switch
        self._folder = folder
        self._make = make
        self._seen = PartiesSeen()
        self._tracks: dict[CallId, str] = {}
        """The caller's track of each live call: of its first recording."""
        self._nodes = nodes
        self._legs: dict[tuple[PositionId, str], ChannelId] = {}
        """By position, and the Asterisk where the leg is."""
        self._playing: dict[PositionId, RecallPlayed] = {}
        self._preparing: dict[PositionId, asyncio.Task[None]] = {}
        bus.project(self._fold)
        bus.subscribe((CallEnded, CallHeld, PartyLeft), self._on_not_heard)
        bus.handle(PlayRecall, self._play)
        bus.handle(StopRecall, self._stop)

    async def close(self) -> None:
        """Stop preparing."""
        tasks = list(self._preparing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        match event:
            case LegOpened():
                self._legs[event.position_id, self._nodes.of(event.channel_id)] = event.channel_id
            case ChannelGone():
                for place in [p for p, leg in self._legs.items() if leg == event.channel_id]:
                    del self._legs[place]
                    self._over(place[0])
            case PlaybackEnded():
                for position_id, playing in list(self._playing.items()):
                    if playing.playback_id == event.playback_id:
                        self._over(position_id)
            case SwitchUp():
                self._legs = {p: leg for p, leg in self._legs.items() if not event.truth.covers(leg)}
                for found in event.truth.channels:
                    if found.leg is not None:
                        self._legs[found.leg, self._nodes.of(found.channel_id)] = found.channel_id
                for position_id in list(self._playing):  # how far it was is not known: it is over
                    self._cut(position_id)
            case _:
                pass

    def _fold(self, envelope: Envelope) -> None:
        self._seen.fold(envelope)
        event = envelope.event
        match event:
            case RecordingStarted():
                self._tracks.setdefault(event.call_id, event.caller_track)
            case CallsMerged():
                merged = self._tracks.pop(event.merged_id, None)
                if merged is not None:
                    self._tracks.setdefault(event.call_id, merged)
            case RecallPlayed():
                self._playing[event.position_id] = event
            case RecallEnded():
                self._playing.pop(event.position_id, None)
            case CallEnded():
                self._tracks.pop(event.call_id, None)
            case _:
                pass

    # --- what agents ask --------------------------------------------------------------------------------

    def _play(self, command: PlayRecall) -> None:
        position_id = command.position_id
        if not recall_allowed(command.seconds, command.speed):
            raise CommandRefused("bad_arguments")
        call = self._seen.shown_of(position_id)
        if call is None or call.state_for(position_id) != "talking":
            raise CommandRefused("not_talking")
        track = self._tracks.get(call.call_id)
        if track is None:
            raise CommandRefused("nothing_recorded")
        place = position_id, self._nodes.of(Path(track).name)  # its track has the name of the caller's channel
        leg = self._legs.get(place)
        if leg is None:
            raise CommandRefused("no_audio")
        self._cut(position_id)
        task = asyncio.get_running_loop().create_task(self._prepare(command, call.call_id, track, place))
        self._preparing[position_id] = task
        task.add_done_callback(lambda done: self._prepared(position_id, done))

    def _stop(self, command: StopRecall) -> None:
        if command.position_id not in self._playing and command.position_id not in self._preparing:
            raise CommandRefused("no_recall")
        self._cut(command.position_id)

    def _cut(self, position_id: PositionId) -> None:
        """End what is being whispered, or prepared."""
        if (task := self._preparing.pop(position_id, None)) is not None:
            task.cancel()
        if (playing := self._playing.get(position_id)) is not None:
            self._switch.stop_whisper(playing.playback_id)
            self._over(position_id)

    async def _prepare(
        self, command: PlayRecall, call_id: CallId, track: str, place: tuple[PositionId, str]
    ) -> None:
        position_id, leg = command.position_id, self._legs.get(place)
        playback_id = PlaybackId(f"recall-{new_id()}")
        excerpt = self._file(playback_id)
        try:
            seconds = await asyncio.to_thread(
                self._make, self._folder / track, excerpt, command.seconds, command.speed
            )
        except (NothingToHear, OSError) as error:
            log.warning("recall_not_made", reason=type(error).__name__)
            return
        if leg is None or self._legs.get(place) != leg:
            return
        self._bus.publish(
            RecallPlayed(
                call_id=call_id,
                position_id=position_id,
                playback_id=playback_id,
                asked=command.seconds,
                seconds=round(seconds, 2),
                speed=command.speed,
            )
        )
        self._switch.whisper(leg, playback_id, str(excerpt.with_suffix("")))

    def _prepared(self, position_id: PositionId, task: "asyncio.Task[None]") -> None:
        if self._preparing.get(position_id) is task:
            del self._preparing[position_id]

    # --- its end ----------------------------------------------------------------------------------------

    def _on_not_heard(self, envelope: Envelope) -> None:
        """The agent is in that call no more, or holds it."""
        for position_id, playing in list(self._playing.items()):
            call = self._seen.shown_of(position_id)
            if call is None or call.call_id != playing.call_id or call.state_for(position_id) == "held":
                self._cut(position_id)

    def _over(self, position_id: PositionId) -> None:
        playing = self._playing.get(position_id)
        if playing is not None:
            self._bus.publish(RecallEnded(call_id=playing.call_id, position_id=position_id))
            self._file(playing.playback_id).unlink(missing_ok=True)

    def _file(self, playback_id: PlaybackId) -> Path:
        return self._folder / FOLDER / f"{playback_id}.wav"
