"""A standby's eyes: everything another process writes to the journal, once and in order, as it is written."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import LeaseLost, StorageUnavailable
from core.events import Envelope, SwitchLost
from storage import segments
from storage.database import Database
from storage.follower import JournalFollower
from storage.journal import Journal
from storage.spool import Spool, SpoolLimits
from tests.support.events import NOON, envelope
from tests.support.tables import with_tables
from tests.support.waiting import until

pytestmark = pytest.mark.component

SMALL = SpoolLimits(segment_bytes=2_000, retained_bytes=3_000, recent_records=5)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(with_tables(f"sqlite+aiosqlite:///{tmp_path / 'b.db'}"))
    yield database
    await database.close()


class Writer:
    """Another core's journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[Envelope] = []
        self.spool = Spool(folder, limits=SMALL)
        self.spool.open()

    def write(self, number: int) -> list[Envelope]:
        fresh = []
        for _ in range(number):
            fresh.append(envelope(SwitchLost(switch="a", detail="x" * 40), self.spool.next_seq))
            self.spool.append(fresh[-1])
        self.written += fresh
        return fresh


async def test_nothing_is_missed_nor_read_twice_across_segments_and_writers(
    tmp_path: Path, database: Database
) -> None:
    folder = tmp_path / "spool"
    writer = Writer(folder)
    before = writer.write(30)
    follower = JournalFollower(database, folder)
    assert await follower.past(NOON, NOON - NOON.replace(hour=0)) == before
    assert await follower.more() == []
    for number in (1, 25, 3):
        fresh = writer.write(number)
        assert await follower.more() == fresh
        assert follower.seq == writer.spool.last_seq
    assert len(segments.segments_in(folder)) > 2
    last = segments.segments_in(folder)[-1]
    with last.open("ab") as torn:
        torn.write(b"0badc0de {half a rec")
    assert await follower.more() == []
    writer.spool.close()
    again = Writer(folder)  # who takes over cuts the torn tail
    fresh = again.write(2)
    assert await follower.more() == fresh
    again.spool.continue_after(1000)
    fresh = again.write(1)
    assert await follower.more() == fresh
    assert follower.seq == 1001
    again.spool.close()


async def test_a_new_journal_is_followed_from_its_first_event(tmp_path: Path, database: Database) -> None:
    folder = tmp_path / "spool"
    follower = JournalFollower(database, folder)
    hour = NOON - NOON.replace(hour=11)
    assert await follower.past(NOON, hour) == []
    assert await follower.more() == []
    writer = Writer(folder)
    fresh = writer.write(3)
    assert await follower.more() == fresh
    writer.spool.close()


async def test_who_fell_behind_what_is_kept_must_begin_anew(tmp_path: Path, database: Database) -> None:
    folder = tmp_path / "spool"
    writer = Writer(folder)
    writer.write(5)
    follower = JournalFollower(database, folder)
    await follower.past(NOON, NOON - NOON.replace(hour=11))
    await follower.more()
    writer.write(200)
    writer.spool.committed(writer.spool.last_seq)  # the database has them: the oldest files go
    await until(lambda: segments.first_seq_of(segments.segments_in(folder)[0]) > 6, "old segments are deleted")
    with pytest.raises(StorageUnavailable):
        await follower.more()
    writer.spool.close()


def test_a_core_that_was_replaced_writes_nothing_more(tmp_path: Path) -> None:
    ours = True
    spool = Spool(tmp_path, limits=SMALL, allowed=lambda: ours)
    spool.open()
    spool.append(envelope(SwitchLost(switch="a", detail=""), 1))
    ours = False
    with pytest.raises(LeaseLost):
        spool.append(envelope(SwitchLost(switch="a", detail=""), 2))
    spool.close()
    files = [(path, None) for path in segments.segments_in(tmp_path)]
    assert [record.seq for record in segments.records_beyond(files, 0)] == [1]


def test_the_end_of_a_long_segment_is_found_from_its_end(tmp_path: Path) -> None:
    path = segments.path_of(tmp_path, 1)
    spool = Spool(tmp_path)
    spool.open()
    for seq in range(1, 4001):
        spool.append(envelope(SwitchLost(switch="a", detail="x" * 300), seq))
    spool.close()
    whole = path.stat().st_size
    assert whole > 2**20
    assert segments.tail_of(path) == segments.Tail(4000, whole, 0)
    with path.open("ab") as torn:
        torn.write(b"0badc0de " + b"x" * 2**21)  # nothing good in the last megabyte
    assert segments.tail_of(path) == segments.Tail(4000, whole, 0)
    os.truncate(path, whole - 1)
    assert segments.tail_of(path).last_seq == 3999


async def test_what_another_site_wrote_is_found_in_the_database(tmp_path: Path, postgres_url: str) -> None:
    database = Database(postgres_url)
    ours = JournalFollower(database, tmp_path / "ours")
    assert await ours.past(NOON, NOON - NOON.replace(hour=11)) == []
    spool = Spool(tmp_path / "theirs")
    journal = Journal(spool, database, tmp_path / "refused.jsonl")
    await journal.start()
    written = [envelope(SwitchLost(switch="a", detail=""), seq) for seq in (1, 2, 3)]
    for each in written:
        spool.append(each)
    await journal.settled()
    assert await ours.more() == []
    assert await ours.rest() == written
    assert (await ours.rest(), ours.seq) == ([], 3)
    await journal.close()
    await database.close()
