"""The journal: from the local spool to the database, in the background, and reading both as one.

Events reach the database in batches, in order, each once, with their ledger rows in the same transaction. The
database may be away for hours: nothing is lost, and it is caught up when it is back.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from core.errors import StorageUnavailable
from storage import rows
from storage.codec import StoredEvent
from storage.database import Database, is_refusal
from storage.reader import Reader, last_saved
from storage.refused import set_aside
from storage.spool import Spool

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalPace:
    """How the journal moves to the database."""

    gather_seconds: float = 0.4
    """How long events may gather before they are moved."""
    batch_records: int = 500
    first_retry_seconds: float = 0.2
    last_retry_seconds: float = 5
    idle_seconds: float = 3
    """With nothing to move for so long, the database is asked whether it is there."""
    answer_seconds: float = 3
    """How long it may take to answer that."""
    start_patience_seconds: float = 3
    """A core starts without the database if it has not answered within this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalState:
    """What alarms and measures need to know.

    ``unsaved``: how many events the database does not have, of this core alone while it has never been
    reached (and too many where places were skipped); ``oldest_unsaved_at``: when the first of them happened.
    ``disk_well``: whether the spool can write. ``lost``: events that neither disk nor memory could keep.
    ``refused``: events the database would not take, set aside in a file of the spool.
    """

    database_up: bool
    disk_well: bool
    unsaved: int
    oldest_unsaved_at: datetime | None
    lost: int
    refused: int


class Journal(Reader):
    """Implements ``JournalReader`` over database and spool. The bus writes to the spool directly.

    Life: ``start`` → reading … → ``close``; it opens and closes the spool, not the database.

    Args:
        spool: not yet open.
        database: where the journal goes in the end.
        refused_file: where events are set aside that the database refuses.
        pace: batches and retries.
    """

    def __init__(
        self, spool: Spool, database: Database, refused_file: Path, pace: JournalPace | None = None
    ) -> None:
        super().__init__(database, self._beyond_saved)
        self._spool = spool
        self._refused_file = refused_file
        self._pace = pace or JournalPace()
        self._appended = asyncio.Event()
        self._progress = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._database_up = False
        self._opened_after = 0
        self._spool_is_new = False
        self._met = False
        self._moving: StoredEvent | None = None
        self._refused = 0
        self._idle = False

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring the tables up to date, open the spool where the journal ended, and begin to move events.

        Starts without the database when it does not answer in a few seconds.

        Raises:
            ConfigurationError: the spool is another core's, or the tables come from a newer program.
        """
        saved: int | None = None
        try:
            async with asyncio.timeout(self._pace.start_patience_seconds):
                saved = await self._prepare_database()
        except (StorageUnavailable, TimeoutError) as error:
            log.error("journal_starts_without_database", error=str(error))
        self._spool_is_new = not self._spool.open()
        if saved is not None:
            self._spool.continue_after(saved)
            self._spool.committed(saved)
        elif self._spool_is_new:
            # Neither knows where the journal ended: begin beyond any place ever given.
            self._spool.continue_after(time.time_ns() // 1_000_000)
        self._opened_after = self._spool.last_seq
        self._database_up = self._met = saved is not None
        self._spool.listen(self._appended.set)
        self._task = asyncio.create_task(self._keep_moving(), name="journal")

    async def close(self, patience_seconds: float = 5) -> None:
        """Move what is left if the database answers, then leave the spool, which keeps the rest."""
        if self._task is None:
            return
        if self._database_up:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await self.settled()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        await asyncio.to_thread(self._spool.close)

    async def settled(self) -> None:
        """Wait until the database has every event appended before this call."""
        last = self._spool.last_kept_seq
        async with self._progress:
            await self._progress.wait_for(lambda: self._spool.committed_seq >= last)

    # --- state --------------------------------------------------------------------------------------------

    def state(self) -> JournalState:
        """What alarms and measures need to know, now."""
        saved = self._spool.committed_seq if self._met else self._opened_after
        unsaved = max(0, self._spool.last_kept_seq - saved)
        oldest = (self._moving or self._spool.oldest_unsaved) if unsaved else None
        return JournalState(
            database_up=self._database_up,
            disk_well=self._spool.healthy,
            unsaved=unsaved,
            oldest_unsaved_at=oldest.occurred_at if oldest else None,
            lost=self._spool.dropped,
            refused=self._refused,
        )

    @property
    def disk_trouble(self) -> str:
        """Why the spool cannot write (``ENOSPC``); empty: it can."""
        return self._spool.failure

    async def _beyond_saved(self) -> list[StoredEvent]:
        return await self._spool.after(self._spool.committed_seq)

    # --- moving -------------------------------------------------------------------------------------------

    async def _keep_moving(self) -> None:
        """Move events whenever there are some; the top of the background task."""
        delay = self._pace.first_retry_seconds
        while True:
            try:
                if not self._database_up:
                    await self._find_database()
                elif self._idle:
                    await self._ask_database()
                self._idle = False
                await self._move_all()
            except Exception as error:
                self._note_failure(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, self._pace.last_retry_seconds)
                continue
            delay = self._pace.first_retry_seconds
            await self._something_to_do()

    async def _something_to_do(self) -> None:
        """Wait until events have gathered, or for a while: the next round then asks the database."""
        try:
            async with asyncio.timeout(self._pace.idle_seconds):
                await self._appended.wait()
        except TimeoutError:
            self._idle = True
            return
        self._appended.clear()
        await asyncio.sleep(self._pace.gather_seconds)

    async def _move_all(self) -> None:
        while batch := await self._spool.take(self._spool.committed_seq, self._pace.batch_records):
            self._moving = batch[0]
            await self._move(batch)
            self._moving = None
            self._spool.committed(batch[-1].seq)
            async with self._progress:
                self._progress.notify_all()

    async def _move(self, batch: Sequence[StoredEvent]) -> None:
        """Commit a batch; where the database refuses it, commit one by one and set aside what it refuses."""
        try:
            await self._database.write(rows.write_records, batch)
        except DBAPIError as error:
            if not is_refusal(error):
                raise
            if len(batch) > 1:
                for record in batch:
                    await self._move([record])
                return
            log.critical("journal_event_refused", event_id=batch[0].event_id, error=type(error.orig).__name__)
            await asyncio.to_thread(set_aside, self._refused_file, batch[0])
            self._refused += 1

    async def _find_database(self) -> None:
        """Ask the database, back again, what it has: a commit may have been lost, or done unknown to us."""
        saved = await self._prepare_database()
        ours = self._spool.last_seq if self._met else self._opened_after
        if saved > ours:
            # Places were given twice. Offer it everything: what it has is left, what it refuses is set aside.
            log.critical("journal_has_another_writer", saved=saved, ours=ours)
            self._spool.continue_after(saved)
            saved = 0
        elif self._spool_is_new:
            saved = max(saved, self._opened_after)
        self._spool.committed(saved)
        self._database_up = self._met = True
        log.info("journal_database_up", unsaved=self.state().unsaved)

    async def _ask_database(self) -> None:
        """See that the database still answers, though there is nothing to tell it.

        Raises:
            StorageUnavailable, TimeoutError: it does not.
        """
        async with asyncio.timeout(self._pace.answer_seconds):
            await self._database.ping()

    async def _prepare_database(self) -> int:
        await self._database.upgrade()
        return await last_saved(self._database)

    def _note_failure(self, error: Exception) -> None:
        if self._database_up or not isinstance(error, StorageUnavailable):
            log.error("journal_not_moving", error=str(error), kind=type(error).__name__)
        self._database_up = False
