"""The directory of a demonstration: invented names, numbers that ARCEP keeps for fiction."""

from pathlib import Path

import simulator
from app.clock import SystemClock
from core.errors import ConfigurationError
from core.ids import EntryId, new_id
from directory import sheet
from storage.database import Database
from storage.directory import StoredDirectory

SHEET = Path(simulator.__file__).parent / "annuaire.csv"


async def ensure_directory(database: Database) -> None:
    """Fill the directory, unless there ever was one."""
    store = StoredDirectory(database, SystemClock())
    if await store.version():
        return
    found = sheet.read(SHEET.read_text())
    if found.errors:
        raise ConfigurationError(f"{SHEET}: {found.errors[0]}")
    changes = sheet.changes((), found.entries, lambda: EntryId(new_id()), replace_all=False)
    await store.save(changes.saved, (), "demonstration")
