"""The simulated LRM in a real browser, with a real centre: from a call taken to its dossier on the strip."""

import os

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from setup.places import CHECKOUT
from simulator.callees import Operator
from tests.e2e.conftest import Contexts, TakePosition
from tests.e2e.conversation import waiting_call
from tests.support.centre_process import ARM1, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

IMAGES = CHECKOUT / "docs" / "images"
AXE = (CHECKOUT / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest_asyncio.fixture(loop_scope="session")
async def lrm(centre: CentreProcess, contexts: Contexts) -> Page:
    """The LRM of ARM1, open in a browser."""
    context = await contexts(ARM1, bypass_csp=True)
    page = await context.new_page()
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto(f"{centre.lrm_url}/?agent={ARM1.agent_id}")
    return page


async def picture(page: Page, name: str) -> None:
    if "BANDEAU15_SCREENSHOTS" in os.environ:
        await page.screenshot(path=IMAGES / f"{name}.png")


async def accessible(page: Page) -> None:
    await page.evaluate(AXE)
    found = await page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']}).then((all) => all.violations"
        ".map((each) => `${each.id}: ${each.nodes.map((node) => node.target).join(' ')}`))"
    )
    assert found == []


async def test_a_call_its_dossier_and_a_click_back(
    centre: CentreProcess, at_work: TakePosition, lrm: Page, operator: Operator
) -> None:
    desk = await at_work(ARM1)
    await expect(lrm.locator("#agents")).to_contain_text("Centre relié")
    await expect(lrm.locator("#agents")).to_contain_text("disponible")
    async with waiting_call(centre):
        await desk.strip.until("offered")
        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        await expect(lrm.locator("#appel")).to_contain_text("en conversation")
        await lrm.keyboard.press("n")
        await expect(lrm.locator("#fiche")).to_contain_text("corrélé à l’appel")
        await lrm.keyboard.press("1")
        await lrm.get_by_label("Lieu d’intervention").fill("12 rue de la République, Rouen")
        await lrm.get_by_label("Nom", exact=True).first.fill("Petit")
        await lrm.get_by_label("Âge").first.fill("38")
        await lrm.get_by_label("Motif de recours").first.fill("Douleur thoracique")
        await lrm.get_by_role("button", name="Enregistrer").click()
        await expect(lrm.locator("#fiche")).to_contain_text("Petit · 38 ans · Douleur thoracique")
        await expect(lrm.locator("#fiche [role=status]")).to_have_text("corrélé à l’appel")
        number = new_number()
        await lrm.keyboard.press("a")
        await lrm.get_by_label("Numéro", exact=True).last.fill(number)
        await lrm.get_by_role("button", name="Appeler (API)").click()
        callee = await operator.called()
        callee.ring()
        await expect(lrm.locator("#placed")).to_contain_text("sonne")
        await accessible(lrm)
        await picture(lrm, "lrm-dossiers")
        callee.refuse(486, "Busy Here")
        await expect(lrm.locator("#placed")).to_contain_text("occupé")
    await lrm.goto(f"{centre.lrm_url}/console")
    await expect(lrm.locator("#journal")).to_contain_text("dossier.correlated")
    await expect(lrm.locator("#liaisons")).to_contain_text("relié")
    await lrm.locator("#journal summary").first.click()
    await accessible(lrm)
    await lrm.emulate_media(color_scheme="dark")
    await accessible(lrm)
    await picture(lrm, "lrm-console")
