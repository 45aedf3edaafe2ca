"""The agent's browser dies in mid-call: the caller hears so, and the agent finds the call elsewhere."""

import pytest
from playwright.async_api import expect

from core.events import AgentBack, AgentLost, CallAnswered, CallEnded
from core.words import EndedBy, Outcome
from tests.e2e.conftest import MICROPHONES, Contexts, TakePosition
from tests.e2e.conversation import talking
from tests.e2e.pages import STRIP_SIZE, Desk
from tests.support.centre_process import ARM1, TONES, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_the_call_is_found_again_from_another_browser(
    centre: CentreProcess, contexts: Contexts, open_desk: TakePosition
) -> None:
    first = await contexts(ARM1)
    desk = Desk(ARM1, first, await first.new_page(), centre.url, MICROPHONES[ARM1.login])
    await desk.take_position()
    async with talking(centre, desk) as talk:
        await talk.both_hear(desk)
        await first.close()
        talk.caller.forget()
        await talk.hears(TONES["music"])

        again = await open_desk(ARM1)
        await again.login.open()
        await again.login.log_in(ARM1)
        await again.page.set_viewport_size(STRIP_SIZE)
        await again.strip.until("on_call")
        await expect(again.strip.part("call-number")).to_have_attribute("data-number", talk.number)
        await talk.both_hear(again)
        await again.strip.press("hang-up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert len(story.all(AgentLost)) == len(story.all(AgentBack)) == 1
        assert len(story.all(CallAnswered)) == 1
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
