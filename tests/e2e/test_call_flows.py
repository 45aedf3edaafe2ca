"""The page of call flows in a real browser: a call is played, its way is drawn, a surge is laid over."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, ViewportSize, expect

from app.plan import SHIPPED
from app.plan_store import PlanOrder, PlanStore
from core.events import CallerSilent, CallerSpoke, PlanActivated, SwitchLost
from tests.e2e.conftest import TakePosition
from tests.e2e.pages import LoginPage, Wallboard
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_screenshots import take
from tests.support.centre_process import ARM1, SUPERVISOR, CentreProcess, Person, new_number
from tests.support.plan import WELCOME

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SHOOT = "BANDEAU15_SCREENSHOTS" in os.environ
Contexts = Callable[..., Awaitable[BrowserContext]]


@pytest_asyncio.fixture(loop_scope="session")
async def shipped_plan(centre: CentreProcess) -> AsyncIterator[int]:
    """The plan that ships is in force; the one before is, afterwards."""
    store, witness = PlanStore(centre.settings.storage.plans_dir), centre.witness()
    before = store.wanted(datetime.now(UTC))
    assert before is not None
    version = store.publish(SHIPPED.read_bytes())
    store.order(PlanOrder(at=datetime.now(UTC), version=version, by="tests"))
    await witness.next(PlanActivated, lambda event: event.version == version)
    yield version
    store.order(PlanOrder(at=datetime.now(UTC), version=before.version, by="tests"))
    await witness.next(PlanActivated, lambda event: event.version == before.version)


async def opened(centre: CentreProcess, contexts: Contexts, who: Person) -> Page:
    page = await (await contexts(who)).new_page()
    login = LoginPage(page, centre.url)
    await login.open("parcours")
    await login.log_in(who)
    await expect(page.get_by_test_id("call-flows")).to_have_attribute("data-ready", "true")
    return page


async def test_a_call_is_played_and_its_way_is_drawn(
    centre: CentreProcess, contexts: Contexts, shipped_plan: int
) -> None:
    page = await opened(centre, contexts, SUPERVISOR)
    await page.get_by_test_id("dial").click()
    await expect(page.get_by_test_id("seen")).to_contain_text("Vous êtes bien au SAMU")
    await page.keyboard.press("1")
    await expect(page.get_by_test_id("result")).to_contain_text("priorité UV")
    await expect(page.get_by_test_id("step-urgence vitale")).to_have_attribute("data-walked", "true")
    await expect(page.get_by_test_id("step-ligne directe")).to_have_attribute("data-walked", "false")
    await is_accessible(page, "a call played")
    if SHOOT:
        await page.set_viewport_size(ViewportSize(width=1500, height=1100))
        await take(page, "call-flows")

    await page.get_by_test_id("line").select_option("116117")
    await page.get_by_test_id("at").fill("2026-12-25T10:00")
    await page.get_by_test_id("dial").click()
    await expect(page.get_by_test_id("seen")).to_contain_text("jour férié")
    await page.get_by_test_id("act-fin").click()
    await expect(page.get_by_test_id("result")).to_contain_text("salle « 15 »")


async def test_a_supervisor_lays_a_surge_over_the_plan_and_takes_it_off(
    centre: CentreProcess, contexts: Contexts, shipped_plan: int
) -> None:
    witness = centre.witness()
    page = await opened(centre, contexts, SUPERVISOR)
    await page.get_by_test_id("preview-afflux").click()
    await expect(page.get_by_test_id("changes")).to_contain_text("crise-accueil")
    await is_accessible(page, "a surge previewed")
    await page.get_by_test_id("surge-start").click()
    await expect(page.get_by_test_id("surge-on")).to_contain_text("afflux")
    activated = await witness.next(PlanActivated, lambda event: event.surge == "afflux")
    assert (activated.version, activated.by) == (shipped_plan, SUPERVISOR.agent_id)
    await page.get_by_test_id("dial").click()
    await expect(page.get_by_test_id("seen")).to_contain_text("Un évènement exceptionnel est en cours")

    board = await page.context.new_page()
    await board.goto(f"{centre.url}/salle/")
    await expect(board.get_by_test_id("surge")).to_contain_text("afflux")

    async with centre.core_dead():
        pass  # it survives a restart
    await page.reload()
    await expect(page.get_by_test_id("surge-on")).to_contain_text("afflux")
    await page.get_by_test_id("surge-stop").click()
    await expect(page.get_by_test_id("surge-on")).to_have_count(0)
    await expect(board.get_by_test_id("surge")).to_have_count(0)
    await witness.next(PlanActivated, lambda event: event.surge == "" and event.by == SUPERVISOR.agent_id)


async def test_an_agent_may_look_but_not_lay_a_surge(
    centre: CentreProcess, contexts: Contexts, shipped_plan: int
) -> None:
    page = await opened(centre, contexts, ARM1)
    await page.get_by_test_id("preview-afflux").click()
    await expect(page.get_by_test_id("changes")).to_be_visible()
    await expect(page.get_by_test_id("surge-start")).to_have_count(0)
    status = await page.evaluate(
        "fetch('/api/plan/surge', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({name: 'afflux'})}).then((answer) => answer.status)"
    )
    assert status == 403


async def test_an_open_line_is_told_to_the_agent_and_on_the_wall(
    centre: CentreProcess, contexts: Contexts, at_work: TakePosition, wallboard: Wallboard
) -> None:
    store = PlanStore(centre.settings.storage.plans_dir)
    version = store.publish(f"silence: 2\n{WELCOME.lstrip()}".encode())
    witness, number = centre.witness(), new_number()
    store.order(PlanOrder(at=datetime.now(UTC), version=version, by="tests"))
    await witness.next(PlanActivated, lambda event: event.version == version)
    desk = await at_work(ARM1)
    async with centre.caller() as caller:
        await desk.strip.pause("break")
        caller.call("15", number=number)
        await caller.answered()
        call_id = await witness.call_of(number)
        await witness.until_told(call_id, CallerSilent)
        await expect(wallboard.part("open-lines")).to_have_text("1")
        await desk.strip.press("ready")
        await desk.strip.until("offered")
        await expect(desk.page.get_by_test_id("offer-open-line")).to_have_text("Ligne ouverte")
        if SHOOT:
            await take(desk.page, "open-line")
        await desk.strip.key("F2")
        await desk.strip.until("on_call")
        await expect(desk.page.get_by_test_id("call-open-line")).to_be_visible()
        caller.send_tone(1300, 4)
        await expect(desk.page.get_by_test_id("call-open-line")).to_have_count(0)
        await witness.until_told(call_id, CallerSpoke)
    # listening was asked for while the welcome was being played: the link to Asterisk never stalled
    assert not [envelope for envelope in await witness.events() if isinstance(envelope.event, SwitchLost)]
    store.order(PlanOrder(at=datetime.now(UTC), version=1, by="tests"))
