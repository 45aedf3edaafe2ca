"""What the LRM says of a call, on the strip: its number at a glance, the patients by one key, in any light."""

from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from tests.e2e.conftest import TakePosition
from tests.e2e.pages import STRIP_SIZE
from tests.e2e.stage import ROOMS, ago, on_stage, second, talking, waiting_lists
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_strip_keys import offer, picture
from tests.support.centre_process import ARM1

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TALL = ViewportSize(width=1280, height=420)
BRIEF: dict[str, Any] = {"id": "D2026-000142", "priority": "P1"}
DOSSIER: dict[str, Any] = {
    **BRIEF,
    "place": "12 rue des Lilas, 3e étage, code 45A7, 75019 Paris",
    "caller": "Luc Durand",
    "address": "14 rue des Lilas, 75019 Paris",
    "patients": {
        "1": {
            "name": "Anne Martin",
            "birthName": "Petit",
            "sex": "F",
            "age": "P38Y",
            "reason": "Douleur thoracique",
            "remarkable": True,
        },
        "2": {"name": "Léo Martin", "sex": "M", "age": "P3M", "reason": "Fièvre"},
    },
    "at": ago(40),
}


async def test_the_dossier_is_on_the_strip_and_all_of_it_a_key_away(open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    stage = await on_stage(desk)
    await stage.show({**offer(dossier=BRIEF), "rooms": ROOMS})
    await expect(desk.strip.part("offer-dossier")).to_have_text("D2026-000142")
    await desk.strip.key("Shift+F12")
    await expect(desk.strip.part("dossier-panel")).to_have_count(
        0
    )  # whose patients they are is for who takes it

    await stage.show({**talking(dossier=DOSSIER), "rooms": ROOMS})
    chip = desk.strip.part("call-dossier")
    await expect(chip).to_contain_text("D2026-000142 · Anne Martin, 38")
    await expect(chip).to_be_in_viewport(ratio=1)
    await picture(desk, "strip-dossier")
    await is_accessible(desk.page, "dossier")

    await desk.strip.key("Shift+F12")
    for part, text in {
        "dossier-id": "Dossier D2026-000142",
        "dossier-place": DOSSIER["place"],
        "dossier-caller": "Luc Durand",
        "dossier-address": DOSSIER["address"],
    }.items():
        await expect(desk.strip.part(part)).to_have_text(text)
        await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
    await expect(desk.strip.part("dossier-patient")).to_have_count(2)
    await expect(desk.strip.part("dossier-patient").first).to_contain_text("nom de naissance Petit")
    await expect(desk.strip.part("dossier-remarkable")).to_be_in_viewport(ratio=1)
    await desk.page.set_viewport_size(TALL)
    await picture(desk, "strip-dossier-panel", TALL)
    await is_accessible(desk.page, "dossier panel")
    await desk.page.set_viewport_size(STRIP_SIZE)
    await desk.strip.key("Escape")
    await expect(desk.strip.part("dossier-panel")).to_have_count(0)
    await chip.click()
    await expect(desk.strip.part("dossier-panel")).to_be_visible()


async def test_a_number_alone_is_said_to_be_all(open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    stage = await on_stage(desk)
    await stage.show({**talking(dossier=BRIEF), "rooms": ROOMS})
    await desk.strip.key("Shift+F12")
    await expect(desk.strip.part("dossier-only")).to_be_in_viewport(ratio=1)
    await expect(desk.strip.part("dossier-priority")).to_contain_text("P1")
    await stage.show({**talking(), "rooms": ROOMS})
    await expect(desk.strip.part("dossier-panel")).to_have_count(0)


async def test_the_dossier_and_the_place_of_a_caller_are_both_in_sight(open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    stage = await on_stage(desk)
    place = {"source": "aml_https", "latitude": 49.4385, "longitude": 1.0872, "radius": 25}
    caller: dict[str, Any] = {"dossier": DOSSIER, "location": {**place, "at": ago(12), "commune": "Rouen (76)"}}
    await stage.show({**talking(**caller), "rooms": ROOMS})
    for part in ("call-place", "call-dossier"):
        await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
    await is_accessible(desk.page, "dossier and place")


async def test_two_calls_keep_their_dossiers_apart_and_the_lists_name_them(open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    stage = await on_stage(desk)
    two = second()
    two["calls"]["c1"]["dossier"] = DOSSIER
    await stage.show({**two, "rooms": ROOMS})
    await expect(desk.strip.part("call-dossier")).to_have_count(0)  # of the caller, who is on hold
    lists = waiting_lists()
    lists["waiting"]["MU"]["w2"]["dossier"] = "D2026-000142"
    await stage.show(lists)
    await desk.strip.key("F10")
    await expect(desk.strip.part("waiting-dossier")).to_have_text("Dossier D2026-000142")


async def test_an_lrm_that_is_away_is_said_with_the_hour(open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    stage = await on_stage(desk)
    alarm = {"kind": "lrm_away", "severity": "warning", "since": "2026-03-29T12:32:00.000Z"}
    await stage.show({"rooms": ROOMS, "platform": {"switch": "up", "alarms": [alarm]}})
    await expect(desk.strip.part("banner")).to_contain_text("LRM injoignable depuis 14:32")
