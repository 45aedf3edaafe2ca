"""journal_flow: events a second from the bus through spool, database and wallboard, none lost. No Asterisk.

The core's own parts on a real disk and SQLite; a wallboard is told of every turn. The peer: the same events
appended to a file with one ``fdatasync`` each, as a ledger without batches would.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from app.bus import InProcessBus
from app.clock import SystemClock
from bench.distribution import spare_the_collector
from bench.figures import Figure
from core.events import Envelope
from core.ids import CentreId
from storage.codec import encode_stored, stored
from storage.database import Database
from storage.journal import Journal, JournalPace
from storage.spool import Spool
from supervision.service import BoardService
from tests.support.call_story import answered_call


@dataclass(frozen=True, kw_only=True, slots=True)
class _Flow:
    """What came through. Seconds until all were published, and until the database had them."""

    told: list[Envelope]
    saved: list[Envelope]
    on_board: int
    published: float
    moved: float

    @property
    def lost(self) -> int:
        """Events that are not in the database in their place, or that the wallboard has not folded."""
        kept = sum(told == saved for told, saved in zip(self.told, self.saved, strict=False))
        return len(self.told) - kept + self.told[-1].seq - self.on_board


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """All of it at full speed; then until the database has everything."""
    spare_the_collector()
    flow = await _ours(folder, calls=300 if quick else 5_000)
    peer = await asyncio.to_thread(_peer, folder / "peer.log", flow.told[:2_000])
    events = len(flow.told)
    shown: list[tuple[str, float, float | None, str]] = [
        ("journal_flow", events / flow.moved, peer, "events/s, in the database"),
        ("journal_flow_taken", events / flow.published, None, "events/s, taken by the bus"),
        ("journal_flow_lost", flow.lost, None, "events lost"),
    ]
    for name, ours, peers, unit in shown:
        yield Figure(name=name, ours=ours, peer=peers, unit=unit, n=events)


async def _ours(folder: Path, calls: int) -> _Flow:
    database = Database(f"sqlite+aiosqlite:///{folder / 'bandeau15.db'}")
    spool = Spool(folder / "spool")
    journal = Journal(spool, database, folder / "refused.jsonl", JournalPace())
    await journal.start()
    clock = SystemClock()
    bus = InProcessBus(spool, clock, CentreId("FR751"))
    board = BoardService(bus=bus, clock=clock, epoch="bench")
    await board.start()
    told: list[Envelope] = []
    bus.subscribe(None, told.append)
    began = time.perf_counter()
    for number in range(calls):
        for event in answered_call(f"call-{number}"):
            bus.publish(event)
        await asyncio.sleep(0)
    published = time.perf_counter() - began
    await journal.settled()
    moved = time.perf_counter() - began
    saved = await journal.since(told[0].occurred_at)
    await journal.close()
    await database.close()
    return _Flow(told=told, saved=saved, on_board=board.model.room.seq, published=published, moved=moved)


def _peer(path: Path, envelopes: list[Envelope]) -> float:
    """Events a second, each forced to the disk by itself."""
    with path.open("ab", buffering=0) as file:
        began = time.perf_counter()
        for envelope in envelopes:
            file.write(encode_stored(stored(envelope)))
            os.fdatasync(file.fileno())
        return len(envelopes) / (time.perf_counter() - began)
