"""idle: what a kept audio leg costs Asterisk while nobody calls, against a registered strip without one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench.centre import PASSWORD, Centre, running_centre, write_prompts
from bench.figures import Figure
from bench.strips import open_strips
from simulator.robot_position import RobotPosition


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Robots' legs over real WebRTC, with sound in A-law both ways; then the same strips without legs."""
    count, seconds = (6, 6) if quick else (12, 20)
    prompts = write_prompts(folder / "p", 1.0)
    logins = [f"a{number}" for number in range(count)]
    async with running_centre(folder / "o", prompts, logins, room=RoomSettings()) as centre:
        async with open_strips(centre.url, logins, legs=False):
            registered = await _per_hour(centre, count, seconds)
        async with AsyncExitStack() as stack:
            for login in logins:
                await stack.enter_async_context(RobotPosition(centre.url, login, PASSWORD))
            kept = await _per_hour(centre, count, seconds)
    print(f"  idle: {kept / 36:.2f} % of a core a leg", file=sys.stderr)
    yield Figure(
        name="idle", ours=kept, peer=registered, unit="s of Asterisk's CPU an hour and position", n=count
    )


async def _per_hour(centre: Centre, positions: int, seconds: float) -> float:
    await asyncio.sleep(1)  # what the opening leaves to do is not idle
    before = centre.asterisk_cpu()
    await asyncio.sleep(seconds)
    return (centre.asterisk_cpu() - before) / seconds / positions * 3600
