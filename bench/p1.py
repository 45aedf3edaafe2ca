"""p1: CPU per answered call, ours and app_queue's, 20 calls a second, welcomed, queued and recorded."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.settings import RoomSettings
from bench import peer, sipp
from bench.centre import TRUNK, Centre, Program, running_centre, write_prompts
from bench.figures import Figure, median
from bench.peer import Peer, running_peer
from bench.strips import Strips, open_strips

RATE = 20.0
TALK_SECONDS = 2.0
"""From the answer by the SVI (or by the dialplan) to the caller's hang-up, the welcome of 1 s included."""
WRAP_UP_SECONDS = 0.3
POSITIONS = 40
SETTLE_SECONDS = 1.0
"""After the last call: the journal reaches the database, recordings are listed. Counted on both sides."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Both sides, up."""

    folder: Path
    ours: Centre
    strips: Strips
    peer: Peer


@asynccontextmanager
async def both_sides(folder: Path) -> AsyncIterator[Bench]:
    """Run both, with as many positions as agents."""
    prompts = write_prompts(folder / "p", 1.0)
    logins = [f"a{number}" for number in range(POSITIONS)]
    room = RoomSettings(wrap_up_seconds=WRAP_UP_SECONDS)
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(running_peer(folder / "q", prompts, POSITIONS))
        ours = await stack.enter_async_context(
            running_centre(folder / "o", prompts, logins, room=room, program=Program.PLAIN)
        )
        strips = await stack.enter_async_context(open_strips(ours.url, logins))
        yield Bench(folder, ours, strips, other)


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Alternate slices of load. A slice in which calls went astray tells nothing: it is made again, once."""
    seconds, slices = (6, 2) if quick else (12, 3)
    calls = round(RATE * seconds)
    ours: list[float] = []
    theirs: list[float] = []
    async with both_sides(folder) as bench:
        for _ in range(slices):
            ours.append(await _sound(lambda: our_slice(bench, calls)))
            theirs.append(await _sound(lambda: peer_slice(bench, calls)))
            print(f"  p1: ours {ours[-1]:.2f} ms, app_queue {theirs[-1]:.2f} ms a call", file=sys.stderr)
    unit = "ms of CPU per answered call"
    yield Figure(name="p1", ours=median(ours), peer=median(theirs), unit=unit, n=slices * calls)


class Astray(Exception):
    """Some calls of a slice were not answered, or failed. The text says how many."""


async def _sound(measured: Callable[[], Awaitable[float]]) -> float:
    try:
        return await measured()
    except Astray as error:
        print(f"  p1: {error}; once more", file=sys.stderr)
        return await measured()


async def our_slice(bench: Bench, calls: int) -> float:
    """CPU per answered call of ours, in ms, over one slice."""
    await bench.strips.until_ready(POSITIONS)
    bench.strips.forget()
    return await _cost(bench, bench.ours.cpu, TRUNK, "15", calls, lambda: bench.strips.taken)


async def peer_slice(bench: Bench, calls: int) -> float:
    """CPU per answered call of the peer's, in ms, over one slice."""
    async with sipp.agents(bench.folder, peer.AGENTS) as agents:
        return await _cost(bench, bench.peer.cpu, peer.TRUNK, peer.QUEUE, calls, lambda: len(agents.called()))


async def _cost(
    bench: Bench,
    cpu: Callable[[], float],
    trunk: tuple[str, int],
    line: str,
    calls: int,
    taken: Callable[[], int],
) -> float:
    before = cpu()
    seen = await sipp.call(bench.folder, trunk, line, rate=RATE, calls=calls, talk_seconds=TALK_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
    cost = cpu() - before
    if seen.failed or taken() < calls:
        raise Astray(f"of {calls} calls {seen.failed} failed, {taken()} were taken")
    return 1000 * cost / calls
