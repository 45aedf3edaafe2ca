"""Directory, last calls and notes in a real browser: found by keys, changed, kept with the core away."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from simulator.robot_position import RobotPosition
from tests.e2e.conftest import Contexts
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import LoginPage
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_screenshots import take
from tests.support.centre_process import ARM2, PASSWORD, SUPERVISOR, CentreProcess, Person

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SHOOT = "BANDEAU15_SCREENSHOTS" in os.environ
SHEET = Path(__file__).parents[2] / "simulator" / "annuaire.csv"


async def opened(centre: CentreProcess, contexts: Contexts, person: Person) -> Page:
    """The page, before somebody logged in."""
    page = await (await contexts(person)).new_page()
    login = LoginPage(page, centre.url)
    await login.open("annuaire")
    await login.log_in(person)
    await expect(page.get_by_test_id("directory")).to_be_visible()
    return page


async def found(page: Page) -> list[str]:
    """The numbers shown, in order."""
    rows = page.get_by_test_id("directory-row")
    return [await row.get_attribute("data-number") or "" for row in await rows.all()]


async def test_a_supervisor_fills_it_and_an_agent_finds_whom_to_call(
    centre: CentreProcess, contexts: Contexts
) -> None:
    chief = await opened(centre, contexts, SUPERVISOR)
    bad = b"nom;type;num\xc3\xa9ros\nX;SMUR;?\n"
    await chief.get_by_test_id("sheet-file").set_input_files(
        {"name": "bad.csv", "mimeType": "text/csv", "buffer": bad}
    )
    await chief.get_by_test_id("sheet-import").click()
    await expect(chief.get_by_test_id("problems")).to_contain_text("ligne 2, numéros")
    await is_accessible(chief, "directory, a sheet refused")
    await chief.get_by_test_id("sheet-file").set_input_files(SHEET)
    await chief.get_by_test_id("sheet-import").click()
    await expect(chief.get_by_test_id("sheet-done")).to_contain_text("ajoutées")
    await chief.get_by_test_id("entry-add").click()
    await chief.get_by_test_id("entry-name").fill("Centre d'hébergement de l'Œuvre")
    await chief.get_by_test_id("entry-numbers").fill("accueil = 01 99 00 77 77\nveille = 12x")
    await chief.get_by_test_id("entry-save").click()
    await expect(chief.get_by_test_id("problems")).to_contain_text("« 12x »")
    await is_accessible(chief, "directory, an entry refused")
    await chief.get_by_test_id("entry-numbers").fill("accueil = 01 99 00 77 77")
    await chief.get_by_test_id("entry-save").click()
    await expect(chief.get_by_test_id("entry-form")).to_have_count(0)

    page = await opened(centre, contexts, ARM2)
    search = page.get_by_test_id("directory-search")
    await expect(search).to_be_focused()
    await expect(page.get_by_test_id("entry-add")).to_have_count(0)
    await expect(page.get_by_test_id("directory-row").first).to_be_visible()  # the centre's favourites
    await page.keyboard.type("oeuvre heberg")
    await expect(page.get_by_test_id("directory-row")).to_have_count(1)
    assert await found(page) == ["+33199007777"]
    await page.get_by_test_id("directory-star").click()
    await expect(page.get_by_test_id("directory-star")).to_have_attribute("aria-pressed", "true")
    await search.fill("")
    await expect(page.get_by_test_id("directory-row").first).to_have_attribute("data-number", "+33199007777")
    await search.fill("HOPITAL dechoc")
    await expect(page.get_by_test_id("directory-row").first).to_contain_text("Déchocage")
    await search.fill("hopital")
    await search.press("ArrowDown")
    await search.press("ArrowDown")
    await expect(page.get_by_test_id("directory-row").nth(2)).to_have_attribute("aria-selected", "true")
    await is_accessible(page, "directory, results")
    if SHOOT:
        await page.set_viewport_size(ViewportSize(width=1280, height=760))
        await page.emulate_media(color_scheme="light")
        await take(page, "directory")

    async with centre.core_dead():
        await search.fill("antipoison")
        await expect(page.get_by_test_id("directory-row")).to_have_count(1)
        await page.get_by_test_id("directory-star").click()
        await expect(page.get_by_role("alert")).to_contain_text("favori")
        await expect(page.get_by_test_id("directory-star")).to_have_attribute("aria-pressed", "false")
    size = await page.get_by_test_id("directory").get_attribute("data-size")
    kept = await page.evaluate(
        "new Promise((done) => { const asked = indexedDB.open('bandeau15'); asked.onsuccess = () => {"
        "const read = asked.result.transaction('directory').objectStore('directory').get('kept');"
        "read.onsuccess = () => done(read.result.entries.length); }; })"
    )
    assert str(kept) == size
    await chief.get_by_test_id("directory-search").fill("oeuvre")
    await chief.get_by_test_id("directory-edit").click()
    await chief.get_by_test_id("entry-remove").click()
    await chief.get_by_test_id("entry-remove").click()
    await expect(chief.get_by_test_id("directory-row")).to_have_count(0)


async def test_the_directory_is_there_at_once_with_a_core_that_cannot_give_it(
    centre: CentreProcess, contexts: Contexts
) -> None:
    page = await opened(centre, contexts, ARM2)
    await expect(page.get_by_test_id("directory")).not_to_have_attribute("data-size", "0")
    await page.route("**/api/directory**", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_test_id("directory-alone")).to_be_visible()
    await page.get_by_test_id("directory-search").fill("codis")
    await expect(page.get_by_test_id("directory-row")).to_have_count(1)
    await is_accessible(page, "directory, the core away")


async def test_the_last_calls_with_their_notes(centre: CentreProcess, contexts: Contexts) -> None:
    page = await opened(centre, contexts, ARM2)
    async with RobotPosition(centre.url, ARM2.login, PASSWORD) as robot:
        if robot.view["position"]["state"] == "paused":
            await robot.command("ready")
        async with waiting_call(centre) as talk:
            await robot.until(lambda view: "offer" in view, 60)
            await robot.accept()
            await robot.until(lambda view: view.get("call", {}).get("state") == "talking", 60)
            await robot.command("note_call", callId=talk.call_id, text="Chute dans l'escalier")
            await robot.until(lambda view: "notes" in view["call"])
            await robot.command("hang_up")
            await talk.caller.ended()
        await page.reload()
        call = page.get_by_test_id("recent-call").first
        await expect(call).to_have_attribute("data-number", talk.number)
        await expect(call).to_have_attribute("data-way", "in")
        await expect(page.get_by_test_id("note")).to_contain_text("Chute dans l'escalier")
        await page.get_by_test_id("note-text").fill("Consciente, douleur au poignet")
        await page.get_by_test_id("note-text").press("Control+Enter")
        await expect(page.get_by_test_id("note")).to_have_count(2)
        await expect(page.get_by_test_id("note-text")).to_have_value("")
        await is_accessible(page, "last calls")
    assert "CallNoted" in (await talk.witness.story(talk.call_id)).names
