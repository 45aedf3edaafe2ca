"""The archive's API over real parts: SQLite, chain, sealed recordings, and people with sessions."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
from sqlalchemy import insert

from app.clock import SystemClock
from core.accounts import Account
from core.ids import AgentId, CallId, CentreId, PositionId, RecordingId
from core.ports import Clock
from core.recordings import Closed, Indexed, Recording, Told
from core.words import Outcome, Role
from recorder.custody.alone import Alone
from recorder.custody.ledger import CustodyLedger
from recorder.custody.policy import AccessRules, RetentionRule
from recorder.custody.retention import Retention
from recorder.custody.service import Custody
from recorder.listening.custody_routes import custody_routes
from recorder.listening.exports import Centre, Exports, SealedRecording
from recorder.listening.packages import Packages
from recorder.listening.routes import CorePorts, listening_routes
from recorder.listening.service import ListeningService
from recorder.listening.views import StoryLine
from recorder.sealing.chain import Chain
from recorder.sealing.layout import prefix_of
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import erase, seal
from recorder.sequences import Pause, RecordingIndex, SequenceKind, index_document
from recorder.sequences import Sequence as Part
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.recordings import StoredRecordings
from storage.tables import account
from tests.support.sealing import CENTRE, Keeping
from tests.support.tables import with_tables
from tests.support.web_server import MemorySessions, served
from web.auth import COOKIE, Gate

ARM1 = Account(agent_id=AgentId("8arm1/1"), login="arm1", name="Camille Martin", role=Role.ARM)
ARM2 = Account(agent_id=AgentId("8arm2/1"), login="arm2", name="Dominique Petit", role=Role.ARM)
CHIEF = Account(agent_id=AgentId("8chief/1"), login="chief", name="Sacha Bernard", role=Role.SUPERVISOR)
CHIEF2 = Account(agent_id=AgentId("8chief/2"), login="chief2", name="Lou Garnier", role=Role.SUPERVISOR)
AUDITOR = Account(agent_id=AgentId("8audit/1"), login="audit", name="Noa Meunier", role=Role.AUDITOR)
ARCHIVIST = Account(agent_id=AgentId("8arch/1"), login="arch", name="Claude Roy", role=Role.ARCHIVIST)
PEOPLE = (ARM1, ARM2, CHIEF, CHIEF2, AUDITOR, ARCHIVIST)
NUMBER = "+33199001234"


def index_of(
    recording_id: RecordingId, started_at: datetime, seconds: float, agents: Sequence[AgentId], number: str
) -> RecordingIndex:
    """A caller welcomed for a third of the time, then talking with the agents, a pause in the middle of it."""
    third = seconds / 3
    talk = Part(
        kind=SequenceKind.TALK,
        begins=third,
        ends=seconds,
        heard=("caller", *(f"position-{n}" for n, _ in enumerate(agents))),
        agents=tuple(agents),
    )
    svi = Part(kind=SequenceKind.SVI, begins=0, ends=third, heard=("caller",), agents=())
    return RecordingIndex(
        recording_id=recording_id,
        call_id=CallId(recording_id),
        centre_id=CENTRE,
        line="15",
        number=number,
        direction="in",
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=seconds),
        seconds=seconds,
        outcome=Outcome.ANSWERED,
        sequences=(svi, talk),
        pauses=(Pause(begins=2 * third, ends=2.5 * third, by=agents[0], reason="privacy"),) if agents else (),
        agents=tuple(agents),
        test=False,
    )


class ListeningPlace:
    """A centre's archive in a folder of a test, with its routes."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.keeping = Keeping(folder)
        self.clock: Clock = SystemClock()
        self.store = StoredRecordings(database)
        self.accounts = StoredAccounts(database)
        self.chain = Chain(folder / "chain", CENTRE, self.keeping.signing())
        self.ledger = CustodyLedger(self.chain, self.store, self.clock, Alone(folder / "custody.lock"))
        rules = AccessRules(centre_id=CENTRE)
        self.custody = Custody(self.store, self.ledger, self.clock, rules, lambda typed: f"digest-{len(typed)}")
        keep = (RetentionRule(keep=timedelta(days=365)),)
        self.retention = Retention(self.store, self.ledger, self.clock, keep, self)
        self.sessions = MemorySessions(self.clock)
        self.gate = Gate(self.sessions, self.clock, roles=frozenset(Role))
        self.listening = ListeningService(self.custody, self.open, self.clock)
        self.exports = Exports(
            self.custody,
            self.open,
            Packages(folder / "exports"),
            self.clock,
            Centre(CENTRE, "SAMU d’essai"),
            self.store.names,
        )
        self._place = 0

    def open(self, recording: Recording) -> SealedRecording:
        """Open what is sealed."""
        return SealedReader.open(self.keeping.archive(), self.keeping.keys(), prefix(recording))

    def erase(self, recording: Recording) -> None:
        """Implements ``Eraser``."""
        erase(self.keeping.archive(), prefix(recording))

    async def add(
        self,
        name: str,
        *agents: Account,
        seconds: float = 6,
        ago: timedelta = timedelta(hours=1),
        number: str = NUMBER,
        note: str = "",
        dossier: str = "",
        sealed: bool = True,
    ) -> RecordingId:
        """A recording that has ended, and is sealed."""
        recording_id = RecordingId(name)
        started_at = datetime.now(UTC).replace(microsecond=0) - ago
        index = index_of(recording_id, started_at, seconds, [each.agent_id for each in agents], number)
        document = index_document(index)
        common = {"recording_id": recording_id, "call_id": CallId(name), "centre_id": CentreId(CENTRE)}
        self._place += 1
        told = [Told(call_id=CallId(name), note=note, dossier=dossier)] if note or dossier else []
        await self.store.take(
            [
                Closed(
                    **common,  # type: ignore[arg-type]
                    caller_track=f"{started_at:%Y-%m-%d}/{name}-caller.wav",
                    ended_at=index.ended_at,
                    seconds=seconds,
                ),
                Indexed(
                    **common,  # type: ignore[arg-type]
                    last_call_id=CallId(name),
                    line=index.line,
                    number=number,
                    direction="in",
                    started_at=started_at,
                    ended_at=index.ended_at,
                    seconds=seconds,
                    outcome=index.outcome,
                    agents=index.agents,
                    test=False,
                    document=document,
                ),
                *told,
            ],
            self._place,
            index.ended_at,
        )
        if sealed:
            await self.seal(recording_id, started_at.date(), document, seconds)
        return recording_id

    async def seal(self, recording_id: RecordingId, day: date, document: bytes, seconds: float) -> None:
        """Seal it, and put it on the chain."""
        job = replace(self.keeping.job(recording_id, seconds=seconds), day=day, index=document)
        archive, keys = self.keeping.archive(), self.keeping.keys()
        sealed = await asyncio.to_thread(seal, job, archive, keys)
        async with self.ledger.act():
            await self.ledger.publish({**sealed.body(), "seconds": seconds, "octets": sealed.octets}, day)

    def entries(self, kind: str) -> list[dict[str, object]]:
        """The bodies of the chain's entries of a kind, in order."""
        return [
            dict(entry.body)
            for day in self.chain.days()
            for entry in self.chain.entries(day)
            if entry.kind == kind
        ]

    async def story(self, call_id: CallId) -> list[StoryLine]:
        """What the journal says: one line."""
        return [StoryLine(at=self.clock.now(), text=f"Appel {call_id}")]

    @asynccontextmanager
    async def browser(self, host: str, person: Account) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser of somebody who is logged in."""
        until = self.clock.now() + timedelta(hours=1)
        token = await self.sessions.create(person, PositionId(person.login), until)
        url = f"http://{host}"
        headers = {"Origin": url, "Cookie": f"{COOKIE}={token}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield client


def prefix(recording: Recording) -> str:
    """Where a recording is in the archive."""
    day = date.fromisoformat(recording.caller_track.split("/")[0])
    return prefix_of(recording.centre_id, day, recording.recording_id)


@asynccontextmanager
async def listening_place(folder: Path) -> AsyncIterator[tuple[ListeningPlace, str]]:
    """An archive that is served; gives it, and ``host:port``."""
    database = Database(with_tables(f"sqlite+aiosqlite:///{folder / 'test.db'}"))
    await database.upgrade()
    place = ListeningPlace(folder, database)
    async with database.writing() as connection:
        for person in PEOPLE:  # whose passwords nobody asks for here
            await connection.execute(insert(account).values(**asdict(person), password_hash=""))
    routers = (
        listening_routes(
            place.listening,
            place.gate,
            story=place.story,
            people=place.accounts.list,
            core=CorePorts(8015, 8443),
        ),
        custody_routes(place.custody, place.retention, place.exports, place.gate),
    )
    try:
        async with served(*routers, gate=place.gate) as host:
            yield place, host
    finally:
        await place.exports.close()
        await database.close()


def detail(answer: httpx2.Response) -> str:
    """The code of a refusal."""
    return str(json.loads(answer.content)["code"])
