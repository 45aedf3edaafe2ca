"""A program that stands still is told from one that runs, waits for a processor, or only waits for work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from app.stillness import Stillness, pulse_of

pytestmark = pytest.mark.component

BUSY = "while True: pass"
NOW_AND_THEN = "import time\nwhile True: time.sleep(0.01)"
WAITING = "import threading\nthreading.Event().wait()"
LOCKED = (
    "import threading\nlock = threading.Lock()\nlock.acquire()\nthreading.Thread(target=lock.acquire).start()"
)
SECONDS = 0.3
"""Between two looks."""

Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program that runs this code, below another one where asked; its process id, once it is at it."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str, *, below: bool = False) -> int:
        command = [sys.executable, "-c", f"print(flush=True)\n{code}"]
        if below:
            command = [sys.executable, "-c", f"import subprocess\nsubprocess.run({command!r})"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process.pid

    yield begin
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def settled(pid: int) -> Stillness:
    """Wait until a program that stops by itself has stopped; somebody who looked at it last just now."""
    stillness, end = Stillness(pid), time.monotonic() + 30
    while not stillness.look():
        assert time.monotonic() < end, "it runs on and on"
        time.sleep(SECONDS)
    return stillness


@pytest.mark.parametrize("below", [False, True], ids=["itself", "below another"])
@pytest.mark.parametrize("code", [BUSY, NOW_AND_THEN], ids=["busy", "now and then"])
def test_one_that_runs_does_not_stand_still_until_it_is_stopped(start: Start, code: str, below: bool) -> None:
    pid = start(code, below=below)
    stillness = Stillness(pid)
    for _ in range(4):
        assert not stillness.look()
        time.sleep(SECONDS)  # in which it runs, however busy the machine is, or waits for its turn
    os.killpg(pid, signal.SIGSTOP)
    settled(pid)
    os.killpg(pid, signal.SIGCONT)
    stillness.look()
    time.sleep(SECONDS)
    assert not stillness.look()


@pytest.mark.parametrize("code", [WAITING, LOCKED], ids=["waiting", "deadlocked"])
def test_one_that_waits_for_something_stands_still(start: Start, code: str) -> None:
    assert settled(start(code)).look()


def test_of_one_that_is_not_there_nothing_is_known() -> None:
    nobody = 2**22 + 1  # beyond the highest number that Linux gives
    stillness = Stillness(nobody)
    assert pulse_of(nobody) is None
    assert not stillness.look()
    assert not stillness.look()
