"""away: what a call costs Asterisk's memory while no core is there, against the same calls with one listening.

Asterisk keeps the announcement of every call for a core that is away. PJSIP keeps each call for half a minute,
with or without a core: both sides make the same calls, so the difference is what waits for the core.
"""

import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from bench import sipp
from bench.figures import Figure
from core.switch import SwitchUp
from setup.roots import asterisk_root
from tests.support.asterisk import TRUNK, CentreAsterisk
from tests.support.waiting import until

RATE = 40


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Calls answered by the fallback, and Asterisk's memory after them; then the core comes back."""
    calls = 400 if quick else 2000
    ours, peer = folder / "o", folder / "p"
    for side in (ours, peer):
        side.mkdir()
    away = await _kilobytes_a_call(ours, calls, away=True)
    there = await _kilobytes_a_call(peer, calls, away=False)
    yield Figure(name="away", ours=away, peer=there, unit="KB of Asterisk's memory a call", n=calls)


async def _kilobytes_a_call(folder: Path, calls: int, *, away: bool) -> float:
    async with CentreAsterisk(asterisk_root(), folder) as asterisk, asterisk.switch() as switch:
        switch.accepting = False
        await switch.ready()
        if away:
            await switch.close()
        asterisk_process = psutil.Process(asterisk.process.pid)
        before = asterisk_process.memory_info().rss
        made = await sipp.call(folder, TRUNK, "15", rate=RATE, calls=calls, talk_seconds=0.2)
        await asterisk.process.rx("malloc trim")
        after = asterisk_process.memory_info().rss
        if made.answered < calls:
            print(f"  away: {calls - made.answered} calls failed", file=sys.stderr)
        if away:
            began = time.monotonic()
            await switch.start()
            await until(lambda: len(switch.all(SwitchUp)) > 1, "the core is back")
            print(f"  away: back in {time.monotonic() - began:.2f} s", file=sys.stderr)
    return (after - before) / 1024 / made.answered
