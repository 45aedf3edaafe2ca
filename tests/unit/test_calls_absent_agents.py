"""An agent's sound is lost in mid-call: what the caller hears, and who has the call in the end."""

from datetime import timedelta

import pytest

from acd.defaults import default_plan
from acd.model.calls import WaitingCall
from acd.policy.ageing import urgency
from acd.policy.head import head_of
from calls.absence import Fate, fate
from calls.absences import MESSAGE, SOUND_STOPPED
from calls.call import CALLER, Call, Party, PartyState
from core.commands import AcceptOffer, HangUp, HoldCall, InviteParty, TakeOverCall
from core.events import AgentBack, AgentLost, CallAnswered, CallQueued, CallReturned, PartyLeft
from core.ids import CallId, ChannelId, PartyId, PositionId, QueueId
from core.switch import LegOpened, PlaybackEnded
from core.words import CallKind, FrontOffice, Outcome, PartyEnd, PositionState, Priority, Target, TargetKind
from tests.support.centre import START, FakeCentre, settle
from tests.support.control import Control, colleague, discord

pytestmark = pytest.mark.unit

ARM1, ARM2 = PositionId("arm1"), PositionId("arm2")
GRACE, PATIENCE = 4, 30
"""Seconds: how the calls of a centre without settings work."""


# --- the table ----------------------------------------------------------------------------------------------


def outside(name: str) -> Party:
    target = Target(TargetKind.NUMBER, name)
    return Party(party_id=PartyId(name), state=PartyState.IN, target=target, channel_id=ChannelId(name))


def agent(name: str, state: PartyState = PartyState.IN) -> Party:
    return Party(party_id=PartyId(name), state=state, target=Target(TargetKind.POSITION, name))


def call(*parties: Party, kind: CallKind = CallKind.INCOMING) -> Call:
    it = Call(call_id=CallId("call"), kind=kind, seq=1)
    it.parties = {party.party_id: party for party in parties}
    return it


ALONE = call(outside(CALLER), agent("arm1"))


@pytest.mark.parametrize(
    ("it", "absent", "others", "expected"),
    [
        pytest.param(ALONE, {ARM1}, (), Fate.RETURNS, id="caller and a lost agent"),
        pytest.param(ALONE, set(), (), Fate.GOES_ON, id="caller and an agent"),
        pytest.param(
            call(outside(CALLER), agent("arm1"), agent("arm2")), {ARM1}, (), Fate.GOES_ON, id="a colleague too"
        ),
        pytest.param(
            call(outside(CALLER), agent("arm1"), agent("arm2")), {ARM1, ARM2}, (), Fate.RETURNS, id="both lost"
        ),
        pytest.param(
            call(outside(CALLER), outside("18"), agent("arm1")), {ARM1}, (), Fate.GOES_ON, id="two outside"
        ),
        pytest.param(
            call(outside(CALLER), agent("arm1"), agent("arm2", PartyState.RINGING)),
            {ARM1},
            (),
            Fate.GOES_ON,
            id="somebody is asked in",
        ),
        pytest.param(
            call(outside(CALLER), agent("arm1", PartyState.JOINING)), {ARM1}, (), Fate.GOES_ON, id="joining"
        ),
        pytest.param(call(agent("arm1"), agent("arm2")), {ARM1}, (), Fate.GOES_ON, id="colleagues alone"),
        pytest.param(
            call(outside("18"), agent("arm1"), kind=CallKind.OUTGOING), {ARM1}, (), Fate.RETURNS, id="placed"
        ),
        pytest.param(
            call(outside("18"), agent("arm1"), kind=CallKind.OUTGOING),
            {ARM1},
            (ALONE,),
            Fate.ENDS,
            id="consultation",
        ),
        pytest.param(ALONE, {ARM1}, (call(outside("18")),), Fate.RETURNS, id="caller of a consultation"),
    ],
)
def test_what_becomes_of_a_call(
    it: Call, absent: set[PositionId], others: tuple[Call, ...], expected: Fate
) -> None:
    assert fate(it, absent, others) is expected


@pytest.mark.parametrize("repeats", [False, True])
def test_the_head_of_a_room_is_before_all_of_its_priority_and_no_other(repeats: bool) -> None:
    rule = default_plan().rooms[QueueId("15")]

    def waiting(name: str, priority: Priority, waited: float) -> WaitingCall:
        since = START - timedelta(seconds=waited)
        return WaitingCall(
            call_id=CallId(name),
            queue=rule.queue,
            flow="15",
            priority=priority,
            front_office=FrontOffice.FO1,
            skills=frozenset(),
            since=since,
            entered_at=since,
            seq=2,
            repeat_of=CallId("earlier") if repeats else None,
            checked_at=since,
        )

    equal, urgent = waiting("equal", Priority.P1, 500), waiting("urgent", Priority.P0, 1)
    since = head_of(rule, Priority.P1, START, [equal, urgent])
    own = urgency(rule, Priority.P1, since, 9)
    assert own < urgency(rule, equal.priority, equal.since, equal.seq, repeat=repeats)
    assert own > urgency(rule, urgent.priority, urgent.since, urgent.seq, repeat=repeats)
    assert head_of(rule, Priority.P1, START - timedelta(hours=1), [equal]) == START - timedelta(hours=1)


# --- carried out --------------------------------------------------------------------------------------------


class Lost:
    """A caller whose agent has lost their sound."""

    @classmethod
    async def talking(cls) -> "Lost":
        it = cls()
        it.control = Control()
        await it.control.agent("arm1")
        it.call_id = await it.control.talking("arm1")
        it.caller = ChannelId(it.call_id)
        return it

    control: Control
    call_id: CallId
    caller: ChannelId

    async def loses_sound(self, name: str = "arm1", cause: int = 16) -> None:
        self.control.centre.readiness(PositionId(name), ready=False)
        await self.control.gone(ChannelId(f"leg-{name}"), cause)

    async def back(self, name: str = "arm1") -> ChannelId:
        """The agent's page is open again, on whatever machine."""
        leg, switch = ChannelId(f"again-{name}"), self.control.switch
        switch.legs[leg] = PositionId(name)
        switch.join(self.control.home(name), leg)
        switch.tell(LegOpened(position_id=PositionId(name), channel_id=leg))
        await self.passes(0.1)
        return leg

    async def passes(self, seconds: float) -> None:
        self.control.centre.advance(seconds)
        await settle()

    def told(self) -> list[tuple[str, ...]]:
        return [s for channel, s in self.control.switch.playing.values() if channel == self.caller]

    async def finish_message(self) -> None:
        [playback] = [p for p, (c, _) in self.control.switch.playing.items() if c == self.caller]
        del self.control.switch.playing[playback]
        self.control.switch.tell(PlaybackEnded(playback_id=playback, ok=True))
        await settle()

    def well(self) -> None:
        assert discord(self.control.centre) == []
        assert self.control.centre.failures == []


async def test_a_page_loaded_again_is_not_noticed() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE - 1)
    leg = await it.back()
    await it.passes(PATIENCE * 2)
    assert not it.control.journal.events(AgentLost, AgentBack)
    assert it.control.together(it.caller, leg)
    it.well()


async def test_the_caller_is_told_then_hears_music_and_both_are_joined_when_the_agent_is_back() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE)
    [lost] = it.control.journal.events(AgentLost)
    assert (lost.until - it.control.centre.clock.now()).total_seconds() == PATIENCE
    assert it.told() == [(MESSAGE,)]
    await it.finish_message()
    assert it.control.switch.music[it.caller] == "hold"
    it.well()
    await it.passes(PATIENCE - 1)
    leg = await it.back()
    assert it.control.together(it.caller, leg)
    assert it.caller not in it.control.switch.music
    await it.passes(PATIENCE * 2)
    assert len(it.control.journal.events(AgentBack)) == 1
    assert not it.control.journal.events(CallReturned)
    it.well()


async def test_the_message_is_cut_short_by_the_agents_return() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE)
    leg = await it.back()
    assert it.told() == []
    assert it.control.together(it.caller, leg)
    it.well()


async def test_a_leg_that_was_silent_for_long_has_had_its_grace() -> None:
    it = await Lost.talking()
    await it.loses_sound(cause=SOUND_STOPPED)
    await it.passes(0.1)
    assert it.told() == [(MESSAGE,)]


async def test_a_lost_agents_call_is_first_in_its_room_again_and_says_with_whom_it_was() -> None:
    it = await Lost.talking()
    others = [await it.control.queued(f"+3369999999{each}") for each in range(2)]
    await it.loses_sound()
    await it.passes(GRACE)
    await it.passes(PATIENCE)
    acd = it.control.centre.acd
    assert [acd.place_of(each) for each in (it.call_id, *others)] == [0, 1, 2]
    [first, again] = [e for e in it.control.journal.events(CallQueued) if e.call_id == it.call_id]
    assert (again.queue, again.priority, again.was_with) == (first.queue, first.priority, "arm1")
    assert [e.reason for e in it.control.journal.events(PartyLeft)] == [PartyEnd.LOST]
    assert acd.room.positions[ARM1].state is not PositionState.ON_CALL
    assert it.control.switch.music[it.caller] == "waiting"
    it.well()
    await it.control.agent("arm2")
    await it.control.accept("arm2")
    assert it.control.together(it.caller, "leg-arm2")
    await it.control.do(HangUp(position_id=ARM2))
    await it.control.hang_ups()
    assert it.control.ended(it.call_id).outcome is Outcome.ANSWERED
    it.well()


async def test_the_caller_on_hold_hears_no_message_and_comes_back_too() -> None:
    it = await Lost.talking()
    await it.control.do(HoldCall(position_id=ARM1))
    consulted = await it.control.call_number("arm1")
    await it.control.picks_up()
    await it.loses_sound()
    await it.passes(GRACE)
    assert it.told() == []
    assert it.control.switch.music[it.caller] == "hold"
    await it.passes(PATIENCE)
    await it.control.hang_ups()
    assert it.control.ended(consulted).outcome is Outcome.ANSWERED
    assert it.control.centre.acd.place_of(it.call_id) == 0
    it.well()


async def test_a_conference_goes_on_without_the_lost_agent_until_the_caller_is_alone() -> None:
    it = await Lost.talking()
    await it.control.agent("arm2")
    await it.control.do(InviteParty(position_id=ARM1, target=colleague("arm2")))
    await it.control.accept("arm2")
    await it.loses_sound("arm1")
    await it.passes(PATIENCE * 2)
    assert not it.control.journal.events(AgentLost)
    await it.control.do(HangUp(position_id=ARM2))
    await it.passes(0.1)
    assert it.told() == [(MESSAGE,)]
    await it.passes(PATIENCE)
    assert it.control.centre.acd.room.waiting[it.call_id].offers.keys() == {ARM2}
    it.well()


async def test_a_colleague_takes_the_lost_agents_call_over() -> None:
    it = await Lost.talking()
    await it.control.agent("arm2")
    await it.loses_sound()
    await it.passes(GRACE)
    await it.control.do(TakeOverCall(position_id=ARM2, call_id=it.call_id))
    assert it.told() == []
    assert it.control.together(it.caller, "leg-arm2")
    await it.passes(PATIENCE * 2)
    assert not it.control.journal.events(CallReturned)
    it.well()


async def test_the_caller_who_hangs_up_meanwhile_was_answered_once() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE)
    await it.control.gone(it.caller)
    assert it.control.ended(it.call_id).outcome is Outcome.ANSWERED
    await it.passes(PATIENCE * 2)
    assert not it.control.journal.events(CallReturned)
    it.well()


async def test_a_core_restarted_meanwhile_keeps_the_deadline() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE)
    before = it.control.centre
    after = FakeCentre(before.journal.envelopes, wrap_up_seconds=0)
    after.clock.advance((before.clock.now() - START).total_seconds())
    after.switch.go_on_from(before.switch)
    after.start()
    await settle()
    assert after.switch.music[it.caller] == "hold"
    after.advance(PATIENCE - 1)
    await settle()
    assert not after.journal.events(CallReturned)
    after.advance(1)
    await settle()
    assert len(after.journal.events(CallReturned)) == 1
    assert len(after.journal.events(AgentLost)) == 1
    assert after.acd.place_of(it.call_id) == 0
    assert after.failures == []


async def test_while_asterisk_is_away_nobody_is_lost() -> None:
    it = await Lost.talking()
    it.control.switch.cut()
    await it.passes(PATIENCE * 2)
    assert not it.control.journal.events(AgentLost)


async def test_an_offer_accepted_by_whom_has_no_sound_yet_is_not_given_up_at_once() -> None:
    it = await Lost.talking()
    await it.loses_sound()
    await it.passes(GRACE)
    await it.passes(PATIENCE)
    await it.back()
    it.control.centre.readiness(ARM1, ready=True)
    await it.passes(0.1)
    position = it.control.centre.acd.room.positions[ARM1]
    assert position.offer is not None, "who was lost is offered their own call first"
    await it.control.do(AcceptOffer(position_id=ARM1, offer_id=position.offer.offer_id))
    assert it.control.together(it.caller, "again-arm1")
    assert len(it.control.journal.events(CallAnswered)) == 2
    it.well()
