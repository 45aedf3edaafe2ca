"""What callers hear before the waiting room, and what becomes of them when things go wrong."""

import pytest

from core.events import (
    CallbackRequested,
    CallEnded,
    CallerSilent,
    CallerSpoke,
    CallOriented,
    CallPrioritised,
    CallQueued,
    ScriptAdvanced,
    ScriptEnded,
    ScriptFailed,
)
from core.ids import CallId, ChannelId, QueueId
from core.switch import DigitPressed, PlaybackEnded, SpeechHeard
from core.words import EndedBy, FrontOffice, Outcome, Priority
from ivr.script import Callback, Line, Menu, Script, Transfer, Wait
from tests.support.centre import FakeCentre, settle
from tests.support.control import RULES, SMUR
from tests.support.plan import simple_flows

pytestmark = pytest.mark.unit

FLOWS = simple_flows(
    lines={
        "0140000000": Line("Smur", "direct", Priority.P1),
        "116117": Line("116117", "menu"),
        "3": Line("15", "callback"),
        "4": Line("15", "out"),
    },
    scripts={
        "direct": Script("wait", {"wait": Wait(queue=QueueId("Samu"), keys={"1": Priority.UV})}),
        "out": Script(
            "out", {"out": Transfer(number=SMUR, otherwise="wait"), "wait": Wait(queue=QueueId("15"))}
        ),
        "callback": Script(
            "wish", {"wish": Callback(sounds=("noted",), otherwise="wait"), "wait": Wait(queue=QueueId("15"))}
        ),
        "menu": Script(
            "ask",
            {
                "ask": Menu(sounds=("menu",), keys={"2": "wait"}, default="wait", timeout_s=5, tries=2),
                "wait": Wait(queue=QueueId("15")),
            },
        ),
    },
)


def centre() -> FakeCentre:
    made = FakeCentre(flows=FLOWS, rules=RULES)
    made.start()
    return made


def hears(centre: FakeCentre, call: CallId) -> tuple[str, ...]:
    """What is being played to a caller."""
    [heard] = [sounds for channel, sounds in centre.switch.playing.values() if channel == ChannelId(call)] or [
        ()
    ]
    return heard


def played(centre: FakeCentre, call: CallId, *, ok: bool = True) -> None:
    """What is being played to a caller comes to its end."""
    playback = centre.ivr.greetings.by_call[call].playback_id
    centre.switch.playing.pop(playback)
    centre.switch.tell(PlaybackEnded(playback_id=playback, ok=ok))


async def test_a_line_without_welcome_goes_straight_to_its_room_before_the_others() -> None:
    it = centre()
    first = it.caller(line="15")
    played(it, first)
    second = it.caller(line="0140000000")
    await settle()
    assert not it.failures
    assert len(it.journal.events(ScriptAdvanced)) == 1
    oriented = it.journal.events(CallOriented)[-1]
    assert (oriented.flow, oriented.queue, oriented.priority, oriented.front_office, oriented.route) == (
        "Smur",
        "Samu",
        Priority.P1,
        FrontOffice.FO1,
        ("wait",),
    )
    assert it.acd.room.in_order() == [second, first]


async def test_a_failed_announcement_sends_the_caller_to_the_emergency_room_once() -> None:
    it = centre()
    call = it.caller()
    playback = it.ivr.greetings.by_call[call].playback_id
    it.switch.tell(PlaybackEnded(playback_id=playback, ok=False))
    it.switch.tell(PlaybackEnded(playback_id=playback, ok=False))
    assert [event.step for event in it.journal.events(ScriptFailed)] == ["welcome"]
    assert [event.queue for event in it.journal.events(CallQueued)] == ["15"]


async def test_an_unknown_fault_in_the_interpreter_sends_the_caller_to_the_emergency_room() -> None:
    it = FakeCentre(flows=simple_flows(lines={"15": Line("15", "gone")}))
    it.start()
    it.caller()
    assert [event.queue for event in it.journal.events(CallQueued)] == ["15"]
    assert not it.failures


async def test_whoever_is_in_a_script_when_the_link_is_cut_hears_its_step_again() -> None:
    it = centre()
    call = it.caller(line="116117")
    played(it, call)
    it.switch.tell(DigitPressed(channel_id=ChannelId(call), digit="7"))
    it.switch.cut()
    it.switch.playing.clear()
    it.switch.mend()
    await settle()
    assert hears(it, call) == ("menu",)
    played(it, call)
    it.advance(5.1)
    assert it.acd.room.in_order() == [call]


async def test_a_restarted_core_goes_on_from_the_journalled_step_with_the_tries_already_made() -> None:
    it = centre()
    call = it.caller(line="116117")
    it.switch.tell(DigitPressed(channel_id=ChannelId(call), digit="7"))
    again = FakeCentre(it.journal.envelopes, flows=FLOWS)
    again.switch.callers = it.switch.callers
    again.start()
    await settle()
    assert hears(again, call) == ("menu",)
    again.switch.tell(DigitPressed(channel_id=ChannelId(call), digit="7"))
    assert again.acd.room.in_order() == [call]
    assert again.journal.events(CallOriented)[-1].route == ("ask:invalid", "wait")


async def test_a_menu_without_answer_is_asked_again_then_left() -> None:
    it = centre()
    call = it.caller(line="116117")
    played(it, call)
    it.advance(4.9)
    assert hears(it, call) == ()
    it.advance(0.2)
    assert hears(it, call) == ("menu",)
    played(it, call)
    it.advance(5.1)
    assert it.acd.room.in_order() == [call]


async def test_a_key_cuts_the_menu_short() -> None:
    it = centre()
    call = it.caller(line="116117")
    it.switch.tell(DigitPressed(channel_id=ChannelId(call), digit="2"))
    assert hears(it, call) == ()
    assert it.journal.events(CallOriented)[-1].route == ("ask:key 2", "wait")


async def test_a_key_in_the_room_raises_the_priority_once() -> None:
    it = centre()
    call = it.caller(line="0140000000")
    for digit in "2911":
        it.switch.tell(DigitPressed(channel_id=ChannelId(call), digit=digit))
    assert [(e.call_id, e.priority, e.by) for e in it.journal.events(CallPrioritised)] == [
        (call, Priority.UV, None)
    ]


async def test_a_wish_to_be_called_back_is_noted_said_and_ends_the_call_with_its_outcome() -> None:
    it = centre()
    call = it.caller(number="+33612345678", line="3")
    assert [event.number for event in it.journal.events(CallbackRequested)] == ["+33612345678"]
    assert not it.journal.events(ScriptEnded)
    played(it, call)
    assert [event.outcome for event in it.journal.events(ScriptEnded)] == [Outcome.CALLBACK_ASKED]
    it.switch.carry_out_hang_ups()
    [ended] = it.journal.events(CallEnded)
    assert (ended.outcome, ended.ended_by) == (Outcome.CALLBACK_ASKED, EndedBy.SYSTEM)


async def test_a_wish_from_a_withheld_number_goes_on_instead() -> None:
    it = centre()
    call = it.caller(number=None, line="3")
    assert not it.journal.events(CallbackRequested)
    assert it.acd.room.in_order() == [call]


async def test_a_silent_line_is_marked_then_heard_and_never_ended() -> None:
    it = centre()
    call = it.caller(line="0140000000")
    channel = ChannelId(call)
    it.advance(2.9)
    assert not it.switch.listening
    it.advance(0.2)
    assert it.switch.listening == {channel}
    await settle()
    it.advance(0.1)
    it.advance(19.9)
    assert not it.journal.events(CallerSilent)
    it.advance(0.2)
    it.advance(60)
    assert len(it.journal.events(CallerSilent)) == 1
    it.switch.tell(SpeechHeard(channel_id=channel))
    it.switch.tell(SpeechHeard(channel_id=channel))
    assert len(it.journal.events(CallerSpoke)) == 1
    assert not it.switch.listening
    assert not it.switch.hanging_up
    assert it.acd.room.in_order() == [call]


async def test_a_caller_who_speaks_is_never_marked() -> None:
    it = centre()
    call = it.caller(line="0140000000")
    it.advance(4)
    it.switch.tell(SpeechHeard(channel_id=ChannelId(call)))
    it.advance(120)
    assert not it.journal.events(CallerSilent, CallerSpoke)
    assert not it.switch.listening


async def test_a_restarted_core_listens_again() -> None:
    it = centre()
    call = it.caller(line="0140000000")
    it.advance(4)
    again = FakeCentre(it.journal.envelopes, flows=FLOWS)
    again.switch.callers = it.switch.callers
    again.start()
    again.advance(5)
    assert again.switch.listening == {ChannelId(call)}


async def ringing_outside() -> tuple[FakeCentre, CallId, ChannelId]:
    """A caller whom the script passes on to a number, which is called."""
    it = centre()
    call = it.caller(line="4")
    await settle()
    [channel] = it.switch.callees
    assert it.switch.music[ChannelId(call)] == "hold"
    return it, call, channel


async def test_a_number_that_answers_takes_the_call() -> None:
    it, call, channel = await ringing_outside()
    it.switch.callee_answers(channel)
    await settle()
    assert not it.failures
    assert it.switch.where(ChannelId(call)) == it.switch.where(channel) is not None
    assert call not in it.ivr.greetings.by_call
    it.advance(120)
    assert not it.journal.events(CallOriented)
    it.switch.channel_ends(ChannelId(call))
    await settle()
    it.switch.carry_out_hang_ups()
    await settle()
    assert [event.outcome for event in it.journal.events(CallEnded)] == [Outcome.OVERFLOWED]


async def test_a_number_that_does_not_answer_lets_the_script_go_on() -> None:
    it, call, channel = await ringing_outside()
    it.switch.channel_ends(channel, 17)
    await settle()
    assert it.journal.events(CallOriented)[-1].route == ("out:not reached", "wait")
    assert it.acd.room.in_order() == [call]
    assert it.switch.music[ChannelId(call)] == "waiting"


async def test_a_call_is_not_passed_on_twice_and_never_left_ringing_for_ever() -> None:
    it, call, channel = await ringing_outside()
    it.switch.cut()
    it.switch.mend()
    await settle()
    assert list(it.switch.callees) == [channel]
    it.advance(60)
    await settle()
    assert it.acd.room.in_order() == [call]
