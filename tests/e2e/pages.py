"""The pages as a person uses them: one class a page, and the desk of an agent with all of theirs."""

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.async_api import BrowserContext, Error, Locator, Page, ViewportSize, expect

from tests.support.audio import Pcm, contains_tone
from tests.support.centre_process import PASSWORD, Person

STRIP_SIZE = ViewportSize(width=1280, height=120)
PAGE_SIZE = ViewportSize(width=1280, height=800)
EAR = (Path(__file__).parent / "ear.js").read_text()


class LoginPage:
    """Where one says who one is."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.error = page.get_by_test_id("login-error")

    async def open(self, to: str = "") -> None:
        """Open it; ``to``: ``salle`` for the wallboard afterwards."""
        await self.page.goto(self._url + (f"/?vers={to}" if to else "/"))

    async def log_in(self, person: Person, password: str = PASSWORD) -> None:
        """Fill it in and send it."""
        await self.page.get_by_test_id("login-account").fill(person.login)
        await self.page.get_by_test_id("login-password").fill(password)
        await self.page.get_by_test_id("login-submit").click()


class CheckPage:
    """The check of microphone and headset before the shift."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_test_id("check")
        self.microphone = page.get_by_test_id("check-microphone")
        self.echo = page.get_by_test_id("check-echo")
        self.start = page.get_by_test_id("check-start")

    async def skip(self) -> None:
        """Take the position without waiting for the check; it may have passed meanwhile."""
        enough = self.page.locator("[data-testid=check-skip], [data-testid=check-start]:enabled").first
        await enough.click()
        sure = self.page.get_by_test_id("skip-yes")
        await expect(sure.or_(self.page.get_by_test_id("strip"))).to_be_visible()
        if await sure.is_visible():
            await sure.click()


class Strip:
    """The strip."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_test_id("strip")
        self.state = page.get_by_test_id("state")
        self.banner = page.get_by_test_id("banner")
        self.error = page.get_by_test_id("error")

    def part(self, name: str) -> Locator:
        """One part, by its test id."""
        return self.page.get_by_test_id(name)

    async def until(self, state: str, seconds: float = 60) -> None:
        """Wait until it shows this state."""
        await expect(self.root).to_have_attribute("data-state", state, timeout=seconds * 1000)

    async def press(self, action: str) -> None:
        """Click one of its buttons, once the command before is carried out and the buttons take clicks."""
        await self._settled()
        await expect(self.root.locator("[data-settling=true]")).to_have_count(0)
        await self.part(action).click()

    async def key(self, key: str, hold: float = 0) -> None:
        """Press a key for so many seconds, once the command before is carried out."""
        await self._settled()
        await self.page.keyboard.press(key, delay=hold * 1000)

    async def _settled(self) -> None:
        await expect(self.root.locator("[aria-busy=true]")).to_have_count(0)

    async def reach(self, typed: str, value: str, key: str = "Enter") -> None:
        """Find somebody in the command field, and press a key on them."""
        await self.key("F3")
        await self.page.keyboard.type(typed)
        chosen = self.page.locator('[data-testid="found"][aria-selected=true]')
        await expect(chosen).to_have_attribute("data-value", value)
        await self.page.keyboard.press(key)

    async def end(self) -> None:
        """Hang up, by the keyboard: twice."""
        await self.key("F4")
        await expect(self.part("hang-up")).to_have_attribute("data-armed", "true")
        await self.key("F4")

    async def pause(self, reason: str) -> None:
        """Take no more calls, for that reason."""
        await self.press("pause")
        await self.press(f"pause-{reason}")


class Wallboard:
    """The wallboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_test_id("wallboard")

    def part(self, name: str) -> Locator:
        """One part, by its test id."""
        return self.page.get_by_test_id(name)

    async def figure(self, name: str) -> int:
        """A figure as shown now."""
        return int(await self.part(name).inner_text())

    async def shows(self, **figures: int) -> None:
        """Wait until it shows these figures (``_`` for ``-``)."""
        for name, value in figures.items():
            await expect(self.part(name.replace("_", "-"))).to_have_text(str(value))

    async def position(self, person: Person, state: str) -> None:
        """Wait until it shows somebody's position in this state."""
        await expect(self.part(f"position-{person.login}")).to_have_attribute("data-state", state)


class CallbackPage:
    """The abandoned-call desk."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.get_by_test_id("desk")
        self.list = page.get_by_test_id("items")
        self.chosen = page.locator("[role=option][aria-selected=true]")

    def part(self, name: str) -> Locator:
        """One part, by its test id."""
        return self.page.get_by_test_id(name)

    def item(self, number: str) -> Locator:
        """The item of a number."""
        return self.page.locator(f'[data-testid=item][data-number="{number}"]')

    async def choose(self, number: str) -> None:
        """Go to an item by the arrows."""
        await self.list.focus()
        await self.page.keyboard.press("Home")
        while await self.chosen.get_attribute("data-number") != number:
            before = await self.list.get_attribute("aria-activedescendant")
            await self.page.keyboard.press("ArrowDown")
            after = await self.list.get_attribute("aria-activedescendant")
            assert before != after, f"{number} is not in the list"


class Ear:
    """What the agent hears in the page, by its content."""

    def __init__(self, page: Page, player: str) -> None:
        self._page = page
        self._player = player

    async def heard(self, seconds: float = 1) -> Pcm:
        """The last seconds, at 8 kHz; nothing while the page is being loaded."""
        try:
            text = await self._page.evaluate(
                "([player, seconds]) => window.testEar?.heard(player, seconds) ?? ''", [self._player, seconds]
            )
        except Error:
            text = ""  # the page went away meanwhile
        return np.frombuffer(base64.b64decode(text), "<i2")

    async def forget(self) -> None:
        """Forget what was heard so far."""
        await self._page.evaluate("window.testEar.forget()")

    async def until(
        self, test: Callable[[Pcm], bool], what: str, seconds: float = 60, window: float = 1
    ) -> None:
        """Wait until the last ``window`` seconds pass the test."""
        end = time.monotonic() + seconds
        while not test(await self.heard(window)):
            assert time.monotonic() < end, f"not heard in the page within {seconds} s: {what}"
            await asyncio.sleep(0.05)

    async def hears(self, hz: float, seconds: float = 60, window: float = 1) -> None:
        """Wait until a tone is heard."""
        await self.until(lambda pcm: contains_tone(pcm, hz), f"{hz} Hz", seconds, window)


class Desk:
    """An agent at work: a browser with a microphone that sounds a tone of its own."""

    def __init__(
        self, person: Person, context: BrowserContext, page: Page, url: str, microphone_hz: float
    ) -> None:
        self.person = person
        self.context = context
        self.page = page
        self.hz = microphone_hz
        """What the microphone hears, in Hz."""
        self.login = LoginPage(page, url)
        self.check = CheckPage(page)
        self.strip = Strip(page)
        self.ear = Ear(page, "leg-audio")
        self.secours_ear = Ear(page, "secours-audio")
        self.replay_ear = Ear(page, "replay")
        self._url = url

    async def log_in(self) -> None:
        """Come as far as the check."""
        await self.login.open()
        await self.login.log_in(self.person)
        await expect(self.check.root).to_be_visible()

    async def take_position(self) -> None:
        """Come to work, ready for calls, in a page of the strip's size."""
        await self.log_in()
        await self.check.skip()
        await self.page.set_viewport_size(STRIP_SIZE)
        await self.strip.until("ready")

    async def leave(self) -> None:
        """Go away, whatever the page is like: the position is free again."""
        for page in self.context.pages:
            await page.close()
        end = time.monotonic() + 20
        while True:
            answer = await self.context.request.post(f"{self._url}/api/logout", headers={"Origin": self._url})
            if answer.status in (204, 401):
                break
            assert time.monotonic() < end, f"{self.person.login} cannot leave: {answer.status}"
            await asyncio.sleep(0.1)
