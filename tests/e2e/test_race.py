"""Two agents want the same call: one has it, the other is told so."""

import asyncio
import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from core.events import CallAnswered, CallEnded, CallOffered, OfferAccepted, OfferWithdrawn
from core.ids import PositionId
from core.words import Outcome, WithdrawReason
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import waiting_call
from tests.e2e.pages import Desk
from tests.support.centre_process import ARM1, ARM2, CentreProcess
from web.texts import message

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


class SlowNews:
    """A strip's connection that can hold back the changes: what the strip shows is then a moment old."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._held: list[str | bytes] = []
        self._page: WebSocketRoute | None = None

    def connect(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        self._page = page
        page.on_message(server.send)
        server.on_message(self._pass)

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()
        held, self._held = self._held, []
        for frame in held:
            self._send(frame)

    def _pass(self, frame: str | bytes) -> None:
        if self._free.is_set() or json.loads(frame)["type"] != "change":
            self._send(frame)
        else:
            self._held.append(frame)

    def _send(self, frame: str | bytes) -> None:
        assert self._page is not None
        self._page.send(frame)


async def test_two_agents_click_on_the_same_call(centre: CentreProcess, open_desk: TakePosition) -> None:
    desks: dict[PositionId, tuple[Desk, SlowNews]] = {}
    for person in (ARM1, ARM2):
        desk, news = await open_desk(person), SlowNews()
        await desk.page.route_web_socket("**/ws/bandeau", news.connect)
        await desk.take_position()
        desks[PositionId(person.login)] = desk, news
    async with waiting_call(centre) as talk:
        offers = (await talk.witness.until_told(talk.call_id, CallOffered)).all(CallOffered)
        early = offers[0].position_id  # usually who came first: the longest idle
        [late] = desks.keys() - {early}
        (first, news), (second, _) = desks[early], desks[late]
        await first.strip.until("offered")
        news.hold()
        await second.strip.until("offered", centre.settings.room.offer_seconds + 5)
        for desk in (first, second):
            await expect(desk.strip.part("offer-number")).to_have_attribute("data-number", talk.number)

        await asyncio.gather(first.strip.press("accept"), second.strip.press("accept"))

        await second.strip.until("on_call")
        await expect(first.strip.error).to_have_text(message("offer_gone"))
        await talk.both_hear(second)
        news.release()
        await first.strip.until("paused")
        story = await talk.witness.story(talk.call_id)
        assert [offer.position_id for offer in story.all(CallOffered)] == [early, late]
        assert story.only(OfferWithdrawn).reason is WithdrawReason.TIMED_OUT
        assert story.only(OfferAccepted).position_id == late
        assert story.only(CallAnswered).position_id == late
        await second.strip.press("hang-up")
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.position_id) == (Outcome.ANSWERED, late)
