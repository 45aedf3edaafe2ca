"""Who is at work: never two at once, a dead holder is replaced at once, and a silent one in time."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.centre_lease import STEPPED_DOWN, CentreLease, Guard, lease_of, site_of
from app.standby import end
from core.errors import ConfigurationError, LeaseLost, StorageUnavailable
from core.ids import CentreId
from storage.database import Database
from storage.lease import LEASE, FileLease, Roster, Sign, born, holder, is_alive, living, read_sign
from storage.shared_lease import SharedLease
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.component

CENTRE = CentreId("FR751")
SECONDS = 2.0

HOLD = """
import asyncio, sys
from pathlib import Path
from storage.lease import FileLease
lease = FileLease(Path(sys.argv[1]), "core-a")
assert asyncio.run(lease.take())
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process_holds(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that took the lease and does nothing."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def said(folder: Path) -> Sign:
    sign = read_sign(folder / LEASE)
    assert sign is not None
    return sign


async def test_a_dead_core_is_replaced_at_once_and_a_frozen_one_never_by_two(tmp_path: Path) -> None:
    ours = FileLease(tmp_path, "core-b")
    with another_process_holds(tmp_path) as process:
        assert not await ours.take()
        process.send_signal(signal.SIGSTOP)
        assert not await ours.take(), "a frozen core may wake up"
        sign = said(tmp_path)
        assert (sign.core, sign.epoch, sign.pid) == ("core-a", 1, process.pid)
        assert end(sign), "SIGKILL ends a frozen process, too"
        process.wait()
        assert await ours.take()
    assert (ours.epoch, ours.held()) == (2, True)
    assert holder(tmp_path) == said(tmp_path)
    assert not end(sign), "its number may be another's by now"
    await ours.release()
    assert (ours.epoch, ours.held()) == (0, False)
    third = FileLease(tmp_path, "core-c")
    assert await third.take()
    assert third.epoch == 3


async def test_a_sign_of_life_moves_and_cannot_be_taken_for_another_process(tmp_path: Path) -> None:
    lease = FileLease(tmp_path, "core-a")
    assert await lease.take()
    before = said(tmp_path)
    await lease.renew()
    assert said(tmp_path).beat > before.beat
    assert is_alive(before)
    assert not is_alive(Sign(core="x", state="", epoch=1, pid=before.pid, born=before.born + 1, beat=0))
    assert born(2**22 + 1) == 0


async def test_whoever_loses_the_file_is_no_longer_at_work(tmp_path: Path) -> None:
    lease = FileLease(tmp_path, "core-a")
    assert await lease.take()
    (tmp_path / LEASE).unlink()
    assert await FileLease(tmp_path, "core-b").take()
    with pytest.raises(LeaseLost):
        await lease.renew()


def test_cores_have_names_of_their_own(tmp_path: Path) -> None:
    roster = Roster(tmp_path, "core-a")
    roster.say("standing_by", seq=7)
    assert [(sign.core, sign.state, sign.seq) for sign in living(tmp_path)] == [("core-a", "standing_by", 7)]
    with pytest.raises(ConfigurationError, match="core-a runs already"):
        Roster(tmp_path, "core-a")
    other = Roster(tmp_path, "core-b")
    assert [sign.core for sign in other.others()] == ["core-a"]
    roster.close()
    again = Roster(tmp_path, "core-a")
    for each in (again, other):
        each.close()


class HandClock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    await database.upgrade()
    yield database
    await database.close()


async def test_between_sites_the_lease_passes_when_released_or_expired(database: Database) -> None:
    clock = HandClock()
    one = SharedLease(database, CENTRE, "site-1", "core-a", SECONDS, clock)
    brief = SharedLease(database, CENTRE, "site-2", "core-a", 0.2)
    assert await one.take()
    assert (one.epoch, one.held()) == (1, True)
    assert not await SharedLease(database, CENTRE, "site-2", "core-a", 3600).take()
    await one.renew()
    async with asyncio.timeout(20):
        while not await brief.take():  # noqa: ASYNC110 - it expires by the database's clock
            await asyncio.sleep(0.02)
    assert brief.epoch == 2
    clock.now += SECONDS
    assert not one.held(), "before it knows, a core that slept may do nothing"
    with pytest.raises(LeaseLost):
        await one.renew()
    assert one.epoch == 0
    await brief.release()
    assert await one.take()
    assert one.epoch == 3
    other_centre = SharedLease(database, CentreId("FR752"), "site-2", "core-a")
    assert await other_centre.take()
    assert other_centre.epoch == 1


async def test_within_a_site_the_next_core_need_not_wait_for_the_row(
    database: Database, tmp_path: Path
) -> None:
    assert site_of(tmp_path) == site_of(tmp_path)
    first = CentreLease(
        FileLease(tmp_path, "core-a"), SharedLease(database, CENTRE, site_of(tmp_path), "core-a")
    )
    second = CentreLease(
        FileLease(tmp_path, "core-b"), SharedLease(database, CENTRE, site_of(tmp_path), "core-b")
    )
    elsewhere = CentreLease(
        FileLease(tmp_path / "2", "core-a"), SharedLease(database, CENTRE, "elsewhere", "core-a")
    )
    assert await first.take()
    assert not await second.take()
    assert not await elsewhere.take()
    assert holder(tmp_path / "2") is None, "who does not get both keeps none"
    await first.release()
    assert await second.take()
    assert second.epoch == 2


def test_sqlite_is_of_one_machine(tmp_path: Path) -> None:
    lease = lease_of(tmp_path, "core-a", Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"), CENTRE)
    assert not (tmp_path / "site").exists()
    assert asyncio.run(lease.take())


async def test_calls_come_before_the_database(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)
    await database.upgrade()
    first = lease_of(tmp_path, "core-a", database, CENTRE)
    assert await first.take()
    stranger = lease_of(tmp_path / "stranger", "core-a", database, CENTRE)
    await asyncio.to_thread(postgres.stop)
    try:
        await first.renew()
        assert first.held(), "nobody else can take it while the database is away"
        await first.release()
        second = lease_of(tmp_path, "core-b", database, CENTRE)
        assert await second.take(), "the cores of the site that had it go on"
        assert second.epoch == 1
        assert not await stranger.take()
        with pytest.raises(StorageUnavailable):
            await SharedLease(database, CENTRE, "x", "core-a").take()
    finally:
        await asyncio.to_thread(postgres.start)
    await second.renew()
    assert second.held()
    await database.close()


class Left(Exception):
    """Stands for the end of the process."""


def leave(status: int) -> None:
    raise Left(status)


async def test_a_core_that_slept_too_long_does_nothing_more(database: Database) -> None:
    clock = HandClock()
    lease = SharedLease(database, CENTRE, "site-1", "core-a", SECONDS, clock)
    guard = Guard(lease, leave)  # type: ignore[arg-type]
    assert await lease.take()
    assert guard()
    clock.now += SECONDS + 6
    with pytest.raises(Left, match=str(STEPPED_DOWN)):
        guard()
