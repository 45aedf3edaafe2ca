"""A moment of a call is left out of its recording: who may, for how long, and that it always comes back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.commands import (
    CompleteTransfer,
    HoldCall,
    InviteParty,
    MergeCalls,
    PauseRecording,
    ResumeRecording,
    TakeOverCall,
    TransferCall,
)
from core.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from core.events import CallEnded, RecordingPaused, RecordingResumed
from core.ids import CallId, ChannelId, PositionId
from core.switch import SwitchTruth, SwitchUp
from core.words import ResumeCause, Role, WhyUnrecorded
from recorder.pausing import PauseService
from recorder.policy import PauseRules
from tests.support.centre import FakeCentre, settle
from tests.support.control import SMUR, Control, number, room

pytestmark = pytest.mark.component

RULES = PauseRules(
    roles=frozenset({Role.ARM}),
    lines=frozenset({"15", ""}),
    reasons=(WhyUnrecorded.PRIVACY, WhyUnrecorded.CODE),
    longest=timedelta(seconds=60),
)
ARM1, ARM2 = PositionId("arm1"), PositionId("arm2")


class Tape:
    """Stands for Asterisk's recordings: which channels are silent, and whether it answers."""

    def __init__(self) -> None:
        self.silent: dict[str, bool] = {}
        self.told = 0
        self.failure: Exception | None = None

    async def leave_out(self, channel: ChannelId, on: bool) -> None:
        self.told += 1
        if self.failure is not None:
            raise self.failure
        self.silent[channel] = on


class Pausing(Control):
    """A centre whose agents may pause recordings."""

    def __init__(self, rules: PauseRules = RULES) -> None:
        super().__init__()
        self.tape = Tape()
        self.service = PauseService(self.centre.bus, self.centre.clock, self.tape, rules)

    async def begin(self) -> CallId:
        """An agent talks to a caller."""
        await self.agent("arm1")
        call_id = await self.talking("arm1")
        await self.agent("arm2")
        return call_id

    async def pause(self, reason: WhyUnrecorded = WhyUnrecorded.PRIVACY, position: PositionId = ARM1) -> None:
        await self.do(PauseRecording(position_id=position, reason=reason))

    async def resume(self) -> None:
        await self.do(ResumeRecording(position_id=ARM1))

    async def later(self, seconds: float = 0) -> None:
        self.service.tick(self.centre.clock.advance(seconds))
        await settle()

    def resumed(self) -> list[ResumeCause]:
        return [event.cause for event in self.journal.events(RecordingResumed)]


async def test_an_agent_pauses_and_resumes() -> None:
    pausing = Pausing()
    call_id = await pausing.begin()
    await pausing.pause()
    [paused] = pausing.journal.events(RecordingPaused)
    assert (paused.call_id, paused.position_id, paused.reason) == (call_id, ARM1, WhyUnrecorded.PRIVACY)
    assert paused.until == pausing.centre.clock.now() + timedelta(seconds=60)
    assert pausing.tape.silent == {call_id: True}
    await pausing.resume()
    assert pausing.resumed() == [ResumeCause.AGENT]
    assert pausing.tape.silent == {call_id: False}


async def test_it_ends_by_itself() -> None:
    pausing = Pausing()
    call_id = await pausing.begin()
    await pausing.pause()
    await pausing.later(59)
    assert pausing.resumed() == []
    await pausing.later(1)
    assert pausing.resumed() == [ResumeCause.DEADLINE]
    assert pausing.tape.silent == {call_id: False}


async def a_number_comes_in(pausing: Pausing, call_id: CallId) -> None:
    await pausing.do(InviteParty(position_id=ARM1, target=number()))
    assert pausing.resumed() == []  # who rings hears nothing yet
    await pausing.picks_up()


async def the_agent_is_lost(pausing: Pausing, call_id: CallId) -> None:
    pausing.switch.channel_ends(ChannelId("leg-arm1"))
    pausing.centre.advance(30)
    await settle()


CHANGES: dict[str, Callable[[Pausing, CallId], Awaitable[None]]] = {
    "hold": lambda p, c: p.do(HoldCall(position_id=ARM1)),
    "transfer": lambda p, c: p.do(TransferCall(position_id=ARM1, call_id=c, target=room("MU"))),
    "a colleague takes it over": lambda p, c: p.do(TakeOverCall(position_id=ARM2, call_id=c)),
    "a number comes in": a_number_comes_in,
    "the agent is lost": the_agent_is_lost,
}


@pytest.mark.parametrize("change", CHANGES)
async def test_it_ends_when_anything_changes(change: str) -> None:
    pausing = Pausing()
    call_id = await pausing.begin()
    await pausing.pause()
    await CHANGES[change](pausing, call_id)
    assert pausing.resumed() == [ResumeCause.CHANGE]
    assert pausing.tape.silent == {call_id: False}  # of the caller alone: nobody else's was ever paused


@pytest.mark.parametrize("command", [MergeCalls, CompleteTransfer])
async def test_it_ends_when_the_call_becomes_part_of_another(
    command: type[MergeCalls | CompleteTransfer],
) -> None:
    pausing = Pausing()
    await pausing.begin()
    await pausing.call_number("arm1")
    channel = await pausing.picks_up(SMUR)
    await pausing.pause()
    assert pausing.tape.silent == {channel: True}
    await pausing.do(command(position_id=ARM1))
    assert pausing.resumed()[0] is ResumeCause.CHANGE
    assert pausing.tape.silent == {channel: False}


async def test_nothing_is_told_of_a_call_that_has_ended() -> None:
    pausing = Pausing()
    call_id = await pausing.begin()
    await pausing.pause()
    await pausing.gone(ChannelId(call_id))
    assert pausing.journal.events(CallEnded)
    told = pausing.tape.told
    await pausing.later(120)
    assert (pausing.resumed(), pausing.tape.told) == ([], told)


@pytest.mark.parametrize(
    ("rules", "reason", "position", "code"),
    [
        (PauseRules(), WhyUnrecorded.PRIVACY, ARM1, "pause_not_allowed"),
        (replace(RULES, lines=frozenset({"112"})), WhyUnrecorded.PRIVACY, ARM1, "pause_not_allowed"),
        (RULES, WhyUnrecorded.OTHER, ARM1, "pause_not_allowed"),
        (RULES, WhyUnrecorded.PRIVACY, ARM2, "not_talking"),
    ],
)
async def test_what_the_centre_does_not_allow_is_refused(
    rules: PauseRules, reason: WhyUnrecorded, position: PositionId, code: str
) -> None:
    pausing = Pausing(rules)
    await pausing.begin()
    with pytest.raises(CommandRefused, match=code):
        await pausing.pause(reason, position)
    assert pausing.tape.told == 0


async def test_twice_is_refused_and_so_is_resuming_what_goes_on() -> None:
    pausing = Pausing()
    await pausing.begin()
    with pytest.raises(CommandRefused, match="not_paused"):
        await pausing.resume()
    await pausing.pause()
    with pytest.raises(CommandRefused, match="already_paused"):
        await pausing.pause()


async def test_asterisk_is_told_when_it_answers_again() -> None:
    pausing = Pausing()
    call_id = await pausing.begin()
    await pausing.pause()
    pausing.tape.failure = SwitchUnavailable("away")
    await pausing.resume()
    await pausing.later(1)
    assert pausing.tape.silent == {call_id: True}
    pausing.tape.failure = None
    await pausing.later(1)
    assert pausing.tape.silent == {call_id: False}


async def test_a_channel_that_has_just_ended_is_told_of_once() -> None:
    pausing = Pausing()
    await pausing.begin()
    pausing.tape.failure = SwitchRefused(404, "gone")
    await pausing.pause()
    await pausing.later(1)
    assert pausing.tape.told == 1


@pytest.mark.parametrize("resumed", [True, False])
async def test_a_core_that_comes_back_makes_asterisk_agree(resumed: bool) -> None:
    """Whether the earlier core died before or after it had told Asterisk."""
    before = Pausing()
    call_id = await before.begin()
    await before.pause()
    if resumed:
        await before.resume()
    centre = FakeCentre()
    tape = Tape()
    after = PauseService(centre.bus, centre.clock, tape, RULES)
    tape.silent = {call_id: resumed}  # the opposite of what should be
    for envelope in before.journal.envelopes:
        centre.bus.replay(envelope)
    after.on_switch(SwitchUp(truth=SwitchTruth(switch="asterisk-a")))
    for seconds, silent in ((1, not resumed), (90, False)):
        after.tick(centre.clock.advance(seconds))
        await settle()
        assert tape.silent == {call_id: silent}
    await after.close()
