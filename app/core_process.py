"""``bandeau15 core``: one core as a program. It serves the pages, commands Asterisk, and keeps the journal."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from app.asterisk_setup import load_secrets_of, prompts_dir
from app.authority import ensure_certificates, own_names
from app.clock import SystemClock
from app.core import Adapters, Core
from app.logs import configure_logs
from app.settings import NODE, Settings
from app.watches import journal_watches
from core.ids import CentreId
from lrm_bridge.client import LrmClient
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.directory import StoredDirectory
from storage.journal import Journal
from storage.sessions import StoredSessions
from storage.spool import Spool
from telephony.ami import ManagerLink
from telephony.switch import AsteriskSwitch

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(hours=26)
"""How much of the journal is folded at start: the longest day of the year, and every shift."""
PAGES = Path(__file__).resolve().parent.parent / "ui" / "dist"


class PageServer(uvicorn.Server):
    """Leaves signals to the program: it serves on two ports at once."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def main(settings: Settings) -> None:
    """Run a core until SIGTERM or Ctrl-C."""
    configure_logs()
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _core(settings) as core:
        application = core.web(PAGES)
        servers = _page_servers(settings, application)
        _spare_the_collector()
        _come_first()
        async with asyncio.TaskGroup() as tasks:
            serving = [tasks.create_task(server.serve()) for server in servers]
            lasting = [tasks.create_task(core.ticker.run()), tasks.create_task(core.keep_house())]
            lasting.append(tasks.create_task(core.directory.watch()))
            await stop.wait()
            log.info("core_stopping")
            await core.close()
            for server in servers:
                server.should_exit = True
            await asyncio.wait(serving)
            for task in lasting:
                task.cancel()


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what lasts as long as the program, and come less often.

    Going through all of it holds every call up for some 50 ms each time, and is a tenth of the core's work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _come_first() -> None:
    """Let the threads that write the journal give way to calls within half a millisecond, not the usual five.

    The loop gives its turn away at each wait for the network and each write to the disk.
    """
    sys.setswitchinterval(0.0005)


@contextlib.asynccontextmanager
async def _core(settings: Settings) -> AsyncIterator[Core]:
    """Open what the core needs, in order; close it in reverse."""
    clock = SystemClock()
    secrets = load_secrets_of(settings)
    spool = Spool(settings.storage.spool_dir)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(settings.storage.url)
        stack.push_async_callback(database.close)
        journal = Journal(spool, database, settings.storage.spool_dir / "refused.jsonl")
        await journal.start()
        stack.push_async_callback(journal.close)
        manager = ManagerLink(port=settings.asterisk.ami_port, secret=secrets.ami, app=settings.centre.core)
        lrm = LrmClient(settings.lrm.base_url, CentreId(settings.centre.id)) if settings.lrm.base_url else None
        if lrm is not None:
            stack.push_async_callback(lrm.close)
        switch = AsteriskSwitch(
            app=settings.centre.core,
            switch=NODE,
            ari_port=settings.asterisk.ari_port,
            ari_password=secrets.ari,
            ami_port=settings.asterisk.ami_port,
            prompts=str(prompts_dir(settings)),
            position_codecs=settings.asterisk.position_codecs,
            test_callers=settings.asterisk.test_callers,
        )
        core = Core(
            settings,
            Adapters(
                clock=clock,
                journal=spool,
                switch=switch,
                credentials=switch,
                fallback=manager,
                accounts=StoredAccounts(database),
                sessions=StoredSessions(database, clock),
                directory=StoredDirectory(database, clock),
                lrm=lrm,
                gauges=_gauges(journal, manager),
                parts={"journal": lambda: spool.healthy},
                watches=journal_watches(journal, clock),
            ),
        )
        core.restore(await journal.open_state_source(clock.now(), LOOK_BACK))
        await core.start()
        manager.listen(core.on_switch)
        await stack.enter_async_context(manager)
        await stack.enter_async_context(switch)
        yield core


def _gauges(journal: Journal, manager: ManagerLink) -> dict[str, tuple[str, Callable[[], float]]]:
    """What alarms watch of the adapters."""
    return {
        "strips_registered": ("Strips that can ring in mode secours", lambda: len(manager.registered)),
        "journal_unsaved_events": ("Events the database does not have yet", lambda: journal.state().unsaved),
        "journal_lost_events": ("Events neither disk nor memory could keep", lambda: journal.state().lost),
        "journal_database_up": ("Whether the database answers", lambda: journal.state().database_up),
        "journal_disk_well": ("Whether the spool can write", lambda: journal.state().disk_well),
    }


def _page_servers(settings: Settings, application: FastAPI) -> list[PageServer]:
    """HTTP for this machine, HTTPS for the others."""
    certificates = ensure_certificates(settings.storage.data_dir / "tls", own_names())
    secure = {"ssl_certfile": str(certificates.certificate), "ssl_keyfile": str(certificates.private_key)}
    return [
        PageServer(
            uvicorn.Config(
                application,
                host=settings.web.host,
                port=port,
                ws="websockets-sansio",
                ws_max_size=16 * 1024,
                ws_per_message_deflate=False,  # short frames to many screens: not worth its time and memory
                access_log=False,
                log_level="warning",
                lifespan="off",
                timeout_graceful_shutdown=2,
                server_header=False,
                **tls,  # type: ignore[arg-type]
            )
        )
        for port, tls in ((settings.web.http_port, {}), (settings.web.https_port, secure))
    ]
