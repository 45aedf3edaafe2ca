"""Has each recording sealed once its call is over; again and again, ever less often, until it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from core.errors import BandeauError
from core.ids import RecordingId
from core.ports import Clock
from core.recordings import Recording, RecordingState
from core.words import Outcome
from recorder.custody.ledger import CustodyLedger
from recorder.custody.places import archived_on, tracks_in
from recorder.custody.ports import Store
from recorder.sealing.errors import NotSealable, SealingError
from recorder.sealing.seal import Sealed, SealJob
from recorder.sequences import RecordingIndex, index_document

log = structlog.get_logger(__name__)

Seal = Callable[[SealJob], Awaitable[Sealed]]
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_WAITING = frozenset({RecordingState.RECORDED, RecordingState.FAILED})


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries that failed."""
    doubled: int = 2 ** min(attempts, 20)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)


class SealingJobs:
    """What is being sealed.

    Args:
        store: the catalogue.
        ledger: writes into the chain.
        clock: tells the time.
        seal: seals one recording; waits for a worker that is free.
        folders: where tracks are, the best writer's first.
        at_once: how many are handed over at a time.
        keep_wav: keep the tracks as they were written.
    """

    def __init__(
        self,
        store: Store,
        ledger: CustodyLedger,
        clock: Clock,
        seal: Seal,
        folders: Sequence[Path],
        *,
        at_once: int,
        keep_wav: bool = False,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._seal = seal
        self._folders = folders
        self._at_once = at_once
        self._keep_wav = keep_wav
        self._running: dict[RecordingId, asyncio.Task[None]] = {}

    def busy(self, recording_id: RecordingId) -> bool:
        """Whether a recording is being sealed at this instant."""
        return recording_id in self._running

    async def look(self) -> None:
        """Begin to seal what is due, as far as there are hands.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        free = self._at_once - len(self._running)
        if free <= 0:
            return
        due = await self._store.due(self._clock.now(), free + len(self._running))
        for recording in [r for r in due if r.recording_id not in self._running][:free]:
            task = asyncio.create_task(self._one(recording.recording_id), name="sealing")
            self._running[recording.recording_id] = task

    async def settled(self) -> None:
        """Wait until nothing is being sealed."""
        await asyncio.gather(*self._running.values())

    async def close(self) -> None:
        """Stop; what is not sealed will be another time."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _one(self, recording_id: RecordingId) -> None:
        """Seal one recording; the top of its task."""
        try:
            async with self._ledger.act():  # nobody erases it between this look and its seal
                recording = await self._store.get(recording_id)
            if recording is not None and recording.state in _WAITING:
                await self._try(recording)
        except BandeauError as error:  # the database or the chain is away: it stays due
            log.warning("seal_not_noted", error=error.code)
        finally:
            del self._running[recording_id]

    async def _try(self, recording: Recording) -> None:
        try:
            sealed = await self._seal(await self._job(recording))
        except NotSealable as error:
            log.error("recording_not_sealable", call_id=recording.call_id)
            await self._store.lost(recording.recording_id, str(error))
        except (SealingError, OSError) as error:
            await self._put_off(recording, error)
        else:
            async with self._ledger.act():
                await self._ledger.publish(sealed.body(), sealed.day)

    async def _put_off(self, recording: Recording, error: Exception) -> None:
        until = self._clock.now() + wait_after(recording.attempts)
        kind = type(error).__name__
        log.error("recording_not_sealed", call_id=recording.call_id, error=kind, tries=recording.attempts + 1)
        await self._store.put_off(recording.recording_id, f"{kind}: {error}"[:500], until)

    async def _job(self, recording: Recording) -> SealJob:
        pairs = (tracks_in(folder, recording) for folder in self._folders)
        return SealJob(
            recording_id=recording.recording_id,
            call_id=recording.call_id,
            centre_id=recording.centre_id,
            day=archived_on(recording),
            tracks=tuple(pair for pair in pairs if pair is not None),
            index=await self._store.index_of(recording.recording_id) or index_document(_bare(recording)),
            keep_wav=self._keep_wav,
        )


def _bare(recording: Recording) -> RecordingIndex:
    """The index of a recording of which the journal told no more than that it is there."""
    ended: datetime = recording.ended_at or recording.started_at
    return RecordingIndex(
        recording_id=recording.recording_id,
        call_id=recording.call_id,
        centre_id=recording.centre_id,
        line=recording.line,
        number=recording.number,
        direction=recording.direction,
        started_at=recording.started_at,
        ended_at=ended,
        seconds=recording.seconds,
        outcome=recording.outcome or Outcome.ANSWERED,
        sequences=(),
        pauses=(),
        agents=recording.agents,
        test=recording.test,
    )
