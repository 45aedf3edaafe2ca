"""The desk beside the real services of calls, SVI and rooms: who is lost, who is not, who is called back."""

from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import CollectorRegistry

from core.commands import CallBack, CompleteTransfer, HangUp, PlaceCall, TransferCall
from core.events import CallPlaced, ItemClosed
from core.ids import AgentId, CallId, ChannelId, PositionId
from core.switch import CalleeAnswered, CalleeReady
from core.words import ItemOutcome, LossPlace, Role
from desk.policy import DeskRules
from desk.service import DeskService
from tests.support.centre import settle
from tests.support.control import NUMBER, Control, colleague, number, room

pytestmark = pytest.mark.unit


class DeskedCentre(Control):
    """A centre with its desk."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = DeskService(
            bus=self.centre.bus,
            clock=self.centre.clock,
            epoch="epoch",
            rules=DeskRules(),
            registry=CollectorRegistry(),
        )

    def leaves(self, call_id: CallId) -> None:
        self.centre.clock.advance(30)
        self.switch.channel_ends(ChannelId(call_id))

    @property
    def places(self) -> list[LossPlace]:
        assert self.centre.failures == []
        return [item.place for item in self.desk.desk.items.values()]


async def in_the_svi(centre: DeskedCentre) -> None:
    call_id = centre.centre.caller(NUMBER)
    await settle()
    centre.leaves(call_id)


async def in_the_queue(centre: DeskedCentre) -> None:
    centre.leaves(await centre.queued())


async def while_ringing(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    centre.leaves(await centre.queued())


async def while_parked(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    call_id = await centre.talking("arm1")
    await centre.do(TransferCall(position_id=PositionId("arm1"), call_id=call_id, target=room("MU")))
    centre.leaves(call_id)


async def while_passed_on(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    call_id = await centre.talking("arm1")
    await centre.agent("arm2")
    await centre.do(TransferCall(position_id=PositionId("arm1"), call_id=call_id, target=colleague("arm2")))
    centre.leaves(call_id)


async def talking(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    centre.leaves(await centre.talking("arm1"))


async def hung_up_by_the_agent(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    await centre.talking("arm1")
    await centre.do(HangUp(position_id=PositionId("arm1")))
    centre.switch.carry_out_hang_ups()


async def passed_on_and_taken(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    call_id = await centre.talking("arm1")
    await centre.agent("arm2")
    await centre.do(TransferCall(position_id=PositionId("arm1"), call_id=call_id, target=colleague("arm2")))
    await centre.accept("arm2")
    centre.leaves(call_id)


async def passed_on_after_a_word(centre: DeskedCentre) -> None:
    await centre.agent("arm1")
    call_id = await centre.talking("arm1")
    await centre.agent("arm2")
    await centre.do(PlaceCall(position_id=PositionId("arm1"), target=colleague("arm2")))
    await centre.accept("arm2")
    await centre.do(CompleteTransfer(position_id=PositionId("arm1")))
    centre.leaves(call_id)


@pytest.mark.parametrize(
    ("story", "places"),
    [
        (in_the_svi, [LossPlace.SVI]),
        (in_the_queue, [LossPlace.QUEUE]),
        (while_ringing, [LossPlace.RINGING]),
        (while_parked, [LossPlace.PARKED]),
        (while_passed_on, [LossPlace.PARKED]),
        (talking, []),
        (hung_up_by_the_agent, []),
        (passed_on_and_taken, []),
        (passed_on_after_a_word, []),
    ],
)
async def test_who_is_lost(story: Callable[[DeskedCentre], Awaitable[None]], places: list[LossPlace]) -> None:
    centre = DeskedCentre()
    await story(centre)
    await settle()
    assert centre.places == places


async def test_a_lost_caller_is_called_back_and_reached() -> None:
    centre = DeskedCentre()
    centre.leaves(await centre.queued())
    await centre.agent("arm1")
    (item,) = centre.desk.desk.items.values()
    position, agent = PositionId("arm1"), AgentId("arm1")
    await centre.do(
        CallBack(position_id=position, agent_id=agent, name="A", role=Role.ARM, item_id=item.item_id)
    )
    (placed,) = centre.journal.events(CallPlaced)
    assert placed.target == number(NUMBER)
    assert centre.desk.desk.being_called(item.item_id)
    channel = ChannelId(placed.call_id)
    centre.switch.tell(CalleeReady(channel_id=channel))
    await settle()
    centre.switch.tell(CalleeAnswered(channel_id=channel))
    await settle()
    (closed,) = centre.journal.events(ItemClosed)
    assert (closed.item_id, closed.outcome, closed.call_id) == (
        item.item_id,
        ItemOutcome.REACHED,
        placed.call_id,
    )
    assert centre.places == []
