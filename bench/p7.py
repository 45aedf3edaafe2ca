"""p7: how long a routing decision takes, with skills and priorities; growth with agents and with callers.

CPU time of one thread, with the garbage collector as the core has it.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.distribution import Distribution, spare_the_collector
from bench.figures import Figure, median, percentile
from core.words import PositionState

ROOMS = 20
CURVE = (
    (10, 10),
    (100, 10),
    (500, 10),
    (2000, 10),
    (2000, 100),
    (10, 500),
    (100, 500),
    (500, 500),
    (2000, 500),
)
"""Agents, and calls waiting."""


def when_freed(centre: Distribution, decisions: int, waiting: int) -> list[float]:
    """Milliseconds from an agent's readiness to the match, all others being busy; callers keep coming."""
    taken = []
    while len(centre.room.waiting) < waiting:
        centre.queue_call()
    centre.decide()
    for _ in range(decisions):
        position = centre.chance.choice(centre.positions)
        began = time.thread_time_ns()
        centre.put(position, PositionState.READY)
        match = centre.decide()
        taken.append((time.thread_time_ns() - began) / 1e6)
        if match is not None:
            centre.carry_out(match)
            while len(centre.room.waiting) < waiting:
                centre.queue_call()
        else:
            centre.put(position, PositionState.PAUSED)
        centre.decide()
    return taken


def when_called(centre: Distribution, decisions: int) -> list[float]:
    """Milliseconds from a call's entry to the match, everybody being ready."""
    taken = []
    for position in centre.positions:
        centre.put(position, PositionState.READY)
    for _ in range(decisions):
        began = time.thread_time_ns()
        centre.queue_call()
        match = centre.decide()
        taken.append((time.thread_time_ns() - began) / 1e6)
        if match is not None:
            centre.carry_out(match)
            centre.put(match.positions[0].position_id, PositionState.READY)
            centre.decide()
    return taken


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """A decision for each agent freed, along the curve; then for each call that finds everybody free."""
    decisions = 300 if quick else 5000
    for agents, waiting in CURVE:
        centre = Distribution(ROOMS, agents, skilled=True)
        spare_the_collector()
        found = when_freed(centre, decisions, waiting)
        yield _figure(f"p7_freed_{agents}x{waiting}_p50", median(found), decisions)
        yield _figure(f"p7_freed_{agents}x{waiting}_p99", percentile(found, 0.99), decisions)
    for agents in (10, 100, 500, 2000):
        centre = Distribution(ROOMS, agents, skilled=True)
        spare_the_collector()
        found = when_called(centre, decisions)
        yield _figure(f"p7_called_{agents}_p50", median(found), decisions)
        yield _figure(f"p7_called_{agents}_p99", percentile(found, 0.99), decisions)


def _figure(name: str, value: float, n: int) -> Figure:
    return Figure(name=name, ours=value, peer=None, unit="ms, agents x calls waiting", n=n)
