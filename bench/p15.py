"""p15: the core's memory after many calls, against its memory after few."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from bench.figures import Figure
from setup.places import CHECKOUT


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Let a core of its own live many calls, in a process of its own."""
    few, many = (200, 2_000) if quick else (1_000, 50_000)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.many_calls", str(folder / "d"), str(few), str(many)),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    kilobytes = {int(calls): float(size) for calls, size in (line.split() for line in said.splitlines())}
    if process.returncode or set(kilobytes) != {few, many}:
        raise RuntimeError(f"the core ended with status {process.returncode} after {sorted(kilobytes)} calls")
    yield Figure(
        name="p15", ours=kilobytes[many] / 1024, peer=kilobytes[few] / 1024, unit="MB of the core", n=many
    )
