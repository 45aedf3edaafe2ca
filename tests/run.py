"""Runs groups of checks one after the other, stops after the first that fails, and says how long each took.

``python -m tests.run check unit+asterisk chaos e2e -- further pytest arguments``; with ``+``: side by side
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from setup import pages
from setup.places import CHECKOUT

_BIN = Path(sys.executable).parent
_PYTHON = sys.executable
_NAMESPACE = (_PYTHON, "-m", "tests.support.netns", "--")
_PYTEST = (_PYTHON, "-m", "pytest")
_CALLS = (*_PYTEST, "-p", "no:schemathesis", "--timeout", "300")
"""No plugin that only component tests use: each network would load it. And patience with a loaded machine."""
_CHAOS = (_PYTHON, "-m", "tests.chaos", "--short", "--rows")
_ROWS = ("F1,F2", "F4,F7", "F11")
"""Rows of the fault table for every day."""
_GIVING_WAY = ("nice",)
"""Beside calls, which mostly wait, what only computes takes what they leave."""
_BY_FILE = ("--dist", "loadfile")
"""A file's tests stay together, with what they share."""
_IN_ORDER = ("--no-loadscope-reorder",)
"""Files begin in the order in which they are collected."""
_SIDE_BY_SIDE = ("--numprocesses", "3", *_BY_FILE, *_IN_ORDER)
"""Each process has a PostgreSQL of its own. They wait now and then: three for two processors."""

Lane = Sequence[Sequence[str]]
"""Commands that run one after the other."""


def _in_networks(count: int) -> Sequence[str]:
    """Side by side in as many networks, each with a centre on the default ports. Calls mostly wait."""
    return ("--tx", f"{count}*popen//python={' '.join(_NAMESPACE)} {_PYTHON}", *_BY_FILE, *_IN_ORDER)


def lanes(group: str, arguments: Sequence[str]) -> list[Lane]:
    """List what a group runs, side by side."""
    match group:
        case "check":
            return [
                [
                    (str(_BIN / "ruff"), "check", "."),
                    (str(_BIN / "ruff"), "format", "--check", "."),
                    (str(_BIN / "lint-imports"), "--no-logo"),
                    ("npm", "run", "--silent", "check"),
                ],
                [(str(_BIN / "mypy"),)],
            ]
        case "unit":  # the longest are component tests
            return [[(*_GIVING_WAY, *_PYTEST, *_SIDE_BY_SIDE, "tests/component", "tests/unit", *arguments)]]
        case "asterisk":
            return [[(*_CALLS, *_in_networks(5), "tests/asterisk", *arguments)]]
        case "chaos":
            return [[(*_CHAOS, rows, *arguments)] for rows in _ROWS]
        case "e2e":  # a session has one kind of centre, on the default ports
            others = ("tests/e2e/away", "tests/e2e/nodes")
            ignored = [f"--ignore={other}" for other in others]
            return [
                [(*_CALLS, *_in_networks(3), "tests/e2e", *ignored, *arguments)],
                [(*_NAMESPACE, *_CALLS, other, *arguments) for other in others],
            ]
    raise SystemExit(f"unknown group {group!r}: check, unit, asterisk, chaos or e2e")


def main() -> int:
    """Run the groups named on the command line; return the exit status of the first that fails, or 0."""
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    groups, arguments = words[:cut], words[cut + 1 :]
    summary: list[tuple[str, str, float]] = []
    status = 0
    for group in groups:
        if status:
            summary.append((group, "not run", 0.0))
            continue
        started = time.monotonic()
        try:
            status = asyncio.run(_run([lane for part in group.split("+") for lane in lanes(part, arguments)]))
        except KeyboardInterrupt:
            status = 130
        summary.append((group, "failed" if status else "passed", time.monotonic() - started))
    print("\nSummary")
    for group, verdict, seconds in summary:
        print(f"  {group:<10} {verdict:<8} {seconds:6.1f} s")
    return status


async def _run(side_by_side: Sequence[Lane]) -> int:
    """Run lanes. What the first says is seen at once, what the others say when all have ended."""
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile("w+", errors="replace")) for _ in side_by_side[1:]]
        statuses = await asyncio.gather(*map(_run_lane, side_by_side, (sys.stdout, *files)))
        for file in files:
            file.seek(0)
            print(file.read(), end="", flush=True)
    return next(filter(None, statuses), 0)


async def _run_lane(lane: Lane, output: TextIO) -> int:
    environment = {**os.environ, **pages.environment()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # programs are started hundreds of times: compiled once
    for command in lane:
        print(f"\n── {' '.join(command).replace(str(CHECKOUT) + '/', '')}", file=output, flush=True)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=CHECKOUT, env=environment, stdout=output, stderr=output
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:  # Ctrl-C: the command got it too, and has time to stop what it started
            await _ended(process)
            raise
        if status:
            return status if status > 0 else 128 - status
    return 0


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(20):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    sys.exit(main())
