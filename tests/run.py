"""Runs groups of checks one after the other, stops at the first that fails, and says how long each took.

``python -m tests.run check unit asterisk e2e -- further pytest arguments``
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from setup import pages
from setup.places import CHECKOUT

_BIN = Path(sys.executable).parent
_PYTHON = sys.executable
_NAMESPACE = (_PYTHON, "-m", "tests.support.netns", "--")
_PYTEST = (_PYTHON, "-m", "pytest")
_BY_FILE = ("--dist", "loadfile")
"""A file's tests stay together, with what they share."""
_SIDE_BY_SIDE = ("--numprocesses", "logical", "--maxprocesses", "4", *_BY_FILE)
"""Each process has a PostgreSQL of its own."""


def _in_networks(count: int) -> Sequence[str]:
    """Side by side in as many networks, each with a centre on the default ports. Calls mostly wait."""
    return ("--tx", f"{count}*popen//python={' '.join(_NAMESPACE)} {_PYTHON}", *_BY_FILE)


def commands(group: str, arguments: Sequence[str]) -> list[Sequence[str]]:
    """List the commands of a group, in order."""
    match group:
        case "check":
            return [
                (str(_BIN / "ruff"), "check", "."),
                (str(_BIN / "ruff"), "format", "--check", "."),
                (str(_BIN / "mypy"),),
                (str(_BIN / "lint-imports"), "--no-logo"),
                ("npm", "run", "--silent", "check"),
            ]
        case "unit":
            return [(*_PYTEST, *_SIDE_BY_SIDE, "tests/unit", "tests/component", *arguments)]
        case "asterisk":
            return [(*_PYTEST, *_in_networks(3), "tests/asterisk", *arguments)]
        case "chaos":
            return [(_PYTHON, "-m", "tests.chaos", "--short", *arguments)]
        case "e2e":  # one kind of centre after the other: a session has one, on the default ports
            others = ("tests/e2e/away", "tests/e2e/nodes")
            ignored = [f"--ignore={other}" for other in others]
            return [
                (*_PYTEST, *_in_networks(2), "tests/e2e", *ignored, *arguments),
                *((*_NAMESPACE, *_PYTEST, other, *arguments) for other in others),
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
        status = _run(commands(group, arguments))
        summary.append((group, "failed" if status else "passed", time.monotonic() - started))
    print("\nSummary")
    for group, verdict, seconds in summary:
        print(f"  {group:<10} {verdict:<8} {seconds:6.1f} s")
    return status


def _run(commands_: list[Sequence[str]]) -> int:
    environment = {**os.environ, **pages.environment()}
    for command in commands_:
        print(f"\n── {' '.join(command).replace(str(CHECKOUT) + '/', '')}", flush=True)
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            status = _interrupted(process)
        if status:
            return status if status > 0 else 128 - status
    return 0


def _interrupted(process: subprocess.Popen[bytes]) -> int:
    """Give the command, which got the same Ctrl-C, time to stop what it started."""
    try:
        process.wait(20)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
    return 130


if __name__ == "__main__":
    sys.exit(main())
