"""Robots in the real centre: they log in, are offered calls, talk, hang up, and answer the fallback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from simulator.manners import Manners
from simulator.robot_position import RobotPosition
from simulator.sip_call import EndedBy
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, PASSWORD, CentreProcess

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER_HZ, AGENT_HZ = 1300.0, 2600.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=8, wrap_up_seconds=1, heartbeat_seconds=6)
    async with CentreProcess(room=room) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def robot(centre: CentreProcess) -> AsyncIterator[RobotPosition]:
    async with RobotPosition(centre.url, ARM1.login, PASSWORD) as one:
        if one.view["position"]["state"] == "paused":
            await one.command("ready")
        await one.until(lambda view: view["position"]["state"] == "ready")
        yield one


async def test_a_robot_and_a_caller_talk_through_the_whole_centre(
    centre: CentreProcess, robot: RobotPosition
) -> None:
    async with centre.caller() as caller:
        caller.call("15")
        await caller.answered()
        await robot.until(lambda view: "offer" in view, 60)
        await robot.accept()
        await robot.until(lambda view: view.get("call", {}).get("state") == "talking")
        caller.send_tone(CALLER_HZ, 8)
        robot.send_tone(AGENT_HZ, 8)
        await caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ))
        await robot.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await robot.command("hang_up")
        await caller.ended()
        assert caller.ended_by is EndedBy.PEER
    await robot.until(lambda view: view["position"]["state"] == "ready")


async def test_a_robot_with_manners_takes_a_call_by_itself_and_is_ready_for_the_next(
    centre: CentreProcess,
) -> None:
    manners = Manners(answer=(0.1, 0.2), talk=(1, 1), wrap_up=(0.1, 0.1), pause_share=0)
    async with RobotPosition(centre.url, ARM1.login, PASSWORD, manners=manners) as robot:
        for _ in range(2):
            async with centre.caller() as caller:
                caller.call("15")
                await caller.answered()
                caller.press("1")
                await caller.ended(60)
                assert caller.ended_by is EndedBy.PEER
            await robot.until(lambda view: view["position"]["state"] == "ready", 60)


async def test_a_robot_answers_the_fallback_while_the_core_is_dead_and_works_after(
    centre: CentreProcess, robot: RobotPosition
) -> None:
    async with centre.core_dead(), centre.caller() as caller:
        caller.call("15")
        await caller.answered()
        caller.send_tone(CALLER_HZ, 20)
        await robot.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), 60)
        robot.send_tone(AGENT_HZ, 5)
        await caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ))
    await robot.until(lambda view: view["position"]["state"] == "ready", 60)
    async with centre.caller() as caller:
        caller.call("15")
        await robot.until(lambda view: "offer" in view, 60)
