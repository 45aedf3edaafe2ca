"""Reading the journal back: the database and the spool as one sequence."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select

from core.events import Envelope
from core.ids import CallId
from storage import codec, rows, segments
from storage.codec import StoredEvent
from storage.database import Database
from storage.ledger import LedgerEntry
from storage.tables import journal, ledger

PARIS = ZoneInfo("Europe/Paris")

Unsaved = Callable[[], Awaitable[list[StoredEvent]]]
"""Gives every record that the database may not have yet."""


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """When a day of Europe/Paris begins and ends, in UTC: 23, 24 or 25 hours apart."""
    begin = datetime.combine(day, time.min, PARIS)
    end = datetime.combine(day + timedelta(days=1), time.min, PARIS)
    return begin.astimezone(UTC), end.astimezone(UTC)


class Reader:
    """Implements ``JournalReader``. What is only in the spool is read first, so that nothing slips between.

    Every method raises ``StorageUnavailable`` when the database does not answer, and ``UnknownEvent`` on an
    event this program does not know.
    """

    def __init__(self, database: Database, unsaved: Unsaved) -> None:
        self._database = database
        self._unsaved = unsaved

    async def since(self, instant: datetime) -> list[Envelope]:
        """All envelopes from ``instant`` on, in order."""
        return await self._read(journal.c.occurred_at >= instant, lambda record: record.occurred_at >= instant)

    async def of_call(self, call_id: CallId) -> list[Envelope]:
        """Everything that happened to one call, in order."""
        return await self._read(
            journal.c.call_id == rows.storable(call_id),
            lambda record: codec.subject_of(record).call_id == call_id,
        )

    async def of_day(self, day: date) -> list[Envelope]:
        """Everything of one day of Europe/Paris, in order."""
        begin, end = day_bounds(day)
        return await self._read(
            and_(journal.c.occurred_at >= begin, journal.c.occurred_at < end),
            lambda record: begin <= record.occurred_at < end,
        )

    async def ledger_of_day(self, day: date) -> list[LedgerEntry]:
        """One entry for each call that arrived on one day of Europe/Paris, by arrival."""
        begin, end = day_bounds(day)
        unsaved = rows.known_envelopes(await self._unsaved())
        changing = {envelope.call_id for envelope in unsaved if envelope.call_id is not None}
        arrived = and_(ledger.c.arrived_at >= begin, ledger.c.arrived_at < end)
        async with self._database.reading() as connection:
            saved = await connection.run_sync(rows.entries_where, or_(arrived, ledger.c.call_id.in_(changing)))
        entries = rows.folded(saved, unsaved).values()
        return sorted(
            (entry for entry in entries if begin <= entry.arrived_at < end),
            key=lambda entry: (entry.arrived_at, entry.call_id),
        )

    async def _read(
        self, condition: ColumnElement[bool], wanted: Callable[[StoredEvent], bool]
    ) -> list[Envelope]:
        unsaved = [record for record in await self._unsaved() if wanted(record)]
        async with self._database.reading() as connection:
            found = await connection.execute(select(journal).where(condition).order_by(journal.c.seq))
            saved = [codec.envelope_of(rows.record_of_row(row)) for row in found.mappings()]
        return merged(saved, map(codec.envelope_of, unsaved))


def merged(saved: list[Envelope], unsaved: Iterable[Envelope]) -> list[Envelope]:
    """Put both in order, each event once."""
    seen = {envelope.event_id for envelope in saved}
    more = [envelope for envelope in unsaved if envelope.event_id not in seen]
    return sorted([*saved, *more], key=lambda envelope: envelope.seq) if more else saved


async def last_saved(database: Database) -> int:
    """The last place in the database; 0: none yet.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    async with database.reading() as connection:
        return (await connection.execute(select(func.max(journal.c.seq)))).scalar() or 0


async def last_saved_at(database: Database) -> datetime | None:
    """When the last event in the database happened; ``None``: there is none yet.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    async with database.reading() as connection:
        last = select(journal.c.occurred_at).order_by(journal.c.seq.desc()).limit(1)
        found: datetime | None = (await connection.execute(last)).scalar()
        return found


def reader_beside(database: Database, spool_directory: Path) -> Reader:
    """Read the journal of a core from another process, whether that core runs or not."""

    async def unsaved() -> list[StoredEvent]:
        saved = await last_saved(database)
        files = [(path, None) for path in segments.segments_in(spool_directory)]
        return await asyncio.to_thread(segments.records_beyond, files, saved)

    return Reader(database, unsaved)
