"""The archive as the program it is: it follows a journal, is killed and started again, and serves."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from app.commands import app as command_line
from core.accounts import Account
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallNoted,
    Event,
    LineOpened,
    RecordingEnded,
    RecordingStarted,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId, RecordingId
from core.recordings import Recording, RecordingState
from core.words import CallerNumber, EndedBy, Outcome, Role
from recorder.policy import tracks_of
from recorder.sealing.archive import LocalArchive
from recorder.sealing.keys import KeyRing
from recorder.sealing.signing import Signers
from recorder.sealing.verify import Verifier
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.journal import Journal
from storage.recordings import StoredRecordings
from storage.segments import segments_in
from storage.spool import Spool
from storage.tables import journal
from tests.support.audio import tone, write_wav
from tests.support.events import envelope
from tests.support.ports import free_port
from tests.support.program import Program

pytestmark = pytest.mark.component

SECONDS = 60
PASSWORD = "un mot de passe"
ARM1 = (PositionId("arm1"), AgentId("8arm1/1"))


def channel(number: int) -> str:
    """As Asterisk names one: by the second it was made in."""
    return f"FR751-a-1795000000.{number}"


class Place:
    """A data folder, a journal written into it, and an archive of it."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.data = folder / "data"
        self.http_port, self.https_port = free_port(), free_port()
        self.config = folder / "centre.toml"
        self.config.write_text(
            f'[storage]\ndata_dir = "{self.data}"\ndatabase_url = "{database_url}"\n[web]\nhost = "127.0.0.1"\n'
            f"[archive]\nhttp_port = {self.http_port}\nhttps_port = {self.https_port}\nplain_hours = 0\n"
        )
        self.program = Program(
            *("app.cli", "--config", str(self.config), "archive"), log=folder / "log", patience=SECONDS
        )
        self.url = database_url or f"sqlite+aiosqlite:///{self.data / 'bandeau15.db'}"
        self.spool = Spool(self.data / "spool")

    async def health(self) -> httpx2.Response:
        async with httpx2.AsyncClient() as http:
            return await http.get(f"http://127.0.0.1:{self.http_port}/healthz")

    async def serves(self) -> bool:
        try:
            return (await self.health()).status_code == 200
        except httpx2.TransportError:
            return False

    async def stop(self) -> None:
        self.program.send(signal.SIGTERM)
        assert await self.program.ended() == 0

    def write(self, *events: Event) -> None:
        """Events of the last seconds, a third of a second apart."""
        now = datetime.now(UTC)
        for place, event in enumerate(events):
            at = now - timedelta(seconds=(len(events) - place) / 3)
            self.spool.append(envelope(event, self.spool.next_seq, at=at))

    async def forget_what_the_database_has(self) -> None:
        """As a core does in days: the spool keeps only what is new."""
        self.spool.close()
        database = Database(self.url)
        moving = Journal(Spool(self.data / "spool"), database, self.data / "refused")
        await moving.start()
        await moving.settled()
        await moving.close()
        await database.close()
        for file in segments_in(self.data / "spool"):
            file.unlink()
        self.spool = Spool(self.data / "spool")
        self.spool.open()
        self.spool.continue_after(1000)

    def call(self, number: int, hz: float = 440) -> None:
        """A call that was answered, recorded, and ended: its tracks and its events."""
        call_id, tracks = CallId(channel(number)), tracks_of(channel(number))
        for track in (tracks.caller, tracks.centre):
            (self.data / "recordings" / track).parent.mkdir(parents=True, exist_ok=True)
            write_wav(self.data / "recordings" / track, tone(hz, 1.0))
        position_id, agent_id = ARM1
        self.write(
            CallArrived(
                call_id=call_id,
                channel_id=ChannelId(call_id),
                line="15",
                caller=CallerNumber(f"+3361234{number:04d}"),
            ),
            LineOpened(call_id=call_id),
            RecordingStarted(call_id=call_id, caller_track=tracks.caller, centre_track=tracks.centre),
            CallAnswered(call_id=call_id, offer_id=OfferId("o"), position_id=position_id, agent_id=agent_id),
            CallEnded(call_id=call_id, outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER),
            RecordingEnded(call_id=call_id, seconds=1.0, octets=32_000, caller_track=tracks.caller),
        )

    async def held_and_made_anew(self, store: StoredRecordings) -> None:
        """A hold is set from a terminal; then the catalogue's rows are lost, and one call's journal, too."""
        await add_account(self.url, "archiviste", Role.ARCHIVIST)
        by = ("--login", "archiviste", "--password-stdin")
        await self.command("hold", "set", channel(2), "--reason", "réquisition", *by)
        found = await self.command("search", "--number", "06 12 34 00 02", *by)
        assert channel(2) in found
        assert channel(3) not in found
        before = [await store.get(RecordingId(channel(number))) for number in (1, 2, 3, 4)]
        database = Database(self.url)
        async with database.writing() as connection:
            await connection.execute(delete(journal).where(journal.c.call_id == channel(3)))
        await database.close()
        await self.command("rebuild")
        after = [await store.get(RecordingId(channel(number))) for number in (1, 2, 3, 4)]
        lost, known = after[2], before[2]
        assert lost is not None
        assert known is not None
        assert [row for row in after if row is not lost] == [row for row in before if row is not known]
        # Of a call without a journal, the sealed index tells all but the notes and the tracks.
        assert replace(lost, caller_track=known.caller_track, notes=known.notes) == known
        assert "sealed     4" in await self.command("state")

    async def command(self, *words: str) -> str:
        """Give one of the archivist's commands; what it prints."""
        done = await asyncio.to_thread(
            CliRunner().invoke,
            command_line,
            ["--config", str(self.config), "archive", *words],
            input=f"{PASSWORD}\n",
            env={"COLUMNS": "200"},
        )
        assert done.exit_code == 0, done.output
        return done.output

    def note(self, number: int, text: str) -> None:
        """Somebody writes a note on a call."""
        call_id = CallId(channel(number))
        self.write(CallNoted(call_id=call_id, position_id=ARM1[0], agent_id=ARM1[1], name="A", text=text))


@asynccontextmanager
async def catalogue(place: Place) -> AsyncIterator[StoredRecordings]:
    database = Database(place.url)
    await database.upgrade()
    try:
        yield StoredRecordings(database)
    finally:
        await database.close()


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """A place whose archive does not outlive its test, however that ends."""
    made = Place(tmp_path, "" if database_url.startswith("sqlite") else database_url)
    yield made
    if made.program.running:
        await made.program.kill()


@pytest.mark.parametrize("database_url", ["sqlite"])
async def test_it_serves_by_http_and_https_and_ends_when_asked(place: Place) -> None:
    await place.program.start(place.serves)
    try:
        told = (await place.health()).json()
        assert told["archive"] == "FR751"
        assert told["failing"] == []
        trusted = ssl.create_default_context(cafile=place.data / "tls" / "authority.pem")
        async with httpx2.AsyncClient(verify=trusted) as http:
            answer = await http.get(f"https://localhost:{place.https_port}/healthz")
            assert answer.status_code == 200
            assert "Strict-Transport-Security" not in answer.headers  # localhost is shared with others
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            asked = await http.get(f"https://localhost:{place.https_port}/api/recordings")
            assert asked.status_code == 401  # by nobody
            where = await http.get(f"https://localhost:{place.https_port}/api/core")
            assert where.json() == {"http": 8015, "https": 8443}
            measures = await http.get(f"https://localhost:{place.https_port}/metrics")
            assert 'bandeau15_archive_recordings{state="failed"}' in measures.text
    finally:
        await place.stop()


async def add_account(url: str, login: str, role: Role) -> None:
    database = Database(url)
    account = Account(agent_id=AgentId(f"8{login}"), login=login, name=login, role=role)
    await StoredAccounts(database).create(account, PASSWORD)
    await database.close()


async def sealed(store: StoredRecordings, number: int) -> Recording:
    """Wait until a recording is."""
    async with asyncio.timeout(SECONDS):
        while True:
            row = await store.get(RecordingId(channel(number)))
            if row is not None and row.state is RecordingState.SEALED:
                return row
            await asyncio.sleep(0.05)


async def test_what_has_ended_is_sealed_whatever_was_killed_and_however_long_nobody_followed(
    place: Place,
) -> None:
    place.spool.open()
    place.call(1)  # before the archive ever ran
    async with catalogue(place) as store:
        await place.program.start(place.serves)
        row = await sealed(store, 1)
        assert (row.number, row.agents, row.seconds) == ("+33612340001", (ARM1[1],), 1.0)
        place.call(2)
        await place.program.kill()
        # For days nobody follows: the spool forgets what the database has.
        place.call(3)
        place.write(
            CallNoted(call_id=CallId(channel(3)), position_id=ARM1[0], agent_id=ARM1[1], name="A", text="Été")
        )
        await place.forget_what_the_database_has()
        await place.program.start(place.serves)
        await sealed(store, 2)
        assert (await sealed(store, 3)).notes == "Été"
        place.call(4)
        await sealed(store, 4)
        keys = KeyRing(place.data / "keys", "FR751")
        chain, archive = place.data / "chain" / "FR751", LocalArchive(place.data / "archive")
        verifier = Verifier(archive, keys, chain, "FR751", Signers.in_folder(chain))
        assert list(verifier.everything()) == []
        await place.stop()
        await place.held_and_made_anew(store)
