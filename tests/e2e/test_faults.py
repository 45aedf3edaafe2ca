"""Programs die and connections break with calls up: the calls go on, and the strip says what is the matter."""

import asyncio

import pytest
from playwright.async_api import expect

from core.events import CallAnswered, CallEnded, CoreStarted, SwitchConnected, SwitchLost
from core.words import EndedBy, Outcome
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import CALLER_HZ, talking
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, TONES, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

CUT_SECONDS = 5.0


@pytest.mark.parametrize("silently", [False, True], ids=["broken", "silent"])
async def test_a_call_goes_on_while_ari_is_cut(
    centre: CentreProcess, at_work: TakePosition, silently: bool
) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.ear.forget()
        talk.caller.forget()
        async with centre.ari_cut(silently=silently):
            cut = asyncio.create_task(
                asyncio.sleep(CUT_SECONDS)
            )  # the fault's length, not a wait for something
            await expect(desk.strip.banner).to_have_attribute("data-banner", "switch_down")
            await expect(desk.strip.part("health-switch")).to_have_attribute("data-state", "down")
            await desk.strip.until("on_call")
            await talk.witness.next(SwitchLost)
            await cut
        await talk.goes_on(desk, CUT_SECONDS)
        await talk.witness.next(SwitchConnected)
        await expect(desk.strip.banner).to_have_count(0)
        await desk.strip.until("on_call")
        await talk.both_hear(desk)

        await desk.strip.press("hang-up")
        await desk.strip.until("wrap_up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
        assert len(story.all(CallAnswered)) == 1


async def test_a_call_goes_on_while_the_core_is_dead(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.ear.forget()
        talk.caller.forget()
        async with centre.core_dead():
            await expect(desk.strip.banner).to_have_attribute("data-banner", "core_lost")
            await desk.strip.until("on_call")
            await talk.goes_on(desk, 4)
        await expect(desk.strip.root).to_have_attribute("data-core", "up")
        await expect(desk.strip.banner).to_have_count(0)
        await desk.strip.until("on_call")
        await expect(desk.strip.part("call-number")).to_have_attribute("data-number", talk.number)
        await talk.goes_on(desk, 6)

        await desk.strip.press("hang-up")
        await desk.strip.until("wrap_up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
        assert len(story.all(CallAnswered)) == 1
        await talk.witness.next(CoreStarted)
        assert (await centre.ledger_of(talk.call_id)).outcome is Outcome.ANSWERED


async def test_a_caller_is_answered_while_the_core_is_dead(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    desk = await at_work(ARM1)
    async with centre.core_dead():
        await expect(desk.strip.banner).to_have_attribute("data-banner", "core_lost")
        await desk.strip.until("secours_ready")
        async with centre.caller() as caller:
            caller.call("15", number=new_number())
            await caller.answered()
            caller.send_tone(CALLER_HZ, 60)
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["fallback-welcome"]))
            await desk.strip.until("secours_ringing")
            await desk.strip.press("accept")
            await desk.strip.until("secours_on_call")
            await desk.secours_ear.hears(CALLER_HZ)
            await caller.hears(lambda pcm: contains_tone(pcm, desk.hz))
            await desk.strip.press("hang-up")
            await caller.ended()
        await desk.strip.until("secours_ready")
    await desk.strip.until("ready")
    await expect(desk.strip.banner).to_have_count(0)
