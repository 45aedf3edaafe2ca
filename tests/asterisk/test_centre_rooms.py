"""Waiting rooms of a real centre: calls chosen, rung at all, sent on, called again, parked for a physician."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from core.events import (
    CallAnswered,
    CallDismissed,
    CallEnded,
    CallOffered,
    CallQueued,
    OfferWithdrawn,
    OverflowTriggered,
    ParkedCallerLeft,
)
from core.ids import CallId
from core.words import EndedBy, OfferKind, Outcome, OverflowCause, Priority, Role, WithdrawReason
from simulator.callers import Caller
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, PASSWORD, TONES, CentreProcess, Person, new_number

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

MU1 = Person("mu1", "Morgan Leroy", "899700000011", Role.PHYSICIAN_MU)
MESSAGE_HZ = 1700.0
PLAN = """
salle de secours: "15"
salles:
  "15":   {niveau: FO1, rôles: [arm]}
  Choix:  {niveau: FO1, rôles: [arm], mode: manuel}
  Tous:   {niveau: FO1, rôles: [arm], stratégie: tous à la fois}
  Garde:
    niveau: FO1
    rôles: [superviseur]
    débordements:
      - {nom: trop long, si: attente, seuil: 2, vers: {salle: "15"}}
  Annonce:
    niveau: FO1
    rôles: [superviseur]
    débordements:
      - {nom: patience, si: attente, seuil: 1, vers: {message: patientez}}
  Refus:
    niveau: FO1
    rôles: [superviseur]
    débordements:
      - {nom: adieu, si: attente, seuil: 1, vers: {message: patientez}, puis: raccrocher}
  MU:     {niveau: FO2, rôles: [médecin urgentiste], surveillance: {P1: 30, NR: 30}}
lignes:
  "31": {flux: "15", parcours: choix}
  "32": {flux: "15", parcours: tous}
  "33": {flux: "15", parcours: garde}
  "34": {flux: "15", parcours: annonce}
  "35": {flux: "15", parcours: refus}
  autres: {flux: "15", parcours: quinze}
parcours:
  quinze: {étapes: {attente: {salle: "15"}}}
  choix: {étapes: {attente: {salle: Choix}}}
  tous: {étapes: {attente: {salle: Tous}}}
  garde: {étapes: {attente: {salle: Garde}}}
  annonce: {étapes: {attente: {salle: Annonce}}}
  refus: {étapes: {attente: {salle: Refus}}}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=20, wrap_up_seconds=0)
    async with CentreProcess(room=room, plan=PLAN, sounds={"patientez": (MESSAGE_HZ, 2)}) as running:
        await running.add(MU1)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(centre: CentreProcess) -> AsyncIterator[dict[str, RobotPosition]]:
    async with AsyncExitStack() as stack:
        yield {
            person.login: await stack.enter_async_context(RobotPosition(centre.url, person.login, PASSWORD))
            for person in (ARM1, ARM2, MU1)
        }


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def everybody_ready(people: dict[str, RobotPosition]) -> None:
    for robot in people.values():
        if robot.view["position"]["state"] == "paused":
            await robot.command("ready")
        await robot.until(lambda view: view["position"]["state"] == "ready")


@asynccontextmanager
async def waiting_caller(
    centre: CentreProcess, line: str, number: str | None = None
) -> AsyncIterator[tuple[Caller, CallId]]:
    """Somebody who has called a line and is in its room."""
    number = number or new_number()
    witness = centre.witness()
    async with centre.caller() as caller:
        caller.call(line, number=number)
        await caller.answered()
        call_id = await witness.call_of(number)
        await witness.until_told(call_id, CallQueued)
        yield caller, call_id


def talking(view: dict[str, Any]) -> bool:
    return bool(view.get("call", {}).get("state") == "talking")


def listed(view: dict[str, Any], queue: str, call_id: CallId) -> bool:
    return call_id in view.get("waiting", {}).get(queue, {})


async def test_in_a_manual_room_an_agent_takes_the_call_of_their_choice(
    centre: CentreProcess, people: dict[str, RobotPosition]
) -> None:
    arm1, arm2, mu1 = people["arm1"], people["arm2"], people["mu1"]
    async with waiting_caller(centre, "31") as (_, first), waiting_caller(centre, "31") as (caller, second):
        for robot in (arm1, arm2):
            await robot.until(lambda view: listed(view, "Choix", first) and listed(view, "Choix", second))
            assert robot.view["position"]["state"] == "ready"
        assert "Choix" not in mu1.view.get("waiting", {})
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await arm1.command("take_call", callId=second)
        await arm1.until(talking)
        caller.send_tone(1300, 5)
        await arm1.hears(lambda pcm: contains_tone(pcm, 1300))
        await arm2.until(lambda view: not listed(view, "Choix", second))
        with pytest.raises(Refused):
            await arm2.command("take_call", callId=second)
        with pytest.raises(Refused):
            await mu1.command("take_call", callId=first)
        story = await centre.witness().story(second)
        assert story.only(CallOffered).kind is OfferKind.CHOSEN
        assert story.only(CallAnswered).position_id == "arm1"
        await arm1.command("hang_up")


async def test_ringing_everybody_has_one_winner_and_leaves_the_others_ready(
    centre: CentreProcess, people: dict[str, RobotPosition]
) -> None:
    arm1, arm2 = people["arm1"], people["arm2"]
    async with waiting_caller(centre, "32") as (_, call_id):
        for robot in (arm1, arm2):
            await robot.until(lambda view: "offer" in view)
        lost = arm1.view["offer"]["id"]
        await arm2.accept()
        await arm2.until(talking)
        await arm1.until(lambda view: "offer" not in view and view["position"]["state"] == "ready")
        with pytest.raises(Refused):
            await arm1.command("accept_offer", offerId=lost)
        story = await centre.witness().story(call_id)
        assert story.only(OfferWithdrawn).reason is WithdrawReason.TAKEN_ELSEWHERE
        assert "mu1" not in {offer.position_id for offer in story.all(CallOffered)}
        await arm2.command("hang_up")


async def test_a_call_that_waits_too_long_goes_to_another_room_and_hears_music_all_along(
    centre: CentreProcess, people: dict[str, RobotPosition]
) -> None:
    arm1, arm2 = people["arm1"], people["arm2"]
    for robot in (arm1, arm2):
        await robot.command("pause", reason="other")
    witness = centre.witness()
    async with waiting_caller(centre, "33") as (caller, call_id):
        story = await witness.until_told(call_id, CallQueued, count=2)
        assert story.only(OverflowTriggered).cause is OverflowCause.WAIT
        first, second = story.all(CallQueued)
        assert (first.queue, second.queue) == ("Garde", "15")
        assert second.since == story.at(CallQueued)
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await arm1.command("ready")
        await arm1.until(lambda view: "offer" in view)
        assert "salle 15" in arm1.view["offer"]["why"]
        await arm1.accept()
        await arm1.until(talking)
        await arm1.command("hang_up")


async def test_a_room_says_its_message_once_then_plays_music_again(centre: CentreProcess) -> None:
    async with waiting_caller(centre, "34") as (caller, call_id):
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await centre.witness().until_told(call_id, OverflowTriggered)
        await caller.hears(lambda pcm: contains_tone(pcm, MESSAGE_HZ))
        await caller.hears(lambda pcm: not contains_tone(pcm[-8000:], MESSAGE_HZ))
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        assert len((await centre.witness().story(call_id)).all(OverflowTriggered)) == 1


async def test_a_room_says_its_last_message_to_the_end_then_hangs_up(centre: CentreProcess) -> None:
    async with waiting_caller(centre, "35") as (caller, call_id):
        await caller.hears(lambda pcm: contains_tone(pcm, MESSAGE_HZ))
        await caller.ended()
        story = await centre.witness().until_told(call_id, CallEnded)
    assert story.only(OverflowTriggered).ends
    assert story.at(CallDismissed) - story.at(OverflowTriggered) > timedelta(seconds=1.9), "it is 2 s long"
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == (Outcome.REFUSED, EndedBy.SYSTEM)


async def test_who_calls_again_is_marked_and_gets_the_same_agent(
    centre: CentreProcess, people: dict[str, RobotPosition]
) -> None:
    number = new_number()
    async with waiting_caller(centre, "15", number) as (caller, first):
        offer = (await centre.witness().until_told(first, CallOffered)).only(CallOffered)
        robot = people[offer.position_id]
        await robot.until(lambda view: "offer" in view)
        await robot.accept()
        await robot.until(talking)
        await robot.command("hang_up")
        await caller.ended()
    await robot.until(lambda view: view["position"]["state"] == "ready")
    async with waiting_caller(centre, "15", number) as (_, again):
        await robot.until(lambda view: view.get("offer", {}).get("callId") == again)
        assert robot.view["offer"]["repeat"] is True
        story = await centre.witness().story(again)
        assert story.only(CallQueued).repeat_of == first
        assert "agent_of_first_call" in story.only(CallOffered).reasons
        await robot.accept()
        await robot.until(talking)
        await robot.command("hang_up")


async def test_a_caller_parked_for_a_physician_is_taken_back_then_taken_then_lost(
    centre: CentreProcess, people: dict[str, RobotPosition]
) -> None:
    mu1 = people["mu1"]
    async with waiting_caller(centre, "15") as (caller, call_id):
        offer = (await centre.witness().until_told(call_id, CallOffered)).only(CallOffered)
        arm = people[offer.position_id]
        await arm.until(lambda view: "offer" in view)
        await arm.accept()
        await arm.until(talking)
        await park(arm, call_id, "P1")
        await mu1.until(lambda view: listed(view, "MU", call_id))
        assert mu1.view["waiting"]["MU"][call_id]["priority"] == "P1"
        assert mu1.view["position"]["state"] == "ready", "a physician is offered nothing: they choose"
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await arm.until(lambda view: call_id in view.get("parked", {}))
        await arm.command("take_call", callId=call_id)
        await arm.until(talking)
        await mu1.until(lambda view: not listed(view, "MU", call_id))

        await park(arm, call_id, "")
        await mu1.until(lambda view: listed(view, "MU", call_id))
        assert mu1.view["waiting"]["MU"][call_id]["priority"] == "P1", "what was said before still holds"
        await arm.command("change_priority", callId=call_id, priority="P0")
        await mu1.until(lambda view: view["waiting"]["MU"][call_id]["priority"] == "P0")
        await mu1.command("take_call", callId=call_id)
        await mu1.until(talking)
        caller.send_tone(1300, 5)
        await mu1.hears(lambda pcm: contains_tone(pcm, 1300))

        await park(mu1, call_id, "P3")
        await arm.until(lambda view: view["position"]["state"] == "ready")
        caller.hang_up()
        await mu1.until(lambda view: call_id in view.get("alarms", {}))
    left = await centre.witness().story(call_id)
    assert left.only(ParkedCallerLeft).priority is Priority.P3
    await mu1.command("checked_back", callId=call_id)
    await mu1.until(lambda view: "alarms" not in view)


async def park(robot: RobotPosition, call_id: CallId, priority: str) -> None:
    await robot.command("transfer", callId=call_id, kind="room", value="MU", priority=priority)
    await robot.until(lambda view: "call" not in view)
