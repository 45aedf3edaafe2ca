"""Every page, light and dark, against the success criteria of WCAG 2.2 A and AA that a program can check."""

import json

import pytest
from playwright.async_api import Page, expect

from setup.places import CHECKOUT
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import talking, waiting_call
from tests.e2e.pages import Wallboard
from tests.support.centre_process import ARM1, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

AXE = (CHECKOUT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


async def is_accessible(page: Page, what: str) -> None:
    """No violation, in the light and in the dark."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate(AXE)
        await page.evaluate("new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))")
        await page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))")
        found = await page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
        told = [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        assert not told, f"{what}, {scheme}:\n" + "\n".join(told)


async def test_login_and_check(centre: CentreProcess, open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    await desk.login.open()
    await is_accessible(desk.page, "login")
    await desk.login.log_in(ARM1, "un autre mot de passe")
    await expect(desk.login.error).to_contain_text("incorrect")
    await is_accessible(desk.page, "login refused")
    await desk.log_in()
    await expect(desk.check.root).to_have_attribute("data-passed", "true")
    await is_accessible(desk.page, "check")


async def test_strip(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    await is_accessible(desk.page, "ready")
    await desk.strip.press("pause")
    await is_accessible(desk.page, "choosing a pause")
    await desk.strip.press("pause-break")
    await desk.strip.until("paused")
    await is_accessible(desk.page, "paused")
    await desk.strip.press("menu-button")
    await is_accessible(desk.page, "menu")
    await desk.strip.key("Escape")
    await desk.strip.press("ready")
    async with waiting_call(centre):
        await desk.strip.until("offered")
        await is_accessible(desk.page, "offered")
    await desk.strip.until("ready")
    async with talking(centre, desk):
        await is_accessible(desk.page, "talking")
        await desk.strip.press("mute")
        await expect(desk.strip.root).to_have_attribute("data-muted", "true")
        await desk.strip.press("hold")
        await desk.strip.until("held")
        await is_accessible(desk.page, "held and muted")
    await desk.strip.until("wrap_up")
    await is_accessible(desk.page, "wrap-up")
    await desk.strip.until("wrap_up", 0.1)  # it was, all the time


async def test_wallboard(centre: CentreProcess, at_work: TakePosition, wallboard: Wallboard) -> None:
    desk = await at_work(ARM1)
    await desk.strip.pause("break")
    await wallboard.position(ARM1, "paused")
    async with waiting_call(centre):
        await wallboard.shows(waiting=1)
        await is_accessible(wallboard.page, "wallboard")
