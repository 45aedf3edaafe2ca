"""What the API shows: each event once; snapshot and events say the same; so does who folds the same journal."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core.api_clients import Scope
from core.events import (
    AgentLoggedIn,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallPlaced,
    CallQueued,
    DossierCorrelated,
    Event,
    PartyInvited,
    PartyJoined,
    PartyNotReached,
    PartyRinging,
    PositionStateChanged,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
)
from core.ids import AgentId, CallId, ChannelId, DossierId, OfferId, PartyId, PositionId, QueueId
from core.words import (
    CallerNumber,
    CallKind,
    EndedBy,
    FrontOffice,
    Outcome,
    PartyEnd,
    PositionState,
    Priority,
    Role,
    Target,
    TargetKind,
)
from lrm_bridge.api.documents import asyncapi
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.model import PublicModel
from lrm_bridge.api.shown import (
    Agent,
    AgentChanged,
    Call,
    CallChanged,
    CallLocated,
    CallResult,
    CallState,
    Snapshot,
)
from lrm_bridge.api.stream import snapshot
from tests.support.events import NOON, envelope
from tests.unit.test_web_snapshot_and_changes import meeting_events

pytestmark = pytest.mark.unit

EVERYTHING = frozenset(Scope)
C = CallId("c1")
P = PositionId("arm1")
CALLEE = PartyId("x1")


def placed(**more: Any) -> CallPlaced:
    return CallPlaced(
        call_id=C,
        position_id=P,
        agent_id=AgentId("8/1"),
        kind=CallKind.OUTGOING,
        target=Target(TargetKind.NUMBER, "+33199000001"),
        **more,
    )


INVITED = PartyInvited(
    call_id=C, party_id=CALLEE, target=Target(TargetKind.NUMBER, "+33199000001"), deadline=NOON
)
RINGS = PartyRinging(call_id=C, party_id=CALLEE)
JOINED = PartyJoined(call_id=C, party_id=CALLEE, channel_id=ChannelId("x1"))
OVER = CallEnded(call_id=C, outcome=Outcome.NOT_REACHED, ended_by=EndedBy.SYSTEM)


def not_reached(reason: PartyEnd) -> PartyNotReached:
    return PartyNotReached(call_id=C, party_id=CALLEE, reason=reason)


def told(*events: Event) -> tuple[PublicModel, list[str]]:
    model, types = PublicModel(), []
    for seq, event in enumerate(events, 1):
        public = model.fold(envelope(event, seq))
        if public is not None:
            types.append(public.type)
    return model, types


@pytest.mark.parametrize(
    ("events", "result"),
    [
        ([], CallResult.CALLING),
        ([RINGS], CallResult.RINGING),
        ([RINGS, JOINED], CallResult.ANSWERED),
        ([JOINED], CallResult.ANSWERED),
        ([RINGS, not_reached(PartyEnd.BUSY)], CallResult.BUSY),
        ([not_reached(PartyEnd.NO_ANSWER)], CallResult.NO_ANSWER),
        ([RINGS, not_reached(PartyEnd.DECLINED)], CallResult.REFUSED),
        ([not_reached(PartyEnd.FAILED)], CallResult.FAILED),
        ([not_reached(PartyEnd.UNAVAILABLE)], CallResult.FAILED),
        ([RINGS, not_reached(PartyEnd.CANCELLED)], CallResult.CANCELLED),
        ([RINGS, OVER], CallResult.CANCELLED),
        ([RINGS, JOINED, OVER], CallResult.ANSWERED),
        ([JOINED, INVITED, not_reached(PartyEnd.BUSY)], CallResult.ANSWERED),
    ],
)
def test_the_result_of_a_click_to_call(events: list[Event], result: CallResult) -> None:
    model, _ = told(placed(asked="c-1:key:body"), INVITED, *events)
    assert model.calls[C].result is result
    assert model.asked == {"c-1:key": (C, "body")}


def test_a_call_from_its_arrival_to_its_recording() -> None:
    model, types = told(
        AgentLoggedIn(position_id=P, agent_id=AgentId("8/1"), name="Camille", role=Role.ARM),
        CallArrived(call_id=C, channel_id=ChannelId(C), line="15", caller=CallerNumber("+33199000001")),
        RecordingStarted(call_id=C, caller_track="2026-11-22/c1-caller.wav", centre_track="x"),
        CallQueued(
            call_id=C, flow="15", queue=QueueId("15"), priority=Priority.PX, front_office=FrontOffice.FO1
        ),
        CallAnswered(call_id=C, offer_id=OfferId("o"), position_id=P, agent_id=AgentId("8/1")),
        PositionStateChanged(position_id=P, state=PositionState.ON_CALL),
        DossierCorrelated(
            call_id=C, dossier_id=DossierId("D/1"), agent_id=AgentId("8/1"), priority=Priority.P1
        ),
        CallEnded(call_id=C, outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER),
        RecordingEnded(call_id=C, seconds=12.5, octets=1, caller_track="2026-11-22/c1-caller.wav"),
        RecordingMissing(call_id=C, detail="", caller_track="2026-11-22/c1-2-caller.wav"),
    )
    assert types == [
        "agent.state",
        "call.arrived",
        "recording.started",
        "call.queued",
        "call.answered",
        "agent.state",
        "dossier.correlated",
        "call.ended",
        "recording.available",
        "recording.missing",
    ]
    call = model.calls[C]
    assert (call.state, call.dossier_id, call.dossier_priority) == (CallState.ENDED, "D/1", Priority.P1)
    assert [each.call_id for each in model.of_dossier("D/1")] == [C]
    assert {key: each.state.value for key, each in model.recordings[C].items()} == {
        "c1": "available",
        "c1-2": "missing",
    }


def test_nothing_is_shown_of_the_test_robot() -> None:
    _, types = told(
        AgentLoggedIn(position_id=P, agent_id=AgentId("r"), name="Robot", role=Role.TEST_ROBOT),
        CallArrived(call_id=C, channel_id=ChannelId(C), line="15", caller=CallerNumber("+331", test=True)),
        CallAnswered(call_id=C, offer_id=OfferId("o"), position_id=P, agent_id=AgentId("r")),
        PositionStateChanged(position_id=P, state=PositionState.ON_CALL),
    )
    assert types == []


class Reader:
    """A client that knows nothing but what it is told: each event replaces what it is about."""

    def __init__(self, shown: Snapshot) -> None:
        self.calls = {each.call_id: each for each in shown.calls}
        self.agents = {each.position_id: each for each in shown.agents}
        self.places = {(each.call_id, each.best): each for each in shown.locations}

    def take(self, data: object) -> None:
        match data:
            case CallChanged(call=Call() as call):
                if call.ended_at is not None:
                    self.calls.pop(call.call_id, None)
                    self.places = {key: each for key, each in self.places.items() if key[0] != call.call_id}
                else:
                    self.calls[call.call_id] = call
            case AgentChanged(agent=Agent() as agent):
                if agent.state is None:
                    self.agents.pop(agent.position_id, None)
                else:
                    self.agents[agent.position_id] = agent
            case CallLocated(location=place):
                if place.call_id in self.calls:
                    self.places[place.call_id, place.best] = place

    def sees(self, shown: Snapshot) -> bool:
        return (
            self.calls == {each.call_id: each for each in shown.calls}
            and self.agents == {each.position_id: each for each in shown.agents}
            and self.places == {(each.call_id, each.best): each for each in shown.locations}
        )


@settings(max_examples=150, deadline=None)
@given(st.lists(meeting_events, max_size=60), st.integers(0, 60), st.integers(1, 40))
def test_a_snapshot_and_what_follows_is_a_fresh_snapshot(events: list[Event], joins_at: int, keep: int) -> None:
    """From any moment on; and a second core that folds the same journal tells the very same events."""
    ours, theirs = EventLog(keep), EventLog(10_000)
    reader = Reader(snapshot(ours, EVERYTHING))
    place = 0
    for seq, event in enumerate(events, 1):
        written = envelope(event, seq)
        ours.fold(written)
        theirs.fold(written)
        if seq == joins_at:
            reader, place = Reader(snapshot(ours, EVERYTHING)), seq
        for entry in ours.after(place):
            reader.take(entry.event.data)
            place = entry.event.seq
        assert reader.sees(snapshot(ours, EVERYTHING))
    last = [entry.event for entry in ours]
    assert last == [entry.event for entry in theirs][-len(last) :] if last else True


@settings(max_examples=60, deadline=None)
@given(st.lists(meeting_events, max_size=40))
def test_every_event_is_as_the_description_says(events: list[Event]) -> None:
    log = EventLog()
    for seq, event in enumerate(events, 1):
        log.fold(envelope(event, seq))
    for entry in log:
        frame = msgspec.json.decode(entry.body)
        VALIDATORS[frame["type"]].validate(frame)


def _validators() -> dict[str, Draft202012Validator]:
    document = asyncapi()
    return {
        each["name"]: Draft202012Validator(each["payload"] | {"components": document["components"]})
        for each in document["components"]["messages"].values()
    }


VALIDATORS = _validators()


def test_the_log_keeps_the_last_and_knows_what_it_lacks() -> None:
    log = EventLog(keep=3)
    assert log.has(0)
    for seq in range(10, 20):
        log.fold(envelope(placed(), seq))
    assert [entry.event.seq for entry in log] == [17, 18, 19]
    assert [log.has(after) for after in (15, 16, 17, 19, 20)] == [False, True, True, True, False]
    assert [entry.event.seq for entry in log.after(17)] == [18, 19]
    assert log.after(19) == []
    assert [entry.event.seq for entry in log.after(0, most=2)] == [17, 18]
    found = log.at(18)
    assert found is not None
    assert found.event.seq == 18
    assert log.at(9) is log.at(20) is None


def test_every_kind_has_a_scope_and_is_described() -> None:
    assert {kind.scope for kind in KINDS.values()} == set(Scope) - {Scope.CALLS_WRITE}
    assert set(VALIDATORS) == {*KINDS, "stream.snapshot", "stream.resumed", "stream.heartbeat"}
    Draft202012Validator.check_schema(asyncapi()["components"]["schemas"]["Call"])
