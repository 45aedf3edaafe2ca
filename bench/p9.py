"""p9: click on Décrocher → the caller is heard, on the kept leg and on a leg that rings and is answered."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import peer
from bench.browser import PeerPage, StripPage, chromium, open_peer_page, open_strip_page
from bench.centre import NO_WELCOME, TRUNK, running_centre, write_prompts
from bench.figures import Figure, median
from bench.peer import running_peer
from simulator.callers import Caller

VOICE_HZ = 1000.0
HESITATION_SECONDS = 0.5
"""Between the ring and the answer, as with a person: nothing is left to do by then but to answer."""


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Alternate calls; the caller speaks all the time."""
    count = 4 if quick else 12
    prompts = write_prompts(folder / "p", 1.0)
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running_peer(folder / "q", prompts))
        centre = await stack.enter_async_context(
            running_centre(folder / "o", prompts, ["arm1"], room=RoomSettings(wrap_up_seconds=0))
        )
        browser = await stack.enter_async_context(chromium(folder))
        strip = await open_strip_page(browser, centre.url, "arm1")
        page = await open_peer_page(browser, folder)
        for number in range(count):
            ours.append(await _call(TRUNK, NO_WELCOME, lambda: _on_strip(strip)))
            await strip.until("ready")
            theirs.append(await _call(peer.TRUNK, peer.PAGE, lambda: _on_page(page)))
            print(f"  p9 {number + 1}/{count}: kept {ours[-1]:.3f} s, rung {theirs[-1]:.3f} s", file=sys.stderr)
    yield Figure(name="p9", ours=1000 * median(ours), peer=1000 * median(theirs), unit="ms", n=count)


async def _call(trunk: tuple[str, int], line: str, take: Callable[[], Awaitable[float]]) -> float:
    async with await Caller.open(trunk) as caller:
        call = caller.call(line)
        call.watch(lambda state: caller.send_tone(VOICE_HZ, 20))
        seconds = await take()
        caller.hang_up()
        await caller.ended()
    return seconds


async def _on_strip(strip: StripPage) -> float:
    await strip.until("offered")
    await asyncio.sleep(HESITATION_SECONDS)
    return await strip.seconds_to_voice()


async def _on_page(page: PeerPage) -> float:
    await page.until_ringing()
    await asyncio.sleep(HESITATION_SECONDS)
    return await page.seconds_to_voice()
