"""Whose LRM is told what: on answering, transfer, consultation, merge; whatever comes in which order."""

import asyncio
import json
from dataclasses import asdict

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.commands import (
    CompleteTransfer,
    HangUp,
    InviteParty,
    LeaveCall,
    MergeCalls,
    PlaceCall,
    TakeCall,
    TransferCall,
)
from core.errors import CommandRefused
from core.events import CallQueued, CallsMerged, DossierCorrelated, LrmNotificationFailed, LrmNotified
from core.ids import AgentId, CallId, CentreId, DossierId, PositionId, QueueId
from core.words import CallerNumber, FrontOffice, LrmMessage, Priority, Role
from lrm_bridge.contract import id_flux
from lrm_bridge.model import CallBook
from lrm_bridge.outbox import Notice, Outbox
from lrm_bridge.policy import Answer
from tests.support.centre import START
from tests.support.control import SMUR, colleague, room
from tests.support.lrm import LrmCentre, ObligingLrm
from tests.support.lrm_contract import TOWARDS_LRM, definition

pytestmark = pytest.mark.unit

ARM1, ARM2, DOC = PositionId("arm1"), PositionId("arm2"), PositionId("doc")


async def a_centre(*names: str) -> tuple[LrmCentre, ObligingLrm]:
    lrm = ObligingLrm()
    centre = LrmCentre(lrm)
    for name in names:
        await centre.agent(name, role=Role.PHYSICIAN_MU if name == "doc" else Role.ARM)
    return centre, lrm


def what(lrm: ObligingLrm) -> list[tuple[str, str]]:
    return [(operation, agent) for operation, agent, _ in lrm.told]


async def test_a_call_taken_is_an_incoming_call_and_the_next_agent_is_shown_its_dossier() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1")
    await centre.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    await centre.accept("arm2")
    assert what(lrm) == [("appel_entrant", "arm1"), ("D1", "arm2")]
    shown = lrm.told[1][2]
    assert (shown.idNatPs, shown.idAppel, shown.numTel) == ("arm2", call_id, "+33612345678")
    [_, told] = centre.journal.events(LrmNotified)
    assert (told.message, told.dossier_id, told.call_id) == (LrmMessage.AFFICHER_DOSSIER, "D1", call_id)


async def test_a_dossier_that_is_known_after_the_transfer_is_shown_to_who_has_the_call() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    call_id = await centre.talking("arm1")
    await centre.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    await centre.accept("arm2")
    await centre.correlate("arm1", "D1", call_id)
    assert what(lrm) == [("appel_entrant", "arm1"), ("appel_entrant", "arm2"), ("D1", "arm2")]


async def test_a_dossier_known_before_the_answer_is_shown() -> None:
    centre, lrm = await a_centre("arm1")
    call_id = await centre.queued()
    await centre.correlate("arm1", "D1", call_id)
    await centre.accept("arm1")
    assert what(lrm) == [("D1", "arm1")]


async def test_who_is_consulted_is_shown_the_dossier_and_not_again_when_the_call_is_passed_on() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1")
    await centre.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    await centre.accept("arm2")
    assert what(lrm) == [("appel_entrant", "arm1"), ("D1", "arm2")]
    assert lrm.told[1][2].idAppel == call_id
    await centre.do(CompleteTransfer(position_id=ARM1))
    assert len(centre.journal.events(CallsMerged)) == 1
    assert len(lrm.told) == 2


async def test_who_comes_by_a_merge_is_told_where_the_consultation_told_nothing() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    await centre.talking("arm1")
    await centre.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    await centre.accept("arm2")
    assert what(lrm) == [("appel_entrant", "arm1")]  # nothing to show yet
    await centre.do(MergeCalls(position_id=ARM1))
    assert what(lrm) == [("appel_entrant", "arm1"), ("appel_entrant", "arm2")]
    await centre.correlate("arm2", "D2")
    assert what(lrm)[2:] == [("D2", "arm1")]  # the one whose LRM said so has it open


async def test_who_joins_a_conference_and_who_takes_a_parked_call_are_shown_the_dossier() -> None:
    centre, lrm = await a_centre("arm1", "arm2", "doc")
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1", priority=Priority.P1)
    await centre.do(InviteParty(position_id=ARM1, target=colleague("arm2")))
    await centre.accept("arm2")
    await centre.do(LeaveCall(position_id=ARM1, call_id=call_id))
    await centre.do(TransferCall(position_id=ARM2, call_id=call_id, target=room("MU")))
    await centre.do(TakeCall(position_id=DOC, call_id=call_id))
    assert what(lrm) == [("appel_entrant", "arm1"), ("D1", "arm2"), ("D1", "doc")]


async def test_a_call_of_ours_is_no_incoming_call_but_its_dossier_is_shown() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    call_id = await centre.call_number("arm1")
    await centre.picks_up()
    assert lrm.told == []
    await centre.correlate("arm1", "D1")
    await centre.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    await centre.accept("arm2")
    assert what(lrm) == [("D1", "arm2")]
    assert lrm.told[0][2].numTel == SMUR


async def test_a_new_dossier_of_the_same_call_is_shown_again_and_the_same_is_not() -> None:
    centre, lrm = await a_centre("arm1", "arm2")
    await centre.talking("arm1")
    await centre.do(InviteParty(position_id=ARM1, target=colleague("arm2")))
    await centre.accept("arm2")
    for dossier in ("D1", "D1", "D2", "D2", "D1"):
        await centre.correlate("arm1", dossier)
    assert what(lrm)[2:] == [("D1", "arm2"), ("D2", "arm2"), ("D1", "arm2")]
    assert len(centre.journal.events(DossierCorrelated)) == 3


async def test_professionals_open_no_dossier() -> None:
    centre, lrm = await a_centre("arm1")
    centre.service._professional = {"+33612345678"}.__contains__
    await centre.talking("arm1")
    assert lrm.told[0][2].nePasExecuter is True


# --- what is sent is always of the contract -----------------------------------------------------------------

names = st.text(min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.none(), st.from_regex(r"\+[0-9]{1,18}", fullmatch=True), st.text(max_size=20)),
    st.text(min_size=1, max_size=64),
    names,
    names,
    st.sampled_from(Priority),
    st.sampled_from(FrontOffice),
    st.booleans(),
)
def test_whatever_the_call_the_body_is_of_the_contract(
    caller: str | None, call: str, flow: str, queue: str, priority: Priority, level: FrontOffice, test: bool
) -> None:
    queued = CallQueued(
        call_id=CallId(call), flow=flow, queue=QueueId(queue), priority=priority, front_office=level
    )
    flux = id_flux(CentreId("FR751"), queued)
    assert flux.endswith(f"-{priority}-{level}")
    for dossier, title in ((None, "AppelEntrant"), (DossierId("D1"), "AffichageDossier")):
        notice = Notice(
            call_id=CallId(call),
            agent_id=AgentId("a"),
            at=START,
            caller=CallerNumber(caller, test=test),
            id_flux=flux,
            dossier_id=dossier,
        )
        body = asdict(notice.body(lambda number: number.endswith("0")))
        jsonschema.validate(json.loads(json.dumps(body)), definition(TOWARDS_LRM, title))


def test_the_second_level_has_one_flow() -> None:
    queued = CallQueued(
        call_id=CallId("c"),
        flow="15",
        queue=QueueId("MU"),
        priority=Priority.P0,
        front_office=FrontOffice.FO2,
    )
    assert id_flux(CentreId("FR090"), queued) == "FR090-FluxStd-MU-P0-F02"


# --- whatever comes in which order --------------------------------------------------------------------------

STEPS = (
    "transfer",
    "back",
    "merge",
    "leave",
    "hang up",
    "D1 by arm1",
    "D2 by arm1",
    "D1 by arm2",
    "D2 by arm2",
)


async def carry_out(centre: LrmCentre, call_id: CallId, step: str) -> None:
    """One step of a story, where the state of the call allows it."""
    try:
        match step:
            case "transfer" | "back":
                one, other = (ARM1, "arm2") if step == "transfer" else (ARM2, "arm1")
                await centre.do(TransferCall(position_id=one, call_id=call_id, target=colleague(other)))
                await accepted(centre, other)
            case "merge":
                await centre.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
                await accepted(centre, "arm2")
                await centre.do(MergeCalls(position_id=ARM1))
            case "leave":
                await centre.do(LeaveCall(position_id=ARM1, call_id=call_id))
            case "hang up":
                await centre.do(HangUp(position_id=ARM1))
                await centre.hang_ups()
            case _:
                dossier, _, agent = step.split()
                await centre.correlate(agent, dossier, call_id)
    except CommandRefused:
        return


async def accepted(centre: LrmCentre, name: str) -> None:
    if centre.centre.acd.room.positions[PositionId(name)].offer is not None:
        await centre.accept(name)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_who_has_a_call_has_its_last_dossier_before_them_whatever_the_order(
    steps: list[str], away: list[bool]
) -> None:
    """Also where the LRM is away in between, and comes back in time; and a replay knows the same."""

    async def story() -> None:
        centre, lrm = await a_centre("arm1", "arm2")
        call_id = await centre.talking("arm1")
        for step, gone in zip(steps, away, strict=False):
            lrm.answer = Answer(None, "ConnectError") if gone else Answer(202)
            await carry_out(centre, call_id, step)
        lrm.answer = Answer(202)
        for _ in range(12):
            centre.turn(1)
            await centre.told()
        assert not centre.centre.failures
        assert len(centre.service.outbox) == 0
        call = centre.book.find(call_id)
        assert call is not None
        assert not centre.journal.events(LrmNotificationFailed)
        for agent in call.agents():
            seen = [w for w, a, _ in lrm.told if a == agent]
            said = [e.dossier_id for e in centre.journal.events(DossierCorrelated) if e.agent_id == agent]
            assert call.dossier_id is None or call.dossier_id in (*seen, *said)
            assert call.told[agent] == call.dossier_id
        again = Outbox(CallBook())
        for envelope in centre.journal.envelopes:
            again.fold(envelope)
        assert again.pending == centre.service.outbox.pending
        assert again.book.find(call_id) == call
        await centre.service.close()

    asyncio.run(story())
