"""The core dies under a strip at work: the agent goes on by telephone alone; the ledger has it after."""

import asyncio
import os
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import expect

from core.events import FallbackCallEnded, FallbackCallFound
from core.words import Outcome
from setup.places import CHECKOUT
from simulator.callees import Operator
from simulator.callers import Caller
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import CALLER_HZ
from tests.e2e.pages import Desk
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, CentreProcess, new_number
from tests.support.witness import Witness

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SMUR, CALLEE_HZ = "+33140000001", 2900.0
HOLD_HZ = 659.25
"""A note of what the page plays to a caller on hold."""
FOR_EVER = 115.0


async def answered(centre: CentreProcess, desk: Desk, stack: AsyncExitStack) -> tuple[Caller, str]:
    """A caller whom the agent takes in mode secours; each hears the other."""
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call("15", number=number)
    await caller.answered()
    caller.send_tone(CALLER_HZ, FOR_EVER)
    await desk.strip.until("secours_ringing", 60)
    await desk.strip.press("accept")
    await desk.strip.until("secours_on_call")
    await they_hear(desk, caller)
    return caller, number


async def they_hear(desk: Desk, caller: Caller) -> None:
    caller.forget()
    await desk.secours_ear.forget()
    await asyncio.gather(
        desk.secours_ear.hears(CALLER_HZ), caller.hears(lambda pcm: contains_tone(pcm, desk.hz), 60)
    )


async def told(witness: Witness, number: str) -> FallbackCallEnded:
    return await witness.next(FallbackCallEnded, lambda event: event.caller.e164 == number, 60)


async def test_an_agent_works_on_while_the_core_is_dead(
    centre: CentreProcess, at_work: TakePosition, operator: Operator
) -> None:
    desk = await at_work(ARM1)
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        await centre.kill_core()
        await expect(desk.strip.banner).to_have_attribute("data-banner", "core_lost")
        await desk.strip.until("secours_ready")
        caller, passed_on = await answered(centre, desk, stack)
        if "BANDEAU15_SCREENSHOTS" in os.environ:
            await desk.page.screenshot(path=CHECKOUT / "docs" / "images" / "strip-secours.png")

        # On hold the caller hears music, and comes back to the agent.
        await desk.strip.press("hold")
        await desk.strip.until("secours_held")
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, HOLD_HZ), 60)
        assert not contains_tone(caller.heard(1), desk.hz)
        await desk.strip.press("hold")
        await desk.strip.until("secours_on_call")
        await they_hear(desk, caller)

        # A number that may not be called is refused, and the call goes on; a permitted one takes the caller.
        await desk.strip.key("F3")
        field = desk.strip.part("pass-on-number")
        await field.fill("08 99 12 34 56")
        await field.press("Enter")
        await expect(desk.strip.part("error")).to_be_visible()
        await they_hear(desk, caller)
        await field.fill("01 40 00 00 01")
        await field.press("Enter")
        callee = await operator.called()
        assert callee.number == SMUR
        await desk.strip.until("secours_ready")
        callee.answer()
        callee.send_tone(CALLEE_HZ, FOR_EVER)
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ), 60)
        callee.hang_up()
        await caller.ended()

        # The agent ends a call; the next one goes on while the core comes back.
        second, hung_up = await answered(centre, desk, stack)
        await desk.strip.press("hang-up")
        await second.ended()
        await desk.strip.until("secours_ready")
        third, going_on = await answered(centre, desk, stack)
        await centre.start_core()
        await expect(desk.strip.banner).to_have_count(0, timeout=30_000)
        found = await witness.next(FallbackCallFound, lambda event: event.position_id == ARM1.login, 60)
        await desk.strip.until("secours_on_call")
        await they_hear(desk, third)
        for number in (passed_on, hung_up):
            assert (await told(witness, number)).position_id == ARM1.login
        await desk.strip.press("hang-up")
        await third.ended()
        ended = await told(witness, going_on)
        assert ended.call_id == found.call_id
        await desk.strip.until("ready", 60)
        for number in (passed_on, hung_up, going_on):
            row = await centre.ledger_of((await told(witness, number)).call_id)
            assert (row.outcome, row.agent_id, row.number) == (Outcome.ANSWERED, ARM1.agent_id, number)
