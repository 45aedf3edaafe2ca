"""Fixtures of the tests in a real browser: one centre and its browsers for the run, new pages for each test."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Playwright, async_playwright, expect

from app.settings import RoomSettings
from setup.places import CHECKOUT
from tests.e2e.pages import EAR, PAGE_SIZE, CallbackPage, Desk, LoginPage, Wallboard
from tests.support.audio import write_wav
from tests.support.centre_process import ARM1, ARM2, SUPERVISOR, CentreProcess, Person
from tests.support.voice import voice

ARTIFACTS = CHECKOUT / "tests" / ".artifacts" / "e2e"
MICROPHONES = {ARM1.login: 1600.0, ARM2.login: 2100.0}
"""What each agent's microphone hears, in Hz."""
ROOM = RoomSettings(offer_seconds=10, wrap_up_seconds=7, heartbeat_seconds=6)
_MICROPHONE_RATE = 48_000

expect.set_options(timeout=20_000)

TakePosition = Callable[[Person], Awaitable[Desk]]
Contexts = Callable[..., Awaitable[BrowserContext]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _one_centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(room=ROOM) as centre:
        yield centre


@pytest_asyncio.fixture(loop_scope="session")
async def centre(_one_centre: CentreProcess) -> CentreProcess:
    """A whole centre, on its default ports; its core runs, whatever the test before did to it."""
    if not _one_centre.core_runs:
        await _one_centre.start_core()
    return _one_centre


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(
    _playwright: Playwright, chromium: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Callable[[Person], Awaitable[Browser]]]:
    """The browser of each person, started when first asked for; a person without microphone uses the first."""
    started: dict[str, Browser] = {}

    async def browser_of(person: Person) -> Browser:
        name = person.login if person.login in MICROPHONES else ARM1.login
        if name not in started:
            sound = tmp_path_factory.mktemp("microphone") / f"{name}.wav"
            write_wav(sound, voice(MICROPHONES[name], 10, _MICROPHONE_RATE), _MICROPHONE_RATE)
            started[name] = await _playwright.chromium.launch(
                executable_path=str(chromium), args=browser_arguments(sound)
            )
        return started[name]

    yield browser_of
    for browser in started.values():
        await browser.close()


def browser_arguments(microphone: Path) -> list[str]:
    """Of a Chromium whose microphone plays that file."""
    return [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-sync",
        "--no-first-run",
        "--no-default-browser-check",
        "--mute-audio",
    ]


@pytest_asyncio.fixture(loop_scope="session")
async def contexts(
    browsers: Callable[[Person], Awaitable[Browser]],
) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """Makes a browser profile, closed at the end of the test."""
    made: list[BrowserContext] = []

    async def make(person: Person, **options: object) -> BrowserContext:
        browser = await browsers(person)
        context = await browser.new_context(viewport=PAGE_SIZE, locale="fr-FR", **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        await context.add_init_script(EAR)
        made.append(context)
        return context

    yield make
    for context in made:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_desk(
    centre: CentreProcess,
    contexts: Contexts,
    request: pytest.FixtureRequest,
) -> AsyncIterator[TakePosition]:
    """Gives a person a desk, not logged in; at the end they leave. Where a test failed, pictures are kept."""
    desks: list[Desk] = []

    async def open_one(person: Person) -> Desk:
        context = await contexts(person)
        page = await context.new_page()
        desk = Desk(person, context, page, centre.url, MICROPHONES.get(person.login, 0))
        desks.append(desk)
        return desk

    yield open_one
    if getattr(request.node, "failed", False):
        await _take_pictures([desk.context for desk in desks], request.node.name)
    for desk in desks:
        await desk.leave()


@pytest.fixture
def at_work(open_desk: TakePosition) -> TakePosition:
    """Lets a person take their position: their desk, ready for calls."""

    async def take(person: Person) -> Desk:
        desk = await open_desk(person)
        await desk.take_position()
        return desk

    return take


@pytest_asyncio.fixture(loop_scope="session")
async def wallboard(centre: CentreProcess, contexts: Contexts) -> AsyncIterator[Wallboard]:
    """The wallboard, live, on a screen of its own."""
    context = await contexts(SUPERVISOR)
    page = await context.new_page()
    login = LoginPage(page, centre.url)
    await login.open("salle")
    await login.log_in(SUPERVISOR)
    board = Wallboard(page)
    await expect(board.root).to_have_attribute("data-link", "up")
    yield board


@pytest_asyncio.fixture(loop_scope="session")
async def callbacks(centre: CentreProcess, contexts: Contexts) -> AsyncIterator[CallbackPage]:
    """The abandoned-call desk, live, before the supervisor."""
    page = await (await contexts(SUPERVISOR)).new_page()
    login = LoginPage(page, centre.url)
    await login.open("rappels")
    await login.log_in(SUPERVISOR)
    desk = CallbackPage(page)
    await expect(desk.root).to_have_attribute("data-link", "up")
    yield desk


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Let the fixtures know that the test failed, and keep what the programs printed."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
        centre = getattr(item, "funcargs", {}).get("centre")
        if isinstance(centre, CentreProcess):
            folder = _folder_of(item.name)
            for log in (centre.core_log, centre.asterisk_log):
                (folder / log.name).write_text(log.read_text(errors="replace")[-200_000:])
            report.sections.append(("kept", str(folder.relative_to(CHECKOUT))))
    return report


async def _take_pictures(contexts: list[BrowserContext], test: str) -> None:
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages):
        with suppress(Error):
            await page.screenshot(path=_folder_of(test) / f"page-{number}.png", timeout=3000)


def _folder_of(test: str) -> Path:
    folder = ARTIFACTS / re.sub(r"[^\w-]+", "-", test)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
