"""What agents do with calls: where everybody's sound goes, what is written, and what never ends a call."""

import pytest

from core.commands import (
    AcceptOffer,
    CompleteTransfer,
    DeclineOffer,
    DropParty,
    HangUp,
    HoldCall,
    InviteParty,
    LeaveCall,
    MergeCalls,
    MuteParty,
    PlaceCall,
    ResumeCall,
    SendDigits,
    SwapCalls,
    TakeOverCall,
    TransferCall,
)
from core.errors import CommandRefused
from core.events import (
    CallAnswered,
    CallEnded,
    CallPlaced,
    CallQueued,
    CallsMerged,
    DigitsSent,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    PositionReadinessChanged,
    TransferFailed,
    TransferStarted,
)
from core.ids import CallId, ChannelId, PartyId, PositionId
from core.switch import CalleeProgress, LegOpened, PlaybackEnded
from core.words import EndedBy, Outcome, PartyEnd, PositionState, Priority, Target, TargetKind
from tests.support.centre import FakeCentre, settle
from tests.support.control import SMUR, Control, colleague, discord, number, room
from web.parties import PartiesSeen

pytestmark = pytest.mark.unit

ARM1, ARM2, ARM3 = PositionId("arm1"), PositionId("arm2"), PositionId("arm3")
LEG1, LEG2 = ChannelId("leg-arm1"), ChannelId("leg-arm2")


async def centre(*names: str) -> Control:
    control = Control()
    for name in names:
        await control.agent(name)
    return control


def well(control: Control) -> None:
    assert discord(control.centre) == []
    assert control.centre.failures == []


# --- outgoing ---------------------------------------------------------------------------------------------


async def test_a_number_rings_in_the_agents_ear_and_is_talked_with_and_recorded_by_its_own_id() -> None:
    control = await centre("arm1")
    call_id = await control.call_number("arm1")
    channel = control.channel_called()
    assert str(channel) == str(call_id)
    assert control.switch.callees[channel].presented == "+33144000015"
    assert control.together(LEG1, channel)
    assert not control.switch.playing
    control.switch.callee_rings(channel)
    assert control.heard_by_legs() == ["ringback"]
    await control.picks_up()
    assert not control.switch.playing
    assert control.together(LEG1, channel)
    assert control.journal.events(PartyJoined)
    well(control)
    await control.do(HangUp(position_id=ARM1))
    await control.hang_ups()
    assert (control.ended(call_id).outcome, control.ended(call_id).ended_by) == (
        Outcome.ANSWERED,
        EndedBy.AGENT,
    )
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    well(control)


async def test_the_network_is_heard_rather_than_our_ringing() -> None:
    control = await centre("arm1")
    await control.call_number("arm1")
    channel = control.channel_called()
    control.switch.callee_rings(channel)
    control.switch.tell(CalleeProgress(channel_id=channel))
    assert not control.switch.playing


@pytest.mark.parametrize(
    ("cause", "reason", "said"),
    [
        (17, PartyEnd.BUSY, "callee-busy"),
        (21, PartyEnd.DECLINED, "callee-busy"),
        (16, PartyEnd.NO_ANSWER, "callee-no-answer"),
        (1, PartyEnd.UNAVAILABLE, "callee-unreachable"),
        (38, PartyEnd.FAILED, "callee-unreachable"),
    ],
)
async def test_why_nobody_answers_is_said_and_the_call_is_over(cause: int, reason: PartyEnd, said: str) -> None:
    control = await centre("arm1")
    call_id = await control.call_number("arm1")
    control.switch.callee_rings(control.channel_called())
    await control.gone(control.channel_called(), cause)
    assert [e.reason for e in control.journal.events(PartyNotReached)] == [reason]
    assert control.heard_by_legs() == [said]
    assert control.ended(call_id).outcome is Outcome.NOT_REACHED
    assert control.switch.where(LEG1) == Control.home("arm1"), "what is said to it keeps it there"
    [notice] = control.switch.playing
    control.switch.playing.clear()
    control.switch.tell(PlaybackEnded(playback_id=notice, ok=True))
    assert control.switch.where(LEG1) is None
    well(control)


async def test_a_leg_that_comes_instead_of_one_that_was_being_told_is_at_rest() -> None:
    control = await centre("arm1")
    await control.call_number("arm1")
    await control.gone(control.channel_called(), 17)
    newer = ChannelId("leg-arm1-newer")
    control.switch.legs[newer] = ARM1
    control.switch.tell(LegOpened(position_id=ARM1, channel_id=newer))
    await control.gone(LEG1, 16)
    caller = await control.queued()
    assert control.switch.where(newer) == Control.home("arm1")
    await control.gone(ChannelId(caller), 16)
    assert control.switch.where(newer) is None
    well(control)


async def test_a_number_that_asterisk_cannot_call_is_not_reached() -> None:
    control = await centre("arm1")
    control.switch.refuse_calls = True
    await control.do(PlaceCall(position_id=ARM1, target=number()))
    await settle()
    assert [e.reason for e in control.journal.events(PartyNotReached)] == [PartyEnd.FAILED]
    well(control)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "bad_number"),
        ("99", "bad_number"),
        ("0612345678@evil.example", "bad_number"),
        ("0899123456", "number_not_allowed"),
        ("+1 900 555 0100", "number_not_allowed"),
        ("+44 20 7946 0000", "number_not_allowed"),
        ("0" * 40, "bad_number"),
    ],
)
async def test_numbers_that_may_not_be_called(value: str, code: str) -> None:
    control = await centre("arm1")
    with pytest.raises(CommandRefused) as refused:
        await control.do(PlaceCall(position_id=ARM1, target=number(value)))
    assert refused.value.code == code
    assert not control.switch.callees
    assert not control.journal.events(CallPlaced)


@pytest.mark.parametrize(
    ("typed", "called"),
    [("06 12 34 56 78", "+33612345678"), ("0033.6.12.34.56.78", "+33612345678"), ("18", "18")],
)
async def test_numbers_are_read_as_people_write_them(typed: str, called: str) -> None:
    control = await centre("arm1")
    await control.call_number("arm1", typed) if typed == called else await control.do(
        PlaceCall(position_id=ARM1, target=number(typed))
    )
    assert [callee.number for callee in control.switch.callees.values()] == [called]


# --- one call, two calls ----------------------------------------------------------------------------------


async def test_a_consultation_holds_the_caller_and_swaps() -> None:
    control = await centre("arm1")
    first = await control.talking("arm1")
    second = await control.call_number("arm1")
    assert control.switch.music == {ChannelId(first): "hold"}
    await control.picks_up()
    assert control.together(LEG1, second)
    well(control)
    await control.do(SwapCalls(position_id=ARM1))
    assert control.together(LEG1, first)
    assert control.switch.music == {ChannelId(second): "hold"}
    well(control)
    with pytest.raises(CommandRefused, match="two_calls"):
        await control.do(PlaceCall(position_id=ARM1, target=number()))
    await control.do(HangUp(position_id=ARM1, call_id=second))
    await control.hang_ups()
    assert control.ended(second).outcome is Outcome.ANSWERED
    assert control.together(LEG1, first)
    assert control.centre.acd.room.positions[ARM1].state is PositionState.ON_CALL
    well(control)


async def test_swapping_away_from_a_number_that_rings_and_back() -> None:
    control = await centre("arm1")
    first = await control.talking("arm1")
    second = await control.call_number("arm1")
    control.switch.callee_rings(ChannelId(second))
    assert control.switch.playing
    await control.do(SwapCalls(position_id=ARM1))
    assert not control.switch.playing
    assert control.together(LEG1, first)
    await control.picks_up()
    assert control.switch.music == {ChannelId(second): "hold"}
    well(control)
    await control.do(SwapCalls(position_id=ARM1))
    assert control.together(LEG1, second)
    well(control)


async def test_resuming_with_another_call_heard_swaps() -> None:
    control = await centre("arm1")
    first = await control.talking("arm1")
    await control.call_number("arm1")
    await control.do(ResumeCall(position_id=ARM1))
    assert control.together(LEG1, first)
    await control.do(HoldCall(position_id=ARM1))
    with pytest.raises(CommandRefused, match="not_two_calls"):
        await control.do(SwapCalls(position_id=ARM1))


async def test_keys_go_to_the_numbers_not_to_the_caller() -> None:
    control = await centre("arm1")
    first = await control.talking("arm1")
    await control.do(SendDigits(position_id=ARM1, digits="1"))
    assert control.switch.keys == {ChannelId(first): "1"}
    await control.do(InviteParty(position_id=ARM1, target=number()))
    called = await control.picks_up()
    await control.do(SendDigits(position_id=ARM1, digits="12#"))
    assert control.switch.keys == {ChannelId(first): "1", called: "12#"}
    assert [event.count for event in control.journal.events(DigitsSent)] == [1, 3]
    with pytest.raises(CommandRefused, match="bad_arguments"):
        await control.do(SendDigits(position_id=ARM1, digits="1A"))


# --- colleagues -------------------------------------------------------------------------------------------


async def test_an_internal_call_rings_is_answered_and_ended() -> None:
    control = await centre("arm1", "arm2")
    await control.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    call_id = control.live.calls_of(ARM1)[0].call_id
    assert control.heard_by_legs() == ["ringback"]
    await control.accept("arm2")
    assert not control.switch.playing
    assert control.together(LEG1, LEG2)
    well(control)
    await control.do(HangUp(position_id=ARM2))
    assert control.ended(call_id).outcome is Outcome.ANSWERED
    assert control.switch.where(LEG1) is None
    assert control.switch.where(LEG2) is None
    assert {p.state for p in control.centre.acd.room.positions.values()} == {PositionState.READY}
    well(control)


async def internal_call() -> tuple[Control, CallId]:
    control = await centre("arm1", "arm2")
    await control.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    await control.accept("arm2")
    return control, control.live.calls_of(ARM1)[-1].call_id


def page_gone(control: Control, position: PositionId, *, strip: bool = False) -> None:
    control.centre.bus.publish(PositionReadinessChanged(position_id=position, leg=False, strip=strip))


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_internal_call_whose_pages_are_both_gone_ends_after_a_grace(restarted: bool) -> None:
    control, call_id = await internal_call()
    page_gone(control, ARM1)
    control.centre.advance(60)
    assert not control.journal.events(CallEnded), "one of them is there"
    page_gone(control, ARM2)
    if restarted:
        again = FakeCentre(control.journal.envelopes)
        again.switch.go_on_from(control.switch)
        again.start()
        again.clock.advance(control.centre.clock.monotonic())
        control = Control(again)
    control.centre.advance(29)
    assert not control.journal.events(CallEnded)
    control.centre.advance(1)
    ended = control.ended(call_id)
    assert (ended.outcome, ended.ended_by) == (Outcome.ANSWERED, EndedBy.SYSTEM)
    positions = control.centre.acd.room.positions
    assert {positions[p].state for p in (ARM1, ARM2)} == {PositionState.UNREADY}


async def test_who_comes_back_in_time_finds_the_internal_call_and_a_caller_is_never_left_so() -> None:
    control, call_id = await internal_call()
    for position in (ARM1, ARM2):
        page_gone(control, position)
    control.centre.advance(29)
    page_gone(control, ARM2, strip=True)
    control.centre.advance(29)
    assert call_id in control.live.by_id
    other = await centre("arm1")
    caller = await other.talking("arm1")
    page_gone(other, ARM1)
    other.centre.advance(120)
    assert caller in other.live.by_id


async def test_a_colleague_who_declines_is_told_of() -> None:
    control = await centre("arm1", "arm2")
    await control.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    call_id = control.live.calls_of(ARM1)[0].call_id
    offer = control.centre.acd.room.positions[ARM2].offer
    assert offer is not None
    await control.do(DeclineOffer(position_id=ARM2, offer_id=offer.offer_id))
    assert [e.reason for e in control.journal.events(PartyNotReached)] == [PartyEnd.DECLINED]
    assert control.ended(call_id).outcome is Outcome.NOT_REACHED
    well(control)


async def test_everybody_is_called_at_once_and_who_answers_is_in() -> None:
    control = await centre("arm1", "arm2", "arm3")
    await control.do(PlaceCall(position_id=ARM1, target=Target(TargetKind.EVERYBODY)))
    call = control.live.calls_of(ARM1)[0]
    await control.accept("arm2")
    assert control.together(LEG1, LEG2)
    await control.accept("arm3")
    assert control.together(LEG1, LEG2, "leg-arm3")
    assert not call.ringing()
    well(control)
    await control.do(HangUp(position_id=ARM1))
    assert control.together(LEG2, "leg-arm3")
    well(control)


async def test_everybody_called_and_nobody_there() -> None:
    control = await centre("arm1", "arm2")
    await control.do(PlaceCall(position_id=ARM1, target=Target(TargetKind.EVERYBODY)))
    call_id = control.live.calls_of(ARM1)[0].call_id
    control.centre.advance(120)
    await settle()
    assert control.ended(call_id).outcome is Outcome.NOT_REACHED
    well(control)


# --- transfers --------------------------------------------------------------------------------------------


async def test_a_blind_transfer_to_a_colleague() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.agent("arm2")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    assert control.switch.music == {ChannelId(call_id): "hold"}
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    await control.accept("arm2")
    assert control.together(LEG2, call_id)
    assert [e.position_id for e in control.journal.events(CallAnswered)] == [ARM1, ARM2]
    assert not control.journal.events(TransferFailed)
    well(control)


@pytest.mark.parametrize("how", ["declined", "late", "logged_out"])
async def test_a_transfer_that_fails_comes_back_to_who_passed_it_on(how: str) -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.agent("arm2")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    offer = control.centre.acd.room.positions[ARM2].offer
    assert offer is not None
    if how == "declined":
        await control.do(DeclineOffer(position_id=ARM2, offer_id=offer.offer_id))
    elif how == "late":
        control.centre.advance(31)
        await settle()
    else:
        control.centre.readiness(ARM2, ready=False)
        await settle()
    assert len(control.journal.events(TransferFailed)) == 1
    assert control.switch.music == {ChannelId(call_id): "hold"}
    await control.accept("arm1")
    assert control.together(LEG1, call_id)
    well(control)


async def test_a_transfer_that_fails_twice_waits_again_at_its_old_place() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    first_wait = control.centre.acd.room.last_queued[call_id].since
    await control.agent("arm2")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=colleague("arm2")))
    control.centre.readiness(ARM1, ready=False)
    control.centre.readiness(ARM2, ready=False)
    await settle()
    assert len(control.journal.events(TransferFailed)) == 2
    assert control.journal.events(CallQueued)[-1].since == first_wait
    assert control.switch.music == {ChannelId(call_id): "waiting"}
    well(control)
    control.centre.readiness(ARM1, ready=True)
    await settle()
    await control.accept("arm1")
    assert control.together(LEG1, call_id)
    well(control)


async def test_a_transfer_to_a_number_then_the_two_talk_alone() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=number()))
    called = control.channel_called()
    control.switch.callee_rings(called)
    assert control.switch.where(called) is None
    assert control.switch.music == {ChannelId(call_id): "hold"}
    await control.picks_up()
    assert control.together(call_id, called)
    well(control)
    await control.gone(called)
    assert control.ended(call_id).outcome is Outcome.ANSWERED
    assert not control.switch.callers
    well(control)


async def test_a_transfer_to_a_busy_number_comes_back() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=number()))
    await control.gone(control.channel_called(), 17)
    [failed] = control.journal.events(TransferFailed)
    assert failed.reason is PartyEnd.BUSY
    await control.accept("arm1")
    assert control.together(LEG1, call_id)
    well(control)


async def test_a_transfer_to_a_room_waits_there() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=room("MU"), priority=Priority.P1))
    queued = control.journal.events(CallQueued)[-1]
    assert (queued.queue, queued.priority, queued.by) == ("MU", Priority.P1, ARM1)
    assert control.switch.music == {ChannelId(call_id): "waiting"}
    assert [e.reason for e in control.journal.events(PartyLeft)] == [PartyEnd.TRANSFERRED]
    well(control)
    await control.gone(ChannelId(call_id))
    assert control.ended(call_id).outcome is Outcome.ANSWERED


async def test_a_caller_who_leaves_while_passed_on_ends_the_call() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=number()))
    await control.gone(ChannelId(call_id))
    assert control.ended(call_id).ended_by is EndedBy.CALLER
    assert not control.switch.callees
    well(control)


async def test_an_attended_transfer_leaves_the_two_together() -> None:
    control = await centre("arm1", "arm2")
    caller = await control.talking("arm1")
    await control.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    internal = control.live.calls_of(ARM1)[-1].call_id
    with pytest.raises(CommandRefused, match="still_ringing"):
        await control.do(MergeCalls(position_id=ARM1))
    await control.accept("arm2")
    await control.do(CompleteTransfer(position_id=ARM1))
    assert control.together(LEG2, caller)
    assert control.switch.where(LEG1) is None
    assert control.ended(internal).outcome is Outcome.ANSWERED
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    assert control.centre.acd.room.positions[ARM2].state is PositionState.ON_CALL
    well(control)


async def asking(target: Target) -> tuple[Control, CallId, CallId]:
    """An agent has a caller on hold and waits for somebody to answer; another caller waits in the room."""
    control = await centre("arm1")
    caller = await control.talking("arm1")
    await control.agent("arm2")
    await control.do(PlaceCall(position_id=ARM1, target=target))
    asked = control.live.calls_of(ARM1)[-1].call_id
    assert control.switch.music == {ChannelId(caller): "hold"}
    return control, caller, asked


async def test_a_caller_is_left_to_a_colleague_who_still_rings() -> None:
    control, caller, asked = await asking(colleague("arm2"))
    other = await control.queued("+33611111111")
    await control.do(CompleteTransfer(position_id=ARM1))
    assert control.ended(asked).outcome is Outcome.NOT_REACHED
    offer = control.centre.acd.room.positions[ARM2].offer
    assert offer is not None
    assert offer.call_id == caller, "no other call came in between"
    assert control.switch.music == {ChannelId(caller): "hold", ChannelId(other): "waiting"}
    assert control.centre.acd.room.positions[ARM1].offer is not None, "who passed it on is free"
    assert not control.heard_by_legs()
    await control.accept("arm2")
    assert control.together(LEG2, caller)
    well(control)


@pytest.mark.parametrize("gone", [False, True])
async def test_a_colleague_who_rang_and_declines_gives_the_caller_back(gone: bool) -> None:
    control, caller, _ = await asking(colleague("arm2"))
    first_wait = control.centre.acd.room.last_queued[caller].since
    await control.do(CompleteTransfer(position_id=ARM1))
    if gone:
        control.centre.readiness(ARM1, ready=False)
    offer = control.centre.acd.room.positions[ARM2].offer
    assert offer is not None
    await control.do(DeclineOffer(position_id=ARM2, offer_id=offer.offer_id))
    if gone:
        assert control.journal.events(CallQueued)[-1].since == first_wait
        assert control.switch.music == {ChannelId(caller): "waiting"}
    else:
        await control.accept("arm1")
        assert control.together(LEG1, caller)
    well(control)


async def test_a_caller_is_left_to_a_number_that_still_rings() -> None:
    control, caller, asked = await asking(number())
    called = control.channel_called()
    control.switch.callee_rings(called)
    assert control.heard_by_legs() == ["ringback"]
    await control.do(CompleteTransfer(position_id=ARM1))
    assert not control.heard_by_legs()
    assert control.switch.music == {ChannelId(caller): "hold"}
    assert control.channel_called() == called, "it is the same call that goes on ringing"
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    well(control)
    await control.picks_up()
    assert control.together(caller, called)
    assert control.ended(asked).outcome is Outcome.NOT_REACHED
    await control.gone(called)
    assert control.ended(caller).outcome is Outcome.ANSWERED
    well(control)


@pytest.mark.parametrize("how", ["busy", "late"])
async def test_a_number_that_rang_and_does_not_answer_gives_the_caller_back(how: str) -> None:
    control, caller, _ = await asking(number())
    called = control.channel_called()
    control.switch.callee_rings(called)
    await control.do(CompleteTransfer(position_id=ARM1))
    if how == "late":
        control.centre.advance(34)
        await settle()
    else:
        await control.gone(called, 17)
    [failed] = control.journal.events(TransferFailed)
    assert failed.reason is (PartyEnd.NO_ANSWER if how == "late" else PartyEnd.BUSY)
    await control.accept("arm1")
    assert control.together(LEG1, caller)
    well(control)


async def test_a_caller_is_not_left_to_everybody() -> None:
    control, _, _ = await asking(Target(TargetKind.EVERYBODY))
    with pytest.raises(CommandRefused, match="still_ringing"):
        await control.do(CompleteTransfer(position_id=ARM1))
    well(control)


async def test_a_colleagues_call_is_taken_over() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.agent("arm2")
    await control.do(TakeOverCall(position_id=ARM2, call_id=call_id))
    assert control.together(LEG2, call_id)
    assert [e.party_id for e in control.journal.events(PartyLeft)] == ["arm1"]
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    well(control)
    with pytest.raises(CommandRefused, match="already_in_call"):
        await control.do(TakeOverCall(position_id=ARM2, call_id=call_id))
    with pytest.raises(CommandRefused, match="call_gone"):
        await control.do(TakeOverCall(position_id=ARM1, call_id=CallId("no-such-call")))


# --- conferences ------------------------------------------------------------------------------------------


async def conference(control: Control, size: int) -> tuple[CallId, list[ChannelId]]:
    """A caller, arm1, and numbers until there are so many."""
    call_id = await control.talking("arm1")
    channels = []
    for index in range(size - 2):
        value = f"+3314000{index:04d}"
        await control.do(InviteParty(position_id=ARM1, target=number(value)))
        channels.append(await control.picks_up(value))
    return call_id, channels


async def test_a_conference_of_eight_and_no_ninth() -> None:
    control = await centre("arm1")
    call_id, channels = await conference(control, 8)
    assert control.together(LEG1, call_id, *channels)
    with pytest.raises(CommandRefused, match="conference_full"):
        await control.do(InviteParty(position_id=ARM1, target=number()))
    well(control)


async def test_a_party_is_muted_heard_again_and_put_out() -> None:
    control = await centre("arm1")
    call_id, channels = await conference(control, 4)
    party = PartyId(channels[0])
    await control.do(MuteParty(position_id=ARM1, call_id=call_id, party_id=party, muted=True))
    assert control.switch.muted == {channels[0]}
    await control.do(MuteParty(position_id=ARM1, call_id=call_id, party_id=party, muted=False))
    assert control.switch.muted == set()
    await control.do(DropParty(position_id=ARM1, call_id=call_id, party_id=party))
    await control.hang_ups()
    assert [(e.party_id, e.reason) for e in control.journal.events(PartyLeft)] == [(party, PartyEnd.DROPPED)]
    assert control.together(LEG1, call_id, channels[1])
    well(control)


async def test_an_invitation_is_withdrawn() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.do(InviteParty(position_id=ARM1, target=number()))
    party = PartyId(control.channel_called())
    await control.do(DropParty(position_id=ARM1, call_id=call_id, party_id=party))
    await control.hang_ups()
    assert [e.reason for e in control.journal.events(PartyNotReached)] == [PartyEnd.CANCELLED]
    assert control.together(LEG1, call_id)
    assert not control.switch.callees
    well(control)


async def test_who_invites_leaves_the_others_connected() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    with pytest.raises(CommandRefused, match="nobody_left"):
        await control.do(LeaveCall(position_id=ARM1, call_id=call_id))
    await control.do(InviteParty(position_id=ARM1, target=number()))
    called = await control.picks_up()
    await control.do(LeaveCall(position_id=ARM1, call_id=call_id))
    assert control.together(call_id, called)
    assert control.switch.where(LEG1) is None
    assert control.centre.acd.room.positions[ARM1].state is PositionState.READY
    well(control)
    await control.gone(ChannelId(call_id))
    assert control.ended(call_id).outcome is Outcome.ANSWERED
    assert not control.switch.callees
    well(control)


async def test_two_calls_become_a_conference() -> None:
    control = await centre("arm1")
    caller = await control.talking("arm1")
    called = ChannelId(await control.call_number("arm1"))
    await control.picks_up()
    await control.do(MergeCalls(position_id=ARM1))
    assert control.together(LEG1, caller, called)
    assert [e.call_id for e in control.journal.events(CallsMerged)] == [caller]
    well(control)
    await control.do(HangUp(position_id=ARM1))
    await control.hang_ups()
    assert control.ended(caller).outcome is Outcome.ANSWERED
    assert not control.switch.callers
    assert not control.switch.callees
    well(control)


async def test_hanging_up_with_a_colleague_in_leaves_them_with_the_caller() -> None:
    control = await centre("arm1")
    call_id = await control.talking("arm1")
    await control.agent("arm2")
    await control.do(InviteParty(position_id=ARM1, target=colleague("arm2")))
    await control.accept("arm2")
    assert control.together(LEG1, LEG2, call_id)
    await control.do(HangUp(position_id=ARM1))
    assert control.together(LEG2, call_id)
    well(control)


async def test_the_caller_leaves_and_the_others_go_on() -> None:
    control = await centre("arm1")
    call_id, channels = await conference(control, 3)
    await control.gone(ChannelId(call_id))
    assert control.together(LEG1, channels[0])
    well(control)
    await control.gone(channels[0])
    assert control.ended(call_id).outcome is Outcome.ANSWERED
    well(control)


async def test_a_conference_held_by_its_agent_goes_on_without() -> None:
    control = await centre("arm1")
    call_id, channels = await conference(control, 3)
    await control.do(HoldCall(position_id=ARM1))
    assert control.together(call_id, channels[0])
    well(control)
    await control.do(ResumeCall(position_id=ARM1))
    assert control.together(LEG1, call_id, channels[0])
    well(control)


async def test_an_offer_taken_during_a_call_holds_it() -> None:
    control = await centre("arm1", "arm2")
    caller = await control.talking("arm1")
    await control.do(PlaceCall(position_id=ARM2, target=colleague("arm1")))
    offer = control.centre.acd.room.positions[ARM1].offer
    assert offer is not None
    assert control.together(LEG1, caller)
    await control.do(AcceptOffer(position_id=ARM1, offer_id=offer.offer_id))
    assert control.together(LEG1, LEG2)
    assert control.switch.music == {ChannelId(caller): "hold"}
    well(control)


async def test_transfers_are_refused_where_they_would_strand_somebody() -> None:
    control = await centre("arm1")
    call_id, _ = await conference(control, 3)
    with pytest.raises(CommandRefused, match="not_transferable"):
        await control.do(TransferCall(position_id=ARM1, call_id=call_id, target=number(SMUR)))
    assert not control.journal.events(TransferStarted)
    with pytest.raises(CommandRefused, match="oneself"):
        await control.do(InviteParty(position_id=ARM1, target=colleague("arm1")))
    with pytest.raises(CommandRefused, match="unknown_position"):
        await control.do(InviteParty(position_id=ARM1, target=colleague("nobody")))
    assert len(control.journal.events(PartyInvited)) == 1


async def test_an_attended_transfer_between_caller_and_number_ends_with_either() -> None:
    control = await centre("arm1")
    caller = await control.talking("arm1")
    called = ChannelId(await control.call_number("arm1"))
    await control.picks_up()
    await control.do(SwapCalls(position_id=ARM1))
    await control.do(CompleteTransfer(position_id=ARM1))
    assert control.together(caller, called)
    well(control)
    await control.gone(ChannelId(caller))
    assert control.ended(caller).outcome is Outcome.ANSWERED
    assert not control.switch.callees
    well(control)


async def test_a_second_colleague_hangs_up_an_internal_call_and_the_view_forgets_it() -> None:
    control = await centre("arm1", "arm2")
    seen = PartiesSeen()
    control.centre.bus.subscribe(None, lambda envelope: _void(seen.fold(envelope)))
    await control.do(PlaceCall(position_id=ARM1, target=colleague("arm2")))
    assert [c.state_for(ARM1) for c in seen.calls_of(ARM1)] == ["ringing"]
    await control.accept("arm2")
    assert [c.state_for(ARM1) for c in seen.calls_of(ARM1)] == ["talking"]
    await control.do(HangUp(position_id=ARM2))
    assert not seen.calls


def _void(_: object) -> None:
    """Nothing."""
