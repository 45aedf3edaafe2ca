"""The caller hangs up, in each state that a call can be in: the strip is right at once, the ledger for ever."""

import pytest
from playwright.async_api import expect

from core.events import CallEnded, CallHeld, CallQueued, OfferWithdrawn
from core.words import EndedBy, Outcome, WithdrawReason
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import Conversation, talking, waiting_call
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, TONES, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def ended(centre: CentreProcess, talk: Conversation, outcome: Outcome) -> None:
    """The call has this one outcome, by the caller, in the journal and in the ledger."""
    story = await talk.witness.until_told(talk.call_id, CallEnded)
    assert (story.ended.outcome, story.ended.ended_by) == (outcome, EndedBy.CALLER), story.names
    assert (await centre.ledger_of(talk.call_id)).outcome is outcome


async def test_in_the_svi(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    witness, number = centre.witness(), new_number()
    async with centre.caller() as caller:
        caller.call("15", number=number)
        await caller.answered()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["welcome"]))
        call_id = await witness.call_of(number)
        caller.hang_up()
        await ended(centre, Conversation(caller, number, call_id, witness, 0), Outcome.ABANDONED_SVI)
    assert not (await witness.story(call_id)).all(CallQueued)
    await desk.strip.until("ready")


async def test_in_the_waiting_room(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    await desk.strip.pause("break")
    await desk.strip.until("paused")
    async with waiting_call(centre) as talk:
        await talk.hears(TONES["music"])
        await expect(desk.strip.part("room-waiting")).to_have_text("1")
        talk.caller.hang_up()
        await expect(desk.strip.part("room-waiting")).to_have_text("0")
        await ended(centre, talk, Outcome.ABANDONED_QUEUE)
    await desk.strip.until("paused")


async def test_while_it_is_offered(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with waiting_call(centre) as talk:
        await desk.strip.until("offered")
        talk.caller.hang_up()
        await desk.strip.until("ready")
        await ended(centre, talk, Outcome.ABANDONED_RINGING)
        story = await talk.witness.story(talk.call_id)
        assert story.only(OfferWithdrawn).reason is WithdrawReason.CALLER_LEFT


async def test_while_talking(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        talk.caller.hang_up()
        await desk.strip.until("wrap_up")
        await expect(desk.strip.part("call")).to_have_count(0)
        await ended(centre, talk, Outcome.ANSWERED)


async def test_on_hold(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.strip.press("hold")
        await desk.strip.until("held")
        await talk.witness.until_told(talk.call_id, CallHeld)
        talk.caller.hang_up()
        await desk.strip.until("wrap_up")
        await ended(centre, talk, Outcome.ANSWERED)
