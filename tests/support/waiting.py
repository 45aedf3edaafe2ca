"""Waiting for a condition, with a bound that a loaded machine does not reach: the only way tests wait."""

import asyncio
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Look often until ``condition`` holds.

    Raises:
        AssertionError: it does not hold after ``seconds``; the text says ``what`` was awaited.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.005)


async def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """The same, letting the event loop run."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.005)
