"""Legs on their way into a bridge: who comes to wait for one, and what becomes of one that cannot."""

import asyncio

import pytest

from calls.moves import LegMoves, carried_out
from core.errors import SwitchRefused, SwitchUnavailable
from core.events import CallAnswered, OfferWithdrawn
from core.ids import BridgeId, ChannelId, PositionId
from core.words import WithdrawReason
from tests.support.centre import FakeCentre, settle
from tests.support.control import RULES, Control
from tests.support.fake_switch import FakeSwitch

pytestmark = pytest.mark.unit

LEG = ChannelId("leg-arm1")
ARM1 = PositionId("arm1")


class SlowSwitch(FakeSwitch):
    """Answers to the joining of a leg when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.unanswered: list[asyncio.Future[None]] = []

    def join(self, bridge: BridgeId, channel: ChannelId) -> "asyncio.Future[None]":
        order = super().join(bridge, channel)
        if channel in self.legs:
            order = asyncio.get_running_loop().create_future()
            self.unanswered.append(order)
        assert isinstance(order, asyncio.Future)
        return order


async def slow_centre() -> tuple[Control, SlowSwitch]:
    switch = SlowSwitch()
    centre = FakeCentre(rules=RULES, wrap_up_seconds=0, switch=switch)
    centre.start()
    control = Control(centre)
    await control.agent("arm1")
    return control, switch


async def test_an_answer_waits_for_the_leg_that_the_offer_moved() -> None:
    control, switch = await slow_centre()
    await control.queued()
    [moving] = switch.unanswered
    await control.accept("arm1")
    assert not control.journal.events(CallAnswered)
    moving.set_result(None)
    await settle()
    assert len(control.journal.events(CallAnswered)) == 1
    assert len(switch.unanswered) == 1, "it was ordered once"


async def test_an_answer_fails_with_the_leg_that_the_offer_moved() -> None:
    control, switch = await slow_centre()
    await control.queued()
    await control.accept("arm1")
    switch.unanswered[0].set_exception(SwitchRefused(409, "refused by the test"))
    await settle()
    assert not control.journal.events(CallAnswered)
    reasons = [e.reason for e in control.journal.events(OfferWithdrawn)]
    assert reasons == [WithdrawReason.CONNECT_FAILED]
    assert LEG in switch.hanging_up


@pytest.mark.parametrize(
    ("error", "ended"), [(SwitchRefused(409, "refused"), [LEG]), (SwitchUnavailable("the link is lost"), [])]
)
async def test_a_leg_that_cannot_be_joined_is_hung_up_so_that_the_page_opens_another(
    error: Exception, ended: list[ChannelId]
) -> None:
    control, switch = await slow_centre()
    await control.queued()
    switch.unanswered[0].set_exception(error)
    await settle()
    assert switch.hanging_up == ended
    await control.accept("arm1")
    assert len(switch.unanswered) == 2, "it is ordered again where it is needed"


async def test_what_a_leg_was_ordered_before_does_not_count() -> None:
    told: list[tuple[ChannelId, bool]] = []
    moves = LegMoves(lambda leg, refused: told.append((leg, refused)))
    first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    moves.watch(LEG, first)
    second: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    moves.watch(LEG, second)
    first.set_exception(SwitchRefused(404, "gone"))
    await settle()
    assert told == []
    assert [leg for leg, _ in moves.under_way(LEG)] == [LEG]
    moves.forget(LEG)
    assert moves.under_way(LEG) == []
    second.set_exception(SwitchRefused(404, "gone"))
    await settle()
    assert told == []


async def test_joins_that_failed_are_told_apart() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    failed.set_exception(SwitchUnavailable("down"))
    assert await carried_out([(LEG, done), (ChannelId("b"), failed)]) == ["b"]
