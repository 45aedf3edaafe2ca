"""The archive of one centre, put together: every part of it around one database, one chain and one store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI

from app.archive_health import ArchiveHealth, health_routes
from app.archive_parts import ArchiveParts, archive_parts
from app.clock import centre_clock
from app.settings import Settings
from core.errors import BandeauError, StorageUnavailable
from core.words import Role
from recorder.custody.catalogue import Catalogue
from recorder.custody.jobs import SealingJobs
from recorder.custody.plain import delete_plain
from recorder.custody.retention import Retention
from recorder.sealing.errors import SealingError
from recorder.sealing.worker import SealWorkers
from storage.database import Database
from storage.journal_tail import JournalTail
from storage.sessions import StoredSessions
from web.auth import Gate
from web.limits import RequestLimits
from web.site import site

log = structlog.get_logger(__name__)

FOLLOW_SECONDS = 0.5
"""How often the journal is read on, and something due looked for."""
COUNT_SECONDS = 60.0
"""How often recordings are counted: among a million it costs a tenth of a second."""
SAY_SECONDS = 10.0
RETRY_SECONDS = 5.0
"""How soon something that failed is tried again."""
HOUSEKEEPING = timedelta(minutes=10)
"""How often days are closed, batches with a visa carried out, and old tracks deleted."""
PATIENCE_S = 300.0
"""How long a folder of tracks may take to be looked through: it may be another machine's."""
PROPOSE_EVERY = timedelta(hours=24)


class Archive:
    """The archive at work. Life: ``web`` and ``work``, until that is cancelled; ``close``."""

    def __init__(self, settings: Settings, parts: ArchiveParts) -> None:
        self._settings = settings
        self.parts, clock = parts, parts.clock
        self.gate = Gate(
            StoredSessions(parts.database, clock),
            clock,
            settings.web.allowed_origins,
            idle=timedelta(hours=settings.web.session_hours),  # the core sees which pages are open, not we
            roles=frozenset(Role) - {Role.TEST_ROBOT},
        )
        workers = settings.archive.workers
        self.workers = SealWorkers(parts.bench, workers)
        self.jobs = SealingJobs(
            parts.store,
            parts.ledger,
            clock,
            self.workers.seal,
            parts.folders,
            at_once=workers,
            keep_wav=settings.archive.original == "wav",
        )
        self.retention = Retention(
            parts.store, parts.ledger, clock, parts.rules, parts.eraser, busy=self.jobs.busy
        )
        self.catalogue = Catalogue(parts.store, JournalTail(parts.database, settings.storage.spool_dir))
        self.health = ArchiveHealth(parts.store, clock, settings.storage.archive_state_file)

    async def work(self) -> None:
        """Follow the journal, seal, and keep house, for ever."""
        await self._tables_ready()
        self.workers.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again("journal", FOLLOW_SECONDS, self._follow))
            tasks.create_task(self._again("sealing", FOLLOW_SECONDS, self.jobs.look))
            tasks.create_task(self._again("house", HOUSEKEEPING.total_seconds(), self.keep_house))
            tasks.create_task(self._again("state", COUNT_SECONDS, self.health.look))
            tasks.create_task(self._again("word", SAY_SECONDS, self._say))

    async def _again(self, part: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do something again and again; what fails is said in ``/healthz`` until it does not any more."""
        while True:
            wait = seconds
            try:
                await work()
            except (BandeauError, SealingError, OSError) as error:
                self.health.failed(part, getattr(error, "code", type(error).__name__))
                wait = min(seconds, RETRY_SECONDS)
            else:
                self.health.well(part)
            await asyncio.sleep(wait)

    async def _say(self) -> None:
        await asyncio.to_thread(self.health.say)

    async def _follow(self) -> None:
        while await self.catalogue.follow():
            pass

    async def _tables_ready(self) -> None:
        """Wait until the tables are there, and of this program's version.

        Raises:
            ConfigurationError: they come from a newer program.
        """
        while True:
            try:
                await self.parts.database.upgrade()
            except StorageUnavailable as error:
                self.health.failed("database", error.code)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.health.well("database")
                return

    async def keep_house(self) -> None:
        """What is due now and then.

        Raises:
            BandeauError, OSError: it is tried again the next time.
        """
        now, archive = self.parts.clock.now(), self._settings.archive
        await asyncio.to_thread(self.parts.chain.close_days, now)
        await self.retention.carry_out()
        if await self._proposed_long_ago(now):
            await self.retention.propose()
        before = now - timedelta(hours=archive.plain_hours)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.to_thread(self.parts.chain.put_heads, self.parts.sealed)
            await asyncio.to_thread(delete_plain, self.parts.folders, before)

    async def _proposed_long_ago(self, now: datetime) -> bool:
        latest = await self.parts.store.erasures(limit=1)
        return not latest or now - latest[0].at >= PROPOSE_EVERY

    def web(self, pages: Path, *routers: APIRouter) -> FastAPI:
        """Make the web application."""
        return site(
            [health_routes(self.health, self.gate, self._settings.centre.id), *routers],
            pages=pages,
            sip_ports=(),
            gate=self.gate,
            limits=RequestLimits(),
            now=self.parts.clock.monotonic,
        )

    async def close(self) -> None:
        """Stop sealing."""
        await self.jobs.close()
        await self.workers.close()


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Archive]:
    """Make the archive; at the end, close what is open."""
    clock = centre_clock(settings.storage.clock_file)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.storage.url)
        stack.push_async_callback(database.close)
        archive = Archive(settings, archive_parts(settings, database, clock))
        stack.push_async_callback(archive.close)
        yield archive
