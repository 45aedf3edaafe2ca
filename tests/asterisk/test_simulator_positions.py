"""A robot position against a real Asterisk and a mock of the centre's pages: sound goes both ways."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.callers import Caller, CallNotAnswered
from simulator.manners import Manners
from simulator.robot_position import RobotPosition, RobotRefused
from simulator.sip_agent import SipAgent
from tests.support.audio import contains_tone
from tests.support.mini_asterisk import SIP_PORT, WS_PORT, MiniAsterisk
from tests.support.mock_centre import PASSWORD, READY, MockCentre
from tests.support.netns import ADDRESS

pytestmark = pytest.mark.asterisk

TALKING: dict[str, Any] = {
    "position": {"id": "robot1", "state": "on_call", "since": "t2"},
    "call": {"id": "c1", "state": "talking"},
}


@pytest.fixture(scope="module")
def asterisk(asterisk_root: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniAsterisk]:
    with MiniAsterisk(asterisk_root, tmp_path_factory.mktemp("mini")) as running:
        yield running


@pytest.fixture
async def centre(asterisk: MiniAsterisk) -> AsyncIterator[MockCentre]:
    async with MockCentre(ws_port=WS_PORT, domain=ADDRESS, sip_password="secret") as running:
        yield running


@pytest.fixture
async def robot(centre: MockCentre) -> AsyncIterator[RobotPosition]:
    async with RobotPosition(centre.url, "robot1", PASSWORD) as one:
        yield one


@pytest.fixture
async def caller(asterisk: MiniAsterisk) -> AsyncIterator[Caller]:
    async with await Caller.open((ADDRESS, SIP_PORT)) as one:
        yield one


async def hear_each_other(robot: RobotPosition, caller: Caller) -> None:
    caller.forget()
    robot.forget()
    caller.send_tone(400, 8)
    robot.send_tone(1500, 8)
    await caller.hears(lambda pcm: contains_tone(pcm, 1500))
    await robot.hears(lambda pcm: contains_tone(pcm, 400))
    assert not contains_tone(robot.heard(1), 1500)
    caller.hush()
    robot.hush()


async def test_a_robots_leg_and_a_caller_hear_each_other(robot: RobotPosition, caller: Caller) -> None:
    caller.call("room")
    await caller.answered()
    await hear_each_other(robot, caller)


async def test_a_lost_leg_is_opened_again_with_the_same_account(
    robot: RobotPosition, centre: MockCentre, caller: Caller
) -> None:
    caller.call("room")
    await caller.answered()
    await robot.lose_leg()
    await robot.leg_down()
    await robot.leg_up()
    assert centre.asked == ["login", "credentials"]
    await hear_each_other(robot, caller)


async def test_a_lost_strip_is_opened_again_and_the_leg_kept(robot: RobotPosition, centre: MockCentre) -> None:
    await centre.cut()
    await centre.show(READY | {"room": {"waiting": 3}})
    await robot.until(lambda view: "room" in view)
    assert robot.leg_is_up
    assert centre.asked == ["login", "credentials"]


async def test_a_robot_with_manners_answers_talks_hangs_up_and_is_ready_again(centre: MockCentre) -> None:
    at_once = Manners(answer=(0, 0), talk=(0.2, 0.2), wrap_up=(0, 0), pause_share=0)
    async with RobotPosition(centre.url, "robot1", PASSWORD, manners=at_once, seed=15):
        await centre.show({"position": {"state": "offered", "since": "t1"}, "offer": {"id": "o1"}})
        accepted = await centre.next_command()
        assert (accepted["name"], accepted["args"]) == ("accept_offer", {"offerId": "o1"})
        await centre.show(TALKING)
        assert (await centre.next_command())["name"] == "hang_up"
        await centre.show({"position": {"state": "wrap_up", "since": "t3"}})
        assert (await centre.next_command())["name"] == "ready"


async def test_a_wrong_password_is_refused(centre: MockCentre) -> None:
    with pytest.raises(RobotRefused):
        async with RobotPosition(centre.url, "robot1", "wrong"):
            pass


async def test_in_mode_secours_it_answers_a_call_that_rings_it(robot: RobotPosition, caller: Caller) -> None:
    caller.call("robot")
    await caller.answered()
    await hear_each_other(robot, caller)
    caller.hang_up()
    await robot.fallback_call_over()


async def test_in_a_call_it_refuses_a_call_that_rings_it(
    robot: RobotPosition, centre: MockCentre, caller: Caller
) -> None:
    await centre.show(TALKING)
    await robot.until(lambda view: "call" in view)
    caller.call("robot")
    with pytest.raises(CallNotAnswered):
        await caller.answered()


async def test_it_registers_again_before_its_registration_ends(
    asterisk: MiniAsterisk, centre: MockCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: asyncio.Queue[None] = asyncio.Queue()
    register = SipAgent.register

    async def short(self: SipAgent, *args: Any) -> int:
        await register(self, *args)
        asked.put_nowait(None)
        return 0

    monkeypatch.setattr(SipAgent, "register", short)
    monkeypatch.setattr("simulator.sip_ws.SHORTEST_RENEWAL", 0.2)
    async with RobotPosition(centre.url, "robot1", PASSWORD) as robot, asyncio.timeout(5):
        for _ in range(3):
            await asked.get()
        assert robot.leg_is_up
        contacts = await asyncio.to_thread(asterisk.cli, "pjsip show contacts")
        assert len(re.findall("robot1/sip", contacts)) == 1
