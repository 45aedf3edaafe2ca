"""Where the caller is, on the strip and in its panel: what is shown, by which keys, on a map of its own."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import ViewportSize, expect

from simulator.callers import Caller
from tests.e2e.conftest import TakePosition
from tests.e2e.pages import STRIP_SIZE, Desk
from tests.e2e.stage import ROOMS, Stage, ago, on_stage, second, talking, waiting_lists
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_strip_keys import offer, picture
from tests.support.aml import handset_says
from tests.support.centre_process import ARM1, TRUNK, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

TALL = ViewportSize(width=1280, height=480)
SMALL = ViewportSize(width=420, height=300)
ROUEN: dict[str, Any] = {
    "source": "aml_https",
    "latitude": 49.4385,
    "longitude": 1.0872,
    "radius": 25,
    "confidence": 68,
    "commune": "Rouen (76)",
}
BESIDE: dict[str, dict[str, Any]] = {
    "pflau": {
        "source": "pflau",
        "latitude": 49.4600,
        "longitude": 1.1210,
        "radius": 1400,
        "commune": "Rouen (76)",
    },
    "pidf_lo": {"source": "pidf_lo", "civic": "12 rue Jeanne-d'Arc, 76000 Rouen"},
}


def located(seconds: float = 12, **change: Any) -> dict[str, Any]:
    beside = {name: {**other, "at": ago(seconds + 30)} for name, other in BESIDE.items()}
    return {**ROUEN, "at": ago(seconds), "beside": beside, **change}


async def staged(open_desk: TakePosition, *, may_ask: bool = True) -> tuple[Desk, Stage]:
    desk = await open_desk(ARM1)
    choices = {"mayAsk": may_ask, "mapUrl": "https://lrm.example/carte?lat={latitude}&lon={longitude}"}
    await desk.page.route("**/api/location", lambda route: route.fulfill(json=choices))
    return desk, await on_stage(desk)


def plain(text: str | None) -> str:
    return " ".join((text or "").replace("\u202f", " ").split())


async def test_the_strip_says_the_essential_in_one_line(open_desk: TakePosition) -> None:
    desk, stage = await staged(open_desk)
    await stage.show({**offer(location=located()), "rooms": ROOMS})
    await expect(desk.strip.part("offer-place")).to_contain_text("Rouen (76)")

    await stage.show({**talking(location=located()), "rooms": ROOMS})
    chip = desk.strip.part("call-place")
    assert plain(await chip.text_content()).startswith("≈ 25 m · il y a ")
    assert plain(await chip.text_content()).endswith(" s · Rouen (76)")
    before = await chip.text_content()
    await expect(chip).not_to_have_text(before or "")  # its age goes on
    await expect(chip).to_be_in_viewport(ratio=1)
    await expect(desk.strip.part("place-announcement")).to_contain_text("Rouen (76)")
    await picture(desk, "strip-place")
    await is_accessible(desk.page, "place")

    two = second()
    two["call"]["location"] = two["calls"]["c2"]["location"] = located()
    await stage.show({**two, "rooms": ROOMS})
    await expect(desk.strip.part("call-place")).to_be_in_viewport(ratio=1)


async def test_the_panel_tells_all_and_draws_it_without_any_network(open_desk: TakePosition) -> None:
    desk, stage = await staged(open_desk)
    await desk.page.set_viewport_size(TALL)
    await stage.show({**talking(location=located()), "rooms": ROOMS})
    await desk.strip.part("call-place").click()

    for part, text in {
        "place-where": "Rouen (76)",
        "place-accuracy": "≈ 25 m, sûre à 68 %",
        "place-source": "Mobile (AML)",
        "place-coordinates": "49.43850, 1.08720",
    }.items():
        assert plain(await desk.strip.part(part).text_content()) == text
    await expect(desk.strip.part("place-other")).to_have_count(2)
    drawn = desk.strip.part("place-map")
    for commune in ("Darnétal", "Canteleu", "Rouen"):
        await expect(drawn.get_by_text(commune, exact=True)).to_be_visible()
    assert plain(await desk.strip.part("place-scale").text_content()) == "2 km"
    await picture(desk, "place-panel", TALL)
    await is_accessible(desk.page, "place panel")
    await desk.page.emulate_media(color_scheme="dark")
    await is_accessible(desk.page, "place panel, dark")
    await desk.page.emulate_media(color_scheme="light")

    await desk.page.keyboard.press("-")
    await desk.page.keyboard.press("-")
    await expect(drawn).to_have_attribute("data-span", "32000")
    await desk.page.keyboard.press("+")
    await expect(drawn).to_have_attribute("data-span", "16000")
    await desk.page.set_viewport_size(STRIP_SIZE)
    await expect(desk.strip.part("place-where")).to_be_in_viewport(ratio=1)
    await expect(desk.strip.part("place-accuracy")).to_be_in_viewport(ratio=1)
    await expect(desk.strip.part("place-age")).to_be_in_viewport(ratio=1)
    for part in ("place-copy", "place-ask", "place-lrm", "place-map"):
        await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
    await picture(desk, "place-panel-low")
    await desk.page.set_viewport_size(SMALL)
    for part in ("place-where", "place-accuracy", "place-age", "place-copy", "place-ask", "place-lrm"):
        await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
    await is_accessible(desk.page, "place panel, small")


async def test_what_is_done_with_a_place_has_a_key(open_desk: TakePosition) -> None:
    desk, stage = await staged(open_desk)
    await desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await stage.show({**talking(location=located()), "rooms": ROOMS})
    await desk.strip.key("Shift+F1")
    await expect(desk.strip.part("place-panel")).to_be_visible()
    await expect(desk.strip.part("place-ask")).to_be_enabled()

    await desk.page.keyboard.press("c")
    await expect(desk.strip.part("place-copy")).to_contain_text("Copié")
    assert await desk.page.evaluate("navigator.clipboard.readText()") == "49.43850, 1.08720"
    await desk.page.keyboard.press("r")
    assert await stage.command() == ("locate", {"callId": "c1"})
    await stage.show({**talking(location=located(askedUntil=ago(-30))), "rooms": ROOMS})
    await expect(desk.strip.part("place-ask")).to_be_disabled()
    missing = {"source": "pflau", "reason": "unavailable", "at": ago(0)}
    await stage.show({**talking(location=located(missing=missing)), "rooms": ROOMS})
    await expect(desk.strip.part("place-missing")).to_contain_text("pas de réponse")
    await expect(desk.strip.part("place-ask")).to_be_enabled()
    await desk.page.context.route("https://lrm.example/**", lambda route: route.fulfill(body="LRM"))
    async with desk.page.context.expect_page() as opened:
        await desk.page.keyboard.press("l")
    assert (await opened.value).url == "https://lrm.example/carte?lat=49.43850&lon=1.08720"
    await (await opened.value).close()
    await desk.page.keyboard.press("Escape")
    await expect(desk.strip.part("place-panel")).to_have_count(0)


async def test_an_address_needs_no_map_and_a_stranger_is_said_to_be_one(open_desk: TakePosition) -> None:
    desk, stage = await staged(open_desk, may_ask=False)
    await desk.page.set_viewport_size(TALL)
    street = {"source": "pidf_lo", "at": ago(3), "civic": "12 rue Jeanne-d'Arc, 76000 Rouen"}
    await stage.show({**talking(location=street), "rooms": ROOMS})
    await desk.strip.key("Shift+F1")
    await expect(desk.strip.part("place-where")).to_contain_text("12 rue Jeanne-d'Arc")
    await expect(desk.strip.part("place-map")).to_have_count(0)
    await expect(desk.strip.part("place-ask")).to_have_count(0)

    simulated = located(source="pflau_simulated", beside={})
    await stage.show({**talking(location=simulated), "rooms": ROOMS})
    await expect(desk.strip.part("place-simulated")).to_be_visible()
    await stage.show({**talking(), "rooms": ROOMS})
    await expect(desk.strip.part("place-where")).to_contain_text("Position inconnue")


async def test_the_list_of_a_room_says_from_which_commune(open_desk: TakePosition) -> None:
    desk, stage = await staged(open_desk)
    lists = waiting_lists()
    lists["waiting"]["MU"]["w2"]["commune"] = "Rouen (76)"
    await desk.page.set_viewport_size(TALL)
    await stage.show(lists)
    await desk.strip.key("F10")
    await expect(desk.strip.part("waiting-commune")).to_have_text("Rouen (76)")


async def test_a_handset_tells_a_real_centre_and_the_place_stays_with_the_call(
    centre: CentreProcess, open_desk: TakePosition
) -> None:
    desk = await open_desk(ARM1)
    await desk.take_position()
    await desk.strip.until("ready")
    number, now = new_number(), datetime.now(UTC)
    async with await Caller.open(TRUNK) as caller:
        caller.call("2", number=number)
        await expect(desk.strip.part("accept")).to_be_visible()
        assert await handset_says(centre.url, number, 49.4431, 1.0993, 1800, now) == 200
        await expect(desk.strip.part("offer-place")).to_contain_text("Rouen (76)")
        await desk.strip.key("F2")
        await expect(desk.strip.part("call-place")).to_contain_text("1,8")
        assert await handset_says(centre.url, number, 49.4438, 1.0989, 14, now) == 200
        await expect(desk.strip.part("call-place")).to_contain_text("14")
        async with centre.core_dead():
            await expect(desk.strip.part("call-place")).to_contain_text("Rouen (76)")
        await expect(desk.strip.part("call-place")).to_contain_text("Rouen (76)")
        await desk.strip.end()
