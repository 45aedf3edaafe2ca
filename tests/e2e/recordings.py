"""The page of the recordings as a person uses it, and the archive beside the centre that it is of."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from playwright.async_api import Locator, Page, expect

from tests.e2e.pages import Ear, LoginPage
from tests.support.centre_process import CentreProcess, Person

SOUND = (Path(__file__).parent / "sound.js").read_text()


@asynccontextmanager
async def archive_of(centre: CentreProcess) -> AsyncIterator[None]:
    """Run the centre's archive as its launcher does."""
    port = centre.settings.archive.http_port

    async def serves() -> bool:
        try:
            async with httpx2.AsyncClient(trust_env=False) as http:
                return (await http.get(f"http://127.0.0.1:{port}/healthz")).status_code in (200, 503)
        except httpx2.TransportError:
            return False

    program = centre.program("archive")
    await program.start(serves)
    try:
        yield
    finally:
        await program.stop()


class RecordingsPage:
    """The page, of one person."""

    def __init__(self, page: Page, centre: CentreProcess) -> None:
        self.page = page
        self.login = LoginPage(page, centre.url)
        self.ear = Ear(page, "recordings")
        self.list = page.get_by_test_id("list")
        self.opened = page.get_by_test_id("opened")
        self.transport = page.get_by_test_id("transport")

    def part(self, name: str) -> Locator:
        """One part, by its test id."""
        return self.page.get_by_test_id(name)

    def row(self, call_id: str) -> Locator:
        """The row of a call."""
        return self.page.locator(f'[data-testid=row][data-call="{call_id}"]')

    async def come(self, person: Person) -> None:
        """Log in, and be led here."""
        await self.page.add_init_script(SOUND)
        await self.login.open("enregistrements")
        await self.login.log_in(person)
        await expect(self.part("me")).to_have_text(person.name)

    async def find(self, typed: str) -> None:
        """Look for something, by the keyboard."""
        await self.page.keyboard.press("/")
        await self.page.keyboard.type(typed)
        await self.page.keyboard.press("Enter")

    async def open(self, call_id: str, number: str) -> None:
        """Find a call's recording by its number, and open it once it is sealed."""
        await self.find(number)
        await self.row(call_id).click()
        await expect(self.opened).to_have_attribute("data-state", "sealed", timeout=60_000)

    async def at(self) -> float:
        """Where one is in the recording, in seconds."""
        text = await self.part("at").inner_text()
        seconds = 0.0
        for part in text.replace(",", ".").split(":"):
            seconds = seconds * 60 + float(part)
        return seconds

    async def until_at(self, least: float, most: float = 1e9, seconds: float = 60) -> float:
        """Wait until one is there."""
        end = time.monotonic() + seconds
        while not least <= (at := await self.at()) <= most:
            assert time.monotonic() < end, f"at {at}, not between {least} and {most}"
            await asyncio.sleep(0.02)
        return at

    async def listen(self, reason_key: str = "1") -> None:
        """Play for the first time: say why, by a key."""
        await self.page.keyboard.press("Space")
        await expect(self.part("reason")).to_be_visible()
        await self.page.keyboard.press(reason_key)
        await expect(self.transport).to_have_attribute("data-playing", "true")
