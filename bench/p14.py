"""p14: from the death of the core to Asterisk under command again, with journals of many lengths.

With a standby, and with none (a core whose keeper starts another); against Asterisk's own start. A
call is then made, to see that it is served. Then R10: how long the state takes to be rebuilt, in CPU seconds.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, insert

from app.core_keeper import QUICK_DEATH_SECONDS
from app.core_parts import opened
from app.settings import LrmSettings, RoomSettings, Settings, StorageSettings
from app.standby import end
from bench.figures import Figure
from core.events import CallQueued, Envelope
from storage import codec, rows
from storage.database import Database
from storage.lease import holder
from storage.tables import journal
from tests.support.call_story import answered_call
from tests.support.centre_process import CORE, STANDBY, CentreProcess, new_number
from tests.support.events import envelope
from tests.support.witness import Witness

HOURS = 25
"""Over which the journal's calls are spread; a start looks back 26."""
BATCH = 20_000


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Journals of 10,000 events and more; the longest for R10 alone."""
    asterisk: float | None = None
    for length in (1_000, 10_000) if quick else (1_000, 10_000, 100_000):
        async with await _centre(length) as centre:
            if asterisk is None:
                asterisk = await _asterisk_start(centre)
            with_standby = await _with_standby(centre)
        async with await _centre(length, launched=True) as centre:
            without = await _without(centre)
        yield Figure(name=f"p14_standby_{length}", ours=with_standby, peer=asterisk, unit="s", n=1)
        yield Figure(name=f"p14_alone_{length}", ours=without, peer=asterisk, unit="s", n=1)
    for length in (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000):
        yield Figure(
            name=f"r10_{length}",
            ours=await _rebuilt(folder / str(length), length),
            peer=None,
            unit="CPU s",
            n=1,
        )


async def _centre(length: int, *, launched: bool = False) -> CentreProcess:
    """A centre with a past; launched: as people start it, with one core."""
    centre = CentreProcess(room=RoomSettings(), standby=not launched, launched=launched, loaded=False)
    await _fill(centre.settings.storage.url, length)
    return centre


async def _fill(url: str, length: int) -> None:
    """Write a journal of so many events of calls, up to a moment ago."""
    database = Database(url)
    await database.upgrade()
    story = len(answered_call("c"))
    calls = max(1, length // story)
    begin = datetime.now(UTC) - timedelta(hours=HOURS)
    seqs = count(1)
    written: list[Envelope] = []

    def write(connection: Connection) -> None:
        connection.execute(insert(journal), [rows.journal_row(codec.stored(each)) for each in written])

    for number in range(calls):
        at = begin + number * timedelta(hours=HOURS) / calls
        events = answered_call(f"FR751-asterisk-a-{number}.1")
        written += [envelope(event, next(seqs), at=at, seconds=n) for n, event in enumerate(events)]
        if len(written) >= BATCH or number == calls - 1:
            await database.write(write)
            written.clear()
    await database.close()


async def _asterisk_start(centre: CentreProcess) -> float:
    """Seconds of Asterisk's own start, after a kill."""
    async with centre.asterisk_dead():
        began = time.monotonic()
    return time.monotonic() - began


async def _with_standby(centre: CentreProcess) -> float:
    await centre.start_standby()
    witness, died = centre.witness(), datetime.now(UTC)
    await centre.kill_core()
    took = (await centre.taken_over(witness, STANDBY) - died).total_seconds()
    await _serves(centre, witness)
    return took


async def _without(centre: CentreProcess) -> float:
    """The only core dies; who keeps it starts another."""
    at_work = holder(centre.settings.storage.cores_dir)
    assert at_work is not None
    await asyncio.sleep(QUICK_DEATH_SECONDS)  # who dies younger is not followed at once
    witness, died = centre.witness(), datetime.now(UTC)
    end(at_work, signal.SIGKILL)
    took = (await centre.taken_over(witness, centre.at_work) - died).total_seconds()
    await _serves(centre, witness)
    return took


async def _serves(centre: CentreProcess, witness: Witness) -> None:
    number = new_number()
    async with centre.caller() as caller:
        caller.call("2", number=number)
        await caller.answered(20)
        await witness.until_told(await witness.call_of(number), CallQueued)


async def _rebuilt(folder: Path, length: int) -> float:
    """CPU seconds to read a journal and fold it."""
    settings = Settings(storage=StorageSettings(data_dir=folder), lrm=LrmSettings(base_url=""))
    await _fill(settings.storage.url, length)
    async with opened(settings, CORE) as parts:
        began = time.process_time()
        parts.core.restore(await parts.follower.past(datetime.now(UTC), timedelta(hours=HOURS + 1)))
        return time.process_time() - began
