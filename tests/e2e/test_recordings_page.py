"""The page of the recordings in a real browser, on recordings of real calls: found, heard, extracted."""

import hashlib
import io
import os
import wave
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import ViewportSize, expect

from core.events import CallEnded
from core.words import Role
from tests.e2e.conftest import ARTIFACTS, Contexts, TakePosition
from tests.e2e.conversation import CALLER_HZ, Conversation, talking
from tests.e2e.pages import Wallboard
from tests.e2e.recordings import RecordingsPage, archive_of
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_screenshots import take
from tests.support.audio import Pcm, contains_tone
from tests.support.centre_process import ARM1, ARM2, SUPERVISOR, CentreProcess, Person

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SHOOT = "BANDEAU15_SCREENSHOTS" in os.environ
ARCHIVIST = Person("archiviste", "Claude Roy", "899700000021", Role.ARCHIVIST)
Come = Callable[[Person], Awaitable[RecordingsPage]]
SIZE = ViewportSize(width=1440, height=900)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _archive(_one_centre: CentreProcess) -> AsyncIterator[None]:
    await _one_centre.add(ARCHIVIST)
    async with archive_of(_one_centre):
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def come(
    centre: CentreProcess, contexts: Contexts, _archive: None, request: pytest.FixtureRequest
) -> AsyncIterator[Come]:
    """Lets somebody come to the page of the recordings."""
    pages: list[RecordingsPage] = []

    async def at_the_page(person: Person) -> RecordingsPage:
        page = await (await contexts(person)).new_page()
        await page.set_viewport_size(SIZE)
        pages.append(RecordingsPage(page, centre))
        await pages[-1].come(person)
        return pages[-1]

    yield at_the_page
    if getattr(request.node, "failed", False):
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        for number, each in enumerate(pages):
            await each.page.screenshot(path=ARTIFACTS / f"{request.node.name}-recordings-{number}.png")


async def recorded(centre: CentreProcess, at_work: TakePosition, person: Person) -> tuple[Conversation, float]:
    """A call that somebody took: both spoke for a few seconds. With what the agent's microphone heard."""
    desk = await at_work(person)
    async with talking(centre, desk) as talk:
        await talk.goes_on(desk, 8)
        talk.caller.hang_up()
        await talk.witness.until_told(talk.call_id, CallEnded)
    return talk, desk.hz


def alone(heard: float, not_heard: float) -> Callable[[Pcm], bool]:
    """One tone for the whole second, and not a trace of the other."""

    def test(pcm: Pcm) -> bool:
        return contains_tone(pcm, heard, seconds=0.75) and not contains_tone(pcm, not_heard, seconds=0.25)

    return test


async def test_found_opened_and_heard(centre: CentreProcess, at_work: TakePosition, come: Come) -> None:
    talk, agent_hz = await recorded(centre, at_work, ARM1)
    place = await come(SUPERVISOR)
    page, ear = place.page, place.ear
    await is_accessible(page, "recordings")
    await place.open(talk.call_id, talk.number)
    await expect(place.part("taken-as")).to_contain_text("numéro")
    kinds = [await each.get_attribute("data-kind") for each in await place.part("sequence").all()]
    assert kinds[0] == "svi"
    assert "talk" in kinds
    await expect(place.part("sequences")).to_contain_text("Appelant, Camille Martin")
    await expect(place.transport).to_have_attribute("data-ready", "false")
    await is_accessible(page, "recordings, one open")

    # Why one listens is said once, and kept.
    await page.keyboard.press("Space")
    await expect(place.part("reason")).to_be_visible()
    await is_accessible(page, "recordings, the reason")
    await page.keyboard.press("Escape")
    await expect(place.part("reason")).to_have_count(0)
    await place.part("sequence").and_(page.locator("[data-kind=talk]")).first.click()
    begins = await place.at()
    await place.listen("3")
    await expect(place.part("listened")).to_contain_text("Évaluation des pratiques")

    # It plays from there: both are heard, each alone when the other is muted.
    await place.until_at(begins + 0.5)
    await page.keyboard.press("j")
    await page.keyboard.press("Home")
    await place.part("sequence").and_(page.locator("[data-kind=talk]")).first.click()
    await page.keyboard.press("a")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("b")
    await expect(place.part("loop")).to_be_visible()
    await page.keyboard.press("c")
    await ear.until(alone(agent_hz, CALLER_HZ), "the agent alone", 60)
    await page.keyboard.press("c")
    await page.keyboard.press("v")
    await ear.until(alone(CALLER_HZ, agent_hz), "the caller alone", 60)
    await page.keyboard.press("v")
    for _ in range(2):  # again and again between its ends
        await place.until_at(begins + 3.5, begins + 5.2)
        await place.until_at(begins, begins + 2)
    await page.keyboard.press("r")
    await expect(place.part("loop")).to_have_count(0)

    # Fast, with the pitch as it was.
    for _ in range(3):
        await page.keyboard.press("+")
    await expect(place.part("speed-2")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("c")
    await page.keyboard.press("Home")
    await place.part("sequence").and_(page.locator("[data-kind=talk]")).first.click()
    await ear.until(alone(agent_hz, 2 * agent_hz), "the agent at twice the speed", 60)
    await page.keyboard.press("c")
    await page.keyboard.press("Space")
    await expect(place.transport).to_have_attribute("data-playing", "false")

    # A marker is kept where one was.
    at = await place.at()
    await page.keyboard.press("m")
    await page.keyboard.type("adresse donnée")
    await page.keyboard.press("Enter")
    await expect(place.part("marker")).to_contain_text("adresse donnée")
    await place.page.keyboard.press("End")
    await place.part("marker").get_by_role("button").first.click()
    assert abs(await place.at() - at) < 0.2
    await page.keyboard.press("?")
    await expect(place.part("help")).to_be_visible()
    await is_accessible(page, "recordings, the keys")
    await page.keyboard.press("Escape")
    await place.part("story").locator("summary").click()
    await expect(place.part("story")).to_contain_text("Décroché par Camille Martin")
    if SHOOT:
        await place.part("story").locator("summary").click()
        for _ in range(3):
            await page.keyboard.press("-")
        await page.keyboard.press("c")
        await page.emulate_media(color_scheme="light")
        await place.opened.locator("h2").scroll_into_view_if_needed()
        await take(page, "recordings")
    assert SUPERVISOR.name in await place.part("listened").inner_text()


async def test_agents_find_their_own_calls_and_no_others(
    centre: CentreProcess,
    at_work: TakePosition,
    come: Come,
) -> None:
    talk, _ = await recorded(centre, at_work, ARM1)
    mine = await come(ARM1)
    await expect(mine.part("lead")).to_contain_text("Vos appels")
    await mine.open(talk.call_id, talk.number)
    await mine.listen("5")
    await mine.until_at(0.5)
    theirs = await come(ARM2)
    await theirs.find(talk.number)
    await expect(theirs.part("count")).to_contain_text("Aucun")


@pytest.mark.usefixtures("_archive")
async def test_the_wallboard_and_the_strip_lead_there(wallboard: Wallboard, at_work: TakePosition) -> None:
    await wallboard.part("recordings-link").click()
    await expect(wallboard.part("me")).to_have_text(SUPERVISOR.name)
    desk = await at_work(ARM1)
    await desk.strip.press("menu-button")
    async with desk.context.expect_page() as opened:
        await desk.strip.press("menu-recordings")
    await expect((await opened.value).get_by_test_id("me")).to_have_text(ARM1.name)
    await desk.strip.until("ready")


async def test_an_extract_takes_two_persons(centre: CentreProcess, at_work: TakePosition, come: Come) -> None:
    talk, agent_hz = await recorded(centre, at_work, ARM1)
    chief = await come(SUPERVISOR)
    await chief.open(talk.call_id, talk.number)
    await chief.page.keyboard.press("e")
    await expect(chief.part("export")).to_be_visible()
    await is_accessible(chief.page, "recordings, an extract")
    await chief.part("export-reason").fill("Réquisition du 22 novembre")
    if SHOOT:
        await chief.page.emulate_media(color_scheme="light")
        await take(chief.page, "recordings-extract")
    await chief.part("export-send").click()
    await expect(chief.part("notice")).to_contain_text("autre personne")
    await chief.part("view-exports").click()
    own = chief.page.locator("[data-testid=export-request]").first
    await expect(own).to_have_attribute("data-state", "asked")
    await expect(own.get_by_test_id("grant")).to_have_count(0)

    keeper = await come(ARCHIVIST)
    await keeper.find(talk.number)
    await keeper.row(talk.call_id).click()
    await expect(keeper.part("why-not")).to_contain_text("archiviste")
    await keeper.part("hold").click()
    await keeper.part("ask-text-field").fill("Plainte en cours")
    await keeper.part("ask-text-send").click()
    await expect(keeper.opened.get_by_test_id("held")).to_be_visible()
    await keeper.part("view-holds").click()
    await expect(keeper.part("hold-row")).to_contain_text("Plainte en cours")
    await is_accessible(keeper.page, "holds")
    await keeper.part("view-erasures").click()
    await is_accessible(keeper.page, "visas")
    await keeper.part("view-grants").click()
    await is_accessible(keeper.page, "grants")
    await keeper.part("view-exports").click()
    await keeper.part("grant").first.click()

    await expect(own).to_have_attribute("data-state", "granted")
    await own.get_by_test_id("make").click()
    await expect(own).to_have_attribute("data-state", "ready")
    await is_accessible(chief.page, "extracts")
    if SHOOT:
        await chief.page.emulate_media(color_scheme="light")
        await take(chief.page, "recordings-extracts")
    async with chief.page.expect_download() as waiting:
        await own.get_by_test_id("take").click()
    file = await (await waiting.value).path()
    with zipfile.ZipFile(file) as pack:
        sound_name, sheet, sums = pack.namelist()
        sound = pack.read(sound_name)
        assert pack.read(sheet).startswith(b"%PDF")
        assert f"{hashlib.sha256(sound).hexdigest()}  {sound_name}" in pack.read(sums).decode()
    with wave.open(io.BytesIO(sound)) as opened:
        both = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, 2)
    assert contains_tone(both[:, 0], CALLER_HZ, seconds=3)
    assert contains_tone(both[:, 1], agent_hz, seconds=3)
    await expect(own).to_have_attribute("data-state", "taken")
