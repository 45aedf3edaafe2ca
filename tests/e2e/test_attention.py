"""An offer while the agent looks at something else: the ring goes on, the system notifies.

In a browser of its own, started as a person does: test tools pretend that every page is seen and has the focus,
and keep hidden pages awake. What is proven of the
notification is that the browser accepted and showed it, not how a desktop draws it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Playwright, expect

from core.events import CallOffered, OfferWithdrawn
from tests.e2e.conftest import MICROPHONES, browser_arguments
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import EAR, Desk
from tests.support.audio import write_wav
from tests.support.centre_process import ARM1, CentreProcess
from tests.support.voice import voice
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WATCH = (Path(__file__).parent / "attention.js").read_text()
RINGS_WITHIN = 4.0
"""Seconds from the offer to the ring. One is the aim, and more than an idle machine needs."""


class Background:
    """A desk whose page can be put behind another one."""

    def __init__(self, desk: Desk, other: Page) -> None:
        self.desk = desk
        self._other = other

    async def hide(self) -> None:
        """Bring the other page to the front."""
        await self._other.bring_to_front()
        await self.until("heard", lambda heard: heard["visibility"] == "hidden", "the page is hidden")

    async def ask(self, what: str, *arguments: object) -> Any:
        """What was noticed in the page."""
        return await self.desk.page.evaluate(
            "([what, words]) => window.testAttention[what](...words)", [what, list(arguments)]
        )

    async def until(self, what: str, test: Any, meaning: str, seconds: float = 60) -> Any:
        """Wait until the answer passes the test; give it."""
        end = time.monotonic() + seconds
        while not test(answer := await self.ask(what)):
            assert time.monotonic() < end, f"not within {seconds} s: {meaning}; last: {answer}"
            await asyncio.sleep(0.05)
        return answer


@pytest_asyncio.fixture(loop_scope="session")
async def background(
    _playwright: Playwright, centre: CentreProcess, chromium: Path, tmp_path: Path
) -> AsyncIterator[Background]:
    sound = tmp_path / "voice.wav"
    write_wav(sound, voice(MICROPHONES[ARM1.login], 10, 48_000), 48_000)
    profile = tmp_path / "profile"
    process = await asyncio.create_subprocess_exec(
        str(chromium),
        *browser_arguments(sound),
        *("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        await until(lambda: port_file.exists() and "\n" in port_file.read_text(), "Chromium listens", 60)
        port = port_file.read_text().split()[0]
        browser = await _playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
        context = browser.contexts[0]
        context.set_default_timeout(60_000)
        await context.add_init_script(EAR)
        await context.add_init_script(WATCH)
        await context.grant_permissions(["notifications", "microphone"], origin=centre.url)
        other, page = context.pages[0], await context.new_page()
        desk = Desk(ARM1, context, page, centre.url, MICROPHONES[ARM1.login])
        try:
            await desk.take_position()
            yield Background(desk, other)
        finally:
            await desk.leave()
    finally:
        process.terminate()
        await process.wait()


async def test_a_hidden_page_rings_at_once_and_goes_on(centre: CentreProcess, background: Background) -> None:
    await background.hide()
    await background.ask("forget")
    async with waiting_call(centre) as talk:
        story = await talk.witness.until_told(talk.call_id, CallOffered)
        offered = story.at(CallOffered).timestamp()
        heard = await background.until("heard", lambda heard: heard["loudSince"], "the ring")
        assert heard["loudSince"] / 1000 - offered < RINGS_WITHIN
        # Still there as long as the offer: the ring is looped every two seconds.
        await background.until(
            "heard", lambda later: later["loudAt"] - heard["loudSince"] > 5000, "the ring goes on"
        )
        assert (await background.ask("heard"))["visibility"] == "hidden"
        await talk.witness.until_told(talk.call_id, OfferWithdrawn)
        await background.desk.strip.until("paused")
        # Longer than any silence within the ring.
        await background.until("heard", lambda heard: heard["now"] - heard["loudAt"] > 2500, "silence")
        await background.desk.page.bring_to_front()
        await background.desk.strip.press("ready")


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_hidden_page_notifies_the_offer(
    centre: CentreProcess, background: Background, hidden: bool
) -> None:
    await background.hide()
    async with waiting_call(centre, hidden=hidden) as talk:
        [told] = await background.until("notifications", lambda all_: len(all_) == 1, "the notification")
        assert told["hidden"]
        assert told["title"] == "Appel présenté"
        who, line, waits = told["body"].split("\n")
        assert "15" in line
        assert waits.startswith("attend depuis ")
        digits = talk.number[3:]
        assert (digits in told["body"].replace("\u00a0", "").replace(" ", "")) is not hidden, who
        await background.until("notifications", lambda all_: "show" in all_[0]["events"], "it is shown")
        await background.ask("click", 0)
        assert await background.ask("focused") == 1
        await background.until("notifications", lambda all_: "close" in all_[0]["events"], "it is closed")
        await background.desk.page.bring_to_front()
        await background.desk.strip.press("accept")
        await background.desk.strip.until("on_call")
        await talk.both_hear(background.desk)


async def test_the_notification_goes_with_the_offer(centre: CentreProcess, background: Background) -> None:
    await background.hide()
    async with waiting_call(centre) as talk:
        # Not before: a desktop slow to show it could show it after it was closed.
        await background.until(
            "notifications", lambda all_: all_ and "show" in all_[0]["events"], "it is shown"
        )
        talk.caller.hang_up()
        await background.until("notifications", lambda all_: "close" in all_[0]["events"], "it is closed")
    await expect(background.desk.strip.part("offer")).to_have_count(0)
