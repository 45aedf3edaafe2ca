"""A journal whose spool, database, or both are on a full disk, then have room again; what came of it, in JSON.

``python -m tests.support.full_disk FOLDER spool|database|both``; ``FOLDER/small`` is a small file system.
"""

import asyncio
import json
import sys
from pathlib import Path

from sqlalchemy import select

from core.alarms import AlarmKind
from storage.tables import journal
from tests.support.alarms import WatchedStorage

EXPECTED = {
    "spool": [AlarmKind.JOURNAL_DISK_FULL],
    "database": [AlarmKind.DATABASE_AWAY],
    "both": [AlarmKind.JOURNAL_DISK_FULL, AlarmKind.DATABASE_AWAY],
}


async def main(folder: Path, what: str) -> None:
    small = folder / "small"
    spool = (small if what != "database" else folder) / "spool"
    database = (small if what != "spool" else folder) / "bandeau15.db"
    async with WatchedStorage(spool, f"sqlite+aiosqlite:///{database}") as storage:
        storage.happen(100)
        await storage.journal.settled()
        ballast = small / "ballast"
        fill(ballast)
        took = 0.0
        for kind in EXPECTED[what]:
            storage.happen(500)
            took = max(took, await storage.raised(kind))
        raised = [kind for told, kind, _ in storage.told if told == "raised"]
        storage.happen(100)
        ballast.unlink()
        async with asyncio.timeout(30):
            await storage.journal.settled()
        await storage.cleared()
        async with asyncio.timeout(30):
            await storage.journal.settled()
        async with storage.database.reading() as connection:
            places = (await connection.execute(select(journal.c.seq).order_by(journal.c.seq))).scalars().all()
        result = {
            "raised": raised,
            "lost": storage.journal.state().lost,
            "in_order": list(places) == list(range(1, storage.spool.last_seq + 1)),
            "alarm_seconds": round(took, 2),
            "cleared": not storage.alarms.raised,
        }
    print(json.dumps(result))


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
