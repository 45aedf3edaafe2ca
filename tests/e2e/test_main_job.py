"""The main job: a caller dials 15, an agent clicks Décrocher, they hear each other, everybody knows of it."""

import re
from unittest.mock import ANY

import pytest
from playwright.async_api import expect

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallOriented,
    CallQueued,
    LineOpened,
    LrmNotified,
    OfferAccepted,
    PositionStateChanged,
    RecordingEnded,
    ScriptAdvanced,
)
from core.words import EndedBy, Outcome, PositionState
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import CALLER_HZ
from tests.e2e.pages import Wallboard
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, TONES, CentreProcess, new_number

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_call_is_answered_on_the_strip(
    centre: CentreProcess, at_work: TakePosition, wallboard: Wallboard
) -> None:
    witness, number = centre.witness(), new_number()
    desk = await at_work(ARM1)
    await wallboard.position(ARM1, "ready")
    presented, answered = await wallboard.figure("presented"), await wallboard.figure("answered")
    async with centre.caller() as caller:
        caller.call("15", number=number)
        await caller.answered()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["welcome"]))
        caller.send_tone(CALLER_HZ, 60)
        call_id = await witness.call_of(number)
        await wallboard.shows(in_svi=1, presented=presented + 1, answered=answered)
        caller.press("1")

        await desk.strip.until("offered")
        shown = f"01 99 00 {number[-4:-2]} {number[-2:]}"
        await expect(desk.strip.part("offer-number")).to_have_text(shown)
        await expect(desk.strip.part("offer-line")).to_have_text("Ligne 15")
        await expect(desk.strip.part("offer-wait")).to_have_text(re.compile(r"^0:0[0-9]$"))
        for part in ("offer-number", "offer-line", "offer-wait", "accept", "decline", "room-waiting"):
            await expect(desk.strip.part(part)).to_be_in_viewport(ratio=1)
        await wallboard.position(ARM1, "offered")
        await wallboard.shows(waiting=1, in_progress=0)

        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        await desk.ear.until(lambda pcm: contains_tone(pcm, CALLER_HZ, seconds=1.5), "the caller", window=3)
        await caller.hears(lambda pcm: contains_tone(pcm, desk.hz, seconds=1.5), 20, window=3)

        await wallboard.position(ARM1, "on_call")
        await wallboard.shows(waiting=0, in_progress=1, answered=answered + 1)

        await desk.strip.press("hang-up")
        await caller.ended()
        await desk.strip.until("wrap_up")
        await wallboard.position(ARM1, "wrap_up")
        await desk.strip.until("ready")
    await wallboard.shows(waiting=0, in_progress=0, answered=answered + 1)

    story = await witness.until_told(call_id, RecordingEnded)
    story.assert_order(
        *(CallArrived, LineOpened, ScriptAdvanced, CallOriented, CallQueued),
        *(CallOffered, OfferAccepted, CallAnswered, CallEnded, RecordingEnded),
    )
    assert story.only(LrmNotified).status == 202
    assert story.only(CallArrived).caller.e164 == number
    assert story.only(CallOriented).route == ("accueil:skip", "attente")
    assert story.only(CallAnswered).agent_id == ARM1.agent_id
    assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
    entry = await centre.ledger_of(call_id)
    assert (entry.outcome, entry.position_id, entry.number) == (Outcome.ANSWERED, "arm1", number)
    assert [call for call in await centre.told_to_lrm() if call["idAppel"] == call_id] == [
        {
            "centre": "FR751",
            "agent": ARM1.agent_id,
            "at": ANY,
            "dossier": None,
            "idAppel": call_id,
            "idFlux": "FR751-15-15-Px-F01",
            "numTel": number,
            "nePasExecuter": False,
        }
    ]
    states = [e.event.state for e in await witness.events() if isinstance(e.event, PositionStateChanged)]
    assert states[-5:] == [
        PositionState.READY,
        PositionState.OFFERED,
        PositionState.ON_CALL,
        PositionState.WRAP_UP,
        PositionState.READY,
    ]

    caller_track, centre_track = centre.tracks(call_id)
    assert contains_tone(caller_track, CALLER_HZ)
    assert not contains_tone(caller_track, desk.hz)
    assert contains_tone(centre_track, desk.hz)
    assert contains_tone(centre_track, TONES["welcome"])
    assert not contains_tone(centre_track, CALLER_HZ)
