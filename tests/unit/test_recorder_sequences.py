"""The index of a recording: what is in it and who is heard, second by second, whatever becomes of the call."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import (
    AgentBack,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallPlaced,
    CallQueued,
    CallResumed,
    CallsMerged,
    Envelope,
    Event,
    FallbackCallEnded,
    LineOpened,
    OfferWithdrawn,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyMuted,
    PartyNotReached,
    RecordingMissing,
    RecordingPaused,
    RecordingResumed,
    TransferStarted,
)
from core.ids import AgentId, CallId, ChannelId, EventId, OfferId, PartyId, PositionId, QueueId, RecordingId
from core.words import (
    CallerNumber,
    CallKind,
    EndedBy,
    FrontOffice,
    OfferKind,
    Origin,
    Outcome,
    PartyEnd,
    Priority,
    ResumeCause,
    Target,
    TargetKind,
    WhyUnrecorded,
    WithdrawReason,
)
from recorder.indexer import KEPT, Indexer
from recorder.sequences import Heard, RecordingIndex, SequenceKind, index_document, read_index, tiled
from tests.support.events import CENTRE, NOON, events
from tests.support.recorded import assert_tiled, ended, indexes_of, started, with_recordings

pytestmark = pytest.mark.unit

CALL, OTHER, NUMBER = CallId("a-1795310037.1"), CallId("a-1795310037.2"), ChannelId("a-1795310037.3")
CALLER, ARM1, ARM2 = PartyId("caller"), PositionId("arm1"), PositionId("arm2")
ONE, TWO = AgentId("8997/1"), AgentId("8997/2")
AGENTS = {ARM1: ONE, ARM2: TWO}
OUTSIDE = Target(TargetKind.NUMBER, "+33140000001")

At = tuple[float, Event]


def journal(*told: At) -> list[Envelope]:
    return [
        Envelope(
            event_id=EventId(str(seq)),
            seq=seq,
            occurred_at=NOON + timedelta(seconds=at),
            centre_id=CENTRE,
            event=event,
        )
        for seq, (at, event) in enumerate(told, 1)
    ]


def recorded(*told: At) -> list[RecordingIndex]:
    return indexes_of(with_recordings(journal(*told)))


def bands(index: RecordingIndex) -> list[tuple[str, float, float, str]]:
    """What is in it, in short."""
    return [(str(s.kind), s.begins, s.ends, " ".join(s.heard)) for s in index.sequences]


def arrival(call_id: CallId = CALL, at: float = 0) -> list[At]:
    caller = CallerNumber("+33612345678")
    return [
        (at, CallArrived(call_id=call_id, channel_id=ChannelId(call_id), line="15", caller=caller)),
        (at, LineOpened(call_id=call_id)),
    ]


def queued(at: float, call_id: CallId = CALL, by: PositionId | None = None) -> At:
    event = CallQueued(
        call_id=call_id,
        flow="15",
        queue=QueueId("15"),
        priority=Priority.PX,
        front_office=FrontOffice.FO1,
        by=by,
    )
    return at, event


def offered(at: float, position: PositionId = ARM1, call_id: CallId = CALL) -> At:
    event = CallOffered(
        call_id=call_id,
        offer_id=OfferId(f"{call_id}-{position}"),
        position_id=position,
        agent_id=AGENTS[position],
        deadline=NOON,
        kind=OfferKind.DISTRIBUTED,
    )
    return at, event


def answered(at: float, position: PositionId = ARM1, call_id: CallId = CALL) -> At:
    offer_id = OfferId(f"{call_id}-{position}")
    event = CallAnswered(call_id=call_id, offer_id=offer_id, position_id=position, agent_id=AGENTS[position])
    return at, event


def invited(at: float, target: Target = OUTSIDE, call_id: CallId = CALL) -> At:
    party_id = PartyId(NUMBER) if target.kind is TargetKind.NUMBER else PartyId(target.value)
    return at, PartyInvited(call_id=call_id, party_id=party_id, target=target, deadline=NOON)


def joined(at: float, call_id: CallId = CALL) -> At:
    return at, PartyJoined(call_id=call_id, party_id=PartyId(NUMBER), channel_id=NUMBER)


def left(at: float, party: str, call_id: CallId = CALL) -> At:
    return at, PartyLeft(call_id=call_id, party_id=PartyId(party), reason=PartyEnd.HUNG_UP)


def over(at: float, call_id: CallId = CALL, outcome: Outcome = Outcome.ANSWERED) -> At:
    return at, CallEnded(call_id=call_id, outcome=outcome, ended_by=EndedBy.AGENT)


TALKING = [*arrival(), queued(5), offered(6), answered(10)]
BEGIN = [("svi", 0.0, 5.0, "caller"), ("waiting", 5.0, 6.0, "caller"), ("ringing", 6.0, 10.0, "caller")]


STORIES: dict[str, tuple[list[At], list[tuple[str, float, float, str]]]] = {
    "abandoned in the svi": (
        [*arrival(), over(3, outcome=Outcome.ABANDONED_SVI)],
        [("svi", 0.0, 3.02, "caller")],
    ),
    "answered": ([*TALKING, over(20)], [*BEGIN, ("talk", 10.0, 20.02, "caller arm1")]),
    "an offer not taken": (
        [
            *arrival(),
            queued(5),
            offered(6),
            (
                8,
                OfferWithdrawn(
                    call_id=CALL,
                    offer_id=OfferId(f"{CALL}-arm1"),
                    position_id=ARM1,
                    reason=WithdrawReason.TIMED_OUT,
                ),
            ),
            over(9, outcome=Outcome.ABANDONED_QUEUE),
        ],
        [*BEGIN[:2], ("ringing", 6.0, 8.0, "caller"), ("waiting", 8.0, 9.02, "caller")],
    ),
    "held": (
        [
            *TALKING,
            (12, CallHeld(call_id=CALL, position_id=ARM1)),
            (15, CallResumed(call_id=CALL, position_id=ARM1)),
            over(20),
        ],
        [
            *BEGIN,
            ("talk", 10.0, 12.0, "caller arm1"),
            ("held", 12.0, 15.0, "caller"),
            ("talk", 15.0, 20.02, "caller arm1"),
        ],
    ),
    "the agent is lost, and back": (
        [
            *TALKING,
            (12, AgentLost(call_id=CALL, position_id=ARM1, agent_id=ONE, until=NOON)),
            (13, AgentBack(call_id=CALL, position_id=ARM1, agent_id=ONE)),
            over(20),
        ],
        [
            *BEGIN,
            ("talk", 10.0, 12.0, "caller arm1"),
            ("held", 12.0, 13.0, "caller"),
            ("talk", 13.0, 20.02, "caller arm1"),
        ],
    ),
    "parked": (
        [
            *TALKING,
            (12, TransferStarted(call_id=CALL, position_id=ARM1, target=Target(TargetKind.ROOM, "MU"))),
            left(12, "arm1"),
            queued(12, by=ARM1),
            offered(14, ARM2),
            answered(16, ARM2),
            over(20),
        ],
        [
            *BEGIN,
            ("talk", 10.0, 12.0, "caller arm1"),
            ("parked", 12.0, 14.0, "caller"),
            ("ringing", 14.0, 16.0, "caller"),
            ("talk", 16.0, 20.02, "caller arm2"),
        ],
    ),
    "transferred blind": (
        [
            *TALKING,
            (12, TransferStarted(call_id=CALL, position_id=ARM1, target=Target(TargetKind.POSITION, "arm2"))),
            left(12, "arm1"),
            invited(12, Target(TargetKind.POSITION, "arm2")),
            answered(16, ARM2),
            over(20),
        ],
        [
            *BEGIN,
            ("talk", 10.0, 12.0, "caller arm1"),
            ("transfer", 12.0, 16.0, "caller"),
            ("talk", 16.0, 20.02, "caller arm2"),
        ],
    ),
    "a colleague listens in, is muted, and takes over": (
        [
            *TALKING,
            answered(12, ARM2),
            (13, PartyMuted(call_id=CALL, party_id=PartyId("arm2"), muted=True)),
            (14, PartyMuted(call_id=CALL, party_id=PartyId("arm2"), muted=False)),
            left(16, "arm1"),
            over(20),
        ],
        [
            *BEGIN,
            ("talk", 10.0, 12.0, "caller arm1"),
            ("conference", 12.0, 13.0, "caller arm1 arm2"),
            ("conference", 13.0, 14.0, "caller arm1"),
            ("conference", 14.0, 16.0, "caller arm1 arm2"),
            ("talk", 16.0, 20.02, "caller arm2"),
        ],
    ),
    "muted caller": (
        [*TALKING, (12, PartyMuted(call_id=CALL, party_id=CALLER, muted=True)), over(20)],
        [*BEGIN, ("talk", 10.0, 12.0, "caller arm1"), ("talk", 12.0, 20.02, "arm1")],
    ),
    "somebody asked in is not reached": (
        [
            *TALKING,
            invited(12),
            (14, PartyNotReached(call_id=CALL, party_id=PartyId(NUMBER), reason=PartyEnd.BUSY)),
            over(20),
        ],
        [*BEGIN, ("talk", 10.0, 20.02, "caller arm1")],
    ),
    "the line is closed late": (
        [*TALKING, left(12, "arm1"), over(20)],
        [*BEGIN, ("talk", 10.0, 12.0, "caller arm1"), ("after", 12.0, 20.02, "caller")],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_a_recording_holds(story: str) -> None:
    told, expected = STORIES[story]
    [index] = recorded(*told)
    assert bands(index) == expected
    assert_tiled(index)


def test_a_recording_says_of_whom_and_with_whom_it_is() -> None:
    [index] = recorded(*TALKING, answered(12, ARM2), over(20))
    assert (index.recording_id, index.call_id, index.later_calls) == (RecordingId(CALL), CALL, ())
    assert (index.line, index.number, index.direction, index.test) == ("15", "+33612345678", "in", False)
    assert (index.centre_id, index.outcome, index.agents) == (CENTRE, Outcome.ANSWERED, (ONE, TWO))
    assert (index.started_at, index.ended_at) == (NOON, NOON + timedelta(seconds=20.02))
    assert [s.agents for s in index.sequences[-2:]] == [(ONE,), (ONE, TWO)]


def test_a_number_called_has_a_recording_of_its_own_from_its_answer_on() -> None:
    placed = CallPlaced(call_id=CALL, position_id=ARM1, agent_id=ONE, kind=CallKind.OUTGOING, target=OUTSIDE)
    [index] = recorded((0, placed), invited(0), joined(7), over(20))
    assert bands(index) == [("talk", 0.0, 13.02, f"{NUMBER} arm1")]
    assert (index.recording_id, index.direction, index.number) == (RecordingId(NUMBER), "out", OUTSIDE.value)
    assert index.started_at == NOON + timedelta(seconds=7)


def test_a_conference_has_a_recording_for_each_who_is_outside() -> None:
    caller, number = recorded(*TALKING, invited(12), joined(14), left(18, "arm1"), over(20))
    assert bands(caller)[3:] == [
        ("talk", 10.0, 14.0, "caller arm1"),
        ("conference", 14.0, 18.0, f"caller arm1 {NUMBER}"),
        ("talk", 18.0, 20.02, f"caller {NUMBER}"),
    ]
    assert bands(number) == [
        ("conference", 0.0, 4.0, f"{NUMBER} caller arm1"),
        ("talk", 4.0, 6.02, f"{NUMBER} caller"),
    ]


def test_a_consultation_is_heard_in_the_recording_of_whom_it_is_with() -> None:
    placed = CallPlaced(call_id=OTHER, position_id=ARM1, agent_id=ONE, kind=CallKind.OUTGOING, target=OUTSIDE)
    caller, number = recorded(
        *TALKING,
        (12, CallHeld(call_id=CALL, position_id=ARM1)),
        (12, placed),
        invited(12, call_id=OTHER),
        joined(14, OTHER),
        (18, CallsMerged(call_id=CALL, merged_id=OTHER, position_id=ARM1)),
        over(18, OTHER),
        over(20),
    )
    assert bands(caller)[3:] == [
        ("talk", 10.0, 12.0, "caller arm1"),
        ("held", 12.0, 18.0, "caller"),
        ("conference", 18.0, 20.02, f"caller arm1 {NUMBER}"),
    ]
    assert bands(number) == [
        ("talk", 0.0, 4.0, f"{NUMBER} arm1"),
        ("conference", 4.0, 6.02, f"{NUMBER} caller arm1"),
    ]
    assert (number.call_id, number.later_calls, number.agents) == (OTHER, (CALL,), (ONE,))


def test_two_callers_put_together_keep_their_names_each_in_its_own_recording() -> None:
    first, second = recorded(
        *TALKING,
        *arrival(OTHER, 2),
        queued(3, OTHER),
        (12, CallHeld(call_id=CALL, position_id=ARM1)),
        answered(12, call_id=OTHER),
        (15, CallsMerged(call_id=CALL, merged_id=OTHER, position_id=ARM1)),
        over(15, OTHER),
        left(18, "arm1"),
        over(20),
    )
    assert bands(first)[4:] == [
        ("held", 12.0, 15.0, "caller"),
        ("conference", 15.0, 18.0, f"caller arm1 {OTHER}"),
        ("talk", 18.0, 20.02, f"caller {OTHER}"),
    ]
    assert bands(second)[2:] == [
        ("talk", 10.0, 13.0, "caller arm1"),
        ("conference", 13.0, 16.0, f"caller {CALL} arm1"),
        ("talk", 16.0, 18.02, f"caller {CALL}"),
    ]


def test_a_neighbours_call_is_recorded_from_its_answer_here() -> None:
    origin = Origin((CENTRE,), "15", QueueId("15"), Priority.PX, FrontOffice.FO1, NOON)
    caller = CallerNumber()
    arrived = CallArrived(call_id=CALL, channel_id=NUMBER, line="15", caller=caller, origin=origin)
    [index] = recorded(
        (0, arrived), queued(0), offered(1), (4, LineOpened(call_id=CALL)), answered(4.1), over(9)
    )
    assert bands(index) == [("ringing", 0.0, 0.1, "caller"), ("talk", 0.1, 5.02, "caller arm1")]
    assert (index.recording_id, index.call_id, index.number) == (RecordingId(NUMBER), CALL, "")


# --- mode secours -------------------------------------------------------------------------------------------


def told_of_fallback(at: float, *, handed_back: bool = False, answered_at: float | None = 4) -> At:
    answer = None if answered_at is None else NOON + timedelta(seconds=answered_at)
    event = FallbackCallEnded(
        call_id=CALL,
        line="15",
        caller=CallerNumber("+33612345678"),
        arrived_at=NOON,
        ended_at=NOON + timedelta(seconds=10),
        outcome=Outcome.ANSWERED if answer else Outcome.ABANDONED_QUEUE,
        answered_at=answer,
        position_id=ARM1 if answer else None,
        agent_id=ONE if answer else None,
        handed_back=handed_back,
    )
    return at, event


def test_a_call_that_no_core_ever_had() -> None:
    told = journal(told_of_fallback(30), (30, started(CALL, CALL)), (31, ended(CALL, CALL, 10)))
    [index] = indexes_of(told)
    assert bands(index) == [("fallback", 0.0, 4.0, "caller"), ("fallback", 4.0, 10.0, "caller arm1")]
    assert (index.outcome, index.agents, index.started_at) == (Outcome.ANSWERED, (ONE,), NOON)
    assert_tiled(index)


@pytest.mark.parametrize("told_first", [True, False])
def test_a_call_handed_to_mode_secours_is_indexed_when_both_ends_are_told(told_first: bool) -> None:
    ends: list[At] = [told_of_fallback(11, handed_back=True), (12, ended(CALL, CALL, 10))]
    told = [
        *arrival(),
        (0, started(CALL, CALL)),
        (2, over(2, outcome=Outcome.FALLBACK)[1]),
        *(ends if told_first else ends[::-1]),
    ]
    [index] = indexes_of(journal(*told))
    assert bands(index) == [
        ("svi", 0.0, 2.0, "caller"),
        ("fallback", 2.0, 4.0, "caller"),
        ("fallback", 4.0, 10.0, "caller arm1"),
    ]
    assert index.outcome is Outcome.ANSWERED


def test_where_nothing_is_told_of_mode_secours_the_index_does_not_wait_for_ever() -> None:
    indexer = Indexer()
    told = [
        *arrival(),
        (0, started(CALL, CALL)),
        over(2, outcome=Outcome.FALLBACK),
        (12, ended(CALL, CALL, 10)),
        *arrival(OTHER, 60),
    ]
    for envelope in journal(*told):
        indexer.fold(envelope)
    assert indexer.ended() == []
    for envelope in journal(*arrival(CallId("later"), 80)):
        indexer.fold(envelope)
    assert indexer.ended() == [RecordingId(CALL)]


def test_a_call_taken_back_from_mode_secours_is_reckoned_from_its_end() -> None:
    caller = CallerNumber()
    arrived = CallArrived(call_id=CALL, channel_id=ChannelId(CALL), line="15", caller=caller, since=NOON)
    [index] = indexes_of(
        journal(
            (20, arrived),
            (20, LineOpened(call_id=CALL)),
            (20, started(CALL, CALL)),
            queued(20),
            answered(25),
            over(30),
            (30.5, ended(CALL, CALL, 29.5)),
        )
    )
    assert bands(index) == [
        ("fallback", 0.0, 19.5, "caller"),
        ("waiting", 19.5, 24.5, "caller"),
        ("talk", 24.5, 29.5, "caller arm1"),
    ]


# --- pauses -------------------------------------------------------------------------------------------------


def paused(at: float) -> At:
    event = RecordingPaused(
        call_id=CALL, position_id=ARM1, agent_id=ONE, reason=WhyUnrecorded.PRIVACY, until=NOON
    )
    return at, event


def test_pauses_are_marked() -> None:
    [index] = recorded(
        *TALKING,
        paused(11),
        (13, RecordingResumed(call_id=CALL, cause=ResumeCause.AGENT)),
        paused(18),
        over(20),
    )
    assert [(p.begins, p.ends, p.by, p.reason) for p in index.pauses] == [
        (11.0, 13.0, ONE, "privacy"),
        (18.0, 20.0, ONE, "privacy"),
    ]
    assert bands(index) == [*BEGIN, ("talk", 10.0, 20.02, "caller arm1")]


# --- as a document; what is kept ----------------------------------------------------------------------------


def test_a_document_holds_the_whole_index_and_is_always_the_same() -> None:
    [index] = recorded(*TALKING, paused(11), over(20))
    document = index_document(index)
    assert read_index(document) == index
    assert index_document(read_index(document)) == document
    for wrong in (b"", b"[]", b"{}", document.replace(b'"talk"', b'"chat"'), document[:-1]):
        with pytest.raises(ValueError, match=r".*"):
            read_index(wrong)


def test_what_is_missing_is_forgotten_and_only_the_latest_indexes_are_kept() -> None:
    indexer = Indexer()
    missing = RecordingMissing(call_id=CALL, detail="gone", caller_track=started(CALL, CALL).caller_track)
    for envelope in journal(*arrival(), (0, started(CALL, CALL)), over(3), (4, missing)):
        indexer.fold(envelope)
    assert indexer.ended() == []
    for number in range(KEPT + 1):
        call_id = CallId(f"c{number}")
        told = [*arrival(call_id), (0.0, started(call_id, call_id)), over(1, call_id)]
        for envelope in journal(*told, (1, ended(call_id, call_id, 1))):
            indexer.fold(envelope)
    assert len(indexer.ended()) == KEPT + 1
    assert indexer.index(RecordingId("c0")) is None
    assert indexer.index(RecordingId("c1")) is not None
    assert indexer.ended() == []


# --- whatever is told ---------------------------------------------------------------------------------------

SECONDS = st.integers(1, 60_000).map(lambda milliseconds: milliseconds / 1000)
HEARD = st.builds(
    Heard, st.sampled_from(SequenceKind), st.sampled_from([("caller",), ("caller", "arm1")]), st.just(())
)


@given(st.lists(st.tuples(st.floats(-10, 100), HEARD), min_size=1, max_size=30), SECONDS)
def test_any_marks_tile_the_whole_recording(marks: list[tuple[float, Heard]], seconds: float) -> None:
    sequences = tiled(marks, seconds)
    assert (sequences[0].begins, sequences[-1].ends) == (0.0, seconds)
    for before, after in pairwise(sequences):
        assert before.begins < before.ends == after.begins
        assert (before.kind, before.heard) != (after.kind, after.heard)
    assert sequences[-1].begins < seconds


CALL_EVENTS = events().filter(lambda event: isinstance(event, CallEvent))


@given(st.lists(st.tuples(st.floats(0, 100), CALL_EVENTS), max_size=20))
def test_an_indexer_never_fails(told: Iterable[At]) -> None:
    indexer = Indexer()
    for envelope in journal(*TALKING, (0, started(CALL, CALL)), *told):
        indexer.fold(envelope)
