"""Keeps the directory at hand for the pages, whoever changes it and whether or not the database answers."""

import asyncio
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from core.directory import Directory, DirectoryEntry, DirectoryRefused
from core.errors import StorageUnavailable
from core.events import DirectoryChanged
from core.ids import AgentId, EntryId, new_id
from core.ports import Bus, DirectoryStore
from directory import sheet
from directory.policy import ENTRIES_AT_MOST, problems, professionals, tidy

log = structlog.get_logger(__name__)

LOOK_SECONDS = 30
"""How often the core looks whether somebody else (the command line) has changed the directory."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The directory as pages are given it, encoded once. ``etag`` changes with its content."""

    directory: Directory
    etag: str
    plain: bytes
    packed: bytes
    professionals: frozenset[str]


class DirectoryService:
    """The directory of one centre."""

    def __init__(self, bus: Bus, store: DirectoryStore) -> None:
        self._bus = bus
        self._store = store
        self._shown: Shown | None = None
        self._writing = asyncio.Lock()

    # --- reading ----------------------------------------------------------------------------------------

    async def shown(self) -> Shown:
        """The directory; while the database is away, as it was last seen.

        Raises:
            StorageUnavailable: the database is away, and the directory was never seen.
        """
        try:
            await self._refresh()
        except StorageUnavailable:
            if self._shown is None:
                raise
        assert self._shown is not None  # noqa: S101 - set by the refresh
        return self._shown

    def is_professional(self, number: str) -> bool:
        """Whether a number is that of a professional, in the directory as it was last seen."""
        return self._shown is not None and number in self._shown.professionals

    async def favourites(self, agent_id: AgentId) -> list[EntryId]:
        """An agent's own favourites."""
        return await self._store.favourites(agent_id)

    async def set_favourite(self, agent_id: AgentId, entry_id: EntryId, *, on: bool) -> None:
        """Add or remove one of them.

        Raises:
            DirectoryRefused: ``entry_gone``.
        """
        await self._store.set_favourite(agent_id, entry_id, on=on)

    async def watch(self) -> None:
        """Look for changes made elsewhere, until cancelled."""
        while True:
            try:
                await self._refresh()
            except StorageUnavailable:
                log.warning("directory_not_read", advice="pages are given it as it was last seen")
            await asyncio.sleep(LOOK_SECONDS)

    # --- changing ---------------------------------------------------------------------------------------

    async def put(self, entry: DirectoryEntry, by: str, *, new: bool) -> DirectoryEntry:
        """Add an entry, under an id of its own, or replace one; give it as it was kept.

        Raises:
            DirectoryRefused: ``entry_invalid`` (its text says why), ``entry_gone``, ``directory_full``.
        """
        async with self._writing:
            known = {each.entry_id for each in (await self.shown()).directory.entries}
            kept = tidy(replace(entry, entry_id=EntryId(new_id())) if new else entry)
            if wrong := problems(kept):
                raise DirectoryRefused("entry_invalid", "; ".join(f"{col} : {text}" for col, text in wrong))
            if not new and kept.entry_id not in known:
                raise DirectoryRefused("entry_gone")
            if new and len(known) >= ENTRIES_AT_MOST:
                raise DirectoryRefused("directory_full")
            await self._save([kept], [], by)
            return kept

    async def remove(self, entry_id: EntryId, by: str) -> None:
        """Remove an entry; removing one that is not there is no error."""
        async with self._writing:
            if any(each.entry_id == entry_id for each in (await self.shown()).directory.entries):
                await self._save([], [entry_id], by)

    async def import_sheet(self, text: str, by: str, *, replace_all: bool) -> sheet.Changes:
        """Take a sheet over, all of it or nothing.

        Raises:
            DirectoryRefused: ``directory_file_invalid``; its text has one error a line.
        """
        async with self._writing:
            found = await asyncio.to_thread(sheet.read, text)
            if found.errors:
                raise DirectoryRefused("directory_file_invalid", "\n".join(map(str, found.errors)))
            before = (await self.shown()).directory.entries
            changes = sheet.changes(before, found.entries, lambda: EntryId(new_id()), replace_all=replace_all)
            if len(before) + changes.added - len(changes.removed) > ENTRIES_AT_MOST:
                raise DirectoryRefused("directory_full")
            if changes.saved or changes.removed:
                await self._save(changes.saved, changes.removed, by)
            return changes

    async def _save(self, entries: Sequence[DirectoryEntry], removed: Sequence[EntryId], by: str) -> None:
        await self._store.save(entries, removed, by)
        await self._refresh()

    async def _refresh(self) -> None:
        before = self._shown
        if before is not None and await self._store.version() == before.directory.version:
            return
        shown = await asyncio.to_thread(_encoded, await self._store.load())
        if self._shown is not before:
            return  # somebody else was faster
        self._shown = shown
        if before is not None:
            self._bus.publish(_difference(before.directory, shown.directory))


def _encoded(directory: Directory) -> Shown:
    plain = msgspec.json.encode(
        {"version": directory.version, "entries": [_entry_view(entry) for entry in directory.entries]}
    )
    etag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
    return Shown(directory, etag, plain, gzip.compress(plain, 6, mtime=0), professionals(directory.entries))


def _entry_view(entry: DirectoryEntry) -> dict[str, object]:
    return {
        "id": entry.entry_id,
        "name": entry.name,
        "kind": entry.kind,
        "numbers": entry.numbers,
        "priority": entry.priority,
        "favourite": entry.favourite,
        "tags": entry.tags,
        "notes": entry.notes,
    }


def _difference(before: Directory, after: Directory) -> DirectoryChanged:
    old = {entry.entry_id: entry for entry in before.entries}
    new = {entry.entry_id: entry for entry in after.entries}
    return DirectoryChanged(
        version=after.version,
        by=after.changed_by,
        added=len(new.keys() - old.keys()),
        changed=sum(old[entry_id] != new[entry_id] for entry_id in old.keys() & new.keys()),
        removed=len(old.keys() - new.keys()),
    )
