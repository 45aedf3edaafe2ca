"""p6: what one position's change costs at 200 rooms × 2,000 agents, as a multiple of 1 × 10. No Asterisk.

CPU time of one thread, with the garbage collector as the core has it: other programs do not count.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.distribution import ROOMS_OF_AN_AGENT, Distribution, spare_the_collector
from bench.figures import Figure, median
from core.words import PositionState

SIZES = ((1, 10), (10, 100), (50, 500), (100, 1000), (200, 2000))
"""Rooms and agents."""


def crowded(rooms: int, agents: int) -> Distribution:
    """Callers wait in every room but those of the first agents, for there is nobody ready there."""
    centre = Distribution(rooms, agents, skilled=False)
    for queue in centre.queues[ROOMS_OF_AN_AGENT:]:
        for _ in range(2):
            centre.queue_call(queue)
    while (match := centre.decide()) is not None:
        centre.carry_out(match)
    return centre


def slice_of(centre: Distribution, changes: int) -> float:
    """Microseconds for one change with its decision: ready, and paused again."""
    position = centre.positions[0]
    began = time.thread_time_ns()
    for _ in range(changes // 2):
        centre.put(position, PositionState.READY)
        if centre.decide() is not None:
            raise RuntimeError("nobody waits in the rooms of this agent")
        centre.put(position, PositionState.PAUSED)
        centre.decide()
    return (time.thread_time_ns() - began) / 1000 / changes


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Sizes in turn, slice by slice; the smallest is the peer of each."""
    slices, changes = (5, 200) if quick else (41, 1000)
    centres = {size: crowded(*size) for size in SIZES}
    spare_the_collector()
    costs: dict[tuple[int, int], list[float]] = {size: [] for size in SIZES}
    for _ in range(slices):
        for size, centre in centres.items():
            costs[size].append(slice_of(centre, changes))
    smallest = median(costs[SIZES[0]])
    for (rooms, agents), found in costs.items():
        yield Figure(
            name=f"p6_{rooms}x{agents}",
            ours=median(found),
            peer=smallest,
            unit="µs a position change, rooms x agents; peer: 1x10",
            n=slices * changes,
        )
