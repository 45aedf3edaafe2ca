"""Calls of mode secours: each is told once, whoever waits is taken back, whoever talks is left in peace."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.events import (
    AgentLoggedIn,
    CallArrived,
    CallEnded,
    Event,
    FallbackCallEnded,
    FallbackCallFound,
)
from core.ids import AgentId, CallId, ChannelId, PositionId
from core.switch import FallbackCaller, FallbackRecord
from core.words import CallerNumber, EndedBy, Outcome, Role
from fallback.model import Known
from fallback.policy import compare
from tests.support.events import NOON, envelope

pytestmark = pytest.mark.unit

ONE, TWO = CallId("FR751-asterisk-a-1795334995.0"), CallId("FR751-asterisk-a-1795334996.1")
ARM1 = PositionId("arm1")
CALLER = CallerNumber("+33199000001")
NOW = NOON + timedelta(minutes=5)
WAITS = FallbackRecord(call_id=ONE, line="15", caller=CALLER, arrived_at=NOON)
ANSWERED = replace(WAITS, answered_at=NOON + timedelta(seconds=9), position_id=ARM1)
OVER = replace(ANSWERED, ended_at=NOON + timedelta(seconds=60))
ABANDONED = replace(WAITS, ended_at=NOON + timedelta(seconds=20))


def known(*events: Event) -> Known:
    state = Known()
    for seq, event in enumerate(events, 1):
        state.fold(envelope(event, seq))
    return state


def here(call_id: CallId = ONE, position: PositionId | None = None, *, talking: bool = False) -> FallbackCaller:
    return FallbackCaller(
        channel_id=ChannelId(call_id), talking=talking or position is not None, position_id=position
    )


def look(
    state: Known,
    records: list[FallbackRecord],
    *present: FallbackCaller,
    before: bool = True,
) -> tuple[FallbackCallEnded, ...]:
    return compare(state, records if before else [], present, records, NOW).ended


ARRIVED = CallArrived(call_id=ONE, channel_id=ChannelId(ONE), line="15", caller=CALLER)
HANDED_BACK = CallEnded(call_id=ONE, outcome=Outcome.FALLBACK, ended_by=EndedBy.SYSTEM)


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (OVER, Outcome.ANSWERED),
        (replace(OVER, answered_at=None, position_id=None, transferred=True), Outcome.ANSWERED),
        (ABANDONED, Outcome.ABANDONED_QUEUE),
        (WAITS, Outcome.TECHNICAL_FAILURE),
        (ANSWERED, Outcome.TECHNICAL_FAILURE),
    ],
    ids=["answered", "passed on", "abandoned", "cut while waiting", "cut while talking"],
)
def test_a_call_that_is_over_is_told_with_its_one_outcome(record: FallbackRecord, outcome: Outcome) -> None:
    agent = AgentLoggedIn(position_id=ARM1, agent_id=AgentId("a1"), name="Camille", role=Role.ARM)
    (ended,) = look(known(agent), [record])
    assert (ended.outcome, ended.line, ended.caller) == (outcome, "15", CALLER)
    assert ended.answered_at == record.answered_at
    assert ended.agent_id == ("a1" if record.position_id else None)
    assert ended.ended_at == (record.ended_at or NOW)


def test_it_is_told_once_whatever_is_read_again() -> None:
    (ended,) = look(known(), [OVER])
    assert look(known(ended), [OVER]) == ()
    assert compare(known(ended), [OVER], (), [OVER], NOW).unsettled == frozenset()


def test_a_call_noted_after_the_look_is_not_taken_for_cut() -> None:
    assert look(known(), [WAITS], before=False) == ()
    assert compare(known(), [], (), [WAITS], NOW).unsettled == {ONE}


def test_what_a_core_took_over_is_told_by_its_own_events() -> None:
    state = known(replace(ARRIVED, since=NOON))
    taken = replace(WAITS, taken_back=True)
    assert look(state, [taken]) == ()
    assert look(state, [replace(taken, ended_at=NOW)]) == ()
    # Gone at the very moment of being taken over: nobody else tells it.
    (ended,) = look(known(), [replace(taken, ended_at=NOW)])
    assert ended.outcome is Outcome.ABANDONED_QUEUE


def test_a_call_handed_back_is_told_to_its_real_end() -> None:
    state = known(ARRIVED, HANDED_BACK)
    assert compare(state, [WAITS], [here()], [WAITS], NOW).waiting == ()
    (ended,) = look(state, [OVER])
    assert ended.handed_back


def test_who_waits_is_taken_back_in_order_of_arrival() -> None:
    findings = compare(known(), [], [here(ONE), here(TWO)], [], NOW)
    assert findings.waiting == (ChannelId(ONE), ChannelId(TWO))
    assert findings.unsettled == {ONE, TWO}


def test_who_talks_is_found_once_and_left_in_peace() -> None:
    findings = compare(known(), [ANSWERED], [here(position=ARM1)], [ANSWERED], NOW)
    assert findings.waiting == ()
    assert findings.found == (FallbackCallFound(call_id=ONE, position_id=ARM1),)
    state = known(*findings.found)
    assert compare(state, [ANSWERED], [here(position=ARM1)], [ANSWERED], NOW).found == ()
    # Passed on to a number: the position is free again. Nobody reached: back in the queue, hence taken back.
    passed = compare(state, [ANSWERED], [here(talking=True)], [ANSWERED], NOW)
    assert passed.found == (FallbackCallFound(call_id=ONE, position_id=None),)
    state.fold(envelope(passed.found[0], 2))
    assert compare(state, [ANSWERED], [here()], [ANSWERED], NOW).waiting == (ChannelId(ONE),)


def test_a_call_found_ends_even_if_nothing_was_noted_of_it() -> None:
    (ended,) = look(known(FallbackCallFound(call_id=ONE, position_id=ARM1)), [])
    assert (ended.outcome, ended.position_id) == (Outcome.ANSWERED, ARM1)
