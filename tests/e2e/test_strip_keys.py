"""The strip's functions one by one: what is shown, and which key asks for what. Pictures on request."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from setup.places import CHECKOUT
from tests.e2e.conftest import TakePosition
from tests.e2e.pages import STRIP_SIZE, Desk
from tests.e2e.stage import (
    CALLER,
    CONFERENCE,
    ROOMS,
    Stage,
    ago,
    on_stage,
    second,
    talking,
    waiting_lists,
)
from tests.e2e.test_accessibility import is_accessible
from tests.support.centre_process import ARM1, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

IMAGES = CHECKOUT / "docs" / "images"
TALL = ViewportSize(width=1280, height=400)
COLLEAGUES = [
    {"position": "mu1", "name": "Dr Hélène Fabre", "role": "physician_mu", "state": "ready"},
    {"position": "arm2", "name": "Camille Durand", "role": "arm", "state": "on_call", "callId": "c9"},
    {"position": "ml1", "name": "Dr Karim Haddad", "role": "physician_ml", "state": "paused"},
]
RECENT = {"way": "in", "kind": "incoming", "at": ago(600), "line": "15", "hidden": False, "notes": []}

Staged = Callable[[], Awaitable[tuple[Desk, Stage]]]


@pytest.fixture
def staged(centre: CentreProcess, open_desk: TakePosition) -> Staged:
    """A desk on a stage, with three colleagues and one recent call."""

    async def take() -> tuple[Desk, Stage]:
        desk = await open_desk(ARM1)
        await desk.page.route("**/api/strip/colleagues", lambda route: route.fulfill(json=COLLEAGUES))
        await desk.page.route(
            "**/api/history/recent",
            lambda route: route.fulfill(json=[{**RECENT, "id": "r1", "number": "+33677777777"}]),
        )
        return desk, await on_stage(desk)

    return take


async def picture(desk: Desk, name: str, size: ViewportSize = STRIP_SIZE, *, dark: bool = False) -> None:
    """Take a picture for the documentation, where pictures are asked for."""
    if "BANDEAU15_SCREENSHOTS" not in os.environ:
        return
    await desk.page.set_viewport_size(size)
    await desk.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    await desk.page.screenshot(path=IMAGES / f"{name}.png")
    await desk.page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def offer(**change: Any) -> dict[str, Any]:
    """A call that rings here."""
    kind = {"kind": "distributed", "why": "", "queuedAt": ago(23), "deadline": ago(-15)}
    return {
        "position": {"state": "offered"},
        "rooms": ROOMS,
        "offer": {**CALLER, **kind, "id": "o1", "callId": "x1", **change},
    }


async def test_two_calls_are_swapped_joined_or_connected(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**second(), "rooms": ROOMS})
    await expect(desk.strip.part("call-number")).to_have_text("Dr Hélène Fabre")
    await expect(desk.strip.part("held-call-number")).to_be_in_viewport()
    await picture(desk, "strip-two-calls")
    await picture(desk, "strip-two-calls-dark", dark=True)
    await is_accessible(desk.page, "two calls")
    for key, command in (("F5", "swap"), ("Shift+F3", "complete_transfer"), ("Shift+F5", "merge")):
        await desk.strip.key(key)
        assert await stage.command() == (command, {})
    await desk.strip.part("held-call").click()
    assert await stage.command() == ("swap", {})


async def test_a_conference_shows_who_is_in_it(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**talking(parties=CONFERENCE), "rooms": ROOMS})
    await expect(desk.strip.part("chip")).to_have_count(4)
    await picture(desk, "strip-conference")
    await desk.strip.key("Shift+F4")
    assert await stage.command() == ("leave_call", {"callId": "c1"})
    await desk.strip.key("Shift+F6")
    await is_accessible(desk.page, "parties")
    party = desk.page.locator('[data-party="mu1"]')
    await party.get_by_test_id("party-mute").click()
    assert await stage.command() == ("mute_party", {"callId": "c1", "partyId": "mu1", "muted": True})
    await party.get_by_test_id("party-drop").click()
    await expect(party.get_by_test_id("party-drop")).to_contain_text("Encore une fois")
    await party.get_by_test_id("party-drop").click()
    assert await stage.command() == ("drop_party", {"callId": "c1", "partyId": "mu1"})
    await desk.page.locator('[data-party="n1"]').get_by_test_id("party-drop").click()
    assert await stage.command() == ("drop_party", {"callId": "c1", "partyId": "n1"})


@pytest.mark.parametrize("parties", [{}, {"parties": CONFERENCE}], ids=["one", "conference"])
async def test_what_is_not_recorded_is_said(staged: Staged, parties: dict[str, Any]) -> None:
    desk, stage = await staged()
    await stage.show({**talking(**parties), "rooms": ROOMS})
    await desk.strip.key("Shift+F9")
    await is_accessible(desk.page, "reasons to pause the recording")
    await desk.strip.part("unrecorded-privacy").click()
    assert await stage.command() == ("pause_recording", {"reason": "privacy"})
    unrecorded = {"until": ago(-42.5), "reason": "privacy", "by": "Camille Martin"}
    await stage.show({**talking(**parties, unrecorded=unrecorded), "rooms": ROOMS})
    await expect(desk.strip.part("unrecorded")).to_contain_text("Non enregistré · 0:4")
    for size in (ViewportSize(width=1024, height=120), STRIP_SIZE):
        await desk.page.set_viewport_size(size)
        await expect(desk.strip.part("unrecorded")).to_be_in_viewport(ratio=1)
        cut = await desk.strip.part("unrecorded").evaluate("sign => sign.scrollWidth - sign.clientWidth")
        assert cut <= 0, f"{cut} px of the sign are cut off at {size}"
    await is_accessible(desk.page, "recording paused")
    if not parties:
        await picture(desk, "strip-unrecorded")
    await desk.strip.key("Shift+F9")
    assert await stage.command() == ("resume_recording", {})


@pytest.mark.parametrize(
    ("typed", "key", "command", "args"),
    [
        ("fab", "Enter", "place_call", {"kind": "position", "value": "mu1"}),
        (
            "hélène",
            "Shift+Enter",
            "transfer",
            {"callId": "c1", "kind": "position", "value": "mu1", "priority": ""},
        ),
        ("HELENE", "Control+Enter", "invite", {"kind": "position", "value": "mu1"}),
        (
            "salle ml",
            "Enter",
            "transfer",
            {"callId": "c1", "kind": "room", "value": "ML", "priority": ""},
        ),
        ("01 40 00 00 01", "Enter", "place_call", {"kind": "number", "value": "0140000001"}),
    ],
)
async def test_the_command_field_reaches_by_three_keys_and_letters(
    staged: Staged, typed: str, key: str, command: str, args: dict[str, str]
) -> None:
    desk, stage = await staged()
    await stage.show({**talking(), "rooms": ROOMS})
    await desk.strip.key("F3")
    await expect(desk.strip.part("field-input")).to_be_focused()
    await expect(desk.page.locator('[data-testid="found"][data-value="mu1"]')).to_have_count(1)
    await desk.page.keyboard.type(typed)
    await desk.page.keyboard.press(key)
    assert await stage.command() == (command, args)
    await expect(desk.strip.part("field")).to_have_count(0)


async def test_an_offer_takes_neither_focus_nor_keys_from_who_types(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**waiting_lists()})
    await desk.strip.key("F3")
    await expect(desk.page.locator('[data-testid="found"][data-value="mu1"]')).to_have_count(1)
    await desk.page.keyboard.type("durand")
    await picture(desk, "strip-field", TALL)
    await picture(desk, "strip-field-low")
    await is_accessible(desk.page, "command field")
    await stage.show({**waiting_lists(), **offer()})
    await expect(desk.strip.part("accept")).to_be_in_viewport()
    await expect(desk.strip.part("field-input")).to_be_focused()
    await desk.page.keyboard.type(" ")
    await expect(desk.strip.part("field-input")).to_have_value("durand ")
    await desk.page.keyboard.press("Enter")
    assert (await stage.command())[0] == "place_call"
    await desk.strip.key("F2")
    assert await stage.command() == ("accept_offer", {"offerId": "o1"})


async def test_a_colleague_s_call_is_taken_over_by_a_second_press(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({"rooms": ROOMS})
    await desk.strip.key("F3")
    await expect(desk.page.locator('[data-testid="found"][data-value="arm2"]')).to_have_count(1)
    await desk.page.keyboard.type("camille")
    await desk.page.keyboard.press("Alt+Enter")
    await expect(desk.strip.part("deed-seize")).to_contain_text("Encore une fois")
    await desk.page.keyboard.press("Alt+Enter")
    assert await stage.command() == ("take_over", {"callId": "c9"})


async def test_a_caller_is_parked_for_a_physician_in_two_keys(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**talking(), "rooms": ROOMS})
    await desk.strip.key("F9")
    await picture(desk, "strip-park")
    await is_accessible(desk.page, "parking")
    await desk.page.keyboard.press("1")
    parked = {"callId": "c1", "kind": "room", "value": "MU", "priority": "P1"}
    assert await stage.command() == ("transfer", parked)
    await desk.strip.key("F9")
    await desk.page.keyboard.press("ArrowRight")
    await desk.page.keyboard.press("0")
    assert await stage.command() == ("transfer", {**parked, "value": "ML", "priority": "P0"})


async def test_who_waits_is_listed_most_urgent_first(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**talking(), **waiting_lists()})
    await expect(desk.strip.part("lists-count")).to_have_text("3")
    await expect(desk.strip.part("lists-alarms")).to_have_text("2")
    await desk.strip.key("F10")
    calls = desk.strip.part("waiting-call")
    priorities = [await call.get_attribute("data-priority") for call in await calls.all()]
    assert priorities == ["P0", "P1", "P2"]
    await picture(desk, "strip-lists", TALL)
    await picture(desk, "strip-lists-dark", TALL, dark=True)
    await is_accessible(desk.page, "lists")
    await desk.page.keyboard.press("v")  # the focus is on the first: the caller who left
    assert await stage.command() == ("checked_back", {"callId": "a1"})
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("2")
    assert await stage.command() == ("change_priority", {"callId": "w2", "priority": "P2"})
    await desk.page.keyboard.press("Enter")
    assert await stage.command() == ("take_call", {"callId": "w2"})
    await desk.strip.key("F10")
    await desk.strip.part("pick-up").click()
    assert await stage.command() == ("take_call", {"callId": "r1"})


@pytest.mark.parametrize(
    ("name", "asked", "label", "origin"),
    [
        ("transfer", {"kind": "invited", "asked": "transfer"}, "Transfert", "Transfert de Camille Durand"),
        (
            "invite",
            {"kind": "invited", "asked": "invite"},
            "Invitation",
            "Conférence demandée par Camille Durand",
        ),
        ("internal", {"kind": "invited", "asked": "internal"}, "Collègue", "Collègue : Camille Durand"),
        ("everybody", {"kind": "everybody"}, "Général", "Appel général de Camille Durand"),
    ],
)
async def test_each_kind_of_offer_has_its_look(
    staged: Staged, name: str, asked: dict[str, str], label: str, origin: str
) -> None:
    desk, stage = await staged()
    await stage.show(offer(by="arm2", byName="Camille Durand", **asked))
    await expect(desk.strip.part("state-label")).to_have_text(label)
    await expect(desk.strip.part("offer-origin")).to_have_text(origin)
    await picture(desk, f"strip-offer-{name}")
    await is_accessible(desk.page, f"offer: {name}")


async def test_an_offer_beside_a_call_leaves_the_call_its_keys(staged: Staged) -> None:
    desk, stage = await staged()
    asking = offer(kind="invited", asked="transfer", by="arm2", byName="Camille Durand")
    await stage.show({**asking, **talking()})
    await expect(desk.strip.part("offer-beside")).to_contain_text("Transfert de Camille Durand")
    await expect(desk.strip.part("call-number")).to_be_in_viewport()
    await picture(desk, "strip-offer-beside")
    await desk.strip.key("F4")
    await expect(desk.strip.part("hang-up")).to_have_attribute("data-armed", "true")
    await desk.strip.key("F2")
    assert await stage.command() == ("accept_offer", {"offerId": "o1"})


async def test_keys_are_sent_as_they_are_pressed_and_everybody_is_called_by_two(staged: Staged) -> None:
    desk, stage = await staged()
    await stage.show({**talking(), "rooms": ROOMS})
    await desk.strip.key("Shift+F7")
    for digit in "1#":
        await desk.page.keyboard.press(digit)
        assert await stage.command() == ("send_digits", {"digits": digit})
    await expect(desk.strip.part("keypad-sent")).to_have_text("2 touches envoyées")
    await desk.strip.key("Shift+F10")
    await desk.page.keyboard.press("Enter")
    assert await stage.command() == ("place_call", {"kind": "everybody", "value": ""})
    await desk.strip.key("F12")
    await picture(desk, "strip-menu")
    await is_accessible(desk.page, "menu on a call")


async def test_the_centre_plays_the_last_words_again_into_a_telephone(staged: Staged) -> None:
    desk, stage = await staged()
    phone = {"number": "+33612000000", "mode": "kept", "state": "up"}
    await stage.show({**talking(), "rooms": ROOMS, "phone": phone})
    await desk.strip.key("F1")
    assert await stage.command() == ("play_recall", {"seconds": 20, "speed": 100})
    recall = {"callId": "c1", "startedAt": ago(2), "asked": 20, "seconds": 20, "speed": 100}
    await stage.show({**talking(), "rooms": ROOMS, "phone": phone, "recall": recall})
    progress = desk.strip.part("replay-progress")
    await expect(progress).to_have_attribute("data-playing", "true")
    await expect(progress).to_contain_text("20 dernières secondes")
    await is_accessible(desk.page, "recall by telephone")
    await desk.page.keyboard.press("0")
    assert await stage.command() == ("play_recall", {"seconds": 20, "speed": 70})
    await desk.page.keyboard.press("7")
    assert await stage.command() == ("stop_recall", {})


async def test_a_small_window_shows_what_matters(staged: Staged) -> None:
    desk, stage = await staged()
    small = ViewportSize(width=420, height=300)
    await desk.page.set_viewport_size(small)
    await stage.show({**second(), **waiting_lists()})
    for part in ("call-number", "held-call-number", "lists-count", "hang-up", "mute", "complete", "merge"):
        await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
    await picture(desk, "strip-small", small)
