"""Looking at files for all who wait, in one go."""

import asyncio
from collections.abc import Callable, Iterable

from recorder.policy import Measured, Tracks

Pair = tuple[Measured, Measured]


class Looks:
    """Measures tracks in a thread, together with all others that are to be measured about then.

    A look of its own for each call would cost more than the looking: a timer, a thread woken, and the loop.

    Args:
        measure: looks at both tracks of a recording. Blocking; raises nothing.
    """

    def __init__(self, measure: Callable[[Tracks], Pair]) -> None:
        self._measure = measure
        self._rounds: dict[float, tuple[list[Tracks], asyncio.Task[dict[Tracks, Pair]]]] = {}
        """Who is to be looked at, by the loop's time of the look."""

    async def after(self, seconds: float, tracks: Tracks) -> Pair:
        """Look in so many seconds, or in up to twice as many."""
        loop = asyncio.get_running_loop()
        due = (loop.time() // seconds + 2) * seconds
        if due not in self._rounds:
            asked: list[Tracks] = []
            self._rounds[due] = asked, loop.create_task(self._look(due, asked), name="look at recordings")
        asked, round_ = self._rounds[due]
        asked.append(tracks)
        return (await asyncio.shield(round_))[tracks]

    async def close(self) -> None:
        """Look no more."""
        rounds = [round_ for _, round_ in self._rounds.values()]
        for round_ in rounds:
            round_.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)

    async def _look(self, due: float, asked: Iterable[Tracks]) -> dict[Tracks, Pair]:
        try:
            await asyncio.sleep(due - asyncio.get_running_loop().time())
        finally:
            del self._rounds[due]
        return await asyncio.to_thread(lambda: {tracks: self._measure(tracks) for tracks in asked})
