"""Recent calls and notes: who sees which call how, who may write on it, and what is forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.bus import InProcessBus
from core.commands import NoteCall
from core.errors import CommandRefused
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallEnded,
    CallNoted,
    CallPlaced,
    Event,
    OfferWithdrawn,
)
from core.ids import AgentId, CallId, CentreId, OfferId, PositionId
from core.notes import NOTE_LENGTH, NOTES_AT_MOST
from core.words import CallKind, EndedBy, Outcome, Role, Target, TargetKind, WithdrawReason
from history.model import KEPT_CALLS, History, Way, number_of, position_of
from history.service import HistoryService
from tests.support.call_story import ARM1, ARM2, abandoned_call, answered_call, arrival, offer
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.events import NOON, envelope

pytestmark = pytest.mark.unit


def told(*events: Event) -> History:
    history = History()
    for seq, event in enumerate(events, 1):
        history.fold(envelope(event, seq, seconds=seq))
    return history


def ways(history: History, agent: AgentId) -> list[tuple[str, Way]]:
    return [(remembered.call.call_id, remembered.way) for remembered in history.recent(agent)]


def placed(call: str, target: Target, kind: CallKind = CallKind.OUTGOING) -> CallPlaced:
    return CallPlaced(
        call_id=CallId(call), position_id=ARM1[0], agent_id=ARM1[1], kind=kind, target=target, presented="15"
    )


def test_each_agent_has_their_own_view_of_a_call() -> None:
    history = told(*answered_call("a"))
    assert ways(history, ARM1[1]) == [("a", Way.MISSED)]
    assert ways(history, ARM2[1]) == [("a", Way.IN)]
    (taken,) = history.recent(ARM2[1])
    assert number_of(taken) == "+33612345678"
    assert taken.call.answered_at == NOON + timedelta(seconds=11)
    assert taken.call.ended_at == NOON + timedelta(seconds=12)


def test_a_missed_call_then_taken_is_missed_no_more() -> None:
    first, again = offer("a", 1, ARM1), offer("a", 2, ARM1)
    history = told(
        *arrival("a"),
        first,
        OfferWithdrawn(
            call_id=CallId("a"), offer_id=first.offer_id, position_id=ARM1[0], reason=WithdrawReason.TIMED_OUT
        ),
        again,
        CallAnswered(call_id=CallId("a"), offer_id=again.offer_id, position_id=ARM1[0], agent_id=ARM1[1]),
    )
    assert ways(history, ARM1[1]) == [("a", Way.IN)]


@pytest.mark.parametrize("reason", [r for r in WithdrawReason if r is not WithdrawReason.TIMED_OUT])
def test_only_an_offer_left_unanswered_is_a_missed_call(reason: WithdrawReason) -> None:
    first = offer("a", 1, ARM1)
    gone = OfferWithdrawn(call_id=CallId("a"), offer_id=first.offer_id, position_id=ARM1[0], reason=reason)
    assert ways(told(*arrival("a"), first, gone), ARM1[1]) == []


def test_calls_placed_have_the_number_or_the_colleague() -> None:
    number, colleague = Target(TargetKind.NUMBER, "+33199000001"), Target(TargetKind.POSITION, "arm2")
    history = told(
        placed("out", number),
        placed("in", colleague, CallKind.INTERNAL),
        CallAnswered(call_id=CallId("in"), offer_id=OfferId("o"), position_id=ARM2[0], agent_id=ARM2[1]),
    )
    inside, out = history.recent(ARM1[1])
    assert (out.way, number_of(out), position_of(out)) == (Way.OUT, "+33199000001", None)
    assert (inside.way, number_of(inside), position_of(inside)) == (Way.OUT, None, "arm2")
    (received,) = history.recent(ARM2[1])
    assert (received.way, number_of(received), position_of(received)) == (Way.IN, None, "arm1")


def test_fifty_calls_are_kept_and_the_rest_is_forgotten() -> None:
    stories = [event for i in range(KEPT_CALLS + 10) for event in answered_call(f"c{i}")]
    history = told(*stories, *abandoned_call("lost"))
    assert [call for call, _ in ways(history, ARM2[1])] == [f"c{i}" for i in range(59, 9, -1)]
    assert set(history.calls) == {f"c{i}" for i in range(10, 60)}


@pytest.mark.parametrize("only", range(len(answered_call("a"))))
def test_a_history_that_begins_in_the_middle_is_no_error(only: int) -> None:
    history = told(*answered_call("a")[only:])
    history.fold(
        envelope(CallNoted(call_id=CallId("x"), position_id=ARM1[0], agent_id=ARM1[1], name="", text="t"), 99)
    )
    assert "x" not in history.calls


class Notes:
    """A service on a journal in memory."""

    def __init__(self, *events: Event) -> None:
        self.journal = MemoryJournal()
        bus = InProcessBus(self.journal, HeldClock(), CentreId("FR751"))
        self.service = HistoryService(bus)
        for position, role in ((ARM1, Role.ARM), (ARM2, Role.ARM), (("chef", "chef"), Role.SUPERVISOR)):
            bus.publish(
                AgentLoggedIn(
                    position_id=PositionId(position[0]),
                    agent_id=AgentId(position[1]),
                    name=f"Agent {position[0]}",
                    role=role,
                )
            )
        for event in events:
            bus.publish(event)
        self.bus = bus

    def write(self, who: str, text: str = "Enfant de 3 ans", call: str = "a") -> None:
        self.service.note(NoteCall(position_id=PositionId(who), call_id=CallId(call), text=text))

    def refused(self, who: str, text: str = "x", call: str = "a") -> str:
        with pytest.raises(CommandRefused) as caught:
            self.write(who, text, call)
        return caught.value.code


def test_whoever_handled_the_call_and_the_supervisor_write_on_it() -> None:
    notes = Notes(*answered_call("a"))
    notes.write("arm2", "  Enfant de 3 ans\n\x07fièvre\u202e ")
    notes.write("chef", "Vu.")
    (remembered,) = notes.service.history.recent(ARM2[1])
    assert [(n.name, n.text) for n in remembered.call.notes] == [
        ("Agent arm2", "Enfant de 3 ans\nfièvre"),
        ("Agent chef", "Vu."),
    ]
    assert notes.refused("arm1") == "not_your_call"  # it was only offered to them
    assert notes.refused("chef", call="unknown") == "not_your_call"
    notes.bus.publish(AgentLoggedOut(position_id=ARM2[0], agent_id=ARM2[1]))
    assert notes.refused("arm2") == "not_logged_in"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "note_empty"), (" \n\x00 ", "note_empty"), ("é" * (NOTE_LENGTH + 1), "note_too_long")],
)
def test_a_note_has_1_to_2000_characters(text: str, code: str) -> None:
    notes = Notes(*answered_call("a"))
    assert notes.refused("arm2", text) == code
    notes.write("arm2", "é" * NOTE_LENGTH)


def test_there_is_an_end_to_notes() -> None:
    notes = Notes(*answered_call("a"))
    for number in range(NOTES_AT_MOST):
        notes.write("arm2", f"note {number}")
    assert notes.refused("arm2") == "too_many_notes"


def test_notes_are_there_after_a_restart() -> None:
    notes = Notes(*answered_call("a"))
    notes.write("arm2")
    again = History()
    for past in notes.journal.envelopes:
        again.fold(past)
    assert again.recent(ARM2[1]) == notes.service.history.recent(ARM2[1])
    ended = CallEnded(call_id=CallId("a"), outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER)
    again.fold(replace(notes.journal.envelopes[-1], event=ended, seq=99))
    assert again.recent(ARM2[1])[0].call.notes
