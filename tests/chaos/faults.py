"""What goes wrong, and how it is put right: one context manager each."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

import httpx2

from simulator.bad_line import BadLine
from simulator.live_client import LiveClient
from tests.chaos.centre import STORM, HurtCentre
from tests.chaos.database import Database
from tests.chaos.plan import Plan
from tests.chaos.poison import throw
from tests.chaos.scene import Scene
from tests.support.centre_process import PASSWORD, TRUNK
from web.auth import COOKIE


@dataclass(frozen=True, slots=True)
class Hurt:
    """What a fault works on."""

    centre: HurtCentre
    scene: Scene
    plan: Plan
    database: Database | None = None


LARGEST_DISK = 16 * 2**20
"""Octets."""
_BLOCK = 4096

Fault = Callable[[Hurt], AbstractAsyncContextManager[None]]
"""Does the harm, gives way while it lasts, and undoes it."""


@asynccontextmanager
async def core_killed(hurt: Hurt) -> AsyncIterator[None]:
    """The core is killed; its launcher starts it again."""
    async with hurt.centre.core_dead():
        yield


@asynccontextmanager
async def core_replaced(hurt: Hurt) -> AsyncIterator[None]:
    """The core at work is killed; the other one takes over by itself."""
    await hurt.centre.kill_core()
    yield


@asynccontextmanager
async def core_frozen(hurt: Hurt) -> AsyncIterator[None]:
    """The core does not get to run."""
    async with hurt.centre.core_frozen():
        yield


@asynccontextmanager
async def core_fenced(hurt: Hurt) -> AsyncIterator[None]:
    """The core at work does not get to run; the other one ends it and takes over."""
    frozen = hurt.centre.at_work
    hurt.centre.signal_core(frozen, signal.SIGSTOP)
    yield
    await hurt.centre.fenced(frozen)


@asynccontextmanager
async def link_silent(hurt: Hurt) -> AsyncIterator[None]:
    """What core and Asterisk say to each other gets lost, and nobody is told."""
    async with hurt.centre.ari_cut(silently=True):
        yield


@asynccontextmanager
async def asterisk_killed(hurt: Hurt) -> AsyncIterator[None]:
    """Asterisk is killed; its launcher starts it again at once."""
    hurt.centre.hurt_asterisk(signal.SIGKILL)
    yield


@asynccontextmanager
async def asterisk_frozen(hurt: Hurt) -> AsyncIterator[None]:
    """Asterisk does not get to run, and its port is there all the same: its launcher must notice."""
    hurt.centre.hurt_asterisk(signal.SIGSTOP)
    yield


@asynccontextmanager
async def database_killed(hurt: Hurt) -> AsyncIterator[None]:
    """PostgreSQL crashes, and is started again later."""
    assert hurt.database is not None
    await asyncio.to_thread(hurt.database.kill)
    yield
    await asyncio.to_thread(hurt.database.start)


@asynccontextmanager
async def disk_full(hurt: Hurt) -> AsyncIterator[None]:
    """The disk of the spool takes nothing more. Only a small one of this run's own is ever filled."""
    disk = hurt.centre.settings.storage.spool_dir.resolve()
    room = os.statvfs(disk)
    if not disk.is_mount() or room.f_blocks * room.f_frsize > LARGEST_DISK:
        raise RuntimeError("the spool is not on a small disk of its own")
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # that is full
        for _ in range(LARGEST_DISK // _BLOCK):
            file.write(bytes(_BLOCK))
    yield
    filler.unlink()


@asynccontextmanager
async def pages_cut(hurt: Hurt) -> AsyncIterator[None]:
    """Every strip and screen loses its connection, and finds none."""
    await hurt.centre.pages.cut()
    yield
    await hurt.centre.pages.mend()


@asynccontextmanager
async def lines_bad(hurt: Hurt) -> AsyncIterator[None]:
    """What callers send and are sent comes 100 ms late each way, and one packet in twenty does not."""
    line = BadLine(delay=0.1, loss=0.05, chance=Random(hurt.plan.chance))
    hurt.scene.line = line
    for logged in hurt.scene.callers:
        logged.caller.suffer(line)
    yield
    hurt.scene.line = None
    for logged in hurt.scene.callers:
        logged.caller.suffer(None)


@asynccontextmanager
async def nothing(hurt: Hurt) -> AsyncIterator[None]:
    """All is wrong from the beginning."""
    yield


@asynccontextmanager
async def poison(hurt: Hurt) -> AsyncIterator[None]:
    """Messages that are none come to the door of the trunk."""
    await throw(TRUNK, Random(hurt.plan.chance))
    yield


@asynccontextmanager
async def bad_settings(hurt: Hurt) -> AsyncIterator[None]:
    """Settings and a plan that are wrong are given to the centre: neither may come into force."""
    await hurt.centre.refuses_bad_settings()
    await hurt.centre.refuses_a_bad_plan()
    yield


@asynccontextmanager
async def storm(hurt: Hurt) -> AsyncIterator[None]:
    """Many log in at once, and open their strips."""
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        await asyncio.gather(*(_log_in(hurt.centre, person.login, stack) for person in STORM))
        yield


async def _log_in(centre: HurtCentre, login: str, stack: AsyncExitStack) -> None:
    async with httpx2.AsyncClient(base_url=centre.url, trust_env=False, timeout=50, verify=False) as http:
        answer = await http.post("/api/login", json={"login": login, "password": PASSWORD})
        answer.raise_for_status()
    live = await LiveClient.open(
        centre.url.replace("http", "ws", 1) + "/ws/bandeau",
        cookie=f"{COOKIE}={answer.cookies[COOKIE]}",
        origin=centre.url,
    )
    stack.push_async_callback(live.close)
    await live.until(lambda view: "position" in view, 50)
    await live.command("log_out")


_ANY = (core_killed, core_frozen, link_silent, disk_full, pages_cut, lines_bad)


@asynccontextmanager
async def several(hurt: Hurt) -> AsyncIterator[None]:
    """Several faults one after the other, drawn from the seed."""
    chance = Random(hurt.plan.chance)
    for fault in chance.sample(_ANY, 3):
        async with fault(hurt):
            await asyncio.sleep(chance.uniform(1, 5))
        await asyncio.sleep(chance.uniform(0, 2))
    yield
