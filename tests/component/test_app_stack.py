"""The launcher, with trivial children."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.part import Part, PartFailed, PortUse, RunningPart, is_alive
from app.stack import Stack, check_ports
from app.watchdog import Patience, Question
from core.processes import words_of
from tests.support.waiting import until, wait_until

pytestmark = pytest.mark.component

SLEEPER = "import os, time; open({mark!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"


def sleeper(name: str, folder: Path, restart: bool = False) -> Part:
    """A part that writes its process id on a line of its mark and then waits."""
    mark = folder / name

    async def ready() -> bool:
        return mark.exists()

    code = SLEEPER.format(mark=str(mark))
    return Part(name=name, command=[sys.executable, "-c", code], ready=ready, restart=restart)


def pids(mark: Path) -> list[int]:
    """Process ids of a part's lives so far."""
    return [int(line) for line in mark.read_text().splitlines()] if mark.exists() else []


def exists(pid: int) -> bool:
    try:
        return words_of(Path(f"/proc/{pid}/stat"))[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[asyncio.Task[None]]:
    """Run the stack until the block ends, then by SIGTERM."""
    started = asyncio.Event()
    task = asyncio.create_task(stack.run(started.set))
    waiter = asyncio.create_task(started.wait())
    await asyncio.wait((task, waiter), return_when=asyncio.FIRST_COMPLETED, timeout=20)
    waiter.cancel()
    try:
        yield task
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, 20)


async def test_starts_in_order_each_when_the_one_before_is_ready(tmp_path: Path) -> None:
    said: list[str] = []
    order = tmp_path / "order"

    def part(name: str) -> Part:
        code = f"import time; time.sleep(0.2); open({str(order)!r}, 'a').write('{name} '); time.sleep(600)"

        async def ready() -> bool:
            return order.exists() and name in order.read_text()

        return Part(name=name, command=[sys.executable, "-c", code], ready=ready)

    async with running(Stack([part("one"), part("two"), part("three")], tmp_path / "log", said.append)):
        assert order.read_text() == "one two three "
    assert [line.split()[1] for line in said if "✓" in line] == ["one", "two", "three"]


async def test_starts_a_dead_part_again_and_leaves_the_others(tmp_path: Path) -> None:
    stack = Stack([sleeper("core", tmp_path, restart=True), sleeper("other", tmp_path)], tmp_path / "log")
    async with running(stack):
        (first,) = pids(tmp_path / "core")
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(pids(tmp_path / "core")) == 2, "the part lives again")
        assert len(pids(tmp_path / "other")) == 1
    assert not any(exists(pid) for name in ("core", "other") for pid in pids(tmp_path / name))


@pytest.mark.parametrize(
    ("stops", "patience", "said_of_it"),
    [
        (True, Patience(frozen=60), "answers nothing and does not run"),
        (False, Patience(frozen=1), "has answered nothing for 1 s"),
    ],
    ids=["stopped", "runs"],
)
async def test_kills_a_part_that_answers_no_more(
    tmp_path: Path, stops: bool, patience: Patience, said_of_it: str
) -> None:
    said: list[str] = []
    mute = asyncio.Event()

    async def ask() -> None:
        if mute.is_set():
            await asyncio.Event().wait()

    mark = tmp_path / "core"
    code = f"import os\nopen({str(mark)!r}, 'a').write(f'{{os.getpid()}}\\n')\nwhile True: pass"
    part = replace(
        sleeper("core", tmp_path, restart=True),
        command=[sys.executable, "-c", code],
        questions=(Question("ARI", ask), Question("SIP", ask)),
        patience=patience,
    )
    async with running(Stack([part], tmp_path / "log", said.append)):
        (first,) = pids(mark)
        mute.set()
        if stops:
            os.kill(first, signal.SIGSTOP)
        await until(lambda: len(pids(mark)) == 2, "the part lives again")
        mute.clear()
        assert not exists(first)
    assert any(said_of_it in line for line in said)


async def test_of_a_part_that_has_ended_nothing_lives(tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(600)"
    code = (
        "import subprocess, sys\n"
        f"children = [subprocess.Popen([sys.executable, '-c', {deaf!r}], stdout=-1) for _ in range(5)]\n"
        "[child.stdout.readline() for child in children]\n"
        f"open({str(tmp_path / 'ready')!r}, 'w').close()\n"
        "children[0].wait()"
    )
    part = Part(name="family", command=[sys.executable, "-c", code], end_seconds=0.1)
    family = await RunningPart.start(part, tmp_path / "log")
    try:
        await until((tmp_path / "ready").exists, "the children are there")
        assert is_alive(family.pid)
    finally:
        await family.end()
    assert not is_alive(family.pid)


async def test_a_part_that_need_not_live_is_only_reported(tmp_path: Path) -> None:
    said: list[str] = []
    stack = Stack([sleeper("robots", tmp_path), sleeper("core", tmp_path)], tmp_path / "log", said.append)
    async with running(stack) as task:
        os.kill(pids(tmp_path / "robots")[0], signal.SIGKILL)
        await until(lambda: any("robots ended" in line for line in said), "the death is said")
        assert not task.done()
    assert len(pids(tmp_path / "robots")) == 1


async def test_says_the_part_and_its_last_words_when_it_cannot_start(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    broken = Part(name="Core", command=[sys.executable, "-c", "raise SystemExit('no database')"], ready=never)
    stack = Stack([sleeper("first", tmp_path), broken], tmp_path / "log")
    with pytest.raises(PartFailed, match=r"(?s)Core ended at once with status 1.*no database"):
        await stack.run()
    assert not exists(pids(tmp_path / "first")[0])


async def test_says_so_when_a_part_is_never_ready(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    slow = Part(name="Core", command=["sleep", "600"], ready=never, ready_seconds=0.3)
    with pytest.raises(PartFailed, match=r"Core was not ready after 0\.3 s"):
        await Stack([slow], tmp_path / "log").run()


async def test_says_so_when_the_program_is_missing(tmp_path: Path) -> None:
    missing = Part(name="Core", command=[str(tmp_path / "no-such-program")])
    with pytest.raises(PartFailed, match="Core cannot start"):
        await Stack([missing], tmp_path / "log").run()


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_taken_port_is_named_with_its_part_and_setting(kind: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == "tcp":
            taken.listen()
        port = taken.getsockname()[1]
        uses = [
            PortUse(
                host="0.0.0.0", port=port, setting="asterisk.sip_port", kind="tcp" if kind == "tcp" else "udp"
            )
        ]
        part = Part(name="Asterisk", command=["true"], ports=uses)
        with pytest.raises(
            PartFailed, match=rf"(?s){kind} port {port}.*Asterisk.*BANDEAU15_ASTERISK__SIP_PORT"
        ):
            check_ports([part])
    check_ports([part])


async def test_a_part_deaf_to_the_request_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "deaf"
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER.format(mark=str(mark))}"

    async def ready() -> bool:
        return mark.exists()

    part = Part(name="deaf", command=[sys.executable, "-c", code], ready=ready, end_seconds=0.2)
    async with running(Stack([part], tmp_path / "log")):
        pass
    assert not exists(pids(mark)[0])


LAUNCHER = """
import asyncio, sys
from pathlib import Path
from app.stack import Stack
from tests.component.test_app_stack import grandparent, sleeper

folder = Path(sys.argv[1])
asyncio.run(Stack([sleeper("one", folder, True), grandparent(folder)], folder / "log").run())
"""


def grandparent(folder: Path) -> Part:
    """A part with a child of its own, which ignores polite requests."""
    mark = folder / "grandchild"
    child = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER.format(mark=str(mark))}"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    async def ready() -> bool:
        return mark.exists()

    return Part(name="two", command=[sys.executable, "-c", code], ready=ready)


@pytest.fixture
def launcher(tmp_path: Path) -> Callable[[], subprocess.Popen[bytes]]:
    def launch() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(LAUNCHER), str(tmp_path)])
        wait_until(lambda: bool(pids(tmp_path / "grandchild")), "everything runs")
        return process

    return launch


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_however_the_launcher_ends(
    tmp_path: Path, launcher: Callable[[], subprocess.Popen[bytes]], number: signal.Signals
) -> None:
    process = launcher()
    everyone = pids(tmp_path / "one") + pids(tmp_path / "grandchild")
    assert len(everyone) == 2

    began = time.monotonic()
    process.send_signal(number)
    status = process.wait(10)

    wait_until(lambda: not any(exists(pid) for pid in everyone), "nothing is left")
    assert time.monotonic() - began < 5
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
