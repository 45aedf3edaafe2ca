"""reconciliation: what a look at what Asterisk holds costs, with 500 calls; peer: asking for the whole truth.

CPU time of this process and of Asterisk for one look, then for the services' comparison with 500 calls waiting.
The callers ring and are under control: no sound, which would cost a hundred times as much.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from bench.cpu import cpu_seconds
from bench.distribution import spare_the_collector
from bench.figures import Figure
from core.switch import CallerArrived, PlaybackEnded, SwitchSeen
from setup.roots import asterisk_root
from simulator.callers import Caller
from telephony.patrol import LOOK_EVERY_S
from telephony.reconciliation import ask_truth
from tests.support.asterisk import TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.centre import FakeCentre
from tests.support.waiting import until

CALLS = 500


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Looks one after the other, both ways; then the comparison alone."""
    calls, looks = (50, 20) if quick else (CALLS, 200)
    spare_the_collector()
    async with AsyncExitStack() as stack:
        asterisk = await stack.enter_async_context(CentreAsterisk(asterisk_root(), folder))
        switch = await stack.enter_async_context(asterisk.switch(look_every=3600))
        await switch.ready()
        for number in range(calls):
            caller = await stack.enter_async_context(await Caller.open(TRUNK))
            caller.call("15")
            await switch.more_than(number, CallerArrived)
        pid = asterisk.process.pid
        ours = await _milliseconds(lambda: _look(switch), looks, pid)
        peer = await _milliseconds(lambda: _truth(switch), max(5, looks // 10), pid)
    compared = await _comparison(calls, looks)
    share = 100 * (ours + compared) / 1000 / LOOK_EVERY_S
    for name, value, peers, unit in (
        ("", ours, peer, "ms of CPU a look, ours and Asterisk's; peer: the whole truth"),
        ("_compared", compared, None, "ms of CPU a look, services"),
        ("_share", share, None, "% of one core, all of it"),
    ):
        yield Figure(name=f"reconciliation_{calls}{name}", ours=value, peer=peers, unit=unit, n=looks)


async def _look(switch: WatchedSwitch) -> None:
    seen = len(switch.all(SwitchSeen))
    await switch.look()
    if len(switch.all(SwitchSeen)) != seen + 1:
        raise RuntimeError("the look was not told")
    switch.told.pop()


async def _truth(switch: WatchedSwitch) -> None:
    if switch.link is None:
        raise RuntimeError("Asterisk is not connected")
    await ask_truth(switch.link, "core-a", "asterisk-a")


async def _milliseconds(work: Callable[[], Awaitable[None]], times: int, pid: int) -> float:
    """CPU of this process and of Asterisk, for one."""
    there, here = cpu_seconds([pid]), time.process_time()
    for _ in range(times):
        await work()
    return 1000 * (cpu_seconds([pid]) - there + time.process_time() - here) / times


async def _comparison(calls: int, looks: int) -> float:
    """CPU of the services, told of a look and looking at positions: 500 calls waiting, all in order."""
    centre = FakeCentre()
    centre.start()
    for number in range(calls):
        centre.caller(f"+3361234{number:04d}")
    for greeting in list(centre.ivr.greetings.by_call.values()):
        centre.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
    await until(lambda: len(centre.acd.room.waiting) == calls, "all wait")
    await asyncio.sleep(0)
    spent = 0
    for _ in range(looks):
        seen = SwitchSeen(switch="a", channels=frozenset(centre.switch.callers), bridges=frozenset())
        began = time.thread_time_ns()
        centre.calls.on_switch(seen)
        centre.acd.look()
        spent += time.thread_time_ns() - began
    return spent / 1e6 / looks
