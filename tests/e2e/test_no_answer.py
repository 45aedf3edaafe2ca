"""An agent who does not answer: the call keeps its place, and is offered to the next."""

import pytest
from playwright.async_api import expect

from core.events import CallAnswered, CallOffered, OfferWithdrawn
from core.words import WithdrawReason
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import waiting_call
from tests.support.centre_process import ARM1, ARM2, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_an_unanswered_call_keeps_its_place(centre: CentreProcess, at_work: TakePosition) -> None:
    absent = await at_work(ARM1)
    present = await at_work(ARM2)
    await present.strip.pause("break")
    await present.strip.until("paused")
    async with waiting_call(centre) as first, waiting_call(centre, 350) as second:
        await absent.strip.until("offered")
        await expect(absent.strip.part("offer-number")).to_have_attribute("data-number", first.number)
        await absent.strip.until("paused", centre.settings.room.offer_seconds + 10)
        await expect(absent.strip.part("state-detail")).to_have_text("Sans réponse")
        await expect(absent.strip.part("room-waiting")).to_have_text("2")

        await present.strip.press("ready")
        await present.strip.until("offered")
        await expect(present.strip.part("offer-number")).to_have_attribute("data-number", first.number)
        await present.strip.press("accept")
        await present.strip.until("on_call")
        await first.both_hear(present)

        story = await first.witness.until_told(first.call_id, CallAnswered)
        assert [offer.position_id for offer in story.all(CallOffered)] == ["arm1", "arm2"]
        assert story.only(OfferWithdrawn).reason is WithdrawReason.TIMED_OUT
        assert not (await second.witness.story(second.call_id)).all(CallOffered)
        # Back at the desk, the agent takes calls again: the second caller's turn.
        await absent.strip.press("ready")
        await absent.strip.until("offered")
        await expect(absent.strip.part("offer-number")).to_have_attribute("data-number", second.number)
