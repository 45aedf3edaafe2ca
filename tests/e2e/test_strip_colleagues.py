"""Agents and their callers, for real: a transfer by the command field, and the caller's last words again."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import expect

from core.events import CallAnswered, TransferStarted
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import talking
from tests.support.audio import Pcm, contains_tone, tone
from tests.support.centre_process import ARM1, ARM2, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_caller_is_passed_on_to_a_colleague(centre: CentreProcess, at_work: TakePosition) -> None:
    first = await at_work(ARM1)
    async with talking(centre, first) as talk:
        second = await at_work(ARM2)
        await first.strip.key("F3")
        found = first.page.locator(f'[data-testid="found"][data-value="{ARM2.login}"]')
        await expect(found).to_have_count(1)
        await first.page.keyboard.type(ARM2.name.split()[-1])
        await first.page.keyboard.press("Shift+Enter")
        await talk.witness.until_told(talk.call_id, TransferStarted)
        await second.strip.until("offered")
        await expect(second.strip.part("offer-origin")).to_have_text(f"Transfert de {ARM1.name}")
        await second.strip.key("F2")
        await second.strip.until("on_call")
        await talk.both_hear(second)
        story = await talk.witness.until_told(talk.call_id, CallAnswered)
        story.assert_order(TransferStarted, CallAnswered)
        await second.strip.press("hang-up")


async def test_a_colleague_is_consulted_then_connected_with_the_caller(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    first = await at_work(ARM1)
    async with talking(centre, first) as talk:
        second = await at_work(ARM2)
        await first.strip.key("F3")
        found = first.page.locator(f'[data-testid="found"][data-value="{ARM2.login}"]')
        await expect(found).to_have_count(1)
        await first.page.keyboard.type(ARM2.login)
        await first.page.keyboard.press("Enter")
        await second.strip.until("offered")
        await expect(second.strip.part("offer-kind")).to_have_attribute("data-kind", "internal")
        await second.strip.key("F2")
        await second.strip.until("on_call")
        await second.ear.hears(first.hz)
        await expect(first.strip.part("held-call")).to_be_visible()
        await first.strip.key("Shift+F3")
        await talk.both_hear(second)
        await second.strip.press("hang-up")
        await talk.caller.ended()


PAST_HZ = 1040.0


def now_alone(hz: float) -> Callable[[Pcm], bool]:
    """Only what is said now, and nothing of what was said before."""
    return lambda pcm: contains_tone(pcm, hz, seconds=0.75) and not contains_tone(pcm, PAST_HZ, seconds=0.25)


async def test_the_last_words_are_heard_again_while_the_call_goes_on(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        talk.caller.hush()
        talk.caller.say(tone(PAST_HZ, 3))
        await desk.ear.hears(PAST_HZ)
        talk.caller.say(tone(talk.hz, 100))
        await desk.ear.until(now_alone(talk.hz), "what is said now, alone")
        await desk.strip.key("F1")
        progress = desk.strip.part("replay-progress")
        await expect(progress).to_have_attribute("data-playing", "true")
        await desk.replay_ear.hears(PAST_HZ, 60)
        await desk.ear.until(now_alone(talk.hz), "the call, which goes on")
        await desk.page.keyboard.press("0")  # slower, with the same pitch
        await desk.replay_ear.forget()
        await desk.replay_ear.hears(PAST_HZ, 60)
        await talk.hears(desk.hz)
        assert not contains_tone(talk.caller.heard(), PAST_HZ, seconds=0.25), "heard by the agent alone"
        await desk.page.keyboard.press("7")
        await expect(progress).to_have_attribute("data-playing", "false")
        await expect(progress).to_contain_text(re.compile(r"\b(\d\d|[5-9])\s+s gardées"))
        await talk.both_hear(desk)
        await desk.strip.key("Escape")
        await expect(desk.strip.part("replay")).to_have_count(0)
        await desk.strip.press("hang-up")
