"""The telephone directory and each agent's favourites in it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Insert, RowMapping, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from core.directory import Directory, DirectoryEntry, DirectoryNumber, DirectoryRefused, EntryKind
from core.ids import AgentId, EntryId
from core.ports import Clock
from storage.database import Database
from storage.rows import storable
from storage.tables import directory_entry, directory_favourite, directory_state

_NUMBERS = msgspec.json.Decoder(tuple[DirectoryNumber, ...])
_TAGS = msgspec.json.Decoder(tuple[str, ...])
_CHUNK = 500


class StoredDirectory:
    """Implements ``DirectoryStore``. Every method raises ``StorageUnavailable`` when the database is away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def version(self) -> int:
        """The version of what is stored; 0: nothing ever was."""
        async with self._database.reading() as connection:
            found: int | None = (await connection.execute(select(directory_state.c.version))).scalar()
            return found or 0

    async def load(self) -> Directory:
        """The whole directory, by name."""
        async with self._database.reading() as connection:
            return await connection.run_sync(_load)

    async def save(self, entries: Sequence[DirectoryEntry], removed: Sequence[EntryId], by: str) -> int:
        """Write entries, new or changed, and remove others, all or nothing; the new version."""
        return await self._database.write(_save, entries, removed, by, self._clock.now())

    async def favourites(self, agent_id: AgentId) -> list[EntryId]:
        """An agent's favourites."""
        wanted = select(directory_favourite.c.entry_id).where(directory_favourite.c.agent_id == agent_id)
        async with self._database.reading() as connection:
            found = await connection.execute(wanted.order_by(directory_favourite.c.entry_id))
            return [EntryId(row.entry_id) for row in found]

    async def set_favourite(self, agent_id: AgentId, entry_id: EntryId, *, on: bool) -> None:
        """Add or remove a favourite; doing it twice is no error.

        Raises:
            DirectoryRefused: ``entry_gone``.
        """
        try:
            await self._database.write(_set_favourite, agent_id, entry_id, on)
        except IntegrityError as error:
            raise DirectoryRefused("entry_gone") from error


def _load(connection: Connection) -> Directory:
    state = connection.execute(select(directory_state)).mappings().first()
    rows = connection.execute(select(directory_entry).order_by(func.lower(directory_entry.c.name)))
    return Directory(
        version=state["version"] if state else 0,
        changed_by=state["changed_by"] if state else "",
        entries=tuple(_entry(row) for row in rows.mappings()),
    )


def _save(
    connection: Connection,
    entries: Sequence[DirectoryEntry],
    removed: Sequence[EntryId],
    by: str,
    now: datetime,
) -> int:
    # The state's row first: two writers at once take turns.
    bumped = update(directory_state).values(
        version=directory_state.c.version + 1, changed_at=now, changed_by=by
    )
    if not connection.execute(bumped).rowcount:
        connection.execute(directory_state.insert().values(id=1, version=1, changed_at=now, changed_by=by))
    for start in range(0, len(removed), _CHUNK):
        gone = list(removed[start : start + _CHUNK])
        connection.execute(delete(directory_favourite).where(directory_favourite.c.entry_id.in_(gone)))
        connection.execute(delete(directory_entry).where(directory_entry.c.entry_id.in_(gone)))
    if entries:
        connection.execute(_upsert(connection.dialect.name), [_row(entry) for entry in entries])
    return int(connection.execute(select(directory_state.c.version)).scalar_one())


def _set_favourite(connection: Connection, agent_id: AgentId, entry_id: EntryId, on: bool) -> None:
    favourite = directory_favourite.c
    same = (favourite.agent_id == agent_id) & (favourite.entry_id == storable(entry_id))
    connection.execute(delete(directory_favourite).where(same))
    if on:
        row = {"agent_id": agent_id, "entry_id": storable(entry_id)}
        connection.execute(directory_favourite.insert().values(row))


def _row(entry: DirectoryEntry) -> dict[str, object]:
    return {
        "entry_id": storable(entry.entry_id),
        "name": storable(entry.name),
        "kind": entry.kind.value,
        "numbers": storable(msgspec.json.encode(entry.numbers).decode()),
        "priority": entry.priority,
        "favourite": entry.favourite,
        "tags": storable(msgspec.json.encode(entry.tags).decode()),
        "notes": storable(entry.notes),
    }


def _entry(row: RowMapping) -> DirectoryEntry:
    return DirectoryEntry(
        entry_id=EntryId(row["entry_id"]),
        name=row["name"],
        kind=EntryKind(row["kind"]),
        numbers=_NUMBERS.decode(row["numbers"]),
        priority=row["priority"],
        favourite=row["favourite"],
        tags=_TAGS.decode(row["tags"]),
        notes=row["notes"],
    )


def _upsert(dialect: str) -> Insert:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(directory_entry)
    changing = {c.name: insert.excluded[c.name] for c in directory_entry.c if not c.primary_key}
    upsert: Insert = insert.on_conflict_do_update(index_elements=["entry_id"], set_=changing)
    return upsert
