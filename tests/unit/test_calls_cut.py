"""Asterisk ends with calls in every state: each is cut, and ends once, as a fault of ours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from calls.numbers import NumberRules
from calls.runs import Runs
from core.commands import AcceptOffer, HangUp, HoldCall, InviteParty, PlaceCall
from core.events import (
    AgentLoggedIn,
    CallEnded,
    CallOffered,
    CallQueued,
    Envelope,
    Event,
    PartyNotReached,
    SwitchConnected,
)
from core.ids import CallId, CentreId, ChannelId, EventId, PositionId
from core.switch import DigitPressed, SwitchTruth
from core.words import EndedBy, Outcome, Target, TargetKind
from tests.support.centre import START, FakeCentre, settle

pytestmark = pytest.mark.unit

ARM1 = PositionId("arm1")
FIRST, SECOND = START - timedelta(hours=1), START + timedelta(minutes=1)


class Cut:
    """A centre with one caller, until its Asterisk ends."""

    def __init__(self) -> None:
        self.centre = FakeCentre(rules=NumberRules(trunk=True, prefixes=("+33",)))
        self.centre.switch.started_at = FIRST
        self.centre.start()
        self.centre.agent("arm1", ready=False)
        self.centre.switch.legs[ChannelId("leg-arm1")] = ARM1

    async def greeted(self) -> CallId:
        call = self.centre.caller()
        await settle()
        return call

    async def waiting(self) -> CallId:
        call = await self.greeted()
        self.centre.switch.tell(DigitPressed(channel_id=ChannelId(call), digit="#"))
        assert self.centre.journal.events(CallQueued)
        return call

    async def offered(self) -> CallId:
        call = await self.waiting()
        self.centre.readiness(ARM1, ready=True)
        assert self.centre.journal.events(CallOffered)
        return call

    async def talking(self) -> CallId:
        call = await self.offered()
        offer = self.centre.journal.events(CallOffered)[-1]
        self.centre.bus.execute(AcceptOffer(position_id=ARM1, offer_id=offer.offer_id))
        await settle()
        return call

    async def held(self) -> CallId:
        call = await self.talking()
        self.centre.bus.execute(HoldCall(position_id=ARM1))
        return call

    async def consulting(self) -> CallId:
        """A number is being rung into the call."""
        call = await self.talking()
        target = Target(TargetKind.NUMBER, "+33199000009")
        self.centre.bus.execute(InviteParty(position_id=ARM1, target=target))
        await settle()
        return call

    async def in_conference(self) -> CallId:
        call = await self.consulting()
        self.centre.switch.callee_answers(list(self.centre.switch.callees)[-1])
        await settle()
        return call

    def ends(self) -> list[tuple[CallId, Outcome, EndedBy]]:
        return [(e.call_id, e.outcome, e.ended_by) for e in self.centre.journal.events(CallEnded)]


STATES: list[Callable[[Cut], object]] = [
    Cut.greeted, Cut.waiting, Cut.offered, Cut.talking, Cut.held, Cut.consulting, Cut.in_conference,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("seen", [True, False], ids=["seen at once", "told by the next run"])
async def test_a_call_cut_in_any_state_ends_once_as_a_fault(state: Callable[[Cut], object], seen: bool) -> None:
    it = Cut()
    call = await state(it)  # type: ignore[misc]
    it.centre.switch.die(seen=seen)
    assert bool(it.ends()) == seen
    it.centre.switch.started_at = SECOND
    it.centre.start()
    await settle()
    it.centre.advance(60)
    assert it.ends() == [(call, Outcome.TECHNICAL_FAILURE, EndedBy.SYSTEM)]
    assert not it.centre.calls.calls.by_id
    assert not it.centre.failures


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_whom_the_fallback_got_meanwhile_is_lost_to_nobody(
    state: Callable[[Cut], object],
) -> None:
    it = Cut()
    call = await state(it)  # type: ignore[misc]
    it.centre.switch.cut()
    del it.centre.switch.callers[ChannelId(call)]
    it.centre.switch.fallen_back.add(ChannelId(call))
    it.centre.start()
    await settle()
    it.centre.advance(60)
    assert it.ends() == [(call, Outcome.FALLBACK, EndedBy.SYSTEM)]
    assert not it.centre.calls.calls.by_id
    assert not it.centre.failures


async def test_who_hung_up_while_only_the_link_was_cut_was_not_cut() -> None:
    it = Cut()
    call = await it.waiting()
    it.centre.switch.cut()
    it.centre.switch.channel_ends(ChannelId(call))
    it.centre.start()
    assert it.ends() == [(call, Outcome.ABANDONED_QUEUE, EndedBy.CALLER)]


async def test_a_call_that_an_agent_had_just_ended_was_not_cut() -> None:
    it = Cut()
    call = await it.talking()
    it.centre.bus.execute(HangUp(position_id=ARM1))
    it.centre.switch.die()
    assert it.ends() == [(call, Outcome.ANSWERED, EndedBy.AGENT)]


async def test_a_number_being_called_is_not_reached() -> None:
    it = Cut()
    it.centre.readiness(ARM1, ready=True)
    target = Target(TargetKind.NUMBER, "+33199000009")
    it.centre.start()
    it.centre.bus.execute(PlaceCall(position_id=ARM1, target=target))
    await settle()
    it.centre.switch.die()
    assert len(it.centre.journal.events(PartyNotReached)) == 1
    assert [outcome for _, outcome, _ in it.ends()] == [Outcome.NOT_REACHED]


def told(event: Event) -> Envelope:
    return Envelope(
        event_id=EventId("e"), seq=1, occurred_at=START, centre_id=CentreId("FR751"), event=event, cause_id=None
    )


BORN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CHANNEL = ChannelId(f"FR751-asterisk-a-{int(BORN.timestamp())}.7")


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (None, None, False),
        (None, BORN - timedelta(seconds=1), False),
        (None, BORN + timedelta(seconds=1), True),
        (BORN - timedelta(hours=1), BORN - timedelta(hours=1), False),
        (BORN - timedelta(hours=1), BORN + timedelta(seconds=1), True),
        (BORN + timedelta(hours=1), BORN - timedelta(minutes=1), True),
    ],
    ids=["not told", "older run", "newer run", "same run", "another run", "another run, clock set back"],
)
def test_a_channel_ended_with_an_earlier_run(
    known: datetime | None, now: datetime | None, expected: bool
) -> None:
    runs = Runs()
    runs.fold(told(AgentLoggedIn(position_id=ARM1, agent_id="a", name="A", role="arm")))  # type: ignore[arg-type]
    if known is not None:
        runs.fold(told(SwitchConnected(switch="a", started_at=known)))
    assert runs.cut(SwitchTruth(switch="a", started_at=now), CHANNEL) is expected
