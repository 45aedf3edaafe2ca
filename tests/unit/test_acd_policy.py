"""The rules of distribution as tables, and the commands that must be refused."""

from datetime import timedelta

import pytest

from acd.model.calls import Offer
from acd.model.positions import Position
from acd.policy.after import NextState, after_call, after_unanswered_offer, resting
from acd.policy.serving import Profile
from core.commands import AcceptOffer, GoReady, HangUp, HoldCall, LogIn, LogOut, Pause
from core.errors import CommandRefused
from core.events import CallOffered, CallQueued, OfferWithdrawn, PositionStateChanged
from core.ids import AgentId, CallId, OfferId, PositionId
from core.switch import DigitPressed
from core.words import OfferKind, PauseReason, PositionState, Role, WithdrawReason
from tests.support.centre import START, FakeCentre, settle

pytestmark = pytest.mark.unit

PROFILE = Profile(Role.ARM, frozenset(), frozenset())


def position(*, ready: bool = True, pause: PauseReason | None = None) -> Position:
    return Position(PositionId("arm1"), AgentId("arm1"), PROFILE, START, ready=ready, pause_reason=pause)


@pytest.mark.parametrize(
    ("ready", "pause", "expected"),
    [
        (True, None, NextState(PositionState.READY)),
        (False, None, NextState(PositionState.UNREADY)),
        (True, PauseReason.MEAL, NextState(PositionState.PAUSED, PauseReason.MEAL)),
        (False, PauseReason.MEAL, NextState(PositionState.PAUSED, PauseReason.MEAL)),
    ],
)
def test_resting(ready: bool, pause: PauseReason | None, expected: NextState) -> None:
    assert resting(position(ready=ready, pause=pause)) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (WithdrawReason.TIMED_OUT, NextState(PositionState.PAUSED, PauseReason.NO_ANSWER)),
        (WithdrawReason.DECLINED, NextState(PositionState.PAUSED, PauseReason.OTHER)),
        (WithdrawReason.CALLER_LEFT, NextState(PositionState.READY)),
        (WithdrawReason.CONNECT_FAILED, NextState(PositionState.READY)),
    ],
)
def test_after_an_unanswered_offer(reason: WithdrawReason, expected: NextState) -> None:
    assert after_unanswered_offer(position(), reason) == expected


def test_after_call() -> None:
    until = START + timedelta(seconds=15)
    assert after_call(15, position(), START) == NextState(PositionState.WRAP_UP, None, until)
    assert after_call(0, position(), START) == NextState(PositionState.READY)
    kept = after_call(15, position(pause=PauseReason.BREAK), START)
    assert kept == NextState(PositionState.WRAP_UP, PauseReason.BREAK, until)


def test_a_colleague_who_rings_comes_before_the_wrap_up() -> None:
    rung = position(pause=PauseReason.BREAK)
    rung.offer = Offer(OfferId("o1"), CallId("c1"), rung.position_id, START, OfferKind.INVITED)
    assert after_call(15, rung, START) == NextState(PositionState.OFFERED, PauseReason.BREAK)


async def queued(centre: FakeCentre) -> str:
    call_id = centre.caller(None)
    await settle()
    greeting = centre.ivr.greetings.by_call[call_id]
    centre.switch.tell(DigitPressed(channel_id=greeting.channel_id, digit="5"))
    return call_id


def last_offer(centre: FakeCentre) -> CallOffered:
    return centre.journal.events(CallOffered)[-1]


async def test_longest_idle_first() -> None:
    centre = FakeCentre(wrap_up_seconds=0)
    centre.start()
    first, second = centre.agent("arm1"), centre.agent("arm2")
    served = []
    for _ in range(4):
        await queued(centre)
        offer = last_offer(centre)
        served.append(offer.position_id)
        centre.bus.execute(AcceptOffer(position_id=offer.position_id, offer_id=offer.offer_id))
        await settle()
        centre.bus.execute(HangUp(position_id=offer.position_id))
        centre.switch.carry_out_hang_ups()
    assert served == [first, second, first, second]


async def test_a_late_offer_goes_back_to_the_same_place() -> None:
    centre = FakeCentre()
    centre.start()
    first = await queued(centre)
    second = await queued(centre)
    centre.agent("arm1")
    assert last_offer(centre).call_id == first
    centre.advance(19.9)
    assert not centre.journal.events(OfferWithdrawn)
    centre.advance(0.1)
    [withdrawn] = centre.journal.events(OfferWithdrawn)
    assert withdrawn.reason is WithdrawReason.TIMED_OUT
    assert centre.acd.room.in_order() == [first, second]
    assert centre.acd.room.positions[PositionId("arm1")].state is PositionState.PAUSED
    centre.agent("arm2")
    assert last_offer(centre).call_id == first
    assert len(centre.journal.events(CallQueued)) == 2


async def test_a_withdrawn_offer_cannot_be_accepted_even_while_another_is_shown() -> None:
    centre = FakeCentre()
    centre.start()
    await queued(centre)
    arm1 = centre.agent("arm1")
    stale = last_offer(centre).offer_id
    centre.advance(20)
    centre.bus.execute(GoReady(position_id=arm1))
    fresh = last_offer(centre).offer_id
    assert fresh != stale
    with pytest.raises(CommandRefused) as refused:
        centre.bus.execute(AcceptOffer(position_id=arm1, offer_id=stale))
    assert refused.value.code == "offer_gone"
    centre.bus.execute(AcceptOffer(position_id=arm1, offer_id=fresh))


async def test_a_lost_position_is_not_offered_calls_and_gives_its_offer_back() -> None:
    centre = FakeCentre()
    centre.start()
    arm1 = centre.agent("arm1")
    call = await queued(centre)
    centre.readiness(arm1, ready=False)
    assert centre.journal.events(OfferWithdrawn)[-1].reason is WithdrawReason.POSITION_LOST
    assert centre.acd.room.positions[arm1].state is PositionState.UNREADY
    assert centre.acd.room.in_order() == [call]
    centre.readiness(arm1, ready=True)
    assert last_offer(centre).position_id == arm1
    assert len(centre.journal.events(CallOffered)) == 2


async def test_a_pause_asked_on_a_call_begins_after_wrap_up() -> None:
    centre = FakeCentre()
    centre.start()
    arm1 = centre.agent("arm1")
    await queued(centre)
    centre.bus.execute(AcceptOffer(position_id=arm1, offer_id=last_offer(centre).offer_id))
    await settle()
    centre.bus.execute(Pause(position_id=arm1, reason=PauseReason.MEAL))
    centre.bus.execute(HangUp(position_id=arm1))
    centre.switch.carry_out_hang_ups()
    centre.advance(15)
    states = [(e.state, e.pause_reason) for e in centre.journal.events(PositionStateChanged)]
    assert states[-4:] == [
        (PositionState.ON_CALL, None),
        (PositionState.ON_CALL, PauseReason.MEAL),
        (PositionState.WRAP_UP, PauseReason.MEAL),
        (PositionState.PAUSED, PauseReason.MEAL),
    ]


async def test_refusals() -> None:
    centre = FakeCentre()
    centre.start()
    nobody = PositionId("nobody")
    arm1 = centre.agent("arm1")
    for command, code in [
        (Pause(position_id=nobody, reason=PauseReason.MEAL), "not_logged_in"),
        (AcceptOffer(position_id=arm1, offer_id=OfferId("none")), "offer_gone"),
        (HangUp(position_id=arm1), "no_call"),
        (LogIn(position_id=arm1, agent_id=AgentId("other"), name="Other", role=Role.ARM), "position_taken"),
    ]:
        with pytest.raises(CommandRefused) as refused:
            centre.bus.execute(command)
        assert refused.value.code == code
    await queued(centre)
    centre.bus.execute(AcceptOffer(position_id=arm1, offer_id=last_offer(centre).offer_id))
    with pytest.raises(CommandRefused) as refused:
        centre.bus.execute(LogOut(position_id=arm1))
    assert refused.value.code == "on_call"
    await settle()
    centre.bus.execute(HoldCall(position_id=arm1))
    with pytest.raises(CommandRefused) as refused:
        centre.bus.execute(HoldCall(position_id=arm1))
    assert refused.value.code == "not_talking"
