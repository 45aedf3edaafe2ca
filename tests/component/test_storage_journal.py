"""From the spool to the database and back: each event once, in order, whatever happens to the database."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from structlog.testing import capture_logs

from core.errors import StorageUnavailable, UnknownEvent
from core.events import CallArrived, CoreStarted, Envelope, Event, LineOpened, SwitchLost
from core.ids import CallId
from core.words import Outcome
from storage import codec, rows, segments
from storage.database import Database
from storage.follower import JournalFollower
from storage.journal import Journal, JournalPace
from storage.ledger import LedgerEntry
from storage.reader import last_saved, reader_beside
from storage.rebuild import rebuild_ledger
from storage.spool import Spool, SpoolLimits
from storage.tables import journal as journal_table
from storage.tables import ledger as ledger_table
from tests.support.call_story import abandoned_call, answered_call
from tests.support.events import NOON, envelope
from tests.support.postgres import PostgresServer
from tests.support.waiting import until

pytestmark = pytest.mark.component

DAY = date(2026, 11, 22)
HOUR = timedelta(hours=1)
PACE = JournalPace(
    gather_seconds=0.005, first_retry_seconds=0.02, last_retry_seconds=0.1, start_patience_seconds=60
)
SMALL = SpoolLimits(segment_bytes=20_000, retained_bytes=40_000, recent_records=50)


class Keeping:
    """A journal over one spool folder and one database, as the composition root makes it."""

    def __init__(
        self, folder: Path, url: str, limits: SpoolLimits | None = None, pace: JournalPace = PACE
    ) -> None:
        self.folder = folder
        self.database = Database(url)
        self.spool = Spool(folder, limits=limits)
        self.journal = Journal(self.spool, self.database, folder / "refused.jsonl", pace)
        self.written: list[Envelope] = []

    async def __aenter__(self) -> "Keeping":
        await self.journal.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close()
        await self.database.close()

    def publish(self, events: Iterable[Event], at: datetime = NOON) -> list[Envelope]:
        """Append events, one a second."""
        published = []
        for number, event in enumerate(events):
            published.append(envelope(event, self.spool.next_seq, at=at, seconds=number))
            self.spool.append(published[-1])
        self.written += published
        return published

    async def saved(self) -> list[Envelope]:
        """What the database alone has."""
        async with self.database.reading() as connection:
            found = await connection.execute(select(journal_table).order_by(journal_table.c.seq))
            return [codec.envelope_of(rows.record_of_row(row)) for row in found.mappings()]

    async def past(self, now: datetime, look_back: timedelta) -> list[Envelope]:
        """What a core that starts now rebuilds its state from."""
        return await JournalFollower(self.database, self.folder).past(now, look_back)

    async def ledger(self) -> list[LedgerEntry]:
        return await self.journal.ledger_of_day(DAY)


@pytest.fixture
async def keeping(tmp_path: Path, database_url: str) -> AsyncIterator[Keeping]:
    async with Keeping(tmp_path / "spool", database_url) as kept:
        yield kept


def noise(number: int) -> list[Event]:
    return [SwitchLost(switch="a", detail=f"{index}") for index in range(number)]


async def test_events_reach_the_database_equal_and_in_order(keeping: Keeping) -> None:
    keeping.publish([CoreStarted(core="core-a"), *answered_call("c-1"), *abandoned_call("c-2")])
    await keeping.journal.settled()
    assert await keeping.saved() == keeping.written
    assert keeping.journal.state().unsaved == 0
    assert keeping.journal.state().oldest_unsaved_at is None
    assert keeping.journal.state().database_up


async def test_reading_includes_what_is_only_in_the_spool(tmp_path: Path, database_url: str) -> None:
    async with Keeping(tmp_path, database_url, pace=replace(PACE, gather_seconds=3600)) as keeping:
        keeping.publish(answered_call("c-1")[:4])
        await until(lambda: keeping.spool.committed_seq == 4, "the first events are saved")
        keeping.publish(answered_call("c-1")[4:], at=NOON + timedelta(seconds=4))
        keeping.publish([CoreStarted(core="core-a"), *abandoned_call("c-2")], at=NOON + timedelta(minutes=5))
        assert len(await keeping.saved()) == 4
        state = keeping.journal.state()
        assert (state.unsaved, state.oldest_unsaved_at) == (
            len(keeping.written) - 4,
            NOON + timedelta(seconds=4),
        )

        assert await keeping.journal.of_day(DAY) == keeping.written
        assert await keeping.journal.of_call(CallId("c-1")) == keeping.written[:13]
        assert await keeping.journal.of_call(CallId("c-9")) == []
        assert await keeping.journal.since(NOON + timedelta(seconds=3)) == keeping.written[3:]
        first, second = await keeping.ledger()
        assert (first.call_id, first.outcome) == ("c-1", Outcome.ANSWERED)
        assert (second.call_id, second.outcome) == ("c-2", Outcome.ABANDONED_QUEUE)

        beside = Database(database_url)
        other_process = reader_beside(beside, tmp_path)
        assert await other_process.of_day(DAY) == keeping.written
        assert await other_process.ledger_of_day(DAY) == [first, second]
        await beside.close()
        await keeping.journal.close(patience_seconds=0)


async def test_a_day_is_one_of_paris(keeping: Keeping) -> None:
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)  # the night when clocks go back: 25 hours
    inside = [
        *keeping.publish([CoreStarted(core="first")], at=begin),
        *keeping.publish(answered_call("c-1")[:1], at=begin + timedelta(hours=25, microseconds=-1)),
    ]
    keeping.publish([CoreStarted(core="before")], at=begin - timedelta(microseconds=1))
    keeping.publish(answered_call("c-2")[:1], at=begin + timedelta(hours=25))
    await keeping.journal.settled()
    day = date(2026, 10, 25)
    assert await keeping.journal.of_day(day) == inside
    assert [entry.call_id for entry in await keeping.journal.ledger_of_day(day)] == ["c-1"]


async def test_the_ledger_is_the_fold_of_the_journal_and_can_be_made_again(keeping: Keeping) -> None:
    for number in range(20):
        keeping.publish((answered_call if number % 3 else abandoned_call)(f"c-{number}"))
    await keeping.journal.settled()
    before = await keeping.ledger()
    assert len(before) == 20
    assert {entry.outcome for entry in before} == {Outcome.ANSWERED, Outcome.ABANDONED_QUEUE}
    async with keeping.database.writing() as connection:
        await connection.execute(delete(ledger_table).where(ledger_table.c.call_id == "c-3"))
        await connection.execute(ledger_table.update().values(outcome="technical_failure", last_seq=1))
    assert await keeping.ledger() != before
    assert await rebuild_ledger(keeping.database) == len(keeping.written)
    assert await keeping.ledger() == before


async def test_the_same_batch_twice_is_counted_once(keeping: Keeping) -> None:
    keeping.publish([*answered_call("c-1"), *abandoned_call("c-2")])
    await keeping.journal.settled()
    before = await keeping.ledger()
    await keeping.database.write(rows.write_records, [codec.stored(each) for each in keeping.written])
    assert await keeping.saved() == keeping.written
    assert await keeping.ledger() == before


async def test_a_core_goes_on_where_the_last_one_ended(tmp_path: Path, database_url: str) -> None:
    everything: list[Envelope] = []
    for number in range(3):
        async with Keeping(tmp_path, database_url) as keeping:
            everything += keeping.publish(answered_call(f"c-{number}"))
            assert await keeping.past(NOON, HOUR) == everything
    async with Keeping(tmp_path / "another folder", database_url) as keeping:
        assert keeping.spool.next_seq == len(everything) + 1
        everything += keeping.publish(noise(1))
        await keeping.journal.settled()
        assert await keeping.saved() == everything


async def test_a_core_stopped_for_days_finds_what_it_left(tmp_path: Path, database_url: str) -> None:
    old, late = NOON - timedelta(hours=3), NOON + timedelta(days=5)
    async with Keeping(tmp_path, database_url) as keeping:
        keeping.spool.append(envelope(LineOpened(call_id=CallId("long over")), 1, old))
        left = [envelope(event, seq + 2) for seq, event in enumerate(abandoned_call("c-1"))]
        for each in left:
            keeping.spool.append(each)
        assert await keeping.past(late, HOUR) == left  # in the spool
        await keeping.journal.settled()
        assert await keeping.past(late, HOUR) == left  # in the database
        assert await keeping.past(NOON, HOUR * 24) != left
    async with Keeping(tmp_path / "new", database_url) as again:
        assert await again.past(late, HOUR) == left


async def test_what_a_dead_core_left_in_its_spool_is_saved_by_the_next(
    tmp_path: Path, database_url: str
) -> None:
    spool = Spool(tmp_path)
    spool.open()
    left = [envelope(event, number + 1) for number, event in enumerate(answered_call("c-1"))]
    for each in left:
        spool.append(each)
    spool.close()
    async with Keeping(tmp_path, database_url) as keeping:
        await until(lambda: keeping.spool.committed_seq == len(left), "the left events are saved")
        assert await keeping.saved() == left
        assert len(await keeping.ledger()) == 1


async def test_ten_thousand_events_go_through_once_in_order(tmp_path: Path, database_url: str) -> None:
    async with Keeping(tmp_path, database_url, SMALL) as keeping:
        for number in range(1_000):
            keeping.publish(abandoned_call(f"c-{number}"))
            if number % 100 == 0:
                await asyncio.sleep(0)
        keeping.publish(noise(2_000))
        assert len(keeping.written) == 10_000
        await keeping.journal.settled()
        assert await keeping.saved() == keeping.written
        assert len(await keeping.ledger()) == 1_000
        await until(lambda: len(segments.segments_in(tmp_path)) <= 3, "saved segments are deleted")


async def test_an_event_of_a_newer_program_is_kept_and_refused_to_readers(
    tmp_path: Path, database_url: str
) -> None:
    line = codec.encode(envelope(answered_call("c-1")[1], 1)).replace(b'"LineOpened"', b'"LineBlessed"')
    segments.path_of(tmp_path, 1).write_bytes(segments.frame(line))
    async with Keeping(tmp_path, database_url) as keeping:
        assert keeping.spool.next_seq == 2
        known = keeping.publish(answered_call("c-2"))
        await keeping.journal.settled()
        async with keeping.database.reading() as connection:
            found = await connection.execute(select(journal_table).where(journal_table.c.seq == 1))
            row = found.mappings().one()
        assert (row["type"], row["call_id"]) == ("LineBlessed", "c-1")
        with pytest.raises(UnknownEvent, match="LineBlessed"):
            await keeping.journal.of_call(CallId("c-1"))
        assert await keeping.journal.of_call(CallId("c-2")) == known


async def test_text_a_stranger_sent_cannot_stop_the_journal(keeping: Keeping) -> None:
    poison = "\x00' \ud83d\ude00 \ud800\uffff" + "x" * 100_000
    first = answered_call("c-1")[0]
    assert isinstance(first, CallArrived)
    keeping.publish([replace(first, call_id=CallId("c\x001"), line=poison), *noise(1)])
    await keeping.journal.settled()
    assert len(await keeping.saved()) == 2
    assert [entry.call_id for entry in await keeping.ledger()] == ["c\ufffd1"]
    assert keeping.journal.state().refused == 0


async def test_an_event_the_database_refuses_is_set_aside_and_the_others_pass(keeping: Keeping) -> None:
    keeping.publish(noise(2))
    await keeping.journal.settled()
    async with keeping.database.writing() as connection:  # somebody else took a place of ours
        await connection.execute(
            journal_table.update().where(journal_table.c.seq == 2).values(seq=4, event_id="stranger")
        )
    keeping.publish(noise(4))
    await keeping.journal.settled()
    aside = [json.loads(line)["seq"] for line in (keeping.folder / "refused.jsonl").read_bytes().splitlines()]
    assert aside == [4]
    assert [each.seq for each in await keeping.saved()] == [1, 3, 4, 5, 6]
    assert keeping.journal.state().refused == 1


# --- the database goes away: PostgreSQL only, SQLite is in the same process ----------------------------------


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_database_away_for_a_while_is_caught_up_once_in_order(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str, mode: str
) -> None:
    async with Keeping(tmp_path, postgres_url, SMALL) as keeping:
        keeping.publish(answered_call("before"))
        await keeping.journal.settled()
        keeping.publish(noise(300))
        await asyncio.to_thread(postgres.stop, mode)
        try:
            for number in range(100):
                keeping.publish(abandoned_call(f"c-{number}"))
            await until(lambda: not keeping.journal.state().database_up, "the database is seen to be away")
            state = keeping.journal.state()
            assert state.disk_well
            assert state.unsaved >= 800
            assert state.oldest_unsaved_at is not None
            with pytest.raises(StorageUnavailable):
                await keeping.journal.of_day(DAY)
            rebuilt = await keeping.past(NOON, HOUR)
            assert rebuilt[-800:] == keeping.written[-800:]
        finally:
            await asyncio.to_thread(postgres.start)
        keeping.publish(answered_call("after"))
        async with asyncio.timeout(20):
            await keeping.journal.settled()
        assert await keeping.saved() == keeping.written
        assert len(await keeping.ledger()) == 102


async def test_a_core_starts_and_works_without_its_database(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with Keeping(tmp_path, postgres_url) as keeping:
        before = keeping.publish(answered_call("before"))
    await asyncio.to_thread(postgres.stop)
    try:
        async with Keeping(tmp_path, postgres_url) as keeping:
            assert keeping.spool.next_seq == len(before) + 1
            assert await keeping.past(NOON, HOUR) == before
            during = keeping.publish(answered_call("during"))
            assert keeping.journal.state().unsaved == len(during)
        async with Keeping(tmp_path, postgres_url) as keeping:
            await asyncio.to_thread(postgres.start)
            await until(lambda: keeping.journal.state().database_up, "the database is found")
            await keeping.journal.settled()
            assert await keeping.saved() == before + during
    finally:
        await asyncio.to_thread(_started, postgres)


def _started(postgres: PostgresServer) -> None:
    if not postgres.running:
        postgres.start()


async def test_a_new_spool_without_database_takes_places_nobody_had(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with Keeping(tmp_path / "old", postgres_url) as keeping:
        before = keeping.publish(noise(5))
    await asyncio.to_thread(postgres.stop)
    try:
        async with Keeping(tmp_path / "new", postgres_url) as keeping:
            during = keeping.publish(noise(5))
            assert keeping.journal.state().unsaved == 5
            with capture_logs() as logs:
                await asyncio.to_thread(postgres.start)
                await keeping.journal.settled()
            assert [entry["unsaved"] for entry in logs if entry["event"] == "journal_database_up"] == [5]
            assert await keeping.saved() == before + during
            assert keeping.journal.state().refused == 0
    finally:
        await asyncio.to_thread(_started, postgres)


async def test_a_stale_spool_loses_nothing_when_the_database_comes_back(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with Keeping(tmp_path / "stale", postgres_url) as keeping:
        before = keeping.publish(noise(5))
    async with Keeping(tmp_path / "other", postgres_url) as keeping:
        before += keeping.publish(noise(5))
    await asyncio.to_thread(postgres.stop)
    try:
        async with Keeping(tmp_path / "stale", postgres_url) as keeping:
            twice = keeping.publish(noise(7))
            await asyncio.to_thread(postgres.start)
            await until(
                lambda: keeping.spool.next_seq == 13 and keeping.journal.state().database_up, "places go on"
            )
            after = keeping.publish(noise(2))
            await keeping.journal.settled()
            assert await keeping.saved() == [*before, *twice[5:], *after]
            refused = (tmp_path / "stale" / "refused.jsonl").read_bytes().splitlines()
            assert [codec.decode(line) for line in refused] == twice[:5]
    finally:
        await asyncio.to_thread(_started, postgres)


async def test_a_database_restored_from_a_copy_is_filled_again(tmp_path: Path, database_url: str) -> None:
    async with Keeping(tmp_path, database_url) as keeping:
        everything = keeping.publish([*answered_call("c-1"), *abandoned_call("c-2")])
    database = Database(database_url)
    async with database.writing() as connection:
        await connection.execute(delete(journal_table).where(journal_table.c.seq > 6))
        await connection.execute(text("DELETE FROM ledger"))
    assert await last_saved(database) == 6
    await rebuild_ledger(database)
    await database.close()
    async with Keeping(tmp_path, database_url) as keeping:
        await keeping.journal.settled()
        assert await keeping.saved() == everything
        assert [entry.outcome for entry in await keeping.ledger()] == [
            Outcome.ANSWERED,
            Outcome.ABANDONED_QUEUE,
        ]
        async with keeping.database.reading() as connection:
            assert (await connection.execute(select(func.count()).select_from(ledger_table))).scalar() == 2
