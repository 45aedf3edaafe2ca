"""The commands that a launcher runs: they work until told to end, then leave nothing behind."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from simulator.demo import one_call
from simulator.population import Mix, Population
from simulator.sip_call import EndedBy
from simulator.voices import hum
from tests.support.mini_asterisk import SIP_PORT, WS_PORT, MiniAsterisk
from tests.support.mock_centre import PASSWORD, MockCentre
from tests.support.netns import ADDRESS

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def asterisk(asterisk_root: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniAsterisk]:
    with MiniAsterisk(asterisk_root, tmp_path_factory.mktemp("mini")) as running:
        yield running


@asynccontextmanager
async def command(module: str, *options: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *options,
        env=os.environ | environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process, event: str, times: int = 1, seconds: float = 30) -> None:
    """Wait until its log has said that so many times."""
    assert process.stderr is not None
    async with asyncio.timeout(seconds):
        while times:
            line = (await process.stderr.readline()).decode()
            assert line, "the command ended"
            times -= f'"{event}"' in line


async def stopped(process: asyncio.subprocess.Process, seconds: float = 8) -> int:
    process.terminate()
    async with asyncio.timeout(seconds):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


async def test_the_demonstration_calls_and_ends_its_calls_when_stopped(asterisk: MiniAsterisk) -> None:
    options = ("--sip-host", ADDRESS, "--sip-port", str(SIP_PORT), "--rate", "1", "--at-once", "2")
    async with command("simulator.demo", *options) as demo:
        await said(demo, "robot_calls", 2)
        await said(demo, "robot_stays_home", seconds=30)
        assert "2 active calls" in await asyncio.to_thread(asterisk.cli, "core show channels")
        assert await stopped(demo) == 0
    assert "0 active calls" in await asyncio.to_thread(asterisk.cli, "core show channels")


async def test_a_call_to_a_centre_that_is_away_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.sip_agent.GIVE_UP", 0.3)
    robot = next(Population(mix=Mix(pyvoip=0)).callers())
    async with asyncio.timeout(10):
        await one_call(robot, (ADDRESS, 5999), hum(15))


@pytest.mark.parametrize("pyvoip", [False, True])
async def test_a_robot_leaves_when_its_patience_is_over(asterisk: MiniAsterisk, pyvoip: bool) -> None:
    robot = replace(next(Population().callers()), line="15", pyvoip=pyvoip, leaves_after=1.0)
    with capture_logs() as logs:
        await one_call(robot, (ADDRESS, SIP_PORT), hum(15))
    assert [entry["ended_by"] for entry in logs if entry["event"] == "robot_call_over"] == [EndedBy.US]
    assert "0 active calls" in await asyncio.to_thread(asterisk.cli, "core show channels")


async def test_robot_positions_work_and_leave_nothing_when_stopped(asterisk: MiniAsterisk) -> None:
    async with MockCentre(ws_port=WS_PORT, domain=ADDRESS, sip_password="secret") as centre:
        options = ("--url", centre.url, "--login", "robot1")
        async with command("simulator.positions", *options, BANDEAU15_ROBOT_PASSWORD=PASSWORD) as positions:
            await said(positions, "robot_works")
            assert "robot1/sip" in await asyncio.to_thread(asterisk.cli, "pjsip show contacts")
            assert await stopped(positions) == 0
        assert "0 active calls" in await asyncio.to_thread(asterisk.cli, "core show channels")


async def test_robot_positions_wait_for_a_centre_that_is_not_there_yet() -> None:
    options = ("--url", "http://127.0.0.1:9", "--login", "robot1")
    async with command("simulator.positions", *options, BANDEAU15_ROBOT_PASSWORD=PASSWORD) as positions:
        await said(positions, "robot_waits", 2)
        assert await stopped(positions) == 0


async def test_the_lrm_serves_until_stopped() -> None:
    async with command("simulator.lrm", "--port", "18081") as lrm:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", 18081)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        assert await stopped(lrm) in (0, -15)
