"""Follows recordings: lists each in the journal when it starts, and when Asterisk has closed it."""

import asyncio
from pathlib import Path

import structlog

from core.events import CallEnded, Envelope, LineOpened, RecordingEnded, RecordingMissing, RecordingStarted
from core.ids import CallId
from core.ports import Bus, Clock
from core.words import Outcome
from recorder.policy import Measured, Patience, complete, patience, tracks_of, what_is_missing
from recorder.store import measure

log = structlog.get_logger(__name__)

FIRST_LOOK_S = 0.25
"""After the end of a call: earlier, Asterisk is still closing its tracks and the look is for nothing."""


class RecorderService:
    """The recordings of one centre, in one folder."""

    def __init__(self, bus: Bus, clock: Clock, folder: Path) -> None:
        self._bus = bus
        self._clock = clock
        self._folder = folder
        self._unlisted: dict[CallId, Outcome | None] = {}
        """Recordings not accounted for yet; the outcome of their call, if it has ended."""
        self._tasks: set[asyncio.Task[None]] = set()
        bus.project(self._fold)
        bus.subscribe((LineOpened,), self._on_line_opened)
        bus.subscribe((CallEnded,), self._on_call_ended)

    def start(self) -> None:
        """List the recordings of calls that ended just before the core did."""
        for call_id, outcome in list(self._unlisted.items()):
            if outcome is not None:
                self._spawn(call_id, outcome)

    async def close(self) -> None:
        """Stop looking; what is not listed yet will be at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        match event:
            case RecordingStarted():
                self._unlisted[event.call_id] = None
            case CallEnded() if event.call_id in self._unlisted:
                self._unlisted[event.call_id] = event.outcome
            case RecordingEnded() | RecordingMissing():
                self._unlisted.pop(event.call_id, None)
            case _:
                pass

    def _on_line_opened(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, LineOpened)  # noqa: S101 - by subscription
        call_id = envelope.event.call_id
        try:
            tracks = tracks_of(call_id)
        except ValueError as error:  # a recording we cannot find is no reason to fail the call
            self._bus.publish(RecordingMissing(call_id=call_id, detail=str(error)), envelope)
            return
        self._bus.publish(
            RecordingStarted(call_id=call_id, caller_track=tracks.caller, centre_track=tracks.centre), envelope
        )

    def _on_call_ended(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, CallEnded)  # noqa: S101 - by subscription
        if envelope.event.call_id in self._unlisted:
            self._spawn(envelope.event.call_id, envelope.event.outcome)

    def _spawn(self, call_id: CallId, outcome: Outcome) -> None:
        task = asyncio.get_running_loop().create_task(self._list(call_id, outcome), name=f"recording {call_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _list(self, call_id: CallId, outcome: Outcome) -> None:
        """Wait until Asterisk has closed the tracks, a moment after the call's end, then list them."""
        caller, centre = await self._closed_tracks(call_id, patience(outcome))
        if caller.seconds is not None and centre.seconds is not None:
            self._bus.publish(
                RecordingEnded(
                    call_id=call_id,
                    seconds=round(max(caller.seconds, centre.seconds), 3),
                    octets=caller.octets + centre.octets,
                )
            )
        else:
            log.error("recording_missing", call_id=call_id)
            self._bus.publish(RecordingMissing(call_id=call_id, detail=what_is_missing(caller, centre)))

    async def _closed_tracks(self, call_id: CallId, patient: Patience) -> tuple[Measured, Measured]:
        tracks = tracks_of(call_id)
        give_up = self._clock.monotonic() + patient.total
        await asyncio.sleep(min(FIRST_LOOK_S, patient.between))
        while True:
            caller, centre = await asyncio.to_thread(
                lambda: (measure(self._folder / tracks.caller), measure(self._folder / tracks.centre))
            )
            if complete(caller, centre) or self._clock.monotonic() >= give_up:
                return caller, centre
            await asyncio.sleep(patient.between)
