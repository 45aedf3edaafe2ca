"""A core's keeper: who is followed by another process, and who is not. Real processes."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

import pytest

from setup.places import CHECKOUT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.component

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from app import core_keeper
from core.ids import new_id

core_keeper.QUICK_DEATH_SECONDS = float(sys.argv[2])
status = core_keeper.keep()
if status is not None:
    sys.exit(status)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with Path(sys.argv[1]).open("a") as file:
    file.write(f"{os.getpid()} {new_id()}\\n")
if sys.argv[3] == "waits":
    while True:
        signal.pause()
sys.exit(int(sys.argv[3]))
"""


class Kept:
    """A program under its keeper."""

    def __init__(self, folder: Path, quick: float, then: str) -> None:
        self._pids = folder / "pids"
        self.keeper = Popen(
            [sys.executable, "-c", PROGRAM, str(self._pids), str(quick), then],
            cwd=CHECKOUT,
            start_new_session=True,
        )

    @property
    def pids(self) -> list[int]:
        """Of its processes so far."""
        return [int(pid) for pid, _ in self._said]

    @property
    def ids(self) -> list[str]:
        """The first identifier that each of its processes made."""
        return [made for _, made in self._said]

    @property
    def _said(self) -> list[list[str]]:
        text = self._pids.read_text() if self._pids.exists() else ""
        return [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def process(self, number: int) -> int:
        """The process id of the first, the second…, once it is there."""
        wait_until(lambda: len(self.pids) >= number, "the process is there", 30)
        return self.pids[number - 1]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Kept]]:
    each: list[Kept] = []
    yield each
    for kept in each:
        with suppress(ProcessLookupError):
            os.killpg(kept.keeper.pid, signal.SIGKILL)
        kept.keeper.wait()


def begin(started: list[Kept], folder: Path, quick: float, then: str) -> Kept:
    started.append(Kept(folder, quick, then))
    return started[-1]


def test_one_that_dies_is_followed_by_another(started: list[Kept], tmp_path: Path) -> None:
    kept = begin(started, tmp_path, 0, "waits")
    os.kill(kept.process(1), signal.SIGKILL)
    os.kill(kept.process(2), signal.SIGKILL)
    kept.process(3)
    assert len(set(kept.ids)) == 3, "an event is known by its identifier: none is made twice"
    assert kept.keeper.poll() is None


def test_without_its_keeper_it_ends_in_order(started: list[Kept], tmp_path: Path) -> None:
    kept = begin(started, tmp_path, 0, "waits")
    process = kept.process(1)
    kept.keeper.kill()
    kept.keeper.wait()
    wait_until(lambda: not Path(f"/proc/{process}/exe").exists(), "it has ended", 30)


def test_one_that_dies_young_is_left_to_the_launcher(started: list[Kept], tmp_path: Path) -> None:
    kept = begin(started, tmp_path, 3600, "waits")
    os.kill(kept.process(1), signal.SIGKILL)
    assert kept.keeper.wait(30) == 128 + signal.SIGKILL


@pytest.mark.parametrize(("then", "young", "status"), [("0", 0, 0), ("75", 3600, 75)])
def test_an_end_that_was_meant_is_the_keepers_too(
    started: list[Kept], tmp_path: Path, then: str, young: float, status: int
) -> None:
    kept = begin(started, tmp_path, young, then)
    assert kept.keeper.wait(30) == status
    assert len(kept.pids) == 1


def test_asked_to_end_both_end(started: list[Kept], tmp_path: Path) -> None:
    kept = begin(started, tmp_path, 0, "waits")
    kept.process(1)
    kept.keeper.terminate()
    assert kept.keeper.wait(30) == 0
    assert len(kept.pids) == 1
