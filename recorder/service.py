"""Follows recordings: lists each in the journal when it starts, and when Asterisk has closed it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import structlog

from core.events import (
    CallArrived,
    CallEnded,
    CallsMerged,
    Envelope,
    FallbackCallEnded,
    LineOpened,
    PartyJoined,
    PartyLeft,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
)
from core.ids import CallId, ChannelId, PartyId
from core.ports import Bus, Clock
from core.words import Outcome
from recorder.looks import Looks
from recorder.policy import Measured, Patience, Tracks, complete, is_short, patience, tracks_of, what_is_missing
from recorder.store import carried_seconds, close_left_open, measure

log = structlog.get_logger(__name__)

CALLER = PartyId("caller")
FIRST_LOOK_S = 0.25
"""After the end of a call: earlier, Asterisk is still closing its tracks and the look is for nothing."""
SECOND_AFTER_S = 5.0
"""How long after the first the second writer's tracks may take to come to their place."""
_BETWEEN_LOOKS_S = 0.25
_OCTETS_A_SECOND = 32_000
"""Of both tracks: 8 kHz, two octets a sample."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A recording not accounted for yet. ``outcome``: its call's, once that has ended."""

    call_id: CallId
    tracks: Tracks
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    """What it should hold: from the answer until the caller left, or the call's end. None: not known."""


class RecorderService:
    """The recordings of one centre, in one folder."""

    def __init__(self, bus: Bus, clock: Clock, folder: Path, second: Path | None = None) -> None:
        """``second``: the folder in memory where the second writer's tracks begin, if there is one."""
        self._bus = bus
        self._clock = clock
        self._folder = folder
        self._second = second
        self._unlisted: dict[str, Unlisted] = {}
        """Recordings not accounted for yet, by their caller's track."""
        self._channels: dict[CallId, ChannelId] = {}
        """The channels of neighbouring centres' calls, whose id is made there."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._looks = Looks(self._measured)
        bus.project(self._fold)
        bus.subscribe((LineOpened,), self._on_line_opened)
        bus.subscribe((PartyJoined,), self._on_party_joined)
        bus.subscribe((CallEnded,), self._on_call_ended)
        bus.subscribe((FallbackCallEnded,), self._on_fallback_ended)

    def start(self) -> None:
        """List the recordings of calls that ended just before the core did."""
        for recording in list(self._unlisted.values()):
            if recording.outcome is not None:
                self._spawn(recording)

    async def close(self) -> None:
        """Stop looking; what is not listed yet will be at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._looks.close()

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        match event:
            case CallArrived() if event.origin is not None:
                self._channels[event.call_id] = event.channel_id
            case RecordingStarted():
                self._begun(event, envelope.occurred_at)
            case PartyLeft():
                self._left(event, envelope.occurred_at)
            case CallsMerged():
                for recording in self._of(event.merged_id):  # its channels go on in the other call
                    # How long it should be is known no more: its party has another name in the other call.
                    moved = replace(recording, call_id=event.call_id, since=None)
                    self._unlisted[recording.tracks.caller] = moved
            case CallEnded():
                self._channels.pop(event.call_id, None)
                for recording in self._of(event.call_id):
                    until = recording.until or envelope.occurred_at
                    ended = replace(recording, outcome=event.outcome, until=until)
                    self._unlisted[recording.tracks.caller] = ended
            case FallbackCallEnded() if not event.handed_back:
                with suppress(ValueError):  # said in the event that follows
                    tracks = tracks_of(event.call_id)
                    self._unlisted[tracks.caller] = Unlisted(event.call_id, tracks, outcome=event.outcome)
            case RecordingEnded() | RecordingMissing() if event.caller_track:
                self._unlisted.pop(event.caller_track, None)
            case RecordingEnded() | RecordingMissing():  # of an older journal, or with no track
                for recording in self._of(event.call_id):
                    del self._unlisted[recording.tracks.caller]
            case _:
                pass

    def _begun(self, event: RecordingStarted, now: datetime) -> None:
        tracks = Tracks(event.caller_track, event.centre_track)
        if tracks.caller in self._unlisted:
            return  # of a call of mode secours, whose end was told first
        first = not self._of(event.call_id)  # further ones are of numbers called
        self._unlisted[tracks.caller] = Unlisted(event.call_id, tracks, since=now if first else None)

    def _left(self, event: PartyLeft, now: datetime) -> None:
        for recording in self._of(event.call_id):
            if event.party_id == CALLER and recording.until is None:
                self._unlisted[recording.tracks.caller] = replace(recording, until=now)

    def _of(self, call_id: CallId) -> list[Unlisted]:
        return [recording for recording in self._unlisted.values() if recording.call_id == call_id]

    def _on_line_opened(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, LineOpened)  # noqa: S101 - by subscription
        call_id = envelope.event.call_id
        self._begin(call_id, self._channels.get(call_id, call_id), envelope)

    def _on_party_joined(self, envelope: Envelope) -> None:
        """A number picked up: it is recorded by its own channel."""
        assert isinstance(envelope.event, PartyJoined)  # noqa: S101 - by subscription
        self._begin(envelope.event.call_id, envelope.event.channel_id, envelope)

    def _begin(self, call_id: CallId, channel: str, envelope: Envelope) -> None:
        try:
            tracks = tracks_of(channel)
        except ValueError as error:  # a recording we cannot find is no reason to fail the call
            self._bus.publish(RecordingMissing(call_id=call_id, detail=str(error)), envelope)
            return
        self._bus.publish(
            RecordingStarted(call_id=call_id, caller_track=tracks.caller, centre_track=tracks.centre), envelope
        )

    def _on_call_ended(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, CallEnded)  # noqa: S101 - by subscription
        for recording in self._of(envelope.event.call_id):
            self._spawn(recording)

    def _on_fallback_ended(self, envelope: Envelope) -> None:
        """A call of mode secours is told of when it is over: it was recorded by the dialplan all the same."""
        event = envelope.event
        assert isinstance(event, FallbackCallEnded)  # noqa: S101 - by subscription
        if event.handed_back:
            return  # its recording is listed, or looked for, since it began
        self._begin(event.call_id, event.call_id, envelope)
        for recording in self._of(event.call_id):
            self._spawn(recording)

    def _spawn(self, recording: Unlisted) -> None:
        name = f"recording {recording.tracks.caller}"
        task = asyncio.get_running_loop().create_task(self._list(recording), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _list(self, recording: Unlisted) -> None:
        """Wait until Asterisk has closed the tracks, a moment after the call's end, then list them."""
        call_id, tracks = recording.call_id, recording.tracks
        caller, centre = await self._closed_tracks(tracks, patience(recording.outcome or Outcome.ANSWERED))
        repaired = not complete(caller, centre)
        if repaired:
            caller, centre = await asyncio.to_thread(self._repaired, tracks)
        second = await self._seconds_of_second(tracks)
        if caller.seconds is not None and centre.seconds is not None:
            self._bus.publish(
                RecordingEnded(
                    call_id=call_id,
                    seconds=round(max(caller.seconds, centre.seconds), 3),
                    octets=caller.octets + centre.octets,
                    caller_track=tracks.caller,
                    repaired=repaired,
                    second=second,
                )
            )
            self._flag_if_short(recording, max(caller.seconds, centre.seconds, second or 0))
        elif second is not None:
            log.warning("recorded_by_second_writer_alone", call_id=call_id)
            self._bus.publish(
                RecordingEnded(
                    call_id=call_id,
                    seconds=second,
                    octets=round(second * _OCTETS_A_SECOND),
                    caller_track=tracks.caller,
                    repaired=True,
                    second=second,
                )
            )
            self._flag_if_short(recording, second)
        else:
            log.error("recording_missing", call_id=call_id)
            missing = what_is_missing(caller, centre)
            self._bus.publish(RecordingMissing(call_id=call_id, detail=missing, caller_track=tracks.caller))

    async def _seconds_of_second(self, tracks: Tracks) -> float | None:
        """How long the second writer's tracks are, once they are carried away, a moment later."""
        if self._second is None:
            return None
        give_up = self._clock.monotonic() + SECOND_AFTER_S
        while True:
            caller = carried_seconds(self._second / tracks.caller)
            centre = carried_seconds(self._second / tracks.centre)
            if caller is not None and centre is not None:
                return max(caller, centre)
            if self._clock.monotonic() >= give_up:
                return None
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def _flag_if_short(self, recording: Unlisted, seconds: float) -> None:
        since, until = recording.since, recording.until
        if since is not None and until is not None and is_short(seconds, since, until):
            lasted = (until - since).total_seconds()
            log.error("recording_short", call_id=recording.call_id)
            self._bus.publish(
                RecordingMissing(
                    call_id=recording.call_id,
                    detail=f"short: {seconds:.1f} s of {lasted:.1f} s",
                    caller_track=recording.tracks.caller,
                )
            )

    def _repaired(self, tracks: Tracks) -> tuple[Measured, Measured]:
        """Close what Asterisk left open: it ended in the middle of the call. Blocking."""
        measured = []
        for track in (self._folder / tracks.caller, self._folder / tracks.centre):
            found = measure(track)
            if found.seconds is None and close_left_open(track):
                log.warning("track_repaired", track=track.name)
                found = measure(track)
            measured.append(found)
        return measured[0], measured[1]

    async def _closed_tracks(self, tracks: Tracks, patient: Patience) -> tuple[Measured, Measured]:
        give_up = self._clock.monotonic() + patient.total
        pause = min(FIRST_LOOK_S, patient.between)
        while True:
            caller, centre = await self._looks.after(pause, tracks)
            if complete(caller, centre) or self._clock.monotonic() >= give_up:
                return caller, centre
            pause = patient.between

    def _measured(self, tracks: Tracks) -> tuple[Measured, Measured]:
        """Both tracks as they are. Blocking."""
        return measure(self._folder / tracks.caller), measure(self._folder / tracks.centre)
