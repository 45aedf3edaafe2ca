"""The strip in a small window of its own: a whole call there, then back in the page."""

import pytest
from playwright.async_api import expect

from core.events import CallEnded
from core.words import EndedBy, Outcome
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import Desk
from tests.support.centre_process import ARM1, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def detached(desk: Desk, url: str) -> Desk:
    """Detach the strip; give the desk as it is in the small window, at work."""
    await desk.strip.press("menu-button")
    async with desk.context.expect_page() as opening:
        await desk.strip.press("menu-detach")
    page = await opening.value
    small = Desk(desk.person, desk.context, page, url, desk.hz)
    await small.strip.until("ready")
    await expect(desk.strip.part("replaced")).to_be_visible()
    return small


async def test_a_call_in_the_detached_strip_then_back(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    small = await detached(desk, centre.url)
    size = await small.page.evaluate("[innerWidth, innerHeight]")
    assert size == [420, 300]
    async with waiting_call(centre) as talk:
        await small.strip.until("offered")
        await expect(small.strip.part("offer-number")).to_be_visible()
        await small.strip.key("F2")
        await small.strip.until("on_call")
        await talk.both_hear(small)
        await small.strip.key("F7")
        await expect(small.strip.root).to_have_attribute("data-muted", "true")
        await small.strip.key("F7")
        await expect(small.strip.root).to_have_attribute("data-muted", "false")
        await small.strip.press("hang-up")
        await small.strip.until("wrap_up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
    await small.strip.key("F9")
    await small.strip.until("ready")
    await small.page.close()
    await desk.strip.until("ready")  # by itself


async def test_closing_the_detached_strip_in_mid_call_keeps_the_call(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    desk = await at_work(ARM1)
    small = await detached(desk, centre.url)
    async with waiting_call(centre) as talk:
        await small.strip.until("offered")
        await small.strip.press("accept")
        await small.strip.until("on_call")
        await talk.both_hear(small)
        await small.page.close()
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await desk.strip.press("hang-up")
        await desk.strip.until("wrap_up")
