"""The abandoned-call desk in a real browser: lost callers come, are worked by the keyboard, and go."""

import os

import pytest
from playwright.async_api import ViewportSize, expect

from core.events import CallEnded, CallQueued, ItemClosed, LostCallFiled
from core.words import ItemOutcome
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import CallbackPage
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_screenshots import take
from tests.support.centre_process import ARM1, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SHOOT = "BANDEAU15_SCREENSHOTS" in os.environ


async def lose(centre: CentreProcess, number: str) -> None:
    """Somebody waits, and hangs up."""
    async with waiting_call(centre, number=number) as talk:
        await talk.witness.until_told(talk.call_id, CallQueued)
        talk.caller.hang_up()
        await talk.witness.until_told(talk.call_id, LostCallFiled)


async def test_a_lost_caller_comes_is_worked_and_goes_when_answered(
    centre: CentreProcess, callbacks: CallbackPage, at_work: TakePosition
) -> None:
    number = new_number()
    desk = await at_work(ARM1)
    await desk.strip.pause("break")
    await desk.strip.until("paused")
    await lose(centre, number)
    item = callbacks.item(number)
    await expect(item).to_have_attribute("data-group", "short")
    await lose(centre, number)
    await expect(item).to_have_attribute("data-group", "call")
    await expect(item).to_contain_text("2 appels")
    await lose(centre, new_number())

    page = callbacks.page
    await callbacks.choose(number)
    await page.keyboard.press("p")
    await expect(callbacks.part("detail-owner")).to_have_text("Vous")
    await page.keyboard.press("n")
    await page.keyboard.type("Enfant, ne répond pas\nvoisine prévenue")
    await page.keyboard.press("Control+Enter")
    await expect(callbacks.part("note")).to_contain_text("voisine prévenue")
    await is_accessible(page, "desk")
    await callbacks.choose(number)
    await page.keyboard.press("2")
    await expect(callbacks.part("close-no_reply")).to_contain_text("Encore")
    await page.keyboard.press("1")  # another way of closing: asked again
    await expect(callbacks.part("close-reached")).to_contain_text("Encore")
    await expect(item).to_be_visible()

    async with waiting_call(centre, number=number) as talk:
        await expect(item).to_contain_text("Rappelle en ce moment")
        await expect(callbacks.part("call-back")).to_be_disabled()
        await is_accessible(page, "desk, the caller rings again")
        if SHOOT:
            await page.set_viewport_size(ViewportSize(width=1280, height=720))
            await page.emulate_media(color_scheme="light")
            await take(page, "callback-desk")
        await desk.strip.press("ready")
        await desk.strip.until("offered")
        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        await expect(item).to_have_count(0)
        talk.caller.hang_up()
        await talk.witness.until_told(talk.call_id, CallEnded)
    closed = [e.event for e in await talk.witness.events() if isinstance(e.event, ItemClosed)]
    assert [(c.outcome, c.call_id) for c in closed] == [(ItemOutcome.CALLED_AGAIN, talk.call_id)]


async def test_an_item_is_closed_by_the_keyboard_and_survives_a_restart_until_then(
    centre: CentreProcess, callbacks: CallbackPage, at_work: TakePosition
) -> None:
    number = new_number()
    await lose(centre, number)
    await lose(centre, number)
    item = callbacks.item(number)
    await expect(item).to_contain_text("2 appels")
    async with centre.core_dead():
        await expect(callbacks.part("lost")).to_be_visible()
        await expect(item).to_be_visible()
        await expect(callbacks.part("take")).to_be_disabled()
    await expect(callbacks.root).to_have_attribute("data-link", "up")
    await expect(callbacks.part("lost")).to_have_count(0)
    await callbacks.choose(number)
    witness = centre.witness()
    await callbacks.page.keyboard.press("4")
    await callbacks.page.keyboard.press("4")
    await expect(item).to_have_count(0)
    await witness.until(
        lambda journal: any(
            isinstance(e.event, ItemClosed) and e.event.outcome is ItemOutcome.ALREADY_HANDLED for e in journal
        ),
        "the item is closed",
        5,
    )
