"""Makes the catalogue anew: from the journal, the archive where the journal lacks something, and the chain."""

import asyncio
from collections.abc import Callable
from datetime import date

import structlog

from app.archive_parts import ArchiveParts
from core.custody import Sealed
from core.ids import RecordingId
from core.recordings import Change, Indexed
from recorder.custody.catalogue import Catalogue
from recorder.custody.fold import indexed
from recorder.custody.ledger import entries_after
from recorder.sealing.errors import SealingError
from recorder.sealing.layout import INDEX, prefix_of
from recorder.sealing.reader import SealedReader
from recorder.sequences import read_index
from storage.journal_tail import JournalTail

log = structlog.get_logger(__name__)


async def rebuild(parts: ArchiveParts, tail: JournalTail, centre_id: str, say: Callable[[str], None]) -> None:
    """Forget the catalogue's rows and make them again. The archive must not run meanwhile.

    Raises:
        StorageUnavailable: the database does not answer: begin again.
        ChainAway: the chain cannot be read.
    """
    async with parts.ledger.act():
        await parts.store.clear()
        catalogue = Catalogue(parts.store, tail)
        while await catalogue.follow():
            places = await parts.store.places()
            say(f"journal: {places.journal}")
        unknown = await asyncio.to_thread(_sealed, parts)
        lost = [entry for entry in unknown if await parts.store.get(RecordingId(entry.recording_id)) is None]
        changes: list[Change] = []
        for entry in lost:
            found = await asyncio.to_thread(_from_archive, parts, centre_id, entry)
            changes += [found] if found is not None else []
        if changes:
            places = await parts.store.places()
            at = places.journal_at or max(change.ended_at for change in changes if isinstance(change, Indexed))
            await parts.store.take(changes, places.journal, at)
            say(f"from the archive: {len(changes)}")
        await parts.ledger.catch_up()
        say(f"chain: {(await parts.store.places()).chain}")


def _sealed(parts: ArchiveParts) -> list[Sealed]:
    return [e.entry for e in entries_after(parts.chain, 0) if isinstance(e.entry, Sealed)]


def _from_archive(parts: ArchiveParts, centre_id: str, entry: Sealed) -> Indexed | None:
    """What the sealed index of a recording tells; nothing where it was erased, or cannot be read."""
    try:
        place = prefix_of(centre_id, date.fromisoformat(entry.day), entry.recording_id)
        return indexed(read_index(SealedReader.open(parts.sealed, parts.keys, place).read(INDEX)))
    except (SealingError, OSError, ValueError) as error:
        log.warning("sealed_index_not_read", call_id=entry.call_id, error=type(error).__name__)
        return None
