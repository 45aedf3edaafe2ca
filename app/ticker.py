"""The one ticker that looks at every deadline. Deadlines are data: they outlive the process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from core.ports import Clock

log = structlog.get_logger(__name__)

PERIOD_S = 0.1


class Ticker:
    """Calls each ``tick(now)`` every 100 ms; one that raises is logged and the others go on.

    ``lag`` is by how many seconds the last round was late: the event loop's own delay.
    """

    def __init__(self, clock: Clock, ticks: Sequence[Callable[[datetime], None]]) -> None:
        self._clock = clock
        self._ticks = ticks
        self.lag = 0.0

    async def run(self) -> None:
        """Tick until cancelled."""
        due = self._clock.monotonic()
        while True:
            due = max(due + PERIOD_S, self._clock.monotonic())
            await asyncio.sleep(due - self._clock.monotonic())
            self.lag = self._clock.monotonic() - due
            self.tick()

    def tick(self) -> None:
        """One round."""
        now = self._clock.now()
        for tick in self._ticks:
            try:
                tick(now)
            except Exception:
                log.exception("tick_failed", tick=getattr(tick, "__qualname__", repr(tick)))
