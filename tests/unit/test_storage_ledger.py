"""From a call's events to its one row."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import CallEnded, CallEvent, CoreStarted, Event
from core.ids import CallId
from core.words import EndedBy, Outcome, Priority
from storage.ledger import LedgerEntry, fold
from tests.support.call_story import ARM2, abandoned_call, answered_call
from tests.support.events import NOON, envelope, events

pytestmark = pytest.mark.unit


def folded(story: list[Event]) -> LedgerEntry:
    """One event a second, from noon."""
    entry = None
    for number, event in enumerate(story):
        entry = fold(entry, envelope(event, number + 1, seconds=number))
    assert entry is not None
    return entry


def after(seconds: int) -> object:
    return NOON + timedelta(seconds=seconds)


def test_an_answered_call() -> None:
    entry = folded(answered_call("c-1"))
    assert (entry.call_id, entry.line, entry.number, entry.hidden, entry.test) == (
        "c-1",
        "15",
        "+33612345678",
        False,
        False,
    )
    assert (entry.flow, entry.queue, entry.priority) == ("15", "15", Priority.PX)
    assert entry.arrived_at == NOON
    assert entry.queued_at == after(5)
    assert entry.first_offered_at == after(6)
    assert entry.answered_at == after(10)
    assert (entry.position_id, entry.agent_id) == ARM2
    assert (entry.ended_at, entry.outcome, entry.ended_by) == (after(11), Outcome.ANSWERED, EndedBy.AGENT)
    assert entry.recorded is True
    assert entry.last_seq == 13


def test_an_abandoned_call() -> None:
    entry = folded(abandoned_call("c-2"))
    assert (entry.number, entry.hidden) == (None, True)
    assert (entry.outcome, entry.ended_by) == (Outcome.ABANDONED_QUEUE, EndedBy.CALLER)
    assert (entry.answered_at, entry.position_id, entry.recorded) == (None, None, False)


def test_a_call_in_progress_has_no_outcome() -> None:
    entry = folded(answered_call("c-1")[:8])
    assert (entry.outcome, entry.ended_at, entry.answered_at, entry.recorded) == (None, None, None, None)


def test_a_call_ends_once() -> None:
    late = CallEnded(call_id=CallId("c-1"), outcome=Outcome.TECHNICAL_FAILURE, ended_by=EndedBy.SYSTEM)
    entry = folded([*answered_call("c-1"), late])
    assert (entry.outcome, entry.ended_by, entry.ended_at) == (Outcome.ANSWERED, EndedBy.AGENT, after(11))


def test_what_is_about_no_call_changes_nothing() -> None:
    entry = folded(answered_call("c-1"))
    assert fold(entry, envelope(CoreStarted(core="core-a"), 99)) is entry
    assert fold(None, envelope(CoreStarted(core="core-a"), 99)) is None


@given(
    st.lists(events().filter(lambda event: isinstance(event, CallEvent)), min_size=1, max_size=12), st.data()
)
def test_events_counted_again_change_nothing(story: list[Event], data: st.DataObject) -> None:
    envelopes = [envelope(event, number + 1) for number, event in enumerate(story)]
    entry = None
    for each in envelopes:
        entry = fold(entry, each)
        again = data.draw(st.integers(min_value=1, max_value=each.seq))
        assert fold(entry, envelopes[again - 1]) is entry
