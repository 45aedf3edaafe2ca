"""The check before a shift away from the centre: the network measured, a telephone chosen; then the strip."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from core.events import NetworkMeasured, PositionMuted
from core.words import NetworkPhase
from simulator.callees import Operator
from tests.e2e.away.conftest import PROMPTS
from tests.e2e.conftest import ARTIFACTS
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import PAGE_SIZE, STRIP_SIZE, Desk, Wallboard
from tests.e2e.test_accessibility import is_accessible
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, CentreProcess, Person

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NUMBER = "01 99 00 09 15"
DOCTOR_HZ = 1900.0


async def picture(desk: Desk, name: str) -> None:
    """Keep the page as it looks, light and dark; nothing in it may be inaccessible."""
    folder = ARTIFACTS / "away"
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        await desk.page.emulate_media(color_scheme=theme)
        await desk.page.screenshot(path=folder / f"{name}-{theme}.png")
    await is_accessible(desk.page, name)
    await desk.page.emulate_media(color_scheme="light")


async def test_the_network_is_measured_shown_and_told(
    centre: CentreProcess, open_desk: Callable[[Person], Awaitable[Desk]], wallboard: Wallboard
) -> None:
    witness = centre.witness()
    desk = await open_desk(ARM1)
    await desk.log_in()
    card = desk.page.get_by_test_id("check-network")
    await expect(card).to_have_attribute("data-state", "done", timeout=30_000)
    await expect(card).to_have_attribute("data-level", "good")
    await expect(desk.page.get_by_test_id("network-text")).to_have_text("Réseau bon.")
    await picture(desk, "check-network")
    await desk.check.start.click()
    await desk.strip.until("ready")
    measured = await witness.next(NetworkMeasured)
    assert measured.phase is NetworkPhase.CHECK
    assert measured.position_id == ARM1.login
    assert 4.03 <= measured.mos <= 4.5
    assert measured.loss_percent == 0
    assert 0 <= measured.round_trip_ms < 500
    await expect(desk.strip.root).to_have_attribute("data-network", "good")
    told = await witness.next(NetworkMeasured, lambda event: event.phase is NetworkPhase.SHIFT, 60)
    assert told.mos >= 4.03
    await wallboard.position(ARM1, "ready")
    await expect(wallboard.part(f"network-{ARM1.login}")).to_have_count(0)


async def test_a_shift_by_telephone_from_the_page(
    centre: CentreProcess, open_desk: Callable[[Person], Awaitable[Desk]], operator: Operator
) -> None:
    witness = centre.witness()
    desk = await open_desk(ARM1)
    page = desk.page
    await desk.log_in()
    await page.get_by_test_id("sound-phone").check()
    await page.get_by_test_id("phone-number").fill("+44 1632 960123")
    await picture(desk, "check-phone")
    await page.set_viewport_size(PAGE_SIZE)
    await page.get_by_test_id("check-start-phone").click()
    await expect(desk.strip.error).to_contain_text("pas de ceux que le centre peut appeler")
    await desk.strip.until("ready")  # the headset, meanwhile
    await page.get_by_test_id("menu-button").click()
    await page.get_by_test_id("menu-check").click()
    await page.get_by_test_id("sound-phone").check()
    await page.get_by_test_id("phone-number").fill(NUMBER)
    await page.keyboard.press("Enter")
    await page.set_viewport_size(STRIP_SIZE)
    line = page.get_by_test_id("away-line")
    busy = await operator.called()
    busy.ring()
    assert busy.number == "+33199000915"
    await expect(line).to_have_attribute("data-phone", "calling")
    await picture(desk, "strip-phone-calling")
    busy.refuse()
    await expect(line).to_have_attribute("data-phone", "failed")
    await expect(desk.strip.root).to_have_attribute("data-state", "unready")
    await picture(desk, "strip-phone-failed")
    await page.get_by_test_id("ring-phone").click()
    doctor = await operator.called()
    doctor.ring()
    doctor.answer()
    await expect(line).to_have_attribute("data-phone", "confirming")
    await doctor.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-key"][0]))
    doctor.press("1")
    await desk.strip.until("ready")
    await expect(line).to_have_count(0)
    await page.reload()  # the telephone does not notice
    await desk.strip.until("ready")
    doctor.send_tone(DOCTOR_HZ, 100)
    async with waiting_call(centre) as talk:
        await desk.strip.until("offered")
        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        await doctor.hears(lambda pcm: contains_tone(pcm, talk.hz))
        await talk.hears(DOCTOR_HZ)
        await desk.strip.press("mute")
        await expect(desk.strip.root).to_have_attribute("data-muted", "true")
        await witness.next(PositionMuted)
        await asyncio.sleep(0.5)  # what was on its way arrives
        talk.caller.forget()
        await asyncio.sleep(1)  # time in which it would be heard
        assert not contains_tone(talk.caller.heard(), DOCTOR_HZ, seconds=0.25)
        await desk.strip.press("mute")
        await talk.hears(DOCTOR_HZ)
