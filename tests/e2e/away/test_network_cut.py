"""The agent's network is cut in mid-call, for long or not: the call survives, and the strip says so."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Playwright, expect

from core.events import AgentBack, AgentLost, CallEnded
from core.words import EndedBy, Outcome
from tests.e2e.away.test_relay import far_desk
from tests.e2e.conversation import talking
from tests.support.centre_process import TONES, CentreProcess
from tests.support.far_network import FarNetwork

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SHORT, LONG = 5.0, 20.0
"""Seconds. The first is over before Asterisk gives the leg up."""


@pytest.mark.parametrize("seconds", [SHORT, LONG])
async def test_the_call_survives_a_cut_of_the_agents_network(
    _playwright: Playwright,  # noqa: PT019 - its value is used
    chromium: Path,
    far: FarNetwork,
    tmp_path: Path,
    centre: CentreProcess,
    seconds: float,
) -> None:
    async with far_desk(_playwright, chromium, far, tmp_path, centre) as desk:
        await desk.take_position()
        async with talking(centre, desk) as talk:
            await talk.both_hear(desk)
            talk.caller.forget()
            with far.cut_off():
                await asyncio.sleep(seconds)  # the fault itself
                if seconds == LONG:
                    await talk.hears(TONES["music"])
                    await expect(desk.strip.banner).to_have_attribute("data-banner", "core_lost")
            await talk.both_hear(desk, 60)
            await desk.strip.until("on_call")
            await expect(desk.strip.banner).to_have_count(0, timeout=60_000)
            await desk.strip.press("hang-up")
            story = await talk.witness.until_told(talk.call_id, CallEnded)
            assert len(story.all(AgentLost)) == len(story.all(AgentBack))
            assert seconds == SHORT or story.all(AgentLost)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
