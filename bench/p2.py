"""p2: INVITE → offer visible in the strip's page, against bare Dial's INVITE → the agent's INVITE."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import peer, sipp
from bench.browser import StripPage, chromium, open_strip_page
from bench.centre import NO_WELCOME, TRUNK, running_centre, write_prompts
from bench.figures import Figure, percentile
from bench.peer import running_peer

RATE = 2.0
TALK_SECONDS = 0.2
"""The caller leaves so soon after the SVI's answer: the page has the call by then, and is free for the next."""


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Alternate batches of calls, on a line without welcome: that takes its own time, not the machine's."""
    batches, calls = (2, 10) if quick else (4, 30)
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
        for _ in range(batches):
            ours += await our_batch(folder, strip, calls)
            theirs += await peer_batch(folder, calls)
            print(f"  p2: {len(ours)} and {len(theirs)} calls of {batches * calls}", file=sys.stderr)
    for name, share in (("p2_p50", 0.5), ("p2_p99", 0.99)):
        yield Figure(
            name=name,
            ours=1000 * percentile(ours, share),
            peer=1000 * percentile(theirs, share),
            unit="ms",
            n=min(len(ours), len(theirs)),
        )


async def our_batch(folder: Path, strip: StripPage, calls: int) -> list[float]:
    """Seconds from each INVITE to the offer in the page."""
    await strip.offers()
    made = await sipp.call(folder, TRUNK, NO_WELCOME, rate=RATE, calls=calls, talk_seconds=TALK_SECONDS)
    return delays(made.sent, await strip.offers())


async def peer_batch(folder: Path, calls: int) -> list[float]:
    """Seconds from each INVITE to the one that the agent receives."""
    async with sipp.agents(folder, peer.AGENTS) as agents:
        made = await sipp.call(folder, peer.TRUNK, peer.DIAL, rate=RATE, calls=calls, talk_seconds=TALK_SECONDS)
        return delays(made.sent, agents.called())


def delays(sent: Mapping[int, float], seen: Mapping[int, float]) -> list[float]:
    """From the sending of each call to its being seen, for those that were."""
    return [at - sent[number] for number, at in seen.items() if number in sent]
