"""On a real Asterisk: who hangs up while waiting is on the desk, until they ring again and are answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RoomSettings
from core.events import CallQueued, ItemClosed, LostCallFiled
from core.ids import ItemId
from core.words import ItemOutcome, LossPlace
from simulator.callees import Operator
from simulator.robot_position import RobotPosition
from tests.support.asterisk import OPERATOR
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, PASSWORD, TRUNK, CentreProcess, new_number
from tests.support.desk_page import desk_page

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLEE_HZ = 1300.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    outgoing = OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1])
    async with CentreProcess(
        room=RoomSettings(offer_seconds=8, wrap_up_seconds=1), outgoing=outgoing
    ) as running:
        yield running


async def lost(centre: CentreProcess, number: str) -> LostCallFiled:
    """Somebody hangs up while waiting; what the desk filed."""
    witness = centre.witness()
    async with centre.caller() as caller:
        caller.call("15", number=number)
        await caller.answered()
        call_id = await witness.call_of(number)
        caller.press("1")
        await witness.until_told(call_id, CallQueued)
        caller.hang_up()
        return (await witness.until_told(call_id, LostCallFiled)).only(LostCallFiled)


async def test_a_caller_lost_while_waiting_is_filed_and_closes_the_item_by_being_answered(
    centre: CentreProcess,
) -> None:
    number = new_number()
    first = await lost(centre, number)
    assert (first.item_id, first.number, first.place) == (ItemId(first.call_id), number, LossPlace.QUEUE)
    second = await lost(centre, number)
    assert second.item_id == first.item_id

    async with desk_page(centre.url, ARM1) as page:
        item = page.view["items"][first.item_id]
        assert (item["number"], item["losses"], item["group"]) == (number, 2, "call")
        assert page.view["figures"]["open"] == 1
        async with centre.core_dead():
            pass
        async with desk_page(centre.url, ARM1) as again:
            assert again.view["items"][first.item_id] == item
            await again.command("take_item", itemId=first.item_id)
            witness = centre.witness()
            async with RobotPosition(centre.url, ARM1.login, PASSWORD) as robot, centre.caller() as caller:
                caller.call("15", number=number)
                await caller.answered()
                call_id = await witness.call_of(number)
                caller.press("1")
                await robot.until(lambda view: "offer" in view, 60)
                await again.until(lambda view: view["items"][first.item_id]["onLine"])
                await robot.accept()
                await again.until(lambda view: view["items"] == {})
                await robot.command("hang_up")
    journal = await witness.events()
    closed = [e.event for e in journal if isinstance(e.event, ItemClosed)]
    assert [(c.item_id, c.outcome, c.call_id) for c in closed] == [
        (first.item_id, ItemOutcome.CALLED_AGAIN, call_id)
    ]


async def test_a_caller_is_called_back_until_reached(centre: CentreProcess) -> None:
    number = new_number()
    item_id = (await lost(centre, number)).item_id
    await lost(centre, number)
    async with (
        await Operator.open(OPERATOR, TRUNK) as operator,
        RobotPosition(centre.url, ARM1.login, PASSWORD) as robot,
        desk_page(centre.url, ARM1) as page,
    ):
        await robot.until(lambda view: view["position"]["leg"])
        await page.command("call_back", itemId=item_id)
        callee = await operator.called()
        assert callee.number == number
        callee.refuse(486)
        item = (await page.until(lambda view: not view["items"][item_id]["beingCalled"]))["items"][item_id]
        assert (item["attempts"], item["owner"]["name"]) == (1, ARM1.name)
        await robot.until(lambda view: "call" not in view, 60)

        witness = centre.witness()
        await page.command("call_back", itemId=item_id)
        callee = await operator.called()
        callee.answer()
        await page.until(lambda view: item_id not in view["items"])
        closed = await witness.next(ItemClosed)
        assert (closed.item_id, closed.outcome) == (item_id, ItemOutcome.REACHED)
        callee.send_tone(CALLEE_HZ, 10)
        await robot.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ), 60)
        await robot.command("hang_up")
        await callee.ended()


async def test_the_metrics_count_what_was_lost(centre: CentreProcess) -> None:
    await lost(centre, new_number())
    async with httpx2.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{centre.url}/metrics")).text
    name = 'bandeau15_desk_lost_calls_total{place="queue"}'
    (line,) = [each for each in text.splitlines() if each.startswith(name)]
    assert float(line.split()[1]) >= 1
