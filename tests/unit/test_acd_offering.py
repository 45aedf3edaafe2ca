"""Distribution at work, room by room: who is offered what, who may take what, and what becomes of it."""

from datetime import timedelta

import pytest

from core.commands import (
    AcceptOffer,
    ChangePriority,
    ChangeRoomRule,
    CheckedBack,
    DeclineOffer,
    Pause,
    TakeCall,
)
from core.errors import CommandRefused
from core.events import (
    CallCheckedBack,
    CallDismissed,
    CallOffered,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CheckBackDue,
    OfferWithdrawn,
    OverflowTriggered,
    ParkedCallerLeft,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    RoomRuleChanged,
    TransferStarted,
)
from core.ids import CallId, ChannelId, PartyId, PlaybackId, PositionId, QueueId
from core.switch import PlaybackEnded
from core.words import (
    CallKind,
    OfferKind,
    PartyEnd,
    PauseReason,
    PositionState,
    Priority,
    Role,
    RoomSetting,
    Target,
    TargetKind,
    WithdrawReason,
)
from tests.support.floor import CROWDED, EVERYONE, LANGUAGES, REFUSING, Floor

pytestmark = pytest.mark.unit


@pytest.fixture
def floor() -> Floor:
    return Floor()


def state(floor: Floor, name: str) -> PositionState:
    return floor.room.positions[PositionId(name)].state


def offered(floor: Floor, name: str) -> CallId | None:
    offer = floor.room.positions[PositionId(name)].offer
    return offer.call_id if offer else None


def accept(floor: Floor, name: str) -> None:
    offer = floor.room.positions[PositionId(name)].offer
    assert offer is not None
    floor.bus.execute(AcceptOffer(position_id=PositionId(name), offer_id=offer.offer_id))


def take(floor: Floor, name: str, call_id: CallId) -> None:
    floor.bus.execute(TakeCall(position_id=PositionId(name), call_id=call_id))


def refused(floor: Floor, name: str, call_id: CallId) -> str:
    with pytest.raises(CommandRefused) as refusal:
        take(floor, name, call_id)
    return refusal.value.code


def park(floor: Floor, name: str, call_id: CallId, priority: Priority | None = None) -> None:
    floor.say(PartyLeft(call_id=call_id, party_id=PartyId(name), reason=PartyEnd.TRANSFERRED))
    floor.say(
        TransferStarted(
            call_id=call_id,
            position_id=PositionId(name),
            target=Target(TargetKind.ROOM, "MU"),
            priority=priority,
        )
    )


def invite(floor: Floor, call_id: CallId, name: str, by: str = "arm1") -> None:
    floor.say(
        PartyInvited(
            call_id=call_id,
            party_id=PartyId(name),
            target=Target(TargetKind.POSITION, name),
            deadline=floor.clock.now() + timedelta(seconds=20),
            by=PositionId(by),
        )
    )


# --- who is offered what ---


def test_a_physician_is_offered_no_call_of_room_15_and_an_arm_is(floor: Floor) -> None:
    floor.agent("mu1", Role.PHYSICIAN_MU)
    call = floor.call("15")
    assert offered(floor, "mu1") is None
    floor.agent("arm1")
    assert offered(floor, "arm1") == call


def test_a_skill_is_asked_for_until_the_room_widens(floor: Floor) -> None:
    floor.agent("arm2")
    call = floor.call(LANGUAGES, skills=("anglais",))
    floor.advance(19.9)
    assert offered(floor, "arm2") is None
    floor.advance(0.1)
    assert offered(floor, "arm2") == call
    assert "widened:1" in floor.journal.events(CallOffered)[-1].reasons


def test_who_has_the_skill_is_offered_the_call_at_once(floor: Floor) -> None:
    floor.agent("arm2")
    floor.agent("arm1")
    call = floor.call(LANGUAGES, skills=("anglais",))
    assert (offered(floor, "arm1"), offered(floor, "arm2")) == (call, None)
    assert "skill:anglais" in floor.journal.events(CallOffered)[-1].reasons


def test_fewest_calls_first(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("arm2")
    first = floor.call(LANGUAGES)
    accept(floor, "arm1")
    floor.end(first)
    floor.advance(15)
    floor.call(LANGUAGES)
    assert offered(floor, "arm2") is not None


def test_the_named_agent_comes_first_in_sequence_whatever_their_role(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("mu1", Role.PHYSICIAN_MU)
    assert offered(floor, "mu1") is None
    call = floor.call(CROWDED)
    assert offered(floor, "mu1") == call


def test_ringing_all_lets_nobody_be_paused_by_a_call_that_nobody_takes(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("arm2")
    call = floor.call(EVERYONE)
    assert (offered(floor, "arm1"), offered(floor, "arm2")) == (call, call)
    floor.advance(20)
    assert {e.reason for e in floor.journal.events(OfferWithdrawn)} == {WithdrawReason.TIMED_OUT}
    assert (offered(floor, "arm1"), offered(floor, "arm2")) == (call, call), "it rings again"
    floor.bus.execute(Pause(position_id=PositionId("arm1"), reason=PauseReason.MEAL))
    assert state(floor, "arm1") is PositionState.PAUSED
    accept(floor, "arm2")
    assert state(floor, "arm2") is PositionState.ON_CALL


def test_the_heavier_room_is_served_first(floor: Floor) -> None:
    floor.call("15")
    floor.advance(2)
    heavy = floor.call(EVERYONE)
    floor.advance(2)
    floor.agent("arm1")
    assert offered(floor, "arm1") == heavy, "2 s × 3 is more than 4 s"
    assert "weight:3" in floor.journal.events(CallOffered)[-1].reasons


def test_a_number_that_calls_again_moves_up_and_prefers_its_agent(floor: Floor) -> None:
    floor.agent("arm1")
    first = floor.call(number="+331")
    accept(floor, "arm1")
    floor.agent("arm2", ready=False)
    floor.end(first)
    before = floor.call(number="+332")
    again = floor.call(number="+331")
    assert floor.room.in_order(QueueId("15")) == [again, before]
    assert floor.journal.events(CallQueued)[-1].repeat_of == first
    floor.readiness(PositionId("arm2"), ready=True)
    assert offered(floor, "arm2") == again, "nobody waits for the agent of the first call"


# --- taking ---


def test_a_manual_room_offers_nothing_and_lets_take(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("mu1", Role.PHYSICIAN_MU)
    first, second = floor.call("Choix"), floor.call("Choix")
    assert state(floor, "arm1") is PositionState.READY
    assert refused(floor, "mu1", first) == "not_your_room"
    take(floor, "arm1", second)
    assert floor.journal.events(CallOffered)[-1].kind is OfferKind.CHOSEN
    assert state(floor, "arm1") is PositionState.ON_CALL
    assert refused(floor, "arm1", second) == "call_gone"
    take(floor, "arm1", first)
    assert list(floor.room.positions[PositionId("arm1")].calls) == [second, first]
    third = floor.call("Choix")
    assert refused(floor, "arm1", third) == "two_calls"


def test_a_colleagues_ringing_offer_is_picked_up(floor: Floor) -> None:
    floor.agent("arm1")
    call = floor.call("15")
    floor.agent("arm2")
    late = floor.room.positions[PositionId("arm1")].offer
    assert late is not None
    take(floor, "arm2", call)
    assert state(floor, "arm1") is PositionState.READY
    assert floor.journal.events(OfferWithdrawn)[-1].reason is WithdrawReason.TAKEN_ELSEWHERE
    with pytest.raises(CommandRefused):
        floor.bus.execute(AcceptOffer(position_id=PositionId("arm1"), offer_id=late.offer_id))


def test_a_call_that_could_not_be_joined_is_back_in_its_place(floor: Floor) -> None:
    floor.agent("arm1")
    call = floor.call("Choix")
    floor.joins = False
    take(floor, "arm1", call)
    assert floor.room.in_order(QueueId("Choix")) == [call]
    assert state(floor, "arm1") is PositionState.READY


# --- invitations ---


def test_an_invitation_is_offered_or_refused_at_once(floor: Floor) -> None:
    floor.agent("arm1")
    call = floor.call("15")
    accept(floor, "arm1")
    floor.agent("arm2")
    invite(floor, call, "arm2")
    offer = floor.journal.events(CallOffered)[-1]
    assert (offer.kind, offer.reasons) == (OfferKind.INVITED, ("invited_by:arm1",))
    assert state(floor, "arm2") is PositionState.OFFERED
    invite(floor, call, "arm2")
    invite(floor, call, "personne")
    reasons = [e.reason for e in floor.journal.events(PartyNotReached)]
    assert reasons == [PartyEnd.BUSY, PartyEnd.UNAVAILABLE]
    floor.say(PartyNotReached(call_id=call, party_id=PartyId("arm2"), reason=PartyEnd.CANCELLED))
    assert floor.journal.events(OfferWithdrawn)[-1].reason is WithdrawReason.CANCELLED
    assert state(floor, "arm2") is PositionState.READY


def test_a_declined_colleague_may_be_offered_the_next_caller(floor: Floor) -> None:
    floor.agent("arm1")
    call = floor.call("15")
    accept(floor, "arm1")
    floor.agent("arm2")
    invite(floor, call, "arm2")
    offer = floor.room.positions[PositionId("arm2")].offer
    assert offer is not None
    floor.bus.execute(DeclineOffer(position_id=PositionId("arm2"), offer_id=offer.offer_id))
    assert state(floor, "arm2") is PositionState.READY
    assert call not in floor.room.waiting, "a talking call never waits because an invitation failed"


def test_who_is_on_one_call_is_offered_a_second_beside_it(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("arm2")
    first = floor.call("15")
    accept(floor, "arm1")
    other = floor.call("15")
    accept(floor, "arm2")
    invite(floor, first, "arm2")
    assert (state(floor, "arm2"), offered(floor, "arm2")) == (PositionState.ON_CALL, first)
    accept(floor, "arm2")
    assert list(floor.room.positions[PositionId("arm2")].calls) == [other, first]
    floor.end(other)
    assert state(floor, "arm2") is PositionState.ON_CALL
    floor.end(first)
    assert state(floor, "arm2") is PositionState.WRAP_UP


def test_a_call_to_everybody_is_offered_to_whoever_is_ready(floor: Floor) -> None:
    for name in ("arm1", "arm2", "chef"):
        floor.agent(name)
    call = CallId("o1")
    floor.say(
        CallPlaced(
            call_id=call,
            position_id=PositionId("arm1"),
            agent_id=floor.room.positions[PositionId("arm1")].agent_id,
            kind=CallKind.INTERNAL,
            target=Target(TargetKind.EVERYBODY),
        )
    )
    floor.say(
        PartyInvited(
            call_id=call,
            party_id=PartyId("everybody"),
            target=Target(TargetKind.EVERYBODY),
            deadline=floor.clock.now() + timedelta(seconds=20),
            by=PositionId("arm1"),
        )
    )
    assert offered(floor, "arm2") == offered(floor, "chef") == call
    accept(floor, "arm2")
    assert offered(floor, "chef") == call, "one answer does not silence the others"
    floor.advance(20)
    assert state(floor, "chef") is PositionState.READY


# --- overflow ---


def test_a_call_goes_on_to_the_next_room_with_the_wait_it_had(floor: Floor) -> None:
    call = floor.call(CROWDED)
    floor.advance(29.9)
    assert not floor.journal.events(OverflowTriggered)
    floor.advance(0.1)
    assert floor.room.waiting[call].queue == "15"
    assert floor.journal.events(CallQueued)[-1].since == floor.room.waiting[call].since
    floor.agent("arm1")
    assert offered(floor, "arm1") == call


@pytest.mark.parametrize("reached", [True, False])
def test_a_number_that_is_rung_takes_the_call_or_gives_it_back_to_its_place(
    floor: Floor, reached: bool
) -> None:
    first, second, third = (floor.call(CROWDED) for _ in range(3))
    floor.advance(0.1)
    assert floor.journal.events(OverflowTriggered)[-1].call_id == third
    assert floor.room.in_order(CROWDED) == [first, second]
    if reached:
        floor.say(PartyJoined(call_id=third, party_id=PartyId("n1"), channel_id=ChannelId("n1")))
        assert third not in floor.room.waiting
    else:
        floor.say(PartyNotReached(call_id=third, party_id=PartyId("n1"), reason=PartyEnd.BUSY))
        assert floor.room.in_order(CROWDED) == [first, second, third]


def test_a_call_of_which_nothing_more_is_heard_waits_again(floor: Floor) -> None:
    *_, third = (floor.call(CROWDED) for _ in range(3))
    floor.advance(0.1)
    assert floor.room.waiting[third].away
    floor.advance(121)
    assert not floor.room.waiting[third].away
    assert third in floor.room.in_order()


# --- a last message ---


def told(floor: Floor) -> PlaybackId:
    """What is being said to the one who waits."""
    [playback] = floor.switch.playing
    return playback


def message_over(floor: Floor, playback: PlaybackId, *, ok: bool = True) -> None:
    del floor.switch.playing[playback]
    floor.acd.on_switch(PlaybackEnded(playback_id=playback, ok=ok))


def test_a_message_may_end_the_call_once_it_is_over(floor: Floor) -> None:
    call = floor.call(REFUSING)
    floor.advance(10)
    assert floor.journal.events(OverflowTriggered)[-1].ends
    floor.advance(5)
    assert not floor.journal.events(CallDismissed), "it is still being said"
    message_over(floor, told(floor))
    assert floor.journal.events(CallDismissed)[-1].call_id == call
    floor.agent("arm1")
    assert offered(floor, "arm1") is None, "its line is being closed"


def test_whoever_is_free_before_the_message_is_over_takes_the_call(floor: Floor) -> None:
    call = floor.call(REFUSING)
    floor.advance(10)
    playback = told(floor)
    floor.agent("arm1")
    assert offered(floor, "arm1") == call
    message_over(floor, playback)
    assert not floor.journal.events(CallDismissed)
    floor.advance(20)
    assert offered(floor, "arm1") is None
    message_over(floor, told(floor))
    assert floor.journal.events(CallDismissed), "nobody took it: it is told again, then over"


def test_who_becomes_vital_during_the_message_is_not_ended(floor: Floor) -> None:
    call = floor.call(REFUSING)
    floor.advance(10)
    floor.say(CallPrioritised(call_id=call, priority=Priority.UV))
    message_over(floor, told(floor))
    floor.advance(60)
    assert not floor.journal.events(CallDismissed)
    assert call in floor.room.in_order(REFUSING)


def test_nobody_is_left_without_the_message(floor: Floor) -> None:
    call = floor.call(REFUSING)
    floor.advance(10)
    message_over(floor, told(floor), ok=False)
    floor.advance(60)
    assert not floor.journal.events(CallDismissed)
    assert not floor.switch.playing
    assert call in floor.room.in_order(REFUSING)


def test_after_a_restart_the_message_is_told_again_then_the_call_is_over(floor: Floor) -> None:
    floor.call(REFUSING)
    floor.advance(10)
    again = Floor(floor.journal.envelopes)
    again.clock.advance(10)
    again.advance(0)
    message_over(again, told(again))
    assert again.journal.events(CallDismissed)


# --- the medical waiting room ---


def test_parked_callers_are_in_order_of_priority_then_of_wait(floor: Floor) -> None:
    floor.agent("arm1")
    parked = []
    for priority in (Priority.P3, Priority.P1, None, Priority.P1):
        call = floor.call("15")
        accept(floor, "arm1")
        park(floor, "arm1", call, priority)
        floor.advance(15)
        parked.append(call)
    p3, first, unsaid, second = parked
    assert floor.room.in_order(QueueId("MU")) == [first, second, unsaid, p3]
    command = ChangePriority(position_id=PositionId("arm1"), call_id=p3, priority=Priority.P0)
    floor.bus.execute(command)
    assert floor.room.in_order(QueueId("MU")) == [p3, first, second, unsaid]
    with pytest.raises(CommandRefused) as refusal:
        floor.bus.execute(ChangePriority(position_id=PositionId("arm1"), call_id=p3, priority=Priority.UV))
    assert refusal.value.code == "priority_of_other_level"


def test_who_parked_a_caller_takes_them_back(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("arm2")
    call = floor.call("15")
    accept(floor, "arm1")
    park(floor, "arm1", call)
    assert refused(floor, "arm2", call) == "not_your_room"
    take(floor, "arm1", call)
    assert call not in floor.room.waiting


def test_a_caller_left_alone_is_called_for_and_looked_after(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("mu1", Role.PHYSICIAN_MU)
    call = floor.call("15")
    accept(floor, "arm1")
    park(floor, "arm1", call, Priority.P1)
    floor.advance(119.9)
    assert not floor.journal.events(CheckBackDue)
    floor.advance(0.1)
    floor.advance(60)
    assert len(floor.journal.events(CheckBackDue)) == 1
    floor.bus.execute(CheckedBack(position_id=PositionId("mu1"), call_id=call))
    assert not floor.room.waiting[call].check_due
    floor.advance(120)
    assert len(floor.journal.events(CheckBackDue)) == 2


def test_a_parked_caller_who_leaves_is_an_alarm_until_taken_note_of(floor: Floor) -> None:
    floor.agent("arm1")
    call = floor.call("15")
    accept(floor, "arm1")
    park(floor, "arm1", call, Priority.P2)
    floor.end(call)
    [left] = floor.journal.events(ParkedCallerLeft)
    assert (left.by, left.queue, left.priority) == ("arm1", "MU", Priority.P2)
    floor.advance(1)
    assert len(floor.journal.events(ParkedCallerLeft)) == 1
    floor.bus.execute(CheckedBack(position_id=PositionId("arm1"), call_id=call))
    assert len(floor.journal.events(CallCheckedBack)) == 1
    assert not floor.room.gone


# --- rules changed live ---


def test_only_a_supervisor_changes_how_a_room_works_and_puts_it_back(floor: Floor) -> None:
    floor.agent("arm1")
    floor.agent("chef", Role.SUPERVISOR, ready=False)

    def change(name: str, value: str, setting: RoomSetting = RoomSetting.MODE, rule: str = "") -> None:
        floor.bus.execute(
            ChangeRoomRule(
                position_id=PositionId(name),
                queue=QueueId("Plein" if rule else "15"),
                setting=setting,
                value=value,
                rule=rule,
            )
        )

    with pytest.raises(CommandRefused) as refusal:
        change("arm1", "manual")
    assert refusal.value.code == "not_supervisor"
    for value, setting, rule, code in (
        ("sometimes", RoomSetting.MODE, "", "bad_value"),
        ("10", RoomSetting.OVERFLOW_LIMIT, "aucune", "unknown_rule"),
    ):
        with pytest.raises(CommandRefused) as refusal:
            change("chef", value, setting, rule)
        assert refusal.value.code == code
    change("chef", "manual")
    call = floor.call("15")
    assert offered(floor, "arm1") is None
    [changed] = floor.journal.events(RoomRuleChanged)
    assert (changed.before, changed.value, changed.by) == ("automatic", "manual", "chef")
    change("chef", "")
    assert offered(floor, "arm1") == call
    assert not floor.room.changes


def test_the_estimated_wait_is_absent_until_there_is_something_to_say_it_from(floor: Floor) -> None:
    queue = QueueId("15")
    assert floor.acd.estimated_wait(queue) is None
    floor.agent("arm1")
    assert floor.acd.estimated_wait(queue) == 0
    for _ in range(3):
        call = floor.call("15")
        accept(floor, "arm1")
        assert floor.acd.estimated_wait(queue) is None or len(floor.room.answers.of(queue)) == 3
        floor.advance(30)
        floor.end(call)
        floor.advance(15)
    floor.call("15")
    accept(floor, "arm1")
    waiting = floor.call("15")
    assert floor.acd.place_of(waiting) == 0
    assert floor.acd.estimated_wait(queue, waiting) == pytest.approx(135 / 4)
    assert floor.acd.estimated_wait(queue) == pytest.approx(2 * 135 / 4)
