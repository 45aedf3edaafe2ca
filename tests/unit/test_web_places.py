"""A caller's place stays with the call on screens: parked, transferred, shared, merged; and the demo's."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from acd.cards import cards
from acd.defaults import default_plan
from app.demo_location import with_demo_location
from app.settings import LocationSettings, Settings
from bandeau.model import StripModel, list_of, own
from core.events import (
    AgentLoggedIn,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerLocated,
    CallOffered,
    CallPlaced,
    CallQueued,
    CallsMerged,
    Event,
    LocationAsked,
    LocationMissing,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId, QueueId
from core.location import LocationFailure, LocationSource
from core.words import CallerNumber, CallKind, EndedBy, FrontOffice, Outcome, Priority, Role, Target, TargetKind
from tests.support.events import NOON, envelope
from tests.support.located import at_rouen
from web.live import Section, View

pytestmark = pytest.mark.unit

CALL, OTHER = CallId("c1"), CallId("c2")
ARM, MU = PositionId("arm1"), PositionId("mu1")
MU_ROOM = QueueId("MU")


def agent(position: PositionId, role: Role) -> Event:
    return AgentLoggedIn(position_id=position, agent_id=AgentId(position), name=position, role=role)


def answered(position: PositionId, call: CallId = CALL) -> Event:
    return CallAnswered(call_id=call, offer_id=OfferId("o"), position_id=position, agent_id=AgentId(position))


LOCATED = CallerLocated(call_id=CALL, location=at_rouen(), commune="Rouen (76)")
COARSE = CallerLocated(
    call_id=CALL, location=at_rouen(900, source=LocationSource.PFLAU), commune="Rouen (76)", best=False
)
TALKING = (
    agent(ARM, Role.ARM),
    agent(MU, Role.PHYSICIAN_MU),
    CallArrived(call_id=CALL, channel_id=ChannelId("ch1"), line="15", caller=CallerNumber("+33612345678")),
    answered(ARM),
    LOCATED,
    COARSE,
)
PARKED = CallQueued(
    call_id=CALL,
    flow="15",
    queue=MU_ROOM,
    priority=Priority.P1,
    front_office=FrontOffice.FO2,
    by=ARM,
)
OFFERED = CallOffered(
    call_id=CALL,
    offer_id=OfferId("o2"),
    position_id=MU,
    agent_id=AgentId(MU),
    deadline=NOON + timedelta(seconds=20),
)


def shown(events: Iterable[Event]) -> dict[Section, View]:
    model = StripModel(QueueId("15"), cards(default_plan()))
    for seq, event in enumerate(events, 1):
        model.fold(envelope(event, seq))
    return model.sections()


def place(events: Iterable[Event], position: PositionId, section: str = "call") -> Any:
    return shown(events)[Section(own(position))][section].get("location")


def test_who_talks_sees_the_best_place_and_what_stands_beside() -> None:
    seen = place(TALKING, ARM)
    assert (seen["commune"], seen["radius"], seen["source"]) == ("Rouen (76)", 25, "aml_https")
    assert seen["beside"]["pflau"]["radius"] == 900


def test_parked_for_a_physician_it_is_in_the_list_and_in_the_offer() -> None:
    parked = shown((*TALKING, PARKED))
    assert parked[Section(list_of(MU_ROOM), ("waiting", "MU", CALL))]["commune"] == "Rouen (76)"
    assert parked[Section(own(ARM))]["parked"][CALL]["commune"] == "Rouen (76)"
    assert place((*TALKING, PARKED, OFFERED), MU, "offer")["commune"] == "Rouen (76)"
    assert place((*TALKING, PARKED, OFFERED, answered(MU)), MU)["radius"] == 25


def test_two_positions_in_one_call_see_the_same() -> None:
    assert place((*TALKING, answered(MU)), MU) == place((*TALKING, answered(MU)), ARM)


def test_a_call_merged_into_another_brings_its_place() -> None:
    placed = CallPlaced(
        call_id=OTHER,
        position_id=ARM,
        agent_id=AgentId(ARM),
        kind=CallKind.INTERNAL,
        target=Target(TargetKind.POSITION, MU),
    )
    merged = CallsMerged(call_id=OTHER, position_id=ARM, merged_id=CALL)
    ended = CallEnded(call_id=CALL, outcome=Outcome.ANSWERED, ended_by=EndedBy.SYSTEM)
    seen = shown((*TALKING, placed, merged, ended))[Section(own(ARM))]["calls"][OTHER]
    assert seen["location"]["commune"] == "Rouen (76)"


def test_a_question_is_shown_until_its_answer() -> None:
    until = NOON + timedelta(seconds=5)
    asked = LocationAsked(call_id=CALL, by=ARM, until=until)
    missing = LocationMissing(call_id=CALL, source=LocationSource.PFLAU, reason=LocationFailure.UNAVAILABLE)
    assert place((*TALKING, asked), ARM)["askedUntil"] == "2026-11-22T12:00:05.000Z"
    told = place((*TALKING, asked, missing), ARM)
    assert "askedUntil" not in told
    assert told["missing"]["reason"] == "unavailable"
    assert "missing" not in place((*TALKING, asked, missing, LOCATED), ARM)


def test_nothing_is_kept_of_a_call_that_ended() -> None:
    model = StripModel(QueueId("15"), cards(default_plan()))
    ended = CallEnded(call_id=CALL, outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER)
    for seq, event in enumerate((*TALKING, ended, LOCATED), 1):
        model.fold(envelope(event, seq))
    assert model.places.of(CALL) is None


def test_a_demonstration_turns_everything_on_unless_the_centre_says_otherwise() -> None:
    settings, environment = with_demo_location(Settings())
    assert settings.location.pflau == "simulated"
    assert settings.location.pidf_lo_trunks == ("operator",)
    assert environment["BANDEAU15_LOCATION__AML_TOKEN"] == settings.location.aml_token.get_secret_value()

    own_choice = Settings(location=LocationSettings(pflau=""))
    assert with_demo_location(own_choice) == (own_choice, {})
