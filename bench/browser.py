"""Chromium: the strip's own page, and the page that the peer rings."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Page, Route, async_playwright

from bench import peer
from bench.centre import PASSWORD
from bench.sipp import caller_number
from setup.places import CHECKOUT
from setup.roots import CHROMIUM, chromium_on_path
from setup.sandbox import sandboxed
from tests.e2e.pages import CheckPage, LoginPage, Strip
from tests.support.centre_process import Person

_HERE = Path(__file__).resolve().parent
_INSTRUMENTS = (_HERE / "instruments.js").read_text()
_PEER_URL = "http://127.0.0.1:9/"
"""Nothing listens there: the page is given to the browser by hand."""
_ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=LocalNetworkAccessChecks",  # the peer's page comes from nowhere
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--mute-audio",
]


class StripPage(Strip):
    """The strip in Chromium, with instruments."""

    async def offers(self) -> dict[int, float]:
        """When each call appeared in the page (seconds since 1970) by its number; then forgets them."""
        seen: dict[str, float] = await self.page.evaluate("bench.offers()")
        return {number: at / 1000 for text, at in seen.items() if (number := caller_number(text)) is not None}

    async def seconds_to_voice(self) -> float:
        """Click on Décrocher; give the seconds until the caller is heard."""
        click = "bench.untilSound(() => document.querySelector('[data-testid=accept]').click())"
        return await _timed(self.page, click)


class PeerPage:
    """The page that the peer rings."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def until_ringing(self) -> None:
        """Wait until it is rung."""
        await self._page.wait_for_function("window.peer.ringing")

    async def seconds_to_voice(self) -> float:
        """Answer; give the seconds until the caller is heard."""
        return await _timed(self._page, "bench.untilSound(() => window.peer.answer())")


async def _timed(page: Page, script: str) -> float:
    async with asyncio.timeout(15):
        milliseconds: float = await page.evaluate(script)
    return milliseconds / 1000


@contextlib.asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """Run Chromium, the host's or the one of the private root."""
    path = chromium_on_path()
    if path is None:
        script = folder / "chromium"
        argv = sandboxed(CHROMIUM.path, ["chromium"], writable=[Path("/tmp")], readable=[Path("/dev/shm")])
        script.write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in argv) + ' "$@"\n')
        script.chmod(0o755)
        path = str(script)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_strip_page(browser: Browser, url: str, login: str) -> StripPage:
    """Log in and take the position, ready for calls."""
    # The page's own policy lets no thread be made out of nothing, and the ear is one.
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page = await context.new_page()
    await page.add_init_script(_INSTRUMENTS)
    door = LoginPage(page, url)
    await door.open()
    await door.log_in(Person(login, login, login), PASSWORD)
    await CheckPage(page).skip()
    strip = StripPage(page)
    await strip.until("ready")
    return strip


async def open_peer_page(browser: Browser, folder: Path) -> PeerPage:
    """Open the peer's page and wait until it is registered."""
    bundle = folder / "peer_page.js"
    await _bundle(bundle)
    page = await (await browser.new_context()).new_page()
    await page.add_init_script(_INSTRUMENTS)

    async def serve(route: Route) -> None:
        if route.request.url.endswith(".js"):
            await route.fulfill(path=bundle, content_type="text/javascript")
        else:
            body = "<!doctype html><audio autoplay></audio><script type=module src=/page.js></script>"
            await route.fulfill(body=body, content_type="text/html")

    await page.route(f"{_PEER_URL}**", serve)
    account = f"user={peer.PAGE_ACCOUNT}&password={peer.PAGE_PASSWORD}&port={peer.WS_PORT}"
    await page.goto(f"{_PEER_URL}?{account}")
    await page.wait_for_function("window.peer?.ready")
    return PeerPage(page)


async def _bundle(target: Path) -> None:
    """Make one script of the peer's page, with the tool that builds our own pages."""
    config = target.with_suffix(".config.mjs")
    config.write_text(
        f"export default {{ input: {str(_HERE / 'peer_page.ts')!r},"
        f" resolve: {{ alias: {{ $ui: {str(CHECKOUT / 'ui')!r} }} }},"
        f" output: {{ file: {str(target)!r}, format: 'esm', codeSplitting: false }} }};"
    )
    process = await asyncio.create_subprocess_exec(
        *("node_modules/.bin/rolldown", "-c", config),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the peer's page could not be built:\n{output.decode()}")
