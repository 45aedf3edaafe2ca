"""p3: the knee, the highest rate at which 99 % of calls reach an agent within 250 ms and none is lost."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import peer, sipp
from bench.centre import NO_WELCOME, TRUNK, running_centre, write_prompts
from bench.figures import Figure, percentile
from bench.p2 import delays
from bench.peer import running_peer
from bench.strips import Strips, open_strips

LIMIT_SECONDS = 0.25
TALK_SECONDS = 0.4
POSITIONS = 90
HIGHEST = 320.0
"""Calls a second; what is beyond is not asked."""

Step = Callable[[float, int], Awaitable[list[float]]]
"""Makes calls at a rate; gives the seconds to the agent of each that was reached and not lost."""


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Find both knees, one after the other: each step is followed by a pause."""
    seconds, cuts = (2.0, 1) if quick else (4.0, 3)
    prompts = write_prompts(folder / "p", 1.0)
    logins = [f"a{number}" for number in range(POSITIONS)]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_peer(folder / "q", prompts))
        centre = await stack.enter_async_context(
            running_centre(folder / "o", prompts, logins, room=RoomSettings(wrap_up_seconds=0), plain_legs=True)
        )
        strips = await stack.enter_async_context(open_strips(centre.url, logins))
        ours, steps = await knee("ours", our_step(folder, strips), seconds, cuts)
        theirs, more = await knee("Dial", peer_step(folder), seconds, cuts)
    yield Figure(name="p3", ours=ours, peer=theirs, unit="calls a second", n=steps + more)


async def knee(who: str, step: Step, seconds: float, cuts: int) -> tuple[float, int]:
    """Double the rate until it is too much, then cut the last interval; give the knee and the steps made."""
    good, bad, steps = 0.0, HIGHEST * 2, 0
    rate = HIGHEST / 16
    while steps < 5 + cuts and good < HIGHEST and rate < bad:
        steps += 1
        calls = round(rate * seconds)
        reached = await step(rate, calls)
        well = len(reached) == calls and percentile(reached, 0.99) < LIMIT_SECONDS
        p99 = f"{1000 * percentile(reached, 0.99):.0f} ms" if reached else "none"
        print(f"  p3 {who}: {rate:.0f}/s, {len(reached)} of {calls} reached, p99 {p99}", file=sys.stderr)
        if well:
            good = rate
        else:
            bad = rate
            cuts -= good > 0 and rate < good * 1.2
        rate = min(HIGHEST, good * 2) if bad > HIGHEST else (good + bad) / 2
        if good and bad <= HIGHEST and bad / good < 1.15:
            break
    return good, steps


def our_step(folder: Path, strips: Strips) -> Step:
    """Until the offer reaches the strip; a call that is not joined is lost."""

    async def step(rate: float, calls: int) -> list[float]:
        strips.forget()
        made = await sipp.call(folder, TRUNK, NO_WELCOME, rate=rate, calls=calls, talk_seconds=TALK_SECONDS)
        await strips.until_ready(POSITIONS)
        reached = delays(made.sent, strips.offered)
        return reached[: max(0, min(made.answered, strips.taken))]

    return step


def peer_step(folder: Path) -> Step:
    """Until the agent receives the INVITE."""

    async def step(rate: float, calls: int) -> list[float]:
        async with sipp.agents(folder, peer.AGENTS) as agents:
            made = await sipp.call(
                folder, peer.TRUNK, peer.DIAL, rate=rate, calls=calls, talk_seconds=TALK_SECONDS
            )
            return delays(made.sent, agents.called())[: made.answered]

    return step
