"""Runs rows of the fault table: one line a run, the figures as JSON on the last.

``python -m tests.chaos --seed 15 --rows F2,F7``. The runs are made in a network of their own.
"""

import argparse
import asyncio
import faulthandler
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import structlog

from setup.places import CHECKOUT
from tests.chaos import database, states
from tests.chaos.plan import drawn
from tests.chaos.result import STALLED_S, Result, broken, judge, total
from tests.chaos.rows import NOT_YET, ROWS, Row
from tests.chaos.run import run
from tests.support import netns

ARTIFACTS = CHECKOUT / "tests" / ".artifacts" / "chaos"
RUN_SECONDS = 240


def main() -> int:
    """Run what was asked for; status 1 where something cost more than it may."""
    asked = _arguments()
    rows = _chosen(asked.rows)
    if not netns.inside():
        return _in_a_network(with_database=any(row.postgres for row in rows))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    results: dict[str, list[Result]] = {}
    for row in rows:
        for seed in range(asked.seed, asked.seed + asked.seeds):
            results.setdefault(row.name, []).append(_once(row, seed, asked.rate, short=asked.short))
    if not asked.rows:
        for name, why in NOT_YET.items():
            print(f"{name:<4} not run: {why}", flush=True)
    figures = {name: total(each).figures() for name, each in results.items()}
    everything = total(each for of_row in results.values() for each in of_row)
    print(json.dumps({"seed": asked.seed, "rows": figures, "total": everything.figures()}), flush=True)
    return 1 if everything.beyond else 0


def _in_a_network(*, with_database: bool) -> int:
    none: AbstractContextManager[dict[str, str]] = nullcontext({})
    here = [sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing is left running
    with database.kept() if with_database else none as environment:
        command = [sys.executable, "-m", "tests.support.netns", "--", *here]
        return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=15, help="of the first run of each row")
    parser.add_argument(
        "--seeds", type=int, default=1, help="how many runs of each row, one seed after the other"
    )
    parser.add_argument("--rows", default="", help="which rows: F2,F7; by default all")
    parser.add_argument("--rate", type=float, default=1.0, help="callers arriving a second")
    parser.add_argument("--short", action="store_true", help="few states: for every day")
    return parser.parse_args()


def _chosen(asked: str) -> list[Row]:
    known = {row.name: row for row in ROWS}
    names = [name.strip().upper() for name in asked.split(",") if name.strip()] or list(known)
    for name in names:
        if name in NOT_YET:
            sys.exit(f"{name} cannot be run: {NOT_YET[name]}")
        if name not in known:
            sys.exit(f"there is no row {name}: {', '.join(known)}")
    return [known[name] for name in names]


def _once(row: Row, seed: int, rate: float, *, short: bool) -> Result:
    plan = drawn(seed, row.name, row.lasts, rate=rate, states=states.FEW if short else states.ALL)
    folder, began = ARTIFACTS / f"{row.name}-{seed}", time.monotonic()

    async def bounded() -> Result:
        async with asyncio.timeout(RUN_SECONDS):
            return judge(row, await run(row, plan, folder))

    faulthandler.dump_traceback_later(RUN_SECONDS + 60, exit=True)  # a run that cannot even be ended
    try:
        result = asyncio.run(bounded())
    except Exception as error:  # a run that breaks down is a failed one: the others are made
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "error.txt").write_text(traceback.format_exc())
        result = broken(f"the run broke down: {type(error).__name__} {error}"[:200])
    finally:
        faulthandler.cancel_dump_traceback_later()
    _tell(row, seed, result, folder, time.monotonic() - began)
    return result


def _tell(row: Row, seed: int, result: Result, folder: Path, took: float) -> None:
    shown = " ".join(f"{name}={value}" for name, value in result.figures().items())
    print(f"{row.name:<4} seed={seed} {result.verdict:<6} {shown} ({row.title}; {took:.0f} s)", flush=True)
    for cost, why in row.may_cost.items():
        if result.costs[cost]:
            print(f"     {cost.value}: {why}", flush=True)
    if result.lag_s > STALLED_S:
        print(
            f"     this machine is loaded: our own agents were silent for up to {result.lag_s:.1f} s",
            flush=True,
        )
    for what in result.beyond:
        print(f"     BEYOND {what}", flush=True)
    if result.beyond:
        where = folder.relative_to(CHECKOUT)
        print(f"     again: make chaos SEED={seed} ROWS={row.name}   logs: {where}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
