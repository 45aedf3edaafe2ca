"""Mutual aid on both sides: which calls go and are taken, what is told, and what becomes of them then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from acd.defaults import default_plan
from acd.model.rules import OverflowRule, RoomPlan
from calls.call import Call
from calls.neighbours import AidRules, believed, refusal_to_send, refusal_to_take
from core.commands import AcceptOffer
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallQueued,
    LineOpened,
    OverflowTriggered,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    ScriptAdvanced,
)
from core.ids import CallId, CentreId, ChannelId, OfferId, PartyId, PositionId, QueueId
from core.switch import CallerChannel, call_bridge, position_bridge
from core.words import (
    CallerNumber,
    CallKind,
    CallTag,
    EndedBy,
    FrontOffice,
    Origin,
    Outcome,
    OverflowCause,
    PartyEnd,
    Priority,
    Target,
    TargetKind,
)
from ivr.script import CentreState, Line, Script, Wait
from storage.ledger import fold
from supervision.model import Today
from tests.support.centre import START, FakeCentre, settle
from tests.support.events import envelope
from tests.support.plan import simple_flows

pytestmark = pytest.mark.unit

HERE, A, B, C = CentreId("FR751"), CentreId("FR752"), CentreId("FR753"), CentreId("FR754")
RULES = AidRules(centre=HERE, answer_seconds=20, lines={A: frozenset(), B: frozenset({"15"})})
ARM1 = PositionId("arm1")


def origin(
    *path: CentreId, waited: float = 60, queue: str = "15", level: FrontOffice = FrontOffice.FO1
) -> Origin:
    return Origin(
        path=path or (A,),
        flow="18",
        queue=QueueId(queue),
        priority=Priority.UV,
        front_office=level,
        since=START - timedelta(seconds=waited),
        tags=(CallTag.REPEAT,),
    )


def channel(
    told: Origin, line: str = "15", call: str = "FR752-asterisk-a-1.1", number: int = 1
) -> CallerChannel:
    return CallerChannel(
        channel_id=ChannelId(f"FR751-asterisk-a-1.{number}"),
        call_id=CallId(call),
        line=line,
        caller=CallerNumber("+33612345678"),
        created_at=START,
        origin=told,
    )


def one_call(path: tuple[CentreId, ...] = (), line: str = "15") -> Call:
    from_there = origin(*path) if path else None
    return Call(call_id=CallId("c"), kind=CallKind.INCOMING, seq=1, line=line, origin=from_there)


@pytest.mark.parametrize(
    ("path", "line", "to", "refusal"),
    [
        ((), "15", A, None),
        ((), "15", B, None),
        ((), "112", B, "line_not_allowed"),
        ((), "112", A, None),
        ((), "15", C, "unknown_centre"),
        ((), "15", HERE, "unknown_centre"),
        ((B,), "15", A, None),
        ((A,), "15", A, "crossed_already"),
        ((A, B), "15", A, "crossed_already"),
        ((C, B), "15", A, "too_many_hops"),
    ],
)
def test_which_calls_may_go(path: tuple[CentreId, ...], line: str, to: CentreId, refusal: str | None) -> None:
    assert refusal_to_send(RULES, one_call(path, line), to) == refusal


@pytest.mark.parametrize(
    ("path", "line", "refusal"),
    [
        ((A,), "15", None),
        ((A,), "112", None),
        ((B,), "112", "line_not_allowed"),
        ((A, B), "15", None),
        ((C, A, B), "15", "too_many_hops"),
        ((HERE, A), "15", "crossed_already"),
        ((C,), "15", "unknown_centre"),
    ],
)
def test_whose_calls_are_taken(path: tuple[CentreId, ...], line: str, refusal: str | None) -> None:
    assert refusal_to_take(RULES, channel(origin(*path), line)) == refusal


def test_a_wait_that_cannot_be_is_not_believed() -> None:
    assert believed(origin(waited=60), START).since == START - timedelta(seconds=60)
    assert believed(origin(waited=-60), START).since == START
    assert believed(origin(waited=90_000), START).since == START - timedelta(hours=12)


# --- the centre that is called ------------------------------------------------------------------------------


def overflowing(*rules: OverflowRule) -> RoomPlan:
    """The usual rooms; room 15 sends its calls elsewhere."""
    plan = default_plan()
    room = replace(plan.rooms[QueueId("15")], overflows=rules)
    return replace(plan, rooms={**plan.rooms, QueueId("15"): room})


def to_centre(name: str, centre: str, limit: float = 10, every: float = 0) -> OverflowRule:
    target = Target(TargetKind.CENTRE, centre)
    return OverflowRule(name=name, cause=OverflowCause.WAIT, target=target, limit=limit, every=every)


class Owner:
    """One caller who waits here, and the neighbours that may help."""

    def __init__(self, *rules: OverflowRule) -> None:
        straight = Script("wait", {"wait": Wait(queue=QueueId("15"))})
        flows = simple_flows({"15": Line("15", "straight", Priority.P1)}, {"straight": straight})
        self.centre = FakeCentre(aid=RULES, plan=overflowing(*rules), flows=flows)
        self.centre.start()

    async def overflows(self) -> ChannelId:
        """The caller waits; the channel towards the neighbour, rung."""
        it = self.centre
        self.call = it.caller("+33612345678")
        await settle()
        it.advance(11)
        await settle()
        return self.ringing()

    def ringing(self) -> ChannelId:
        [found] = [channel for channel, callee in self.centre.switch.callees.items() if not callee.answered]
        return found


async def test_the_neighbour_is_told_all_of_the_call_and_the_caller_keeps_the_music() -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    callee = it.centre.switch.callees[out]
    assert callee.rung
    assert callee.presented == "", "the caller is shown, not the centre"
    told = callee.entrusted
    assert told is not None
    assert (told.call_id, told.line, told.caller.e164) == (it.call, "15", "+33612345678")
    assert told.origin == Origin(
        path=(HERE,),
        flow="15",
        queue=QueueId("15"),
        priority=Priority.P1,
        front_office=FrontOffice.FO1,
        since=START,
    )
    assert it.centre.switch.music[ChannelId(it.call)] == "waiting"
    [invited] = it.centre.journal.events(PartyInvited)
    assert (invited.deadline - it.centre.clock.now()).total_seconds() == RULES.answer_seconds


async def test_once_taken_it_is_in_the_bridge_of_the_call_and_leaves_as_overflowed() -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    it.centre.switch.callee_answers(out)
    await settle()
    both = it.centre.switch.bridges[call_bridge(it.call)]
    assert both == {ChannelId(it.call), out}
    assert not it.centre.switch.music
    it.centre.switch.channel_ends(out)
    it.centre.switch.carry_out_hang_ups()
    [ended] = it.centre.journal.events(CallEnded)
    assert (ended.outcome, ended.ended_by) == (Outcome.OVERFLOWED, EndedBy.AGENT)
    assert it.centre.failures == []


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, PartyEnd.BUSY),
        (34, PartyEnd.BUSY),
        (21, PartyEnd.DECLINED),
        (19, PartyEnd.NO_ANSWER),
        (3, PartyEnd.UNAVAILABLE),
        (38, PartyEnd.FAILED),
    ],
)
async def test_not_taken_it_is_at_its_place_with_its_music_then_goes_to_the_next(
    cause: int, reason: PartyEnd
) -> None:
    it = Owner(
        *(replace(to_centre(*each), cause=OverflowCause.LENGTH, limit=1) for each in (("1", A), ("2", B)))
    )
    it.centre.caller("+33699999999")
    out = await it.overflows()
    it.centre.switch.channel_ends(out, cause)
    [missed] = it.centre.journal.events(PartyNotReached)
    assert (missed.party_id, missed.reason) == (PartyId(out), reason)
    assert it.centre.acd.place_of(it.call) == 1
    assert it.centre.switch.music[ChannelId(it.call)] == "waiting"
    assert len([e for e in it.centre.journal.events(CallQueued) if e.call_id == it.call]) == 1
    it.centre.advance(1)
    assert [e.rule for e in it.centre.journal.events(OverflowTriggered)] == ["1", "2"]


async def test_silence_of_the_neighbour_has_an_end() -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    it.centre.advance(RULES.answer_seconds + 4)
    [missed] = it.centre.journal.events(PartyNotReached)
    assert missed.reason is PartyEnd.NO_ANSWER
    assert out in it.centre.switch.hanging_up
    assert it.centre.acd.place_of(it.call) == 0


async def test_a_centre_that_may_not_have_it_costs_it_nothing() -> None:
    it = Owner(to_centre("far", C))
    with pytest.raises(ValueError, match="expected 1"):
        await it.overflows()
    [missed] = it.centre.journal.events(PartyNotReached)
    assert missed.reason is PartyEnd.UNAVAILABLE
    assert it.centre.acd.place_of(it.call) == 0
    assert it.centre.switch.callees == {}


@pytest.mark.parametrize("cause", [27, 38, 41, 44])
async def test_a_caller_whose_neighbour_is_gone_is_first_in_the_room_here_again(cause: int) -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    it.centre.switch.callee_answers(out)
    await settle()
    it.centre.caller("+33699999999")
    await settle()
    it.centre.switch.channel_ends(out, cause)
    await settle()
    assert it.centre.acd.place_of(it.call) == 0
    assert it.centre.switch.music[ChannelId(it.call)] == "waiting"
    assert ChannelId(it.call) not in it.centre.switch.hanging_up
    again = [e for e in it.centre.journal.events(CallQueued) if e.call_id == it.call][-1]
    assert (again.was_with, again.priority) == (A, Priority.P1)
    assert [e.reason for e in it.centre.journal.events(PartyLeft)] == [PartyEnd.LOST]
    assert it.centre.failures == []


async def test_the_caller_who_leaves_meanwhile_has_left_the_room() -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    it.centre.switch.channel_ends(ChannelId(it.call))
    [ended] = it.centre.journal.events(CallEnded)
    assert ended.outcome is Outcome.ABANDONED_QUEUE
    assert out in it.centre.switch.hanging_up


async def test_a_core_that_comes_back_finds_the_neighbour_that_answered_meanwhile() -> None:
    it = Owner(to_centre("aid", A))
    out = await it.overflows()
    switch = it.centre.switch
    switch.cut()
    switch.callee_answers(out)
    again = FakeCentre(it.centre.journal.envelopes, aid=RULES, plan=overflowing(to_centre("aid", A)))
    again.switch.callers, again.switch.callees = switch.callers, switch.callees
    again.start()
    await settle()
    assert again.journal.events(PartyJoined)
    assert again.switch.bridges[call_bridge(it.call)] == {ChannelId(it.call), out}


# --- the centre that helps ----------------------------------------------------------------------------------


class Helper:
    """A neighbour's call here."""

    def __init__(self, told: Origin | None = None, *, state: CentreState | None = None) -> None:
        self.centre = FakeCentre(aid=RULES, flows=replace(simple_flows(), state=state))
        self.centre.start()
        self.channel = channel(told or origin())
        self.call = self.channel.call_id
        self.centre.switch.caller_arrives(self.channel)

    def queued(self) -> CallQueued:
        [found] = self.centre.journal.events(CallQueued)
        return found

    async def taken(self) -> None:
        self.centre.agent("arm1")
        offer: OfferId = self.centre.journal.events(CallOffered)[-1].offer_id
        self.centre.bus.execute(AcceptOffer(position_id=ARM1, offer_id=offer))
        await settle()

    def ended(self) -> CallEnded:
        [found] = self.centre.journal.events(CallEnded)
        return found


async def test_it_rings_there_and_waits_here_as_it_waited_there() -> None:
    it = Helper()
    assert it.channel.channel_id in it.centre.switch.ringing
    assert it.centre.switch.picked_up == []
    assert it.centre.switch.music == {}, "the caller hears the other centre's"
    queued = it.queued()
    assert (queued.call_id, queued.queue, queued.flow, queued.priority) == (it.call, "15", "18", Priority.UV)
    assert queued.since == START - timedelta(seconds=60)
    assert it.centre.journal.events(ScriptAdvanced, LineOpened) == []
    assert it.centre.acd.room.waiting[it.call].since == queued.since


async def test_it_is_picked_up_when_somebody_takes_it() -> None:
    it = Helper()
    await it.taken()
    assert it.centre.switch.picked_up == [it.channel.channel_id]
    assert it.centre.switch.where(it.channel.channel_id) == position_bridge(ARM1)
    assert it.centre.journal.events(ScriptAdvanced) == []
    assert [type(e) for e in it.centre.journal.events(LineOpened, CallAnswered)] == [LineOpened, CallAnswered]
    it.centre.switch.channel_ends(it.channel.channel_id)
    assert it.ended().outcome is Outcome.ANSWERED
    assert it.centre.failures == []


@pytest.mark.parametrize(
    ("queue", "level", "room"),
    [
        ("Samu", FrontOffice.FO1, "Samu"),
        ("MU", FrontOffice.FO2, "MU"),
        ("MU", FrontOffice.FO1, "15"),
        ("Ailleurs", FrontOffice.FO1, "15"),
    ],
)
async def test_it_goes_to_the_room_of_the_same_name_and_level(
    queue: str, level: FrontOffice, room: str
) -> None:
    assert Helper(origin(queue=queue, level=level)).queued().queue == room


async def test_taken_back_it_is_nobodys_loss_here_and_may_come_again() -> None:
    it = Helper()
    it.centre.switch.channel_ends(it.channel.channel_id)
    assert it.ended().outcome is Outcome.TAKEN_BACK
    it.centre.switch.caller_arrives(channel(origin(), number=2))
    await it.taken()
    it.centre.switch.channel_ends(ChannelId("FR751-asterisk-a-1.2"))
    row = None
    for each in it.centre.journal.envelopes:
        row = fold(row, each) if each.call_id == it.call else row
    assert row is not None
    assert row.outcome is Outcome.ANSWERED, "one row, with the end of its last visit"


@pytest.mark.parametrize("state", [CentreState.SATURATED, CentreState.CRISIS])
async def test_a_centre_that_is_full_refuses(state: CentreState) -> None:
    it = Helper(state=state)
    assert it.centre.switch.refused == [it.channel.channel_id]
    it.centre.switch.carry_out_hang_ups()
    assert it.ended().outcome is Outcome.REFUSED
    assert it.centre.journal.events(CallQueued) == []


async def test_a_call_that_is_here_already_or_loops_is_refused_and_changes_nothing() -> None:
    it = Helper()
    it.centre.switch.caller_arrives(channel(origin(), number=2))
    it.centre.switch.caller_arrives(channel(origin(HERE, A), call="FR751-asterisk-a-1.9", number=3))
    assert it.centre.switch.refused == [ChannelId(f"FR751-asterisk-a-1.{number}") for number in (2, 3)]
    assert len(it.centre.journal.events(CallArrived)) == 1
    it.centre.switch.carry_out_hang_ups()
    assert it.centre.journal.events(CallEnded) == []


async def test_a_core_that_comes_back_still_has_it_ringing() -> None:
    it = Helper()
    again = FakeCentre(it.centre.journal.envelopes, aid=RULES)
    again.switch.callers = it.centre.switch.callers
    again.start()
    await settle()
    assert len(again.journal.events(CallArrived)) == 1
    assert again.switch.music == {}
    again.agent("arm1")
    offer = again.journal.events(CallOffered)[-1].offer_id
    again.bus.execute(AcceptOffer(position_id=ARM1, offer_id=offer))
    await settle()
    assert again.switch.picked_up == [it.channel.channel_id]
    assert again.journal.events(CallAnswered)


async def test_one_passed_on_again_is_picked_up_by_the_third_centre() -> None:
    it = FakeCentre(aid=RULES, plan=overflowing(to_centre("on", B)))
    it.start()
    told = channel(origin(A))
    it.switch.caller_arrives(told)
    it.advance(11)
    await settle()
    [out] = it.switch.callees
    entrusted = it.switch.callees[out].entrusted
    assert entrusted is not None
    assert entrusted.origin.path == (A, HERE)
    assert entrusted.origin.since == START - timedelta(seconds=60)
    assert entrusted.origin.tags == (CallTag.REPEAT,)
    it.switch.callee_answers(out)
    await settle()
    assert it.switch.picked_up == [told.channel_id]
    assert it.switch.bridges[call_bridge(told.call_id)] == {told.channel_id, out}
    it.switch.channel_ends(told.channel_id)
    it.switch.carry_out_hang_ups()
    assert [e.outcome for e in it.journal.events(CallEnded)] == [Outcome.OVERFLOWED]


async def test_it_counts_as_presented_there_and_as_aided_here() -> None:
    it = Helper()
    await it.taken()
    it.centre.switch.channel_ends(it.channel.channel_id)
    today = Today(START.date())
    for number, event in enumerate(e.event for e in it.centre.journal.envelopes):
        today.fold(envelope(event, number + 1))
    view = today.view()
    assert (view["presented"], view["answered"], view["abandoned"]) == (0, 0, 0)
    assert (view["aided"], view["aidAnswered"], view["overflowed"]) == (1, 1, 0)
