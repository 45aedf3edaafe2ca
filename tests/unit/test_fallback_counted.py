"""What calls of mode secours change elsewhere: positions, waits, the ledger, the desk, lists and figures."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.events import (
    AgentLoggedIn,
    CallArrived,
    CallEnded,
    CallOffered,
    CallOriented,
    CallQueued,
    FallbackCallEnded,
    FallbackCallFound,
)
from core.ids import AgentId, CallId, ChannelId, PositionId
from core.switch import CallerChannel
from core.words import CallerNumber, EndedBy, LossPlace, Outcome, PositionState, Priority, Role
from desk.model import Desk
from history.model import History, Way
from storage.ledger import fold
from supervision.model import Today, day_of
from tests.support.centre import FakeCentre, settle
from tests.support.events import NOON, envelope

pytestmark = [pytest.mark.unit, pytest.mark.asyncio]

CALL = CallId("FR751-asterisk-a-1795334995.0")
ARM1 = PositionId("arm1")
CALLER = CallerNumber("+33199000001")
ANSWERED = FallbackCallEnded(
    call_id=CALL,
    line="15",
    caller=CALLER,
    arrived_at=NOON,
    answered_at=NOON + timedelta(seconds=9),
    ended_at=NOON + timedelta(seconds=60),
    outcome=Outcome.ANSWERED,
    position_id=ARM1,
    agent_id=AgentId("a1"),
)
ABANDONED = replace(
    ANSWERED, answered_at=None, position_id=None, agent_id=None, outcome=Outcome.ABANDONED_QUEUE
)


def state_of(centre: FakeCentre) -> PositionState:
    return centre.acd.room.positions[ARM1].state


async def taken_back(centre: FakeCentre, since: datetime) -> None:
    """A caller who has been in the fallback since then comes back under command."""
    centre.switch.caller_arrives(
        CallerChannel(
            channel_id=ChannelId(CALL), call_id=CALL, line="15", caller=CALLER, created_at=since, waited=True
        )
    )
    await settle()


async def test_who_talks_in_mode_secours_is_offered_nothing_and_has_a_wrap_up() -> None:
    centre = FakeCentre()
    centre.start()
    centre.agent("arm1")
    await settle()
    centre.bus.publish(FallbackCallFound(call_id=CALL, position_id=ARM1))
    assert state_of(centre) is PositionState.ON_CALL
    waiting = centre.caller()
    await settle()
    centre.bus.publish(ANSWERED)
    assert state_of(centre) is PositionState.WRAP_UP
    assert not centre.journal.events(CallOffered)
    assert waiting in centre.calls.calls.by_id
    # Found again by a restarted core, from the journal alone.
    again = FakeCentre(centre.journal.envelopes)
    assert state_of(again) is PositionState.WRAP_UP
    assert not again.acd.room.positions[ARM1].calls


async def test_an_offer_gives_way_to_a_call_of_mode_secours() -> None:
    centre = FakeCentre()
    centre.start()
    centre.agent("arm1")
    call_id = centre.caller()
    await settle()
    centre.bus.publish(FallbackCallFound(call_id=CALL, position_id=ARM1))
    assert state_of(centre) is PositionState.ON_CALL
    assert centre.acd.room.positions[ARM1].offer is None
    assert call_id in centre.calls.calls.by_id
    centre.bus.publish(FallbackCallFound(call_id=CALL, position_id=None))  # passed on to a number
    assert state_of(centre) is PositionState.WRAP_UP


async def test_who_is_taken_back_goes_to_the_room_at_once_with_the_wait() -> None:
    centre = FakeCentre()
    centre.start()
    before = centre.clock.now() - timedelta(minutes=3)
    await taken_back(centre, since=before)
    (arrived,), (queued,) = centre.journal.events(CallArrived), centre.journal.events(CallQueued)
    assert (arrived.since, queued.since) == (before, before)
    assert centre.journal.events(CallOriented)[0].priority is Priority.PX
    assert not centre.switch.playing  # no welcome: it has been heard


async def test_who_is_taken_back_before_a_word_was_said_is_welcomed_like_anybody() -> None:
    centre = FakeCentre()
    centre.start()
    before = centre.clock.now() - timedelta(seconds=1.5)
    await taken_back(centre, since=before)
    assert centre.journal.events(CallArrived)[0].since == before
    assert centre.switch.playing
    assert not centre.journal.events(CallQueued)


async def test_who_is_taken_back_has_not_begun_to_wait_in_an_hour_though_asterisks_clock_says_so() -> None:
    centre = FakeCentre()
    centre.start()
    now = centre.clock.now()
    ahead = now + timedelta(hours=1)
    await taken_back(centre, since=ahead)
    assert centre.journal.events(CallArrived)[0].since == now


async def test_it_has_one_row_in_the_ledger() -> None:
    row = fold(None, envelope(ANSWERED, 1))
    assert row is not None
    assert (row.arrived_at, row.answered_at, row.ended_at) == (
        ANSWERED.arrived_at, ANSWERED.answered_at, ANSWERED.ended_at,
    )  # fmt: skip
    assert (row.line, row.number, row.agent_id, row.outcome) == ("15", CALLER.e164, "a1", Outcome.ANSWERED)
    assert fold(row, envelope(replace(ANSWERED, outcome=Outcome.ABANDONED_QUEUE), 2)) == replace_seq(row, 2)


def replace_seq(row: object, seq: int) -> object:
    from msgspec.structs import replace as struct_replace

    return struct_replace(row, last_seq=seq)  # type: ignore[type-var]


async def test_a_call_handed_back_keeps_its_arrival_and_gets_its_real_end() -> None:
    arrived = CallArrived(call_id=CALL, channel_id=ChannelId(CALL), line="112", caller=CallerNumber())
    handed_back = CallEnded(call_id=CALL, outcome=Outcome.FALLBACK, ended_by=EndedBy.SYSTEM)
    row = fold(fold(None, envelope(arrived, 1)), envelope(handed_back, 2))
    row = fold(row, envelope(replace(ANSWERED, handed_back=True), 3))
    assert row is not None
    assert (row.line, row.outcome) == ("112", Outcome.ANSWERED)
    assert row.arrived_at == envelope(arrived, 1).occurred_at


async def test_who_was_lost_is_on_the_desk_and_who_was_answered_is_in_the_agents_list() -> None:
    desk, history = Desk(), History()
    history.fold(
        envelope(AgentLoggedIn(position_id=ARM1, agent_id=AgentId("a1"), name="Camille", role=Role.ARM), 1)
    )
    for seq, event in enumerate((ABANDONED, replace(ANSWERED, call_id=CallId("FR751-a-2.0"))), 2):
        desk.fold(envelope(event, seq))
        history.fold(envelope(event, seq))
    (loss,) = desk.pending.values()
    assert (loss.place, loss.lost_at, loss.settled_by) == (LossPlace.QUEUE, ABANDONED.ended_at, "FR751-a-2.0")
    (remembered,) = history.recent(AgentId("a1"))
    assert (remembered.way, remembered.call.caller) == (Way.IN, CALLER)


@pytest.mark.parametrize(
    ("event", "figures"),
    [
        (ANSWERED, (1, 1, 0)),
        (ABANDONED, (1, 0, 1)),
        (replace(ANSWERED, handed_back=True), (0, 1, 0)),
        (replace(ANSWERED, caller=CallerNumber("+33199000001", test=True)), (0, 0, 0)),
    ],
    ids=["answered", "abandoned", "handed back", "test"],
)
async def test_the_wallboard_counts_it(event: FallbackCallEnded, figures: tuple[int, int, int]) -> None:
    today = Today(day_of(NOON))
    today.fold(envelope(event, 1))
    assert (today.presented, today.answered, today.abandoned) == figures
