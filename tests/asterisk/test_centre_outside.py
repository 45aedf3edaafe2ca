"""Callers sent out of the centre, by the SVI and by a room's overflow: reached, or never lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RoomSettings
from core.events import (
    CallDiverted,
    CallEnded,
    CallQueued,
    OverflowTriggered,
    PartyJoined,
    PartyNotReached,
    RecordingEnded,
    ScriptAdvanced,
)
from core.ids import CallId
from core.words import EndedBy, Outcome, PartyEnd
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, PASSWORD, TONES, TRUNK, CentreProcess, new_number

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
RING_SECONDS = 6
SORRY_HZ = 2700.0
CALLER_HZ, CALLEE_HZ = 1300.0, 1500.0
PLAN = """
salle de secours: "15"
salles:
  "15": {niveau: FO1, rôles: [superviseur]}
  Dehors:
    niveau: FO1
    rôles: [arm]
    débordements:
      - {nom: dehors, si: attente, seuil: 1, vers: {numéro: "+33199001111"}}
lignes:
  "41": {flux: "15", parcours: garde}
  "42": {flux: "15", parcours: salle}
  autres: {flux: "15", parcours: salle}
parcours:
  garde:
    étapes:
      medecin: {transfert: "+33199002222", sonnerie: 6, sinon: excuse}
      excuse: {annonce: beaucoup-appels, puis: attente}
      attente: {salle: "15"}
  salle: {étapes: {attente: {salle: Dehors}}}
"""
HOW: dict[str, tuple[Callable[[Callee], None], PartyEnd]] = {
    "busy": (lambda callee: callee.refuse(486, "Busy Here"), PartyEnd.BUSY),
    "unknown": (lambda callee: callee.refuse(404, "Not Found"), PartyEnd.UNAVAILABLE),
    "no_answer": (lambda callee: None, PartyEnd.NO_ANSWER),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    outgoing = OutgoingSettings(
        host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015", ring_seconds=RING_SECONDS
    )
    sounds = {"beaucoup-appels": (SORRY_HZ, 1.5)}
    room = RoomSettings(wrap_up_seconds=0)
    async with CentreProcess(room=room, plan=PLAN, sounds=sounds, outgoing=outgoing) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def operator(centre: CentreProcess) -> AsyncIterator[Operator]:
    async with await Operator.open(OPERATOR, TRUNK) as operator:
        yield operator


@asynccontextmanager
async def calling(centre: CentreProcess, line: str) -> AsyncIterator[tuple[Caller, CallId]]:
    """Somebody who has dialled a line and been picked up."""
    witness, number = centre.witness(), new_number()
    async with centre.caller() as caller:
        caller.call(line, number=number)
        await caller.answered(60)
        yield caller, await witness.call_of(number)


async def hears_music(caller: Caller) -> None:
    caller.forget()
    await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))


async def talk(caller: Caller, callee: Callee) -> None:
    """Both hear each other."""
    caller.send_tone(CALLER_HZ, 10)
    callee.send_tone(CALLEE_HZ, 10)
    caller.forget()
    callee.forget()
    await asyncio.gather(
        caller.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ)),
        callee.hears(lambda pcm: contains_tone(pcm, CALLER_HZ)),
    )


@pytest.mark.parametrize("line", ["41", "42"])
async def test_a_caller_sent_to_a_number_talks_with_who_answers(
    centre: CentreProcess, operator: Operator, line: str
) -> None:
    async with calling(centre, line) as (caller, call_id):
        callee = await operator.called()
        callee.ring()
        await hears_music(caller)
        callee.answer()
        await talk(caller, callee)
        callee.hang_up()
        await caller.ended()
        story = await centre.witness().until_told(call_id, RecordingEnded)
    story.assert_order(CallDiverted if line == "41" else OverflowTriggered, PartyJoined, CallEnded)
    assert story.ended.outcome is Outcome.OVERFLOWED
    entry = await centre.ledger_of(call_id)
    assert (entry.outcome, entry.recorded) == (Outcome.OVERFLOWED, True)


@pytest.mark.parametrize("why", HOW)
async def test_who_cannot_be_put_through_by_the_svi_goes_on_with_the_script(
    centre: CentreProcess, operator: Operator, why: str
) -> None:
    act, reason = HOW[why]
    async with calling(centre, "41") as (caller, call_id):
        callee = await operator.called()
        callee.ring()
        act(callee)
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, SORRY_HZ), RING_SECONDS + 10)
        await callee.ended()
        story = await centre.witness().until_told(call_id, CallQueued)
        assert story.only(PartyNotReached).reason is reason
        assert "medecin:not reached" in [step for e in story.all(ScriptAdvanced) for step in e.route]
        assert story.only(CallQueued).queue == "15"
        await hears_music(caller)
        assert not (await centre.witness().story(call_id)).all(CallEnded)


@pytest.mark.parametrize("why", HOW)
async def test_who_cannot_be_sent_on_from_a_room_is_in_its_place_again(
    centre: CentreProcess, operator: Operator, why: str
) -> None:
    act, reason = HOW[why]
    async with calling(centre, "42") as (caller, call_id):
        callee = await operator.called()
        callee.ring()
        await hears_music(caller)
        act(callee)
        story = await centre.witness().until_told(call_id, PartyNotReached)
        assert story.only(PartyNotReached).reason is reason
        await callee.ended()
        await hears_music(caller)
        async with RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1:
            await arm1.until(lambda view: view.get("offer", {}).get("callId") == call_id, 60)
            await arm1.accept()
            await arm1.until(lambda view: view.get("call", {}).get("state") == "talking")
            caller.send_tone(CALLER_HZ, 5)
            await arm1.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
            await arm1.command("hang_up")
            await caller.ended()
        story = await centre.witness().until_told(call_id, CallEnded)
    assert len(story.all(CallQueued)) == len(story.all(OverflowTriggered)) == 1, "it never left its room"
    assert story.ended.outcome is Outcome.ANSWERED


async def test_a_caller_who_leaves_while_the_number_rings_lets_it_ring_no_longer(
    centre: CentreProcess, operator: Operator
) -> None:
    async with calling(centre, "42") as (caller, call_id):
        callee = await operator.called()
        callee.ring()
        caller.hang_up()
        await callee.ended()
        story = await centre.witness().until_told(call_id, CallEnded)
    assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ABANDONED_QUEUE, EndedBy.CALLER)
