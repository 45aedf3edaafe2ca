"""The parts of the archive, put together: what ``bandeau15 archive`` and the tests run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse

from app.clock import SystemClock
from app.settings import Settings
from core.errors import StorageUnavailable
from core.ports import Clock
from core.words import Role
from storage.database import Database
from storage.sessions import StoredSessions
from web.auth import Gate
from web.limits import RequestLimits
from web.site import site

log = structlog.get_logger(__name__)

FOLLOW_SECONDS = 0.5
"""How often the journal is read on: a call that has ended is found as soon."""


class Archive:
    """The archive of one centre. Life: ``web`` and ``work``, until that is cancelled."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._database_up = True
        self.gate = Gate(
            StoredSessions(database, clock),
            clock,
            settings.web.allowed_origins,
            idle=timedelta(hours=settings.web.session_hours),  # the core sees which pages are open, not we
            roles=frozenset(Role) - {Role.TEST_ROBOT},
        )

    async def work(self) -> None:
        """Follow the journal, for ever."""
        while True:
            await self._look()
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _look(self) -> None:
        try:
            await self._database.ping()
        except StorageUnavailable:
            self._database_up = False
        else:
            self._database_up = True

    def web(self, pages: Path) -> FastAPI:
        """Make the web application."""
        return site(
            [self._about()],
            pages=pages,
            sip_ports=(),
            gate=self.gate,
            limits=RequestLimits(),
            now=self._clock.monotonic,
        )

    def _about(self) -> APIRouter:
        router = APIRouter()

        @router.get("/healthz")
        async def healthz() -> JSONResponse:
            failing = [] if self._database_up else ["database"]
            told = {"archive": self._settings.centre.id, "failing": failing}
            return JSONResponse(told, 503 if failing else 200)

        return router


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Archive]:
    """Make the archive; at the end, close what is open."""
    database = Database(settings.storage.url)
    try:
        yield Archive(settings, database, SystemClock())
    finally:
        await database.close()
