"""``python -m bench [names] [--quick]``, in a network of its own (``make bench``): one JSON line a figure."""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bench import away, idle, journal_flow, p1, p2, p3, p4, p5, p6, p7, p9, p12, p13, p14, p15, reconciliation
from bench.figures import Figure, keep
from tests.support import netns

Measure = Callable[[Path, bool], AsyncIterator[Figure]]

MEASURES: dict[str, Measure] = {
    "p1": p1.measure,
    "p2": p2.measure,
    "p3": p3.measure,
    "p4": p4.measure,
    "p5": p5.measure,
    "p6": p6.measure,
    "p7": p7.measure,
    "p9": p9.measure,
    "p12": p12.measure,
    "p13": p13.measure,
    "p14": p14.measure,
    "p15": p15.measure,
    "idle": idle.measure,
    "away": away.measure,
    "reconciliation": reconciliation.measure,
    "journal_flow": journal_flow.measure,
}


def main() -> None:
    """Measure what is asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers.")
    parser.add_argument("names", nargs="*", choices=[[], *MEASURES], metavar="name", help=" ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="shorter, less exact, not kept")
    arguments = parser.parse_args()
    if not netns.inside():
        sys.exit("the load must stay in a network of its own: make bench")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # figures alone go to standard output
    )
    asyncio.run(_run(arguments.names or list(MEASURES), quick=arguments.quick))


async def _run(names: list[str], *, quick: bool) -> None:
    at = datetime.now(UTC)
    for name in names:
        began = time.monotonic()
        print(f"{name} …", file=sys.stderr)
        folder = Path(tempfile.mkdtemp(prefix="b15-", dir="/tmp"))
        try:
            async for figure in MEASURES[name](folder, quick):
                print(figure.line(), flush=True)
                if not quick:
                    keep(figure.line(), at)
        finally:
            shutil.rmtree(folder)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
