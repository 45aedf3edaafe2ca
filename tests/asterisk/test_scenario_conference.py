"""A real evening of regulation: 15, ARM, parked for the physician as P1, taken, conference with a SMUR, end.

How the ARM is in the conference: the physician, who has the caller, asks the ARM who first answered back in;
the ARM, who knows the roads, asks the SMUR in, then leaves the three together.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RoomSettings
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
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyRinging,
    RecordingEnded,
    RecordingStarted,
    TransferStarted,
)
from core.ids import CallId
from core.words import (
    EndedBy,
    FrontOffice,
    OfferKind,
    Outcome,
    PartyEnd,
    Priority,
    Role,
    Target,
    TargetKind,
)
from simulator.callees import Operator
from simulator.robot_position import RobotPosition
from storage.ledger import LedgerEntry
from tests.support.audio import RATE, Pcm, contains_tone
from tests.support.centre_process import ARM1, PASSWORD, TONES, TRUNK, CentreProcess, Person, new_number
from tests.support.witness import Story

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

MU1 = Person("mu1", "Morgan Leroy", "899700000011", Role.PHYSICIAN_MU)
OPERATOR = ("127.0.0.1", 5090)
SMUR, PRESENTED = "+33199000815", "+33144000015"
CALLER_HZ, ARM_HZ, MU_HZ, SMUR_HZ = 1300.0, 1900.0, 2300.0, 1500.0
WORD_SECONDS = 5.0
"""How long each speaks at most; they stop once heard, so that each is told from the others in the recording."""
PLAN = """
salle de secours: "15"
salles:
  "15": {niveau: FO1, rôles: [arm]}
  MU:   {niveau: FO2, rôles: [médecin urgentiste], surveillance: {P1: 30, NR: 30}}
lignes: {autres: {flux: "15", parcours: quinze}}
parcours: {quinze: {étapes: {attente: {salle: "15"}}}}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What remains of the call once it is over."""

    story: Story
    lrm: list[dict[str, Any]]
    ledger: LedgerEntry
    tracks: tuple[Pcm, Pcm]
    number: str
    smur_tracks: tuple[Pcm, Pcm]


def talking(view: dict[str, Any]) -> bool:
    return bool(view.get("call", {}).get("state") == "talking")


async def speaks(speaker: Any, hz: float, *listeners: Any) -> None:
    """One says a word, all the others hear it, and then there is silence."""
    for listener in listeners:
        listener.forget()
    speaker.send_tone(hz, WORD_SECONDS)
    for listener in listeners:
        await listener.hears(lambda pcm: contains_tone(pcm, hz, seconds=1.25), window=WORD_SECONDS + 1)
    speaker.hush()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(asterisk_root: Path | None) -> AsyncIterator[Told]:
    """The whole call, played once."""
    centre = CentreProcess(
        room=RoomSettings(offer_seconds=20, wrap_up_seconds=0),
        plan=PLAN,
        outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented=PRESENTED),
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(centre)
        await centre.add(MU1)
        operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        arm = await stack.enter_async_context(RobotPosition(centre.url, ARM1.login, PASSWORD))
        mu = await stack.enter_async_context(RobotPosition(centre.url, MU1.login, PASSWORD))
        for robot in (arm, mu):
            await robot.until(lambda view: view["position"]["state"] == "ready")
        caller = await stack.enter_async_context(centre.caller())
        witness, number = centre.witness(), new_number()

        caller.call("15", number=number)
        call_id = await witness.call_of(number)
        await arm.until(lambda view: "offer" in view)
        await arm.accept()
        await arm.until(talking)
        await speaks(caller, CALLER_HZ, arm)
        await speaks(arm, ARM_HZ, caller)

        await arm.command("transfer", callId=call_id, kind="room", value="MU", priority="P1")
        await mu.until(lambda view: call_id in view.get("waiting", {}).get("MU", {}))
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await mu.command("take_call", callId=call_id)
        await mu.until(talking)
        await speaks(mu, MU_HZ, caller)

        await mu.command("invite", kind="position", value="arm1")
        await arm.until(lambda view: "offer" in view)
        await arm.accept()
        await arm.until(talking)
        await witness.until_told(call_id, CallAnswered, count=3)
        await speaks(arm, ARM_HZ, caller, mu)
        await arm.command("invite", kind="number", value=SMUR)
        smur = await operator.called()
        smur.ring()
        smur.answer()
        await witness.until_told(call_id, PartyJoined)
        await speaks(smur, SMUR_HZ, caller, arm, mu)
        await speaks(caller, CALLER_HZ, smur, arm, mu)

        await arm.command("leave_call", callId=call_id)
        await arm.until(lambda view: view["position"]["state"] == "ready")
        arm.forget()
        await speaks(mu, MU_HZ, caller, smur)
        assert not contains_tone(arm.heard(), MU_HZ, seconds=0.25), "who left hears no more"
        await mu.command("hang_up")
        await caller.ended()
        await smur.ended()
        story = await witness.until_told(call_id, RecordingEnded, count=2)
        story = await witness.until_told(call_id, LrmNotified, count=3)
        yield Told(
            story=story,
            lrm=[call for call in await centre.told_to_lrm() if call["idAppel"] == call_id],
            ledger=await centre.ledger_of(call_id),
            tracks=centre.tracks(call_id),
            number=number,
            smur_tracks=centre.tracks(CallId(story.only(PartyJoined).channel_id)),
        )


async def test_the_journal_tells_it_event_by_event(told: Told) -> None:
    story = told.story
    about_sound = (RecordingStarted, RecordingEnded, LrmNotified)
    happened = [type(e.event) for e in story.envelopes if not isinstance(e.event, about_sound)]
    assert happened == [
        *(CallArrived, LineOpened, CallOriented, CallQueued),
        *(CallOffered, OfferAccepted, CallAnswered),  # the ARM
        *(TransferStarted, CallQueued, PartyLeft),  # parked for the physician
        *(CallOffered, OfferAccepted, CallAnswered),  # who takes it
        *(PartyInvited, CallOffered, OfferAccepted, CallAnswered),  # the ARM, asked in
        *(PartyInvited, PartyRinging, PartyJoined),  # the SMUR
        PartyLeft,  # the ARM
        PartyLeft,  # the SMUR, at the end
        CallEnded,
    ]
    instants = [envelope.occurred_at for envelope in story.envelopes]
    assert instants == sorted(instants)

    arrived, [first, parked] = story.only(CallArrived), story.all(CallQueued)
    assert (arrived.line, arrived.caller.e164) == ("15", told.number)
    assert (first.queue, first.flow, first.priority, first.front_office) == (
        *("15", "15", Priority.PX),
        FrontOffice.FO1,
    )
    assert (parked.queue, parked.flow, parked.priority, parked.front_office, parked.by) == (
        *("MU", "15", Priority.P1),
        *(FrontOffice.FO2, "arm1"),
    )
    passed_on = story.only(TransferStarted)
    assert (passed_on.position_id, passed_on.target) == ("arm1", Target(TargetKind.ROOM, "MU"))
    offers = [(offer.position_id, offer.kind) for offer in story.all(CallOffered)]
    assert offers == [
        ("arm1", OfferKind.DISTRIBUTED),
        ("mu1", OfferKind.CHOSEN),
        ("arm1", OfferKind.INVITED),
    ]
    answers = [(a.position_id, a.agent_id) for a in story.all(CallAnswered)]
    arm, mu = ("arm1", ARM1.agent_id), ("mu1", MU1.agent_id)
    assert answers == [arm, mu, arm]
    invited = [(i.target, i.by) for i in story.all(PartyInvited)]
    assert invited == [
        (Target(TargetKind.POSITION, "arm1"), "mu1"),
        (Target(TargetKind.NUMBER, SMUR), "arm1"),
    ]
    smur = story.only(PartyJoined)
    left = [(party.party_id, party.reason) for party in story.all(PartyLeft)]
    assert left[:2] == [("arm1", PartyEnd.TRANSFERRED), ("arm1", PartyEnd.LEFT)]
    assert left[2][0] in (smur.party_id, "caller"), "both are hung up on; the last of them ends the call"
    ended = story.ended
    assert (ended.outcome, ended.ended_by, ended.position_id) == (Outcome.ANSWERED, EndedBy.AGENT, "arm1")


async def test_the_ledger_has_one_row_with_its_first_answer(told: Told) -> None:
    row, story = told.ledger, told.story
    assert (row.outcome, row.ended_by, row.position_id) == (Outcome.ANSWERED, EndedBy.AGENT, "arm1")
    assert (row.queued_at, row.answered_at) == (story.at(CallQueued), story.at(CallAnswered))
    assert (row.queue, row.priority) == ("MU", Priority.P1)
    assert row.recorded is True


async def test_both_tracks_hold_the_whole_call(told: Told) -> None:
    said, given = told.tracks
    story = told.story
    whole = (story.at(CallEnded) - story.at(LineOpened)).total_seconds()
    for track in (said, given):
        assert abs(len(track) / RATE - whole) < 2, "from the first second to the last"
    assert when(said, CALLER_HZ), "the caller's own voice"
    assert not any(when(said, hz) for hz in (ARM_HZ, MU_HZ, SMUR_HZ, TONES["music"]))
    assert not when(given, CALLER_HZ), "nobody hears an echo of the caller"
    arm, music, mu, smur = (when(given, hz) for hz in (ARM_HZ, TONES["music"], MU_HZ, SMUR_HZ))
    assert arm[0] < music[-1] < mu[0] < arm[-1] < smur[0] < mu[-1], "ARM, music, MU, ARM again, SMUR, MU"
    recordings = story.all(RecordingEnded)
    assert len(story.all(RecordingStarted)) == len(recordings) == 2
    assert abs(max(r.seconds for r in recordings) - whole) < 2
    smur_said, smur_given = told.smur_tracks
    assert when(smur_said, SMUR_HZ)
    assert when(smur_given, CALLER_HZ)
    assert when(smur_given, MU_HZ)


async def test_the_lrm_of_each_is_told_when_they_are_in_the_call(told: Told) -> None:
    call_id = told.story.only(CallArrived).call_id
    messages = [
        (m["agent"], m["idAppel"], m["numTel"], m["idFlux"], m["nePasExecuter"]) for m in reversed(told.lrm)
    ]
    assert messages == [
        (ARM1.agent_id, call_id, told.number, "FR751-15-15-Px-F01", False),
        (MU1.agent_id, call_id, told.number, "FR751-FluxStd-MU-P1-F02", False),
    ], "the ARM, told again on coming back, has that call already: it is the same entry"
    assert [n.agent_id for n in told.story.all(LrmNotified)] == [
        *(ARM1.agent_id, MU1.agent_id, ARM1.agent_id),
    ]
    assert {n.status // 100 for n in told.story.all(LrmNotified)} == {2}


def when(track: Pcm, hz: float) -> list[float]:
    """The seconds of a track in which a tone is heard."""
    window = RATE // 4
    starts = range(0, len(track) - window, window)
    return [at / RATE for at in starts if contains_tone(track[at : at + window], hz, seconds=0.25)]
