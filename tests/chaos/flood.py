"""A flood of calls from a stranger, far beyond what the centre can carry."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from core.events import SourceBanned
from simulator.torture import Workshop
from tests.chaos.faults import Hurt
from tests.support.centre_process import TRUNK
from tests.support.netns import ADDRESS

KNEE = 55.0
"""Calls a second that a centre carries on two processors (``docs/performance.md``, p3)."""
_TIMES = 5
_STEP_S = 0.02
_LATE_S = 1.0
"""What could not be sent for so long is not made good: this process did not get to run."""


@asynccontextmanager
async def stranger_floods(hurt: Hurt) -> AsyncIterator[None]:
    """Somebody who is nobody's trunk calls at five times the knee; the guard must keep them out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.setblocking(False)
        door.bind((ADDRESS, 0))
        door.connect((ADDRESS, TRUNK[1]))
        flood = asyncio.create_task(_flood(door))
        try:
            yield
            banned = await hurt.scene.witness.next(SourceBanned)
            assert banned.source == ADDRESS, f"{banned.source} is banned"
            if flood.done():
                flood.result()  # it ended by itself: say why
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)


async def _flood(door: socket.socket) -> None:
    """Call, and call, and never acknowledge anything."""
    here, port = door.getsockname()
    workshop = Workshop(here, f"{here}:{port}")
    clock = asyncio.get_running_loop().time
    due = clock()
    while True:
        due = max(due, clock() - _LATE_S)
        while due <= clock():
            with suppress(BlockingIOError, ConnectionRefusedError):
                door.send(workshop.invite())
            due += 1 / (KNEE * _TIMES)
        await asyncio.sleep(_STEP_S)
