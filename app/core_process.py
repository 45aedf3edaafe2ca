"""``bandeau15 core``: one core as a program. It serves the pages, commands Asterisk, and keeps the journal."""

import asyncio
import gc
import signal
import sys
from datetime import timedelta
from pathlib import Path

import structlog
import uvloop
from fastapi import FastAPI

from app.authority import ensure_certificates, own_names
from app.core import Core
from app.core_parts import Parts, opened
from app.logs import configure_logs
from app.lrm_port import LrmPort
from app.page_server import PageServer, page_servers
from app.settings import Settings
from app.standby import Standby, keep
from core.alarms import AlarmKind

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(hours=26)
"""How much of the journal is folded at start: the longest day of the year, and every shift."""
PAGES = Path(__file__).resolve().parent.parent / "ui" / "dist"


def main(settings: Settings, name: str = "") -> None:
    """Run a core until SIGTERM or Ctrl-C: as a standby while another one is at work.

    Args:
        settings: the centre's.
        name: of this core among the centre's; by default the first's.
    """
    configure_logs()
    uvloop.run(_serve(settings, name or settings.centre.core))


async def _serve(settings: Settings, name: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with opened(settings, name) as parts:
        core = parts.core
        core.restore(await parts.follower.past(parts.clock.now(), LOOK_BACK))
        servers = _page_servers(settings, core.web(PAGES))
        for server in servers:
            server.config.load()
        _spare_the_collector()
        _come_first()
        standby = Standby(
            parts.lease, parts.roster, settings.storage.cores_dir, settings.standby.silence_seconds
        )
        if await standby.until_ours(parts.follower, core.follow, stop):
            await _work(parts, servers, _lrm_port(settings, core), stop)


async def _work(parts: Parts, servers: list[PageServer], lrm: LrmPort | None, stop: asyncio.Event) -> None:
    """Be the centre's core until asked to stop."""
    core, epoch = parts.core, parts.lease.epoch
    log.info("core_at_work", epoch=epoch)
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep(parts.lease, parts.guard.step_down, parts.say_at_work))
        await parts.begin()
        serving = [tasks.create_task(server.serve()) for server in servers]
        if lrm is not None:
            serving.append(tasks.create_task(lrm.serve()))
        lasting = [tasks.create_task(core.ticker.run()), tasks.create_task(core.keep_house())]
        lasting.append(tasks.create_task(core.directory.watch()))
        lasting.append(tasks.create_task(parts.certificates.keep()))
        lasting.append(tasks.create_task(core.dossiers.keep()))
        await stop.wait()
        log.info("core_stopping")
        for task in lasting:
            task.cancel()
        for server in servers:
            _close_door(server)
        if lrm is not None:
            lrm.close()
        await core.close()
        keeping.cancel()
        await parts.leave()  # another core may be at work from here on
        log.info("core_released", epoch=epoch)
        for server in servers:
            server.should_exit = True
        await asyncio.wait(serving)


def _close_door(server: PageServer) -> None:
    """Let nobody new in: the next core opens the same door."""
    for each in getattr(server, "servers", ()):
        each.close()


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


def _lrm_port(settings: Settings, core: Core) -> LrmPort | None:
    """The port of the LRM, where a certificate may call."""
    if not settings.lrm.certificates:
        return None
    ours = ensure_certificates(settings.storage.data_dir / "tls", own_names())
    port = LrmPort(settings.lrm, core.lrm_door, (ours.certificate, ours.private_key))
    core.alarms.watch(AlarmKind.LRM_AWAY, lambda: port.trouble, "port")
    return port


def _page_servers(settings: Settings, application: FastAPI) -> list[PageServer]:
    web = settings.web
    return page_servers(
        application,
        ensure_certificates(settings.storage.data_dir / "tls", own_names()),
        host=web.host,
        ports=(web.http_port, web.https_port),
        of_source=web.connections_per_source,
    )
