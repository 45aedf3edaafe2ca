"""p4: what passes between Asterisk and the core for one answered call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from app.settings import RoomSettings
from bench import sipp
from bench.centre import TRUNK, Program, running_centre, write_prompts
from bench.figures import Figure
from bench.strips import open_strips
from bench.wire import CountingRelay

RELAY_PORT = 8086
CORE_PORT = 8087
RATE = 10.0
POSITIONS = 15


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Count the frames of the ARI WebSocket while calls are welcomed, queued, offered, taken and ended."""
    calls = 30 if quick else 100
    prompts = write_prompts(folder / "p", 0.3)
    logins = [f"a{number}" for number in range(POSITIONS)]
    relay = CountingRelay(RELAY_PORT, CORE_PORT)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(relay.running())
        room = RoomSettings(wrap_up_seconds=0)
        centre = await stack.enter_async_context(
            running_centre(
                folder / "o", prompts, logins, room=room, program=Program.PLAIN, ari_relay_port=RELAY_PORT
            )
        )
        strips = await stack.enter_async_context(open_strips(centre.url, logins))
        await asyncio.sleep(0.5)
        frames, octets = relay.to_core.messages, relay.to_core.octets + relay.to_asterisk.octets
        made = await sipp.call(folder, TRUNK, "15", rate=RATE, calls=calls, talk_seconds=0.8)
        await asyncio.sleep(0.5)
        if made.failed or strips.taken < calls:
            raise RuntimeError(f"{made.failed} calls failed, {strips.taken} of {calls} were taken")
        frames = relay.to_core.messages - frames
        octets = relay.to_core.octets + relay.to_asterisk.octets - octets
    yield Figure(name="p4_events", ours=frames / calls, peer=None, unit="frames from Asterisk a call", n=calls)
    yield Figure(name="p4_bytes", ours=octets / calls, peer=None, unit="bytes both ways a call", n=calls)
