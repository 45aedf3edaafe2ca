"""The process that runs Asterisk, with a real Asterisk of a few modules."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.asterisk_process import AsteriskFailed, AsteriskProcess, asterisk_pid
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

_CONF = """[directories]
astetcdir => {config}
astvarlibdir => {state}/lib
astdbdir => {state}/lib
astspooldir => {state}/spool
astrundir => {state}/run
astlogdir => {state}/log
[options]
systemname = tiny
"""
_MODULES = "[modules]\nautoload = no\nload = pbx_config.so\nload = func_logic.so\n"


@pytest.fixture
async def asterisk(asterisk_root: Path | None, tmp_path: Path) -> AsyncIterator[AsteriskProcess]:
    state = tmp_path / "state"
    config = state / "etc"
    config.mkdir(parents=True)
    (config / "asterisk.conf").write_text(_CONF.format(config=config, state=state))
    (config / "modules.conf").write_text(_MODULES)
    (config / "extensions.conf").write_text("[default]\nexten => 15,1,NoOp()\n")
    process = AsteriskProcess(
        asterisk_root, config, state, tmp_path / "asterisk.log", writable=[tmp_path / "recordings"]
    )
    yield process
    await process.stop(0)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def first_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def read_only(pid: int, mounted: Path) -> bool:
    mounts = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    return next("ro" in mount[5].split(",") for mount in mounts if mount[4] == str(mounted))


def capabilities(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))


async def test_starts_answers_and_stops(asterisk: AsteriskProcess) -> None:
    await asterisk.start()

    assert "Asterisk 22" in await asterisk.rx("core show version")
    assert "15" in await asterisk.rx("dialplan show default")
    pid = asterisk.pid
    assert name_of(pid) == "asterisk"

    await asterisk.stop()
    assert not exists(pid)
    with pytest.raises(AsteriskFailed):
        await asterisk.rx("core show version")


async def test_stops_by_itself_when_asked_politely(asterisk: AsteriskProcess) -> None:
    await asterisk.start()
    os.kill(asterisk.pid, signal.SIGTERM)
    assert await asyncio.wait_for(asterisk.wait(), 10) == 0


async def test_ends_with_a_frozen_asterisk(asterisk: AsteriskProcess) -> None:
    await asterisk.start()
    pid = asterisk.pid
    os.kill(pid, signal.SIGSTOP)
    await asterisk.stop(grace=0.2)
    await until(lambda: not exists(pid), "Asterisk is gone")


async def test_dies_with_its_starter(asterisk: AsteriskProcess, tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", '"$@" & wait', "sh", *asterisk.command(), start_new_session=True
    )
    control = tmp_path / "state" / "run" / "asterisk.ctl"
    await until(control.exists, "Asterisk listens")
    assert await asterisk.is_ready()
    confined = asterisk_pid(first_child(starter.pid))
    assert name_of(confined) == "asterisk"

    starter.kill()
    await starter.wait()
    await until(lambda: not exists(confined), "Asterisk is gone")


async def test_says_where_to_look_when_it_cannot_start(asterisk: AsteriskProcess, tmp_path: Path) -> None:
    (tmp_path / "state" / "etc" / "modules.conf").write_text(
        "[modules]\nautoload = no\nrequire = no_such_module.so\n"
    )
    with pytest.raises(AsteriskFailed, match=r"asterisk\.log"):
        await asterisk.start(seconds=10)
    with pytest.raises(AsteriskFailed):
        _ = asterisk.pid


async def test_is_confined(asterisk: AsteriskProcess, tmp_path: Path) -> None:
    await asterisk.start()
    assert capabilities(asterisk.pid) == 0
    root = Path(f"/proc/{asterisk.pid}/root")
    assert socket.gethostname() in (root / "etc/hosts").read_text()
    assert read_only(asterisk.pid, tmp_path / "state" / "etc")
    assert not read_only(asterisk.pid, tmp_path / "state")
    assert (root / tmp_path.relative_to("/") / "recordings").is_dir()
