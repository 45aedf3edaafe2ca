"""Follows the journal that another process writes: first what it holds, then each event as it is written."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from core.errors import StorageUnavailable
from core.events import Envelope
from storage import rows, segments
from storage.codec import StoredEvent
from storage.database import Database
from storage.reader import last_saved, last_saved_at, reader_beside
from storage.tables import journal

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 3.0
"""A core starts without the database if it has not answered within this."""


class JournalFollower:
    """A journal read from its files, whoever writes it.

    Life: :meth:`past` once, then :meth:`more` again and again. An event that this program does not know is left
    out.
    """

    def __init__(self, database: Database, spool_directory: Path) -> None:
        self._database = database
        self._directory = spool_directory
        self.seq = 0
        """The last place read."""
        self._path: Path | None = None
        self._offset = 0

    async def past(self, now: datetime, look_back: timedelta) -> list[Envelope]:
        """Everything of the last ``look_back``, in order, to rebuild the state of a core that starts.

        Counted from the last event where that is earlier: a core stopped for days finds what it left. With the
        database away, what the spool still holds.

        Raises:
            ConfigurationError: the tables come from a newer program.
        """
        past = await self._saved_and_spooled(now, look_back)
        if past is None:
            past = await self._spooled(now, look_back)
        self.seq = past[-1].seq if past else 0
        return past

    async def _saved_and_spooled(self, now: datetime, look_back: timedelta) -> list[Envelope] | None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._database.upgrade()
                saved = await last_saved(self._database)
            unsaved = await self._records_beyond(saved)
            last = unsaved[-1].occurred_at if unsaved else await last_saved_at(self._database)
            return await reader_beside(self._database, self._directory).since(min(now, last or now) - look_back)
        except (StorageUnavailable, TimeoutError) as error:
            log.error("state_rebuilt_from_spool_only", error=str(error))
            return None

    async def _spooled(self, now: datetime, look_back: timedelta) -> list[Envelope]:
        records = await self._records_beyond(0)
        since = min(now, records[-1].occurred_at if records else now) - look_back
        return rows.known_envelopes(record for record in records if record.occurred_at >= since)

    async def _records_beyond(self, seq: int) -> list[StoredEvent]:
        files = [(path, None) for path in segments.segments_in(self._directory)]
        return await asyncio.to_thread(segments.records_beyond, files, seq)

    async def more(self) -> list[Envelope]:
        """What was written since the last reading, in order.

        Raises:
            StorageUnavailable: files were deleted before we had read them: begin anew.
        """
        return rows.known_envelopes(await asyncio.to_thread(self._read_on))

    async def rest(self) -> list[Envelope]:
        """All that is left, where nobody writes any more; also what another site's core left in the database.

        Raises: as :meth:`more`.
        """
        rest = await self.more()
        if self._database.engine.dialect.name == "sqlite":
            return rest  # of this site alone: its files have everything
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                async with self._database.reading() as connection:
                    beyond = select(journal).where(journal.c.seq > self.seq).order_by(journal.c.seq)
                    found = [rows.record_of_row(row) for row in (await connection.execute(beyond)).mappings()]
        except (StorageUnavailable, TimeoutError):
            return rest
        self.seq = found[-1].seq if found else self.seq
        return rest + rows.known_envelopes(found)

    def _read_on(self) -> list[StoredEvent]:
        paths = segments.segments_in(self._directory)
        if self._path not in paths:
            if self._path is not None and paths and segments.first_seq_of(paths[0]) > self.seq + 1:
                raise StorageUnavailable("the journal went on faster than it could be followed")
            left = segments.beyond([(path, None) for path in paths], self.seq)
            self._path, self._offset = (left[0][0], 0) if left else (None, 0)
        found: list[StoredEvent] = []
        for path in paths:
            if self._path is not None and path >= self._path:
                self._read_segment(path, found)
        return found

    def _read_segment(self, path: Path, found: list[StoredEvent]) -> None:
        if path != self._path:
            self._path, self._offset = path, 0
        for placed in segments.read_segment(path, self._offset):
            self._offset = placed.end
            if placed.record.seq > self.seq:
                self.seq = placed.record.seq
                found.append(placed.record)
