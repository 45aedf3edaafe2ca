"""What agents do with calls together, for real: each sounds a tone of their own, so who hears whom is told."""

import asyncio
import os
import re
import time
from inspect import isawaitable
from typing import Protocol

import pytest
from playwright.async_api import expect

from core.events import CallNoted
from setup.places import CHECKOUT
from simulator.callees import Callee, Operator
from tests.e2e.conftest import ARM3, ARM4, MICROPHONES, MU1, QUIET, Come, TakePosition
from tests.e2e.conversation import CALLER_HZ, Conversation, talking, waiting_call
from tests.e2e.pages import Desk, Wallboard
from tests.e2e.stage import DRAWN
from tests.support.audio import Pcm, contains_tone, tone
from tests.support.centre_process import ARM1, TONES, CentreProcess
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

SMUR = "+33140000001"
SMUR_HZ, MU_HZ, ARM_HZ = 1270.0, 830.0, 620.0
ABOUT_HZ = (CALLER_HZ, SMUR_HZ, MU_HZ, ARM_HZ, TONES["music"], *set(MICROPHONES.values()))
AMONG_OTHERS_DB = -12.0
"""How faint a tone may be among others as loud."""
LOOKS = CHECKOUT / "tests" / ".artifacts" / "looks"


class Listener(Protocol):
    """Somebody who hears by a telephone, or a robot's strip."""

    def heard(self, seconds: float = 120) -> Pcm: ...


def tones(pcm: Pcm) -> set[float]:
    """Those that are about and were heard for most of the time."""
    return {hz for hz in ABOUT_HZ if contains_tone(pcm, hz, seconds=0.75, min_snr_db=AMONG_OTHERS_DB)}


async def hears(listener: Listener | Desk, *wanted: float, besides: float = 0) -> None:
    """Wait until somebody hears these tones and none of the others, whatever becomes of one.

    ``besides``: a browser's microphone, in the long run: its echo canceller may take a tone for an echo.
    """
    ear = listener.ear if isinstance(listener, Desk) else listener
    end, found = time.monotonic() + 20, set[float]()
    while found != set(wanted):
        assert time.monotonic() < end, f"heard {found}, not {wanted}"
        await asyncio.sleep(0.1)
        heard = ear.heard(1)
        found = tones(await heard if isawaitable(heard) else heard) - {besides}


async def answers(operator: Operator, number: str = SMUR) -> Callee:
    """Somebody outside is called, and picks up."""
    callee = await operator.called()
    assert callee.number == number
    callee.ring()
    callee.answer()
    callee.say(tone(SMUR_HZ, 115, level=QUIET))
    return callee


async def look(desk: Desk, name: str) -> None:
    """Keep a picture of the strip as it is now, light and dark, where pictures are asked for."""
    if "BANDEAU15_SCREENSHOTS" not in os.environ:
        return
    for scheme in ("dark", "light"):
        await desk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await desk.page.evaluate(DRAWN)
        await desk.page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))")
        await desk.page.screenshot(path=LOOKS / f"{name}-{scheme}.png")
    await desk.page.emulate_media(reduced_motion="no-preference")


async def test_a_number_is_consulted_swapped_connected_and_called_again(
    centre: CentreProcess, at_work: TakePosition, operator: Operator
) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.strip.reach("01 40 00 00 01", "0140000001")
        smur = await answers(operator)
        await hears(desk, SMUR_HZ)
        await hears(talk.caller, TONES["music"])
        await look(desk, "consultation")
        await desk.strip.key("Shift+F7")
        await desk.page.keyboard.type("15#")
        await until(lambda: smur.keys == "15#", "the keys are sounded")
        await expect(desk.strip.part("keypad-sent")).to_have_text("3 touches envoyées")
        await look(desk, "keypad")
        await desk.strip.key("Escape")
        await desk.strip.key("F5")
        await hears(desk, CALLER_HZ)
        await hears(smur, TONES["music"])
        await hears(talk.caller, desk.hz)
        await desk.strip.key("Shift+F3")
        await hears(talk.caller, SMUR_HZ)
        await hears(smur, CALLER_HZ)
        await desk.strip.until("wrap_up")
        await look(desk, "wrap-up")
        talk.caller.hang_up()
        await smur.ended()
    await desk.strip.key("F9")
    await desk.strip.until("ready")
    await desk.strip.key("F3")
    await expect(desk.strip.part("found").first).to_have_attribute("data-value", SMUR)
    await desk.page.keyboard.press("ArrowDown")
    await look(desk, "call-again")
    await desk.page.keyboard.press("Enter")
    again = await answers(operator)
    await hears(desk, SMUR_HZ)
    await hears(again, desk.hz)
    await look(desk, "outgoing")
    await desk.strip.end()
    await again.ended()


async def test_a_conference_is_muted_thinned_and_left(
    centre: CentreProcess, at_work: TakePosition, come: Come, operator: Operator
) -> None:
    desk, physician = await at_work(ARM1), await come(MU1, MU_HZ)
    async with talking(centre, desk) as talk:
        talk.caller.say(tone(CALLER_HZ, 115, level=QUIET))
        await desk.strip.reach("fabre", MU1.login, "Control+Enter")
        await physician.until(lambda view: view.get("offer", {}).get("asked") == "invite")
        await physician.accept()
        await desk.strip.reach("01 40 00 00 02", "0140000002", "Control+Enter")
        smur = await answers(operator, "+33140000002")
        await hears(desk, CALLER_HZ, MU_HZ, SMUR_HZ)
        await hears(talk.caller, desk.hz, MU_HZ, SMUR_HZ)
        await hears(physician, desk.hz, CALLER_HZ, SMUR_HZ)
        await hears(smur, desk.hz, CALLER_HZ, MU_HZ)
        await look(desk, "conference")
        await desk.strip.key("Shift+F6")
        await look(desk, "parties")
        line = desk.page.locator('[data-testid="party"]', has_text="01 40 00 00 02")
        await line.get_by_test_id("party-mute").click()
        await expect(line).to_have_attribute("data-muted", "true")
        await hears(talk.caller, MU_HZ, besides=desk.hz)
        await hears(smur, CALLER_HZ, MU_HZ, besides=desk.hz)
        await line.get_by_test_id("party-mute").click()
        await expect(line).to_have_attribute("data-muted", "false")
        await hears(talk.caller, MU_HZ, SMUR_HZ, besides=desk.hz)
        await line.get_by_test_id("party-drop").click()
        await line.get_by_test_id("party-drop").click()
        await smur.ended()
        await expect(desk.strip.part("party")).to_have_count(2)
        await desk.strip.key("Escape")
        await desk.strip.key("Shift+F4")
        await desk.strip.until("wrap_up")
        await hears(talk.caller, MU_HZ)
        await hears(physician, CALLER_HZ)
        talk.caller.hang_up()
        await physician.until(lambda view: "call" not in view)


async def test_a_caller_is_noted_parked_taken_back_and_taken_by_the_physician(
    centre: CentreProcess, at_work: TakePosition, wallboard: Wallboard
) -> None:
    desk, physician = await at_work(ARM1), await at_work(MU1)
    async with talking(centre, desk) as talk:
        await desk.strip.key("Shift+F8")
        await desk.strip.part("note-text").fill("Douleur thoracique depuis 20 minutes, 58 ans")
        await look(desk, "note")
        await desk.page.keyboard.press("Control+Enter")
        await talk.witness.until_told(talk.call_id, CallNoted)
        await desk.strip.key("Escape")
        await park(desk, talk, "1")
        await expect(desk.strip.part("lists-count")).to_have_text("1")
        await desk.strip.key("F10")
        waiting = desk.strip.part("waiting-call")
        await expect(waiting).to_have_attribute("data-priority", "P1")
        await expect(waiting).to_contain_text("parqué par vous")
        await look(desk, "parked")
        await desk.page.keyboard.press("Enter")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await park(desk, talk, "0")
        await expect(physician.strip.part("lists-count")).to_have_text("1")
        await physician.strip.key("F10")
        waiting = physician.strip.part("waiting-call")
        await expect(waiting).to_have_attribute("data-priority", "P0")
        await expect(waiting).to_contain_text(f"parqué par {ARM1.name}")
        await expect(waiting).to_contain_text("À recontacter")  # after ten seconds, for a P0
        await look(physician, "physician-list")
        parked = wallboard.part("parked-call")
        await expect(parked).to_have_attribute("data-kind", "due")
        await expect(parked).to_contain_text("MU")
        await expect(wallboard.part("parked")).not_to_contain_text(re.compile(r"(\d\d ){4}"))
        await expect(wallboard.part("room-MU-waiting")).to_have_text("1")
        await expect(wallboard.part("room-MU-ready")).to_have_text("1")
        await expect(wallboard.part("room-15-ready")).to_have_text("1")
        await physician.page.keyboard.press("v")
        await expect(physician.strip.part("checked")).to_have_count(0)
        await physician.page.keyboard.press("Enter")
        await physician.strip.until("on_call")
        await talk.both_hear(physician)
        await expect(desk.strip.part("lists-count")).to_have_text("0")
        await expect(parked).to_have_count(0)
        await expect(wallboard.part("room-MU-ready")).to_have_text("0")
        await physician.strip.key("Shift+F8")
        await expect(physician.strip.part("note")).to_contain_text("Douleur thoracique")
        await look(physician, "physician-note")
        await physician.strip.end()
        await talk.caller.ended()


async def park(desk: Desk, talk: Conversation, key: str) -> None:
    """Give the caller to the physicians, with the priority of that key."""
    await desk.strip.key("F9")
    await expect(desk.strip.part("park-room-MU")).to_be_visible()
    await desk.strip.part("park-room-MU").click()
    await desk.page.keyboard.press(key)
    talk.caller.forget()
    await hears(talk.caller, TONES["music"])
    await desk.strip.until("wrap_up")
    await desk.strip.key("F9")
    await desk.strip.until("ready")


async def test_a_colleague_s_calls_are_picked_up_and_taken_over(
    centre: CentreProcess, at_work: TakePosition, come: Come
) -> None:
    colleague = await come(ARM3, ARM_HZ)
    desk = await at_work(ARM1)
    async with waiting_call(centre) as talk:
        await colleague.until(lambda view: "offer" in view, 60)
        await desk.strip.key("F10")
        await expect(desk.strip.part("rings")).to_contain_text(ARM3.name)
        await look(desk, "rings-elsewhere")
        await desk.page.keyboard.press("ArrowDown")
        await expect(desk.strip.part("pick-up")).to_be_focused()
        await desk.page.keyboard.press("Enter")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await colleague.until(lambda view: view["position"]["state"] == "ready")
        await desk.strip.end()
    async with waiting_call(centre) as talk:
        await colleague.until(lambda view: "offer" in view, 60)
        await colleague.accept()
        await hears(talk.caller, ARM_HZ)
        await desk.strip.key("F9")
        await desk.strip.reach("diallo", ARM3.login, "Alt+Enter")
        await expect(desk.strip.part("deed-seize")).to_contain_text("Encore une fois")
        await look(desk, "take-over")
        await desk.page.keyboard.press("Alt+Enter")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await hears(talk.caller, desk.hz)
        await colleague.until(lambda view: "call" not in view)
        await desk.strip.end()


async def test_everybody_is_called_and_heard(centre: CentreProcess, at_work: TakePosition, come: Come) -> None:
    desk = await at_work(ARM1)
    colleagues = [await come(ARM4, ARM_HZ), await come(MU1, MU_HZ)]
    await desk.strip.key("Shift+F10")
    await look(desk, "everybody")
    await desk.page.keyboard.press("Enter")
    for colleague in colleagues:
        await colleague.until(lambda view: view.get("offer", {}).get("kind") == "everybody")
        await colleague.accept()
    await hears(desk, ARM_HZ, MU_HZ)
    await hears(colleagues[0], desk.hz, MU_HZ)
    await hears(colleagues[1], desk.hz, ARM_HZ)
    await look(desk, "everybody-here")
    await desk.strip.end()
    await colleagues[0].command("hang_up")
    await colleagues[1].until(lambda view: "call" not in view)
