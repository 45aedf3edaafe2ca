"""The database stopped, frozen, locked or full, and the spool's disk full: an alarm, then every event once."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select

from core.alarms import AlarmKind
from storage.spool import SpoolLimits
from storage.tables import journal as journal_table
from tests.support.alarms import WatchedStorage
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.component


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'bandeau15.db'}"


@asynccontextmanager
async def stopped(server: PostgresServer, url: str) -> AsyncIterator[None]:
    await asyncio.to_thread(server.stop, "immediate")
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def frozen(server: PostgresServer, url: str) -> AsyncIterator[None]:
    """Every process of it stands still; its sockets stay open."""
    processes = server.processes()
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def table_locked(server: PostgresServer, url: str) -> AsyncIterator[None]:
    """Somebody's maintenance holds the journal's table."""
    parts = urlsplit(url)
    [folder] = parse_qs(parts.query)["host"]
    connection = await asyncpg.connect(host=folder, user="bandeau15", database=parts.path.strip("/"))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@asynccontextmanager
async def file_locked(url: str) -> AsyncIterator[None]:
    """Another program (a copy being made, a shell left open) holds SQLite's file."""
    with closing(sqlite3.connect(url.partition(":///")[2], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


Fault = Callable[[PostgresServer, str], AbstractAsyncContextManager[None]]


async def places(storage: WatchedStorage) -> list[int]:
    async with storage.database.reading() as connection:
        return list(
            (await connection.execute(select(journal_table.c.seq).order_by(journal_table.c.seq))).scalars()
        )


async def goes_through(storage: WatchedStorage, fault: AbstractAsyncContextManager[None]) -> None:
    """Events happen before, during and after; the alarm holds meanwhile; the database gets each, once."""
    storage.happen(20)
    await storage.journal.settled()
    async with fault:
        storage.happen(300)
        took = await storage.raised(AlarmKind.DATABASE_AWAY)
        assert storage.journal.state().disk_well
        storage.happen(300)
        assert storage.journal.state().unsaved >= 600
        assert took >= 1, "not at the first hiccup"
    storage.happen(20)
    async with asyncio.timeout(30):
        await storage.journal.settled()
    await storage.cleared()
    await storage.journal.settled()
    assert [told for told, *_ in storage.told] == ["raised", "cleared"]
    assert await places(storage) == list(range(1, storage.spool.last_seq + 1))


@pytest.mark.parametrize("fault", [stopped, frozen, table_locked], ids=lambda fault: fault.__name__)
async def test_postgresql_in_trouble(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str, fault: Fault
) -> None:
    async with WatchedStorage(tmp_path, postgres_url) as storage:
        await goes_through(storage, fault(postgres, postgres_url))


async def test_a_locked_sqlite(tmp_path: Path, sqlite_url: str) -> None:
    async with WatchedStorage(tmp_path, sqlite_url) as storage:
        await goes_through(storage, file_locked(sqlite_url))


async def test_a_database_that_takes_events_too_slowly_is_said_before_it_gives_up(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with WatchedStorage(tmp_path, postgres_url, timeout_seconds=30) as storage:
        storage.happen(1)
        await storage.journal.settled()
        async with table_locked(postgres, postgres_url):
            storage.happen(1)
            assert await storage.raised(AlarmKind.DATABASE_AWAY, "slow") >= 5
            assert storage.journal.state().database_up, "it has not refused anything yet"
        await storage.cleared()


@pytest.mark.parametrize("fault", [stopped, frozen], ids=lambda fault: fault.__name__)
async def test_a_database_away_while_nothing_happens_is_noticed(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str, fault: Fault
) -> None:
    async with WatchedStorage(tmp_path, postgres_url) as storage:
        await storage.journal.settled()
        async with fault(postgres, postgres_url):
            await storage.raised(AlarmKind.DATABASE_AWAY, "no answer")
        await storage.cleared()


async def test_events_beyond_the_memory_are_lost_aloud(tmp_path: Path, sqlite_url: str) -> None:
    """Disk and memory full, the database not taking them either: the newest are lost, and it is said."""
    limits = SpoolLimits(waiting_records=50, retry_seconds=0.02)
    async with WatchedStorage(tmp_path / "spool", sqlite_url, limits=limits) as storage:
        storage.happen(10)
        await storage.journal.settled()
        async with file_locked(sqlite_url):
            storage.disk_full = True
            storage.happen(80)
            await storage.raised(AlarmKind.JOURNAL_EVENTS_LOST)
            storage.disk_full = False
        await storage.journal.settled()
        lost = storage.journal.state().lost
        assert lost >= 10
        assert storage.spool.last_seq - len(await places(storage)) == lost


# --- really full file systems -------------------------------------------------------------------------------


def in_small_file_system(tmp_path: Path, what: str) -> dict[str, object]:
    """Run ``tests.support.full_disk`` with a file system of 16 MB; what it says in the end."""
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    (tmp_path / "small").mkdir()
    script = 'mount -t tmpfs -o size=16m none "$1/small" && exec "$2" -m tests.support.full_disk "$1" "$3"'
    done = subprocess.run(
        [*unshare, "sh", "-c", script, "sh", str(tmp_path), sys.executable, what],
        capture_output=True,
        check=False,
        timeout=100,
    )
    if done.returncode and b"unshare" in done.stderr:
        pytest.skip("this machine allows no mount namespace")
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize(
    ("what", "alarms"),
    [
        ("spool", {"journal_disk_full"}),
        ("database", {"database_away"}),
        ("both", {"journal_disk_full", "database_away"}),
    ],
)
def test_a_full_disk_costs_no_event(tmp_path: Path, what: str, alarms: set[str]) -> None:
    told = in_small_file_system(tmp_path, what)
    assert set(told.pop("raised")) == alarms  # type: ignore[call-overload]
    print("alarm after, in seconds:", told.pop("alarm_seconds"))
    assert told == {"lost": 0, "in_order": True, "cleared": True}
