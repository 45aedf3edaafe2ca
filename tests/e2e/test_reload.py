"""The agent reloads the page in mid-call: the call is still there, and its sound is soon back."""

import asyncio
import time

import pytest
from playwright.async_api import expect

from core.events import CallAnswered, CallEnded
from core.words import EndedBy, Outcome
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import talking
from tests.support.centre_process import ARM1, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

BACK_WITHIN = 8.0
"""Seconds from the reload until each has heard half a second of the other. Three are the aim, and more than an
idle machine needs."""


async def test_a_reload_in_mid_call_keeps_the_call(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        began = time.monotonic()
        await desk.page.reload(wait_until="commit")  # the former page, its ears and its microphone are gone
        talk.caller.forget()
        await asyncio.gather(talk.heard_by(desk), talk.hears(desk.hz))
        took = time.monotonic() - began
        assert took < BACK_WITHIN, f"the sound was back after {took:.2f} s"

        await desk.strip.until("on_call")
        await expect(desk.strip.part("call-number")).to_have_attribute("data-number", talk.number)
        await desk.strip.press("hang-up")
        await desk.strip.until("wrap_up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert len(story.all(CallAnswered)) == 1
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
