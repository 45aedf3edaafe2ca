"""The fault table as data: for each fault how to do it, how to undo it, and what it may cost."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.centre import HurtCentre
from tests.chaos.database import Database
from tests.chaos.plan import Plan, Span


class Cost(StrEnum):
    """What a run counts that should be none."""

    LOST = "lost"
    """Callers whose line was never picked up."""
    CUT = "cut"
    """Callers hung up on."""
    SILENT = "silent_over_2s"
    """Callers who heard nothing for more than two seconds."""
    SILENT_SVI = "silent_in_svi"
    """Those of them who were in the SVI when the fault came."""
    DOUBLE = "double_outcomes"
    EVENTS = "events_lost"
    UNLISTED = "unlisted"
    """Callers who were answered, and of whom the ledger knows nothing."""
    MISPLACED = "misplaced"
    """Staged calls that are not where they were."""
    ONE_NODE = "there is one Asterisk: its calls end with it, and nobody answers until it is back"


AWAY: Mapping[Cost, str] = {Cost.UNLISTED: SECOURS, Cost.SILENT_SVI: SVI_SILENT}
ITS_CALLS: Mapping[Cost, str] = {
    Cost.CUT: ONE_NODE,
    Cost.SILENT: ONE_NODE,
    Cost.SILENT_SVI: ONE_NODE,
    Cost.MISPLACED: ONE_NODE,
    Cost.UNLISTED: SECOURS,
}


@asynccontextmanager
async def core_killed(hurt: Hurt) -> AsyncIterator[None]:
    """The core is killed; its launcher starts it again."""
    async with hurt.centre.core_dead():
        yield


@asynccontextmanager
async def core_frozen(hurt: Hurt) -> AsyncIterator[None]:
    """The core does not get to run."""
    async with hurt.centre.core_frozen():
        yield


@asynccontextmanager
async def link_silent(hurt: Hurt) -> AsyncIterator[None]:
    """What core and Asterisk say to each other gets lost, and nobody is told."""
    async with hurt.centre.ari_cut(silently=True):
        yield


@asynccontextmanager
async def core_replaced(hurt: Hurt) -> AsyncIterator[None]:
    """The core at work is killed; the other one takes over, and the first is started to stand by."""
    await hurt.centre.kill_core()
    yield
    await hurt.centre.start_standby()


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


ROWS: tuple[Row, ...] = (
    Row(
        name="F1",
        title="kill -9 of one of two cores",
        fault=core_replaced,
        lasts=(0.0, 2.0),
        standby=True,
        may_cost=AWAY,
    ),
    Row(name="F2", title="kill -9 of the only core", fault=core_killed, lasts=(0.0, 2.0), may_cost=AWAY),
    Row(name="F3", title="the only core is frozen for 8 s", fault=core_frozen, lasts=(8.0, 8.0), may_cost=AWAY),
    Row(
        name="F3b",
        title="one of two cores is frozen for 8 s",
        fault=core_frozen,
        lasts=(8.0, 8.0),
        standby=True,
        may_cost=AWAY,
    ),
    Row(
        name="F4",
        title="kill -9 of the only Asterisk",
        fault=asterisk_killed,
        lasts=(0.0, 0.0),
        launched=True,
        may_cost=ITS_CALLS,
    ),
    Row(
        name="F5",
        title="the only Asterisk is frozen",
        fault=asterisk_frozen,
        lasts=(0.0, 0.0),
        launched=True,
        may_cost=ITS_CALLS,
    ),
    Row(
        name="F7",
        title="kill -9 of PostgreSQL",
        fault=database_killed,
        lasts=(8.0, 12.0),
        postgres=True,
    ),
    Row(
        name="F11",
        title="silent cut between core and Asterisk",
        fault=link_silent,
        lasts=(10.0, 15.0),
        may_cost={**AWAY, Cost.LOST: CLAIMED},
    ),
)

NOT_YET: Mapping[str, str] = {
    "F6": "there is no SIP edge before Asterisk",
    "F9": "the recorder has no process of its own: Asterisk records, the core lists (F2)",
    "F15": "nothing limits the rate of calls yet",
    "F18": "its rolling upgrade is that of several nodes",
    "F20": "no memory limit is set here; the kernel kills with the same signal as F2 and F4",
}
"""Rows that cannot be run, and why."""
