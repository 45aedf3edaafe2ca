"""``bandeau15 archive``: the keeper of the recordings, a program of its own beside the core.

It follows the journal, keeps the catalogue, seals, erases, and serves search and listening on ports of its own.
Nothing of it runs in the core, and nothing of it is ever waited for by a call.
"""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import structlog
import uvloop
from fastapi import FastAPI

from app.archive import Archive, opened
from app.archive_pages import archive_routers
from app.authority import ensure_certificates, own_names
from app.logs import configure_logs
from app.page_server import PageServer, page_servers
from app.settings import Settings

log = structlog.get_logger(__name__)

PAGES = Path(__file__).resolve().parent.parent / "ui" / "dist"
_NICENESS = 10
"""Calls come first."""
_LEAST_URGENT = 7
"""Of the eight levels of ordinary reading and writing."""


def main(settings: Settings) -> None:
    """Run the archive until SIGTERM or Ctrl-C."""
    configure_logs()
    _give_way()
    uvloop.run(_serve(settings))


def _give_way() -> None:
    """Let calls have processors and disks first; the workers inherit it."""
    os.nice(_NICENESS)
    psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, _LEAST_URGENT)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings) as archive:
        routers, exports = archive_routers(archive, settings)
        servers = _page_servers(settings, archive.web(PAGES, *routers))
        async with asyncio.TaskGroup() as tasks:
            serving = [tasks.create_task(server.serve()) for server in servers]
            await _until(stop, archive)
            for server in servers:
                server.should_exit = True
            await asyncio.wait(serving)
        await exports.close()


async def _until(stop: asyncio.Event, archive: Archive) -> None:
    """Be at work until asked to stop."""
    log.info("archive_at_work")
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(archive.work())
        await stop.wait()
        log.info("archive_stopping")
        work.cancel()


def _page_servers(settings: Settings, application: FastAPI) -> list[PageServer]:
    return page_servers(
        application,
        ensure_certificates(settings.storage.data_dir / "tls", own_names()),
        host=settings.web.host,
        ports=(settings.archive.http_port, settings.archive.https_port),
        of_source=settings.web.connections_per_source,
    )
