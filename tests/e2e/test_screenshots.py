"""The pictures of the documentation, taken of the real pages: ``BANDEAU15_SCREENSHOTS=1 make test-e2e``."""

import os
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, ViewportSize, expect

from setup.places import CHECKOUT
from simulator.robot_position import RobotPosition
from tests.e2e.conftest import COLLEAGUES, TakePosition
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import Wallboard
from tests.support.centre_process import ARM1, PASSWORD, CentreProcess

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif("BANDEAU15_SCREENSHOTS" not in os.environ, reason="no BANDEAU15_SCREENSHOTS=1"),
]

IMAGES = CHECKOUT / "docs" / "images"


async def take(page: Page, name: str) -> None:
    """Write one picture, once everything that moves has come to rest."""
    await page.evaluate("document.fonts.ready")
    await page.evaluate(
        "Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity)"
        ".map((a) => a.finished.catch(() => {})))"
    )
    IMAGES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=IMAGES / f"{name}.png")


async def test_the_strip_and_the_wallboard(
    centre: CentreProcess, at_work: TakePosition, wallboard: Wallboard
) -> None:
    await wallboard.page.set_viewport_size(ViewportSize(width=1600, height=900))
    desk = await at_work(ARM1)
    await take(desk.page, "strip-ready")
    async with AsyncExitStack() as stack:
        robots = []
        for person in COLLEAGUES:
            robot = await stack.enter_async_context(RobotPosition(centre.url, person.login, PASSWORD))
            await robot.until(lambda view: view["position"]["state"] == "ready", 60)
            robots.append(robot)
        await robots[3].command("pause", reason="break")
        await robots[4].command("pause", reason="meal")
        await stack.enter_async_context(waiting_call(centre))
        await desk.strip.until("offered")
        await expect(desk.strip.part("offer-wait")).to_have_text("0:04")
        await take(desk.page, "strip-offered")
        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        for robot in (robots[0], robots[1]):
            await stack.enter_async_context(waiting_call(centre, 350))
            await robot.until(lambda view: "offer" in view, 60)
            await robot.accept()
            await robot.until(lambda view: view.get("call", {}).get("state") == "talking")
        call = {"callId": robots[1].view["call"]["id"], "kind": "room", "value": "MU", "priority": "P1"}
        await robots[1].command("transfer", **call)
        await robots[1].until(lambda view: view["position"]["state"] == "wrap_up")
        await stack.enter_async_context(waiting_call(centre, 350))
        await stack.enter_async_context(waiting_call(centre, 350))
        await wallboard.shows(in_progress=2, waiting=3)
        await expect(wallboard.part("parked-call")).to_have_attribute("data-kind", "waits")
        await take(wallboard.page, "wallboard")
        await take(desk.page, "strip-talking")
        await robots[0].command("hang_up")
        for robot in robots:
            await robot.until(lambda view: "call" not in view)
            await robot.log_out()
