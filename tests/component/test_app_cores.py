"""Cores as the programs they are, of two sites on one PostgreSQL: one at work, whatever is killed or frozen."""

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.centre_lease import STEPPED_DOWN
from core.events import CoreStarted
from storage.database import Database
from storage.lease import STANDING_BY, holder, living
from storage.reader import Reader, reader_beside
from tests.support.ports import free_port
from tests.support.program import Program
from tests.support.waiting import until

pytestmark = pytest.mark.component

SECONDS = 60


class Site:
    """A data folder and its cores. There is no Asterisk."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.cores_dir = folder / "data" / "cores"
        folder.mkdir()
        self._config = folder / "centre.toml"
        self._config.write_text(
            f'[storage]\ndata_dir = "{folder / "data"}"\ndatabase_url = "{database_url}"\n'
            f'[web]\nhost = "127.0.0.1"\nhttp_port = {free_port()}\nhttps_port = {free_port()}\n'
            f"[asterisk]\nari_port = {free_port()}\nami_port = {free_port()}\n"
            '[lrm]\nbase_url = ""\n'
        )
        self._log = folder / "log"

    def core(self, name: str) -> Program:
        return Program(
            *("app.cli", "--config", str(self._config), "core", "--name", name), log=self._log, patience=SECONDS
        )

    @property
    def at_work(self) -> str:
        sign = holder(self.cores_dir)
        return sign.core if sign is not None else ""

    async def stands_by(self) -> bool:
        return STANDING_BY in [sign.state for sign in living(self.cores_dir)]

    async def works(self) -> bool:
        return bool(self.at_work)

    def reader(self, database: Database) -> Reader:
        return reader_beside(database, self.cores_dir.parent / "spool")


@pytest.fixture
def sites(tmp_path: Path, postgres_url: str) -> tuple[Site, Site]:
    return Site(tmp_path / "one", postgres_url), Site(tmp_path / "two", postgres_url)


async def starts_since(reader: Reader, instant: datetime) -> list[tuple[str, int]]:
    """Which cores began to serve, and in which holding of the lease."""
    events = [envelope.event for envelope in await reader.since(instant)]
    return [(event.core, event.epoch) for event in events if isinstance(event, CoreStarted)]


async def test_one_core_is_at_work_of_all_sites(sites: tuple[Site, Site], postgres_url: str) -> None:
    here, there = sites
    database, began = Database(postgres_url), datetime.now(UTC)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        first, second, elsewhere = here.core("core-a"), here.core("core-b"), there.core("core-a")

        async def written(*wanted: tuple[str, int]) -> None:
            """Wait until these, and no others, are the starts of cores in the database."""
            async with asyncio.timeout(SECONDS):
                while await starts_since(there.reader(database), began) != list(wanted):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

        await first.start(here.works)
        stack.push_async_callback(elsewhere.stop)
        await asyncio.gather(second.start(here.stands_by), elsewhere.start(there.stands_by))
        await first.kill()
        await until(lambda: here.at_work == "core-b", "its own standby takes over", SECONDS)
        assert there.at_work == ""
        await written(("core-a", 1), ("core-b", 2))  # another site knows what reached the database, no more
        second.send(signal.SIGSTOP)
        await until(lambda: there.at_work == "core-a", "the other site takes over", SECONDS)
        second.send(signal.SIGCONT)
        assert await second.ended() == STEPPED_DOWN
        await written(("core-a", 1), ("core-b", 2), ("core-a", 3))
