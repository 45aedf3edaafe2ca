"""What an LRM may ask: click-to-call, correlation; twice, late, in any order, and what it does to the rooms."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.commands import ChangePriority, HangUp, HoldCall, InviteParty, MergeCalls, PlaceCall, TransferCall
from core.dossiers import DossierDetails
from core.errors import CommandRefused, StorageUnavailable
from core.events import (
    CallEnded,
    CallHeld,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    DossierCorrelated,
)
from core.ids import AgentId, CallId, DossierId, PositionId
from core.words import Priority, Role
from lrm_bridge.display import Displays
from lrm_bridge.policy import Click
from tests.support.centre import settle
from tests.support.control import NUMBER, SMUR, colleague, room
from tests.support.lrm import LrmCentre, ObligingLrm
from tests.support.waiting import until
from web.dossiers import DossiersSeen

pytestmark = pytest.mark.unit

ARM1, DOC = PositionId("arm1"), PositionId("doc")
A1 = AgentId("arm1")
OTHER = "+33140000002"


async def a_centre(*names: str) -> LrmCentre:
    centre = LrmCentre(ObligingLrm())
    for name in names or ("arm1",):
        await centre.agent(name, role=Role.PHYSICIAN_MU if name.startswith("doc") else Role.ARM)
    return centre


def click(centre: LrmCentre, value: str = "0140000001", dossier: str | None = None) -> Click:
    return centre.requests.call(A1, value, DossierId(dossier) if dossier else None)


# --- click-to-call ------------------------------------------------------------------------------------------


async def test_a_click_calls_and_the_call_belongs_to_the_dossier() -> None:
    centre = await a_centre()
    assert click(centre, dossier="D1") is Click.CALL
    [placed] = centre.journal.events(CallPlaced)
    [told] = centre.journal.events(DossierCorrelated)
    assert (placed.target.value, told.call_id, told.dossier_id) == (SMUR, placed.call_id, "D1")


async def test_a_click_while_talking_puts_the_call_on_hold() -> None:
    centre = await a_centre()
    call_id = await centre.talking("arm1")
    assert click(centre) is Click.CALL
    assert [held.call_id for held in centre.journal.events(CallHeld)] == [call_id]
    assert len(centre.live.calls_of(ARM1)) == 2


@pytest.mark.parametrize("again", ["0140000001", "+33140000001", "0033140000001"])
async def test_the_same_number_clicked_twice_is_called_once(again: str) -> None:
    centre = await a_centre()
    assert click(centre) is Click.CALL
    assert click(centre, again) is Click.IGNORED  # it rings
    await settle()
    await centre.picks_up()
    assert click(centre, again) is Click.IGNORED  # it talks
    assert len(centre.journal.events(CallPlaced)) == 1


async def test_the_number_of_the_caller_heard_or_held_is_ignored() -> None:
    centre = await a_centre()
    await centre.talking("arm1")
    assert click(centre, NUMBER) is Click.IGNORED
    await centre.do(HoldCall(position_id=ARM1))
    assert click(centre, NUMBER) is Click.IGNORED
    assert centre.journal.events(CallPlaced) == []


async def test_an_agent_with_one_call_and_one_held_is_refused_a_third() -> None:
    centre = await a_centre()
    await centre.talking("arm1")
    assert click(centre) is Click.CALL
    assert click(centre, OTHER) is Click.TWO_CALLS
    assert click(centre) is Click.IGNORED  # but the same again is no mistake


async def test_an_agent_in_a_conference_is_refused() -> None:
    centre = await a_centre("arm1", "arm2")
    await centre.talking("arm1")
    await centre.do(InviteParty(position_id=ARM1, target=colleague("arm2")))
    await centre.accept("arm2")
    assert click(centre) is Click.CONFERENCE


async def test_an_agent_who_is_not_logged_in_is_not_there() -> None:
    centre = await a_centre()
    assert centre.requests.call(AgentId("nobody"), "0140000001") is Click.NOT_LOGGED_IN


async def test_a_click_that_cannot_be_called_says_why_and_leaves_no_wish() -> None:
    centre = await a_centre()
    for value, code in (("+33891234567", "number_not_allowed"), ("*21", "bad_number")):
        with pytest.raises(CommandRefused, match=code):
            click(centre, value, "D9")
    await centre.call_number("arm1")
    assert centre.journal.events(DossierCorrelated) == []


async def test_a_click_waits_for_the_telephone_of_a_position_away_from_the_centre() -> None:
    centre = await a_centre()
    waiting: list[PlaceCall] = []
    centre.requests._execute = waiting.append  # type: ignore[assignment]
    assert click(centre, dossier="D1") is Click.CALL
    assert click(centre, dossier="D1") is Click.IGNORED
    assert centre.journal.events(CallPlaced) == []
    await centre.do(waiting[0])
    assert [told.dossier_id for told in centre.journal.events(DossierCorrelated)] == ["D1"]
    assert len(waiting) == 1


async def test_a_telephone_that_never_answers_leaves_no_wish_for_ever() -> None:
    centre = await a_centre()
    centre.requests._execute = lambda command: None
    assert click(centre, dossier="D1") is Click.CALL
    centre.turn(61)
    await centre.call_number("arm1")
    assert centre.journal.events(DossierCorrelated) == []
    await centre.do(HangUp(position_id=ARM1))
    await centre.hang_ups()
    assert click(centre) is Click.CALL


# --- correlation --------------------------------------------------------------------------------------------


async def test_after_hanging_up_a_call_may_be_correlated_for_a_day() -> None:
    centre = await a_centre()
    call_id = await centre.talking("arm1")
    await centre.do(HangUp(position_id=ARM1))
    await centre.hang_ups()
    assert centre.ended(call_id)
    with pytest.raises(CommandRefused, match="no_call"):
        await centre.correlate("arm1", "D1")
    centre.turn(23 * 3600)
    await centre.correlate("arm1", "D1", call_id)
    centre.turn(3601)
    with pytest.raises(CommandRefused, match="unknown_call"):
        await centre.correlate("arm1", "D2", call_id)
    assert [told.dossier_id for told in centre.journal.events(DossierCorrelated)] == ["D1"]


async def test_a_call_that_became_part_of_another_means_the_other() -> None:
    centre = await a_centre()
    call_id = await centre.talking("arm1")
    second = await centre.call_number("arm1")
    await centre.picks_up()
    await centre.correlate("arm1", "D1", second, localisation="12 rue des Lilas")
    await centre.do(MergeCalls(position_id=ARM1))
    stays = centre.live.calls_of(ARM1)[0].call_id
    assert stays == call_id
    shown = centre.displays.of(stays)
    assert shown is not None
    assert (shown.dossier_id, shown.place) == ("D1", "12 rue des Lilas")
    await centre.correlate("arm1", "D2", second)
    assert centre.journal.events(DossierCorrelated)[-1].call_id == stays


async def test_what_is_said_in_pieces_adds_up_and_a_new_dossier_starts_anew() -> None:
    centre = await a_centre()
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1", patients=({"nom": "Martin", "age": "P3M"},), priority=Priority.P2)
    await centre.correlate("arm1", "D1", localisation="Gare du Nord")
    await centre.correlate("arm1", "D1", appelant={"nom": "Durand"})
    shown = centre.displays.of(call_id)
    assert shown is not None
    assert (shown.patients[0].name, shown.place, shown.caller_name) == ("Martin", "Gare du Nord", "Durand")
    assert centre.journal.events(DossierCorrelated)[-1].priority is Priority.P2
    await centre.correlate("arm1", "D2", localisation="Gare de Lyon")
    shown = centre.displays.of(call_id)
    assert shown is not None
    assert (shown.patients, shown.place, shown.caller_name) == ((), "Gare de Lyon", "")
    assert centre.journal.events(DossierCorrelated)[-1].priority is None


PIECES = (
    {"localisation": "Gare du Nord"},
    {"appelant": {"nom": "Durand", "prenom": "Luc"}},
    {"patients": ({"nom": "Martin"}, {"nom": "Martin", "age": "P3M"})},
    {"priority": Priority.P1},
)


@settings(max_examples=50, deadline=None)
@given(st.permutations([*PIECES, *PIECES]), st.integers(0, 8), st.booleans())
def test_the_order_of_requests_and_a_hang_up_between_them_change_nothing(
    pieces: list[dict[str, object]], end: int, twice: bool
) -> None:
    async def story() -> None:
        centre = await a_centre()
        call_id = await centre.talking("arm1")
        for n, piece in enumerate(pieces):
            if n == end:
                await centre.do(HangUp(position_id=ARM1))
                await centre.hang_ups()
            for _ in range(1 + twice):
                await centre.correlate("arm1", "D1", call_id, **piece)  # type: ignore[arg-type]
        shown = centre.displays.of(call_id)
        assert shown is not None
        assert (shown.place, shown.caller_name, len(shown.patients)) == ("Gare du Nord", "Durand", 2)
        told = centre.journal.events(DossierCorrelated)
        assert told[-1].priority is Priority.P1
        assert len(told) <= len(PIECES)  # repeated ones are nothing new
        assert len(centre.journal.events(CallEnded)) == (end < len(pieces))

    asyncio.run(story())


# --- the medical waiting room -------------------------------------------------------------------------------


async def parked(centre: LrmCentre) -> CallId:
    call_id = await centre.talking("arm1")
    await centre.do(TransferCall(position_id=ARM1, call_id=call_id, target=room("MU")))
    return call_id


async def test_the_priority_of_the_lrm_moves_a_call_in_the_medical_room_at_once() -> None:
    centre = await a_centre()
    first, second = await parked(centre), await parked(centre)
    assert centre.centre.acd.place_of(first) == 0
    await centre.correlate("arm1", "D2", second, priority=Priority.P0)
    assert centre.centre.acd.place_of(second) == 0
    assert centre.journal.events(CallPrioritised)[-1].priority is Priority.P0
    await centre.correlate("arm1", "D2", second, priority=Priority.P3)
    assert centre.centre.acd.place_of(second) == 1


async def test_a_priority_given_before_the_transfer_counts_there_unless_an_agent_gives_another() -> None:
    centre = await a_centre("arm1", "doc0")
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1", priority=Priority.P1)
    await centre.do(TransferCall(position_id=ARM1, call_id=call_id, target=room("MU")))
    assert centre.journal.events(CallQueued)[-1].priority is Priority.P1
    await centre.do(ChangePriority(position_id=ARM1, call_id=call_id, priority=Priority.P3))
    assert centre.centre.acd.room.regulation == {}


async def test_the_first_level_keeps_its_own_priorities() -> None:
    centre = await a_centre()
    await centre.talking("arm1")
    waiting = await centre.queued(OTHER)
    await centre.correlate("arm1", "D1", waiting, priority=Priority.P0)
    assert centre.journal.events(CallPrioritised) == []


# --- what is shown ------------------------------------------------------------------------------------------


async def test_the_details_are_shown_with_their_call_and_no_longer_than_a_day() -> None:
    centre = await a_centre()
    seen = DossiersSeen()
    seen.details = centre.displays.of
    centre.centre.bus.project(seen.fold)
    call_id = await centre.talking("arm1")
    await centre.correlate(
        "arm1",
        "D1",
        priority=Priority.P1,
        localisation="Gare du Nord",
        appelant={"nom": "Durand", "prenom": "Luc"},
        patients=({"nom": "Martin", "prenom": "Anne", "sexe": "F", "patientRemarquable": True},),
    )
    view = seen.of(call_id)
    assert view is not None
    assert {**view, "at": ""} == {
        "id": "D1",
        "priority": "P1",
        "place": "Gare du Nord",
        "caller": "Luc Durand",
        "patients": {"1": {"name": "Anne Martin", "sex": "F", "remarkable": True}},
        "at": "",
    }
    assert seen.brief(call_id) == {"id": "D1", "priority": "P1"}
    centre.turn(24 * 3600)
    assert seen.of(call_id) == {"id": "D1", "priority": "P1"}


async def test_details_survive_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shown at once, kept when the database is back, read back after a restart, purged after a day."""

    class Store:
        def __init__(self) -> None:
            self.kept: dict[str, DossierDetails] = {}
            self.away, self.refused = True, 0

        async def save(self, details: list[DossierDetails]) -> None:
            self._check()
            self.kept |= {each.call_id: each for each in details}

        async def load(self, since: object) -> list[DossierDetails]:
            self._check()
            return list(self.kept.values())

        async def purge(self, until: object) -> int:
            self._check()
            self.kept = {c: d for c, d in self.kept.items() if d.at > until}  # type: ignore[operator]
            return 0

        def _check(self) -> None:
            if self.away:
                self.refused += 1
                raise StorageUnavailable

    monkeypatch.setattr("lrm_bridge.display.TRY_AGAIN_S", 0.001)
    store = Store()
    centre = LrmCentre(ObligingLrm(), store)  # type: ignore[arg-type]
    keeping = asyncio.create_task(centre.displays.keep())
    await centre.agent("arm1")
    call_id = await centre.talking("arm1")
    await centre.correlate("arm1", "D1", localisation="Gare du Nord")
    await until(lambda: store.refused > 1, "the database was tried again")
    assert store.kept == {}
    assert centre.displays.of(call_id) is not None
    store.away = False
    await until(lambda: bool(store.kept), "what was said is kept")
    found: set[CallId] = set()
    again = Displays(centre.centre.clock, store, found.update)  # type: ignore[arg-type]
    reading = asyncio.create_task(again.keep())
    await until(lambda: bool(found), "what was kept is read back")
    assert again.of(call_id) == centre.displays.of(call_id)
    centre.centre.clock.advance(timedelta(hours=25).total_seconds())
    again._purge_at = None
    await again._work()
    assert (again.of(call_id), store.kept) == (None, {})
    for task in (keeping, reading):
        task.cancel()
    await asyncio.gather(keeping, reading, return_exceptions=True)
