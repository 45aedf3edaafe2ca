"""Fixtures of the tests in a real browser: one centre and its browsers for the run, new pages for each test."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, async_playwright, expect
from pydantic import SecretStr

from app.settings import (
    LocationSettings,
    OutgoingSettings,
    RecorderSettings,
    RecordingPauseSettings,
    RoomSettings,
)
from core.words import Role
from setup.places import CHECKOUT
from simulator.callees import Operator
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition
from tests.e2e.pages import EAR, PAGE_SIZE, CallbackPage, Desk, LoginPage, Wallboard
from tests.support.aml import TOKEN
from tests.support.audio import tone, write_wav
from tests.support.centre_process import ARM1, ARM2, PASSWORD, SUPERVISOR, TRUNK, CentreProcess, Person
from tests.support.voice import voice

ARTIFACTS = CHECKOUT / "tests" / ".artifacts" / "e2e"
ARM3 = Person("arm3", "Aïssatou Diallo", "899700000011")
ARM4 = Person("arm4", "Thomas Leroy", "899700000012")
ARM5 = Person("arm5", "Inès Moreau", "899700000013")
MU1 = Person("mu1", "Dr Hélène Fabre", "899700000014", Role.PHYSICIAN_MU)
ML1 = Person("ml1", "Dr Karim Haddad", "899700000015", Role.PHYSICIAN_ML)
COLLEAGUES = (ARM3, ARM4, ARM5, MU1, ML1)
MICROPHONES = {ARM1.login: 1600.0, ARM2.login: 2100.0, MU1.login: 2100.0}
"""What each agent's microphone hears, in Hz; those who hear the same share a browser."""
OPERATOR = ("127.0.0.1", 5090)
PLAN = """
salle de secours: "15"
salles:
  "15": {niveau: FO1, rôles: [arm, superviseur]}
  Samu: {niveau: FO1, rôles: [arm, superviseur]}
  MU:   {niveau: FO2, rôles: [médecin urgentiste], nom: Médecin urgentiste, surveillance: {P0: 10, P1: 120}}
  ML:   {niveau: FO2, rôles: [médecin libéral], nom: Médecin libéral, surveillance: {P0: 60, P1: 120}}
lignes: {"2": {flux: "15", parcours: direct}, autres: {flux: "15", parcours: accueil}}
parcours:
  accueil: {étapes: {accueil: {annonce: welcome, puis: attente}, attente: {salle: "15"}}}
  direct: {étapes: {attente: {salle: "15"}}}
"""
"""A welcome, then the room 15; physicians of both kinds choose whom they take."""
ROOM = RoomSettings(offer_seconds=10, wrap_up_seconds=7, heartbeat_seconds=6)
QUIET = 0.2
"""Level of each tone, where several are heard together."""
_MICROPHONE_RATE = 48_000
_UNUSED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess"),
    *("AimEnabled", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying"),
    *("OptimizationHints", "PaintHolding", "PreconnectToSearch"),
)
"""Of Chromium, what no page of ours uses: the pages of its address bar alone cost a window as much as ours."""

expect.set_options(timeout=60_000)

TakePosition = Callable[[Person], Awaitable[Desk]]
Contexts = Callable[..., Awaitable[BrowserContext]]
Come = Callable[[Person, float], Awaitable[RobotPosition]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _one_centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    outgoing = OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015")
    recorder = RecorderSettings(pause=RecordingPauseSettings(enabled=True))
    location = LocationSettings(aml_token=SecretStr(TOKEN))
    async with CentreProcess(
        room=ROOM, plan=PLAN, outgoing=outgoing, recorder=recorder, location=location
    ) as centre:
        for person in COLLEAGUES:
            await centre.add(person)
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
    started: dict[float, Browser] = {}

    async def browser_of(person: Person) -> Browser:
        hz = MICROPHONES.get(person.login, MICROPHONES[ARM1.login])
        if hz not in started:
            sound = tmp_path_factory.mktemp("microphone") / f"{hz:.0f}.wav"
            write_wav(sound, voice(hz, 10, _MICROPHONE_RATE), _MICROPHONE_RATE)
            started[hz] = await _playwright.chromium.launch(
                executable_path=str(chromium), args=browser_arguments(sound)
            )
        return started[hz]

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
        f"--disable-features={','.join(_UNUSED)}",  # in place of Playwright's own list
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
        context.set_default_timeout(60_000)
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
async def come(centre: CentreProcess) -> AsyncIterator[Come]:
    """Lets a colleague come to work, a robot who sounds a tone all the time; at the end they leave."""
    async with AsyncExitStack() as stack:

        async def at_work(person: Person, hz: float) -> RobotPosition:
            robot = await stack.enter_async_context(RobotPosition(centre.url, person.login, PASSWORD))
            stack.push_async_callback(_leaves, robot)
            await robot.until(lambda view: view["position"]["state"] == "ready", 60)
            robot.say(tone(hz, 115, level=QUIET))
            return robot

        yield at_work


async def _leaves(robot: RobotPosition) -> None:
    """Where a test failed a call may go on: it ends, so that the others can leave."""
    try:
        await robot.log_out()
    except Refused:
        await robot.command("hang_up")


@pytest_asyncio.fixture(loop_scope="session")
async def operator(centre: CentreProcess) -> AsyncIterator[Operator]:
    """Who carries the centre's calls to telephones."""
    async with await Operator.open(OPERATOR, TRUNK) as operator:
        yield operator


@pytest_asyncio.fixture(loop_scope="session")
async def wall(contexts: Contexts) -> Page:
    """A screen on the wall, before anything is opened on it."""
    return await (await contexts(SUPERVISOR)).new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def wallboard(centre: CentreProcess, wall: Page) -> AsyncIterator[Wallboard]:
    """The wallboard, live, on a screen of its own."""
    page = wall
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
