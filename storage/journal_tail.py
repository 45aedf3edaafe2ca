"""Reads the journal on from a place, however far back: from the database, then from the spool."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from core.errors import StorageUnavailable
from core.events import Envelope
from storage import rows, segments
from storage.database import Database
from storage.follower import JournalFollower
from storage.reader import last_saved, reader_beside
from storage.tables import journal

log = structlog.get_logger(__name__)

TOGETHER = 2000
"""Events read from the database at once."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read on: known events, the place after them, and when its event happened."""

    envelopes: list[Envelope]
    place: int
    at: datetime | None


class JournalTail:
    """A journal that another process writes, read on from any place.

    Life: :meth:`begin` with a place, then :meth:`more` again and again. Every method raises StorageUnavailable
    when the database, or a file of the spool, does not answer: begin anew with the place that was kept.
    """

    def __init__(self, database: Database, spool_directory: Path) -> None:
        self._database = database
        self._directory = spool_directory
        self._place = 0
        self._follower: JournalFollower | None = None
        """Reads the spool, once the database has nothing that it lacks."""

    async def begin(self, place: int, at: datetime | None, look_back: timedelta) -> list[Envelope]:
        """Go to a place; what happened in the time before it, up to it.

        A journal that ends earlier (it was restored, or lost its last instant in a power cut) is read on from
        its end.

        Args:
            place: the last one that was taken in; 0: none.
            at: when that was.
            look_back: how long a time before.
        """
        self._follower = None
        last = await self._last()
        if place > last:
            log.warning("journal_ends_earlier", place=place, last=last)
        self._place = min(place, last)
        if at is None:
            return []
        since = await reader_beside(self._database, self._directory).since(at - look_back)
        return [envelope for envelope in since if envelope.seq <= self._place]

    async def more(self) -> Read:
        """What comes next; nothing, where all was read."""
        if self._follower is None:
            read = await self._from_database()
            if read.place > self._place:
                self._place = read.place
                return read
            self._follower = JournalFollower(self._database, self._directory)
            self._follower.seq = self._place
        try:
            # ``rest``: with PostgreSQL another site's core may write, whose spool is not here.
            found = await self._follower.rest()
        except StorageUnavailable:
            self._follower = None  # files were deleted before they were read: the database has them
            return Read([], self._place, None)
        self._place = self._follower.seq
        return Read(found, self._place, found[-1].occurred_at if found else None)

    async def _from_database(self) -> Read:
        beyond = select(journal).where(journal.c.seq > self._place).order_by(journal.c.seq).limit(TOGETHER)
        async with self._database.reading() as connection:
            found = [rows.record_of_row(row) for row in (await connection.execute(beyond)).mappings()]
        if not found:
            return Read([], self._place, None)
        return Read(rows.known_envelopes(found), found[-1].seq, found[-1].occurred_at)

    async def _last(self) -> int:
        """The last place of the journal."""
        saved = await last_saved(self._database)
        paths = segments.segments_in(self._directory)
        spooled = segments.tail_of(paths[-1]).last_seq if paths else None
        return max(saved, spooled or (segments.first_seq_of(paths[-1]) - 1 if paths else 0))
