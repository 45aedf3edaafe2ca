"""p12: INVITE → offer at the strip, with the journal written to the disk, against a core that writes none."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import sipp
from bench.centre import NO_WELCOME, TRUNK, Program, running_centre, write_prompts
from bench.figures import Figure, percentile
from bench.p2 import delays
from bench.strips import open_strips

RATE = 10.0
TALK_SECONDS = 0.5
POSITIONS = 15


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Alternate centres of either kind: each takes its calls on a line without welcome."""
    rounds, calls = (1, 40) if quick else (3, 150)
    prompts = write_prompts(folder / "p", 0.3)
    written: list[float] = []
    unwritten: list[float] = []
    for number in range(rounds):
        for kind, seen in ((Program.PLAIN, written), (Program.UNWRITTEN, unwritten)):
            seen += await _offers(folder, folder / f"{kind.name[0].lower()}{number}", prompts, kind, calls)
        print(f"  p12: {len(written)} and {len(unwritten)} offers of {rounds * calls}", file=sys.stderr)
    for name, share in (("p12_p50", 0.5), ("p12_p99", 0.99)):
        yield Figure(
            name=name,
            ours=1000 * percentile(written, share),
            peer=1000 * percentile(unwritten, share),
            unit="ms",
            n=min(len(written), len(unwritten)),
        )


async def _offers(folder: Path, home: Path, prompts: Path, program: Program, calls: int) -> list[float]:
    """Seconds from each INVITE to its offer."""
    logins = [f"a{number}" for number in range(POSITIONS)]
    room = RoomSettings(wrap_up_seconds=0)
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(
            running_centre(home, prompts, logins, room=room, program=program)
        )
        strips = await stack.enter_async_context(open_strips(centre.url, logins))
        made = await sipp.call(folder, TRUNK, NO_WELCOME, rate=RATE, calls=calls, talk_seconds=TALK_SECONDS)
        return delays(made.sent, strips.offered)
