"""One run: stage, hurt, heal, wait for quiet, and hold what is written against what was seen."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import msgspec

from app.audit import Audit, Evidence, audit
from app.audit_day import room_plans
from core.events import CallArrived, CallEnded, Envelope, RecordingEnded, RecordingMissing, RecordingStarted
from core.ids import CallId
from storage import codec
from storage.ledger import LedgerEntry
from storage.reader import PARIS
from tests.chaos import archive
from tests.chaos.centre import DIRECT, USUAL, HurtCentre
from tests.chaos.database import Database
from tests.chaos.faults import Hurt
from tests.chaos.log import Logged
from tests.chaos.plan import Arrival, Plan
from tests.chaos.rows import Row
from tests.chaos.scene import Scene
from tests.support.attention import Attention

PROBE_S = 1.0
"""How long a probe waits for a core to claim it."""
BACK_S = 40.0
"""How long a centre may take to come back, on a loaded machine."""
SETTLE_S = 3.0
"""After it has come back: a silence of more than two seconds would have shown."""
SOUND_SHORT_S = 5.0
"""By how much a recording may be short: on a loaded machine the callers' own sound has holes."""
LISTED_S = 75.0
"""How long the last ends and recordings may take to be written: a call that its caller never acknowledges is
given up after 32 s, and its end, never acknowledged either, after 32 s more."""


@dataclass(slots=True)
class Observed:
    """What a run saw."""

    plan: Plan
    callers: list[Logged] = field(default_factory=list)
    staged: int = 0
    arrivals: list[Logged] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    listed: set[str | None] = field(default_factory=set)
    """The numbers in the ledger."""
    found: Audit = field(default_factory=lambda: Audit((), {}))
    amiss: list[str] = field(default_factory=list)
    """What else should have held, and does not."""
    recovery_s: float | None = None
    """From healing to the first call that the core took; ``None``: it took none."""
    lag_s: float = 0.0
    """The longest that this process did not get to run."""
    hurt_at: datetime | None = None


async def run(row: Row, plan: Plan, folder: Path) -> Observed:
    """Do one run; its logs go into a folder."""
    observed, attention = Observed(plan), Attention()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_beside(attention.run()))
        database = Database() if row.postgres else None
        url = await asyncio.to_thread(database.new) if database else ""
        ahead = row.clock(Random(plan.chance)) if row.clock else None
        centre = HurtCentre(url, launched=row.launched, standby=row.standby, wired=row.wired, ahead=ahead)
        stack.enter_context(row.before(centre))
        await stack.enter_async_context(centre)
        stack.callback(_keep, centre, observed, folder)
        await centre.staff(crowded=row.crowded)
        if row.standby:
            await centre.start_standby()
        if row.archive:
            await stack.enter_async_context(archive.at_work(centre))
        scene = await stack.enter_async_context(Scene(centre, plan, attention))
        observed.callers = scene.callers
        await scene.stage()
        observed.staged = len(scene.staged)
        await _hurt_and_heal(row, Hurt(centre, scene, plan, database), observed)
        rooms = room_plans(centre.settings)(1, "")
        assert rooms is not None, "the plan of the run is not there"
        observed.misplaced = await scene.misplaced(rooms)
        scene.leave()
        await _judged(scene, observed)
        observed.amiss = await row.after(centre, observed.envelopes)
        observed.lag_s = attention.lag
    return observed


def _keep(centre: HurtCentre, observed: Observed, folder: Path) -> None:
    """Keep what tells what happened, before the centre's folder goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in (*centre.folder.glob("*.log"), *centre.folder.glob("log/*.log")):
        shutil.copy(log, folder / log.name)
    (folder / "journal.jsonl").write_bytes(b"".join(codec.encode(e) + b"\n" for e in observed.envelopes))
    seen = [msgspec.json.encode(logged.witnessed()) + b"\n" for logged in observed.callers]
    (folder / "witness.jsonl").write_bytes(b"".join(seen))
    (folder / "findings.txt").write_text(
        "\n".join([*observed.misplaced, *map(str, observed.found.findings), *observed.amiss, ""])
    )


async def _hurt_and_heal(row: Row, hurt: Hurt, observed: Observed) -> None:
    scene, plan, clock = hurt.scene, hurt.plan, asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as arriving:
        for arrival in plan.arrivals:
            arriving.create_task(_arrive(scene, arrival, began, observed))
        await asyncio.sleep(max(0.0, began + plan.fault_at - clock()))
        for staged in scene.staged:
            staged.logged.ear.listen()
            staged.logged.may_end = False
        observed.envelopes = await scene.witness.events()
        observed.hurt_at = hurt.centre.now()
        async with row.fault(hurt):
            await asyncio.sleep(plan.fault_lasts)
            healed = clock()
        observed.recovery_s = await _recovery(scene, healed)
        await asyncio.sleep(SETTLE_S)


async def _arrive(scene: Scene, arrival: Arrival, began: float, observed: Observed) -> None:
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(max(0.0, began + arrival.at - clock()))
    logged = await scene.caller(arrival.number)
    observed.arrivals.append(logged)
    logged.dial(USUAL)
    await asyncio.sleep(arrival.stays)
    logged.hang_up()


async def _recovery(scene: Scene, healed: float) -> float | None:
    """Call until the core takes a call: seconds from healing to its taking."""
    clock = asyncio.get_running_loop().time
    number = 0
    while clock() < healed + BACK_S:
        number += 1
        logged = await scene.caller(f"+3326191{number:04d}")
        logged.dial(DIRECT)
        with contextlib.suppress(AssertionError):
            await scene.witness.call_of(logged.number, PROBE_S)
            return clock() - healed
        logged.hang_up()
    return None


async def _judged(scene: Scene, observed: Observed) -> None:
    """Wait until everything is written, then audit it."""
    centre = scene.centre
    with contextlib.suppress(AssertionError):  # what is missing then is a finding
        await scene.witness.until(_all_written, "everything is written", LISTED_S)
    await asyncio.sleep(1.0)  # of quiet: then screens must show what the journal says
    before = [(envelope.seq, envelope.event_id) for envelope in observed.envelopes]
    observed.envelopes = await scene.witness.events()
    ledger = await _ledger(centre, observed.envelopes)
    observed.listed = {row.number for row in ledger}
    fresh = await scene.board.fresh()
    evidence = Evidence(
        envelopes=observed.envelopes,
        ledger=ledger,
        until=centre.now(),
        over=True,
        witness=[logged.witnessed() for logged in observed.callers],
        kept=before,
        screens={"wallboard": (scene.board.view, fresh)},
        counters={name: value for name, value in fresh["today"].items() if name != "date"},
        plans=room_plans(centre.settings),
        recordings_short_by=SOUND_SHORT_S,
    )
    observed.found = audit(evidence)


def _all_written(envelopes: list[Envelope]) -> bool:
    """Whether each call has ended and each recording is accounted for."""
    begun = {e.event.call_id for e in envelopes if isinstance(e.event, CallArrived)}
    ended = {e.event.call_id for e in envelopes if isinstance(e.event, CallEnded)}
    open_tracks = {e.event.caller_track for e in envelopes if isinstance(e.event, RecordingStarted)}
    listed = {e.event.caller_track for e in envelopes if isinstance(e.event, RecordingEnded | RecordingMissing)}
    return begun <= ended and open_tracks <= listed


async def _ledger(centre: HurtCentre, envelopes: list[Envelope]) -> list[LedgerEntry]:
    days = {envelope.occurred_at.astimezone(PARIS).date() for envelope in envelopes}
    known: set[CallId] = {e.call_id for e in envelopes if e.call_id is not None}
    rows = [row for day in sorted(days) for row in await centre.reader.ledger_of_day(day)]
    return [row for row in rows if row.call_id in known or row.arrived_at > envelopes[0].occurred_at]


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    running = asyncio.ensure_future(work)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
