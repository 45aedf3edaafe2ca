"""search: how long a page of the recordings' search takes among a million, on SQLite and on PostgreSQL.

``python -m bench.search``: apart from the others, for it needs no network.
"""

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

from bench.figures import Figure, keep, median, percentile
from bench.recordings_made import AGENTS, BEGAN, LINES, fill, vocabulary
from core.ids import AgentId
from core.recordings import Wanted, Within
from core.words import Outcome
from recorder.custody.policy import number_of, words_of
from storage.database import Database
from storage.recordings import StoredRecordings
from tests.support.postgres import PostgresServer

ROWS, QUICK_ROWS = 1_000_000, 50_000
SEARCHES, QUICK_SEARCHES = 600, 120
PAGE = 50
DATABASES = ["sqlite", "postgresql"]
RECENT = BEGAN + timedelta(days=1795)

Ask = Callable[[random.Random, list[str]], tuple[Wanted, Within]]
EVERYTHING = Within()


def _agent(chance: random.Random) -> AgentId:
    return AgentId(f"8997{min(int(chance.expovariate(1 / 30)), AGENTS - 1):08d}")


def _number(chance: random.Random, digits: int) -> str:
    return f"{chance.randrange(10**digits):0{digits}d}"


def _word(chance: random.Random, words: list[str]) -> str:
    return words[min(int(chance.paretovariate(0.6)) - 1, len(words) - 1)]


def _period(chance: random.Random, days: int) -> Wanted:
    since = BEGAN + timedelta(days=chance.randrange(5 * 365 - days))
    return Wanted(since=since, until=since + timedelta(days=days))


KINDS: dict[str, tuple[int, Ask]] = {
    "number": (25, lambda c, w: (Wanted(number=number_of(f"06{_number(c, 8)}")), EVERYTHING)),
    "end of a number": (10, lambda c, w: (Wanted(number=number_of(_number(c, 4))), EVERYTHING)),
    "dossier": (10, lambda c, w: (Wanted(dossier=f"DRM{c.randrange(ROWS // 2):09d}"), EVERYTHING)),
    "a word": (12, lambda c, w: (Wanted(words=words_of(_word(c, w))), EVERYTHING)),
    "two words": (6, lambda c, w: (Wanted(words=words_of(f"{_word(c, w)} {_word(c, w)}")), EVERYTHING)),
    "a word in a month": (
        4,
        lambda c, w: (
            Wanted(words=words_of(_word(c, w)), since=_period(c, 30).since, until=_period(c, 30).until),
            EVERYTHING,
        ),
    ),
    "a day": (8, lambda c, w: (_period(c, 1), EVERYTHING)),
    "an instant": (5, lambda c, w: (Wanted(during=_period(c, 1).since), EVERYTHING)),
    "one's own calls": (
        8,
        lambda c, w: (Wanted(), Within(agent_id=_agent(c), since=RECENT)),
    ),
    "an agent on a line": (4, lambda c, w: (Wanted(agent_id=_agent(c), line=c.choice(LINES)), EVERYTHING)),
    "long calls": (3, lambda c, w: (Wanted(shortest=c.choice([600, 1200, 2400])), EVERYTHING)),
    "abandoned on a line": (
        3,
        lambda c, w: (Wanted(line=c.choice(LINES), outcome=Outcome.ABANDONED_SVI, shortest=300), EVERYTHING),
    ),
    "the latest": (2, lambda c, w: (Wanted(), EVERYTHING)),
}
"""What is looked for, how often in a hundred, and how it is asked."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds that one search took, and how much of it this process was at work."""

    wall: float
    cpu: float


async def timed(store: StoredRecordings, searches: int) -> dict[str, list[Taken]]:
    """What each search took, by kind; one in ten asks for a second page."""
    chance, words = random.Random(7), vocabulary()
    kinds = chance.choices(list(KINDS), [share for share, _ in KINDS.values()], k=searches)
    taken: dict[str, list[Taken]] = {}
    for kind in kinds:
        wanted, within = KINDS[kind][1](chance, words)
        before: int | None = None
        for _ in range(2 if chance.random() < 0.1 else 1):
            began, worked = time.perf_counter(), time.process_time()
            page = await store.find(wanted, (within,), before, PAGE)
            wall, cpu = time.perf_counter() - began, time.process_time() - worked
            taken.setdefault(kind, []).append(Taken(wall * 1000, cpu * 1000))
            if (before := page.next) is None:
                break
    return taken


async def _measured(url: str, quick: bool, name: str) -> AsyncIterator[Figure]:
    database = Database(url)
    try:
        await fill(database, QUICK_ROWS if quick else ROWS)
        store = StoredRecordings(database)
        await timed(store, 20)  # connections are made, statements prepared
        taken = await timed(store, QUICK_SEARCHES if quick else SEARCHES)
    finally:
        await database.close()
    every = [one for each in taken.values() for one in each]
    for what, values in (("wall", [one.wall for one in every]), ("cpu", [one.cpu for one in every])):
        for share, figure in (("p50", median(values)), ("p99", percentile(values, 0.99))):
            yield Figure(name=f"search_{name}_{what}_{share}", ours=figure, peer=None, unit="ms", n=len(values))
    for kind, each in taken.items():
        slug = "".join(c if c.isalpha() else "_" for c in kind)
        worst = max(each, key=lambda one: one.wall)
        yield Figure(name=f"search_{name}_{slug}", ours=worst.wall, peer=None, unit="ms at most", n=len(each))


async def measure(database: str, quick: bool) -> AsyncIterator[Figure]:
    """One of both databases, in a folder of its own."""
    if database == "sqlite":
        with TemporaryDirectory(prefix="b15-", dir="/tmp") as folder:
            async for figure in _measured(f"sqlite+aiosqlite:///{folder}/search.db", quick, database):
                yield figure
        return
    server = PostgresServer()
    try:
        server.start()
        async for figure in _measured(server.url("postgres"), quick, database):
            yield figure
    finally:
        server.remove()


async def _run(databases: list[str], *, quick: bool) -> None:
    at = datetime.now(UTC)
    for database in databases:
        async for figure in measure(database, quick):
            print(figure.line(), flush=True)
            if not quick:
                keep(figure.line(), at)


def main() -> None:
    """Measure: no network is needed, and PostgreSQL does not run as the only user of one."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description="Measure searches.")
    parser.add_argument("databases", nargs="*", default=DATABASES, metavar="database", help=" ".join(DATABASES))
    parser.add_argument("--quick", action="store_true", help="fewer rows and searches, not kept")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.databases, quick=arguments.quick))


if __name__ == "__main__":
    main()
