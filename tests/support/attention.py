"""Time as far as this process gets to run: what a loaded machine takes is nobody else's fault."""

import asyncio

_STEP_S = 0.05
_STALL_S = 0.2


class Attention:
    """A clock that stands still while this process does not get to run: what it misses is not the centre's.

    ``lag``: the longest that it did not run, in seconds.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self.lag = 0.0

    def __call__(self) -> float:
        """Seconds of attention so far."""
        return self._now

    async def run(self) -> None:
        """Keep it going, until cancelled."""
        clock = asyncio.get_running_loop().time
        before = clock()
        while True:
            await asyncio.sleep(_STEP_S)
            now = clock()
            self.lag = max(self.lag, now - before - _STEP_S)
            self._now += min(now - before, _STALL_S)
            before = now
