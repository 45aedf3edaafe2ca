"""p3: the knee, the highest rate at which 99 % of calls reach an agent within 250 ms and none is lost."""

import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import peer, sipp
from bench.centre import NO_WELCOME, TRUNK, Program, running_centre, write_prompts
from bench.figures import Figure, percentile
from bench.p2 import delays
from bench.peer import running_peer
from bench.strips import Strips, open_strips

LIMIT_SECONDS = 0.25
TALK_SECONDS = 0.4
POSITIONS = 90
LOWEST, HIGHEST = 20.0, 320.0
"""Calls a second: where the search begins, and what it does not go beyond."""
CLOSE_ENOUGH = 1.15
"""The knee is known when the next rate that failed is less than so many times the one that went well."""

Step = Callable[[float, int], Awaitable[list[float]]]
"""Makes calls at a rate; gives the seconds to the agent of each that was reached and not lost."""


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Find both knees, one after the other: each step is followed by a pause."""
    seconds, failures = (2.0, 1) if quick else (4.0, 3)
    prompts = write_prompts(folder / "p", 1.0)
    logins = [f"a{number}" for number in range(POSITIONS)]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_peer(folder / "q", prompts))
        centre = await stack.enter_async_context(
            running_centre(
                folder / "o", prompts, logins, room=RoomSettings(wrap_up_seconds=0), program=Program.PLAIN
            )
        )
        strips = await stack.enter_async_context(open_strips(centre.url, logins))
        ours, steps = await knee("ours", our_step(folder, strips), seconds, failures)
        theirs, more = await knee("Dial", peer_step(folder), seconds, failures)
    yield Figure(name="p3", ours=ours, peer=theirs, unit="calls a second", n=steps + more)


async def knee(who: str, step: Step, seconds: float, failures: int) -> tuple[float, int]:
    """Double the rate until it is too much, then halve what is between, until so many steps have failed.

    Returns:
        the highest rate that went well (0: none did), and the steps made.
    """
    good, bad, rate, steps = 0.0, HIGHEST * 2, LOWEST, 0
    while failures > 0 and good < HIGHEST and bad > good * CLOSE_ENOUGH:
        steps += 1
        calls = round(rate * seconds)
        reached = await step(rate, calls)
        p99 = percentile(reached, 0.99) if reached else LIMIT_SECONDS
        print(
            f"  p3 {who}: {rate:.0f}/s, {len(reached)} of {calls} reached, p99 {1000 * p99:.0f} ms",
            file=sys.stderr,
        )
        if len(reached) == calls and p99 < LIMIT_SECONDS:
            good = rate
        else:
            bad = rate
            failures -= 1
        rate = min(HIGHEST, rate * 2) if bad > HIGHEST else (good + bad) / 2
    return good, steps


def our_step(folder: Path, strips: Strips) -> Step:
    """Until the offer reaches the strip; a call that is not joined is lost."""

    async def step(rate: float, calls: int) -> list[float]:
        strips.forget()
        made = await sipp.call(folder, TRUNK, NO_WELCOME, rate=rate, calls=calls, talk_seconds=TALK_SECONDS)
        with contextlib.suppress(TimeoutError):  # too much for them: the next, slower step tells
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
