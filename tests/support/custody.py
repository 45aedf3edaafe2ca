"""Custody around a real database and a chain in memory, on virtual time: what tests of its rules need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from core.accounts import Account
from core.ids import CentreId, RecordingId
from core.recordings import Change, Indexed, Recording
from core.words import Role
from recorder.custody.alone import Alone
from recorder.custody.ledger import CustodyLedger
from recorder.custody.policy import AccessRules, RetentionRule
from recorder.custody.retention import Retention
from recorder.custody.service import Custody
from storage.database import Database
from storage.recordings import StoredRecordings
from tests.support.centre import HeldClock
from tests.support.recordings import NOON, MemoryChain, told_of
from tests.support.web_server import account

RULES = (RetentionRule(keep=timedelta(days=10), test=True), RetentionRule(keep=timedelta(days=100)))

ARM = account("arm1")
OTHER_ARM = account("arm2")
SUPERVISOR = account("chef", Role.SUPERVISOR)
OTHER_SUPERVISOR = account("chef2", Role.SUPERVISOR)
AUDITOR = account("auditeur", Role.AUDITOR)
ARCHIVIST = account("archiviste", Role.ARCHIVIST)
OTHER_ARCHIVIST = account("archiviste2", Role.ARCHIVIST)
PEOPLE: tuple[Account, ...] = (ARM, SUPERVISOR, AUDITOR, ARCHIVIST, OTHER_ARCHIVIST)


class Killed(BaseException):
    """The program ends at this very instant."""


@dataclass
class Objects:
    """Implements ``Eraser``: the recordings that can be heard. It may be killed before or after an erasure."""

    there: set[RecordingId] = field(default_factory=set)
    kill_before: int | None = None
    kill_after: int | None = None
    done: int = 0

    def erase(self, recording: Recording) -> None:
        if self.done == self.kill_before:
            self.kill_before = None
            raise Killed
        self.there.discard(recording.recording_id)
        self.done += 1
        if self.done == self.kill_after:
            self.kill_after = None
            raise Killed


class World:
    """One centre's custody. ``restart``: as a program that was killed and started again."""

    def __init__(self, store: StoredRecordings, folder: Path) -> None:
        self.store = store
        self.clock = HeldClock(NOON)
        self.chain = MemoryChain()
        self.objects = Objects()
        self._folder = folder
        self.restart()

    def restart(self) -> None:
        """Forget everything that is not on a disk."""
        alone = Alone(self._folder / "lock")
        self.ledger = CustodyLedger(self.chain, self.store, self.clock, alone)
        rules = AccessRules(centre_id=CentreId("FR751"))
        self.custody = Custody(self.store, self.ledger, self.clock, rules, lambda number: f"digest of {number}")
        self.retention = Retention(self.store, self.ledger, self.clock, RULES, self.objects)

    async def take(self, *known: Indexed) -> None:
        """Let the journal tell of recordings."""
        changes: list[Change] = [change for each in known for change in told_of(each)]
        place = (await self.store.places()).journal + len(changes)
        await self.store.take(changes, place, self.clock.now())

    async def seal(self, *known: Indexed) -> None:
        """Let recordings be sealed."""
        for each in known:
            day = each.started_at.date()
            body = {"recording_id": each.recording_id, "call_id": each.call_id, "day": day.isoformat()}
            async with self.ledger.act():
                await self.ledger.publish({**body, "manifest_sha256": "ab" * 32}, day)
            self.objects.there.add(each.recording_id)


@asynccontextmanager
async def world(url: str, folder: Path) -> AsyncIterator[World]:
    """Custody on an empty database."""
    database = Database(url)
    await database.upgrade()
    try:
        yield World(StoredRecordings(database), folder)
    finally:
        await database.close()
