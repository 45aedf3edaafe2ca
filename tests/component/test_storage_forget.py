"""With an archivist's visa, nothing in the database tells who called long ago; every count stays."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from app.commands import app
from core.accounts import Account
from core.events import CallArrived, CallNoted, Envelope, Event, ItemNoted, LocationKept, LostCallFiled
from core.ids import AgentId, CallId, ItemId
from core.location import Location, LocationSource
from core.words import LossPlace, Priority, Role
from storage import codec, rows
from storage.accounts import StoredAccounts
from storage.archive_tables import recording
from storage.database import Database
from storage.forget import forget
from storage.ledger import LedgerEntry
from storage.rebuild import rebuild_ledger
from storage.recordings import StoredRecordings
from storage.tables import journal
from tests.support.call_story import ARM1, answered_call, arrival
from tests.support.events import NOON, envelope
from tests.support.recordings import indexed, told_of

pytestmark = pytest.mark.component

OLD, KEPT, HIDDEN, NEW = "c-1", "c-2", "c-3", "c-4"
NUMBER, SECRET = "33612345678", "Mme Dupont, 3e étage"
LATER = NOON + timedelta(days=10)
UNTIL = NOON + timedelta(days=5)
ARCHIVIST = Account(agent_id=AgentId("8a1"), login="archiviste", name="Noé Lambert", role=Role.ARCHIVIST)
PASSWORD = "a long password"


def noted(call: str) -> list[Event]:
    position, agent = ARM1
    note = CallNoted(call_id=CallId(call), position_id=position, agent_id=agent, name="Zoé", text=SECRET)
    return [note]


def of_no_call() -> list[Event]:
    place = Location(source=LocationSource.AML_SMS, at=NOON, latitude=48.8, longitude=2.3)
    return [
        ItemNoted(item_id=ItemId("i-1"), agent_id=ARM1[1], name="Zoé", text=SECRET),
        LocationKept(number=f"+{NUMBER}", location=place),
    ]


def lost(call: str) -> Event:
    return LostCallFiled(
        call_id=CallId(call),
        item_id=ItemId("i-1"),
        number=f"+{NUMBER}",
        line="15",
        flow="15",
        priority=Priority.PX,
        place=LossPlace.QUEUE,
        lost_at=NOON,
        waited_seconds=30,
        short=False,
    )


def hidden_call(call: str) -> list[Event]:
    return [*arrival(call, None), *noted(call)]


class Years:
    """A database of old and new calls. One old call's recording is kept."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def fill(self, noon: datetime = NOON, later: datetime = LATER) -> None:
        await self.database.upgrade()
        old = [
            *answered_call(OLD), *noted(OLD), lost(OLD), *answered_call(KEPT), *noted(KEPT),
            *hidden_call(HIDDEN), *of_no_call(),
        ]  # fmt: skip
        new = [*answered_call(NEW), *noted(NEW), *of_no_call()]
        events = [envelope(event, seq, at=noon, seconds=seq) for seq, event in enumerate(old, 1)]
        events += [envelope(event, seq, at=later) for seq, event in enumerate(new, len(old) + 1)]
        await self.database.write(rows.write_records, [codec.stored(each) for each in events])
        store = StoredRecordings(self.database)
        await store.take(told_of(indexed(1, call_id=CallId(KEPT), last_call_id=CallId(KEPT))), 3, NOON)

    async def erase_the_recording(self) -> None:
        await self.database.write(lambda c: c.execute(update(recording).values(state="erased")))

    async def events(self) -> list[Envelope]:
        found = await self.database.read(lambda c: c.execute(select(journal).order_by(journal.c.seq)).all())
        return [codec.envelope_of(rows.record_of_row(row._mapping)) for row in found]

    async def ledger(self) -> dict[str, LedgerEntry]:
        return await self.database.read(rows.entries_of, {OLD, KEPT, HIDDEN, NEW})

    async def told(self, since: datetime, until: datetime) -> str:
        """Every word of the journal in a time."""
        each = [row for row in await self.events() if since <= row.occurred_at < until]
        return "\n".join(codec.encode(row).decode() for row in each)


@pytest.fixture
async def years(database_url: str) -> AsyncIterator[Years]:
    database = Database(database_url)
    made = Years(database)
    await made.fill()
    yield made
    await database.close()


async def test_who_called_is_forgotten_and_how_the_calls_went_is_not(years: Years) -> None:
    before, calls = await years.events(), await years.ledger()
    assert await forget(years.database, UNTIL) == 6
    after, forgotten = await years.events(), await years.ledger()
    assert [(row.seq, type(row.event)) for row in after] == [(row.seq, type(row.event)) for row in before]
    assert [row for row in after if row.occurred_at >= UNTIL] == before[-len([*answered_call(NEW)]) - 3 :]
    # The call whose recording is kept keeps all; of the others nothing is left, in the ledger either.
    of = {call: [row.event for row in after if row.call_id == call] for call in (OLD, KEPT, HIDDEN)}
    assert of[KEPT] == [row.event for row in before if row.call_id == KEPT]
    arrived = next(event for event in of[OLD] if isinstance(event, CallArrived))
    assert (arrived.caller.e164, arrived.caller.hidden) == ("", False)
    assert next(event for event in of[HIDDEN] if isinstance(event, CallArrived)).caller.hidden
    for call in (OLD, HIDDEN):
        assert [event.text for event in of[call] if isinstance(event, CallNoted)] == [""]
    assert {call: entry.number for call, entry in forgotten.items()} == {
        **{call: entry.number for call, entry in calls.items()},
        OLD: "",
    }
    for call, entry in calls.items():
        assert (forgotten[call].outcome, forgotten[call].hidden) == (entry.outcome, entry.hidden)
    await rebuild_ledger(years.database)
    assert await years.ledger() == forgotten
    assert await forget(years.database, UNTIL) == 0


async def test_a_call_is_forgotten_with_its_recording(years: Years) -> None:
    await years.erase_the_recording()
    await forget(years.database, UNTIL)
    old = await years.told(NOON, UNTIL)
    assert NUMBER not in old
    assert "Dupont" not in old
    assert "48.8" not in old
    new = await years.told(UNTIL, LATER + timedelta(days=1))
    assert NUMBER in new
    assert "Dupont" in new


async def test_nothing_is_left_in_sqlites_file(tmp_path: Path) -> None:
    """What was replaced would stay readable on free pages for long."""
    file = tmp_path / "bandeau15.db"
    for step, left in (("fill", True), ("forget", False)):
        database = Database(f"sqlite+aiosqlite:///{file}")
        if step == "fill":
            await Years(database).fill()
            await Years(database).erase_the_recording()
        else:
            await forget(database, LATER + timedelta(days=1))
        await database.close()
        with closing(sqlite3.connect(file)) as beside:
            assert beside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert (b"Dupont" in file.read_bytes()) == left


def test_an_archivist_has_it_done_and_the_chain_says_so(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bandeau15.db'}"
    settings = tmp_path / "centre.toml"
    settings.write_text(
        f'[storage]\ndata_dir = "{tmp_path}"\ndatabase_url = "{url}"\n[archive]\nforget_days = 31\n'
    )
    asyncio.run(_with_accounts(url))

    def run(*words: str, status: int = 0) -> str:
        argv = ["--config", str(settings), "archive", *words]
        done = CliRunner().invoke(app, argv, input=f"{PASSWORD}\n")
        assert done.exit_code == status, done.output
        return done.output

    wipe = ("forget", "--password-stdin", "--login")
    run(*wipe, "chef", status=1)  # no archivist
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    run(*wipe, "archiviste", "--before", tomorrow, status=1)  # too early
    chain = tmp_path / "chain" / "FR751"
    assert not any(b"forgotten" in file.read_bytes() for file in chain.glob("*.jsonl"))
    assert "6 events rewritten" in run(*wipe, "archiviste")
    (day,) = chain.glob("*.jsonl")
    assert b'"by":"8a1"' in day.read_bytes()
    assert b'"kind":"forgotten"' in day.read_bytes()
    assert "Nothing was touched" in run("verify", "--no-catalogue")


async def _with_accounts(url: str) -> None:
    database = Database(url)
    await Years(database).fill(datetime.now(UTC) - timedelta(days=40), datetime.now(UTC))
    supervisor = Account(agent_id=AgentId("8s1"), login="chef", name="Ana", role=Role.SUPERVISOR)
    for account in (ARCHIVIST, supervisor):
        await StoredAccounts(database).create(account, PASSWORD)
    await database.close()
