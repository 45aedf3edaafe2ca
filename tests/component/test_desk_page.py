"""The desk over a real server: shown live, worked by commands, and found again from both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from core.accounts import Account
from core.events import CallPlaced, ItemClosed
from core.ids import PositionId
from core.words import ItemOutcome, Priority, Role
from desk.ws import desk_socket
from storage.database import Database
from storage.follower import JournalFollower
from storage.journal import Journal
from storage.spool import Spool
from tests.support.desk import DeskCentre
from tests.support.web_server import LiveClient, MemorySessions, account, served
from web.auth import COOKIE, Gate
from web.live import Close
from web.socket import Limits

pytestmark = pytest.mark.component

NUMBER = "+33199000001"


class World:
    """A desk, served."""

    def __init__(self) -> None:
        self.centre = DeskCentre()
        self.sessions = MemorySessions(self.centre.clock)
        gate = Gate(self.sessions, self.centre.clock)
        self.router = desk_socket(self.centre.desk, gate, self.centre.clock, Limits())
        self.host = ""

    @asynccontextmanager
    async def page(self, who: Account) -> AsyncIterator[LiveClient]:
        expires_at = self.centre.clock.now() + timedelta(days=2)
        token = await self.sessions.create(who, PositionId(who.login), expires_at)
        headers = {"Cookie": f"{COOKIE}={token}"}
        async with connect(f"ws://{self.host}/ws/rappels", additional_headers=headers) as connection:
            client = LiveClient(connection)
            await client.hello()
            yield client


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.centre.desk.start()
    async with served(world.router) as world.host:
        yield world
        assert world.centre.failures == []


async def test_an_item_lives_on_every_page(world: World) -> None:
    async with world.page(account("arm1")) as one, world.page(account("arm2")) as two:
        assert one.view["items"] == {}
        call_id = world.centre.lost(NUMBER, 61, Priority.P1)
        view = await two.sync()
        assert view["items"][call_id] == {
            "group": "call",
            "number": NUMBER,
            "line": "15",
            "flow": "15",
            "priority": "P1",
            "place": "queue",
            "waited": 61,
            "firstLostAt": "2026-03-29T00:31:01.000Z",
            "lastLostAt": "2026-03-29T00:31:01.000Z",
            "losses": 1,
            "attempts": 0,
            "onLine": False,
            "beingCalled": False,
            "notes": {},
        }
        assert (view["figures"]["open"], view["figures"]["losses"]) == (1, 1)
        assert (await one.command("take_item", itemId=call_id))["ok"]
        refused = await two.command("call_back", itemId=call_id)
        assert (refused["code"], refused["message"]) == (
            "item_taken",
            "Un collègue s'occupe déjà de ce rappel.",
        )
        assert (await two.sync())["items"][call_id]["owner"]["name"] == "Agent arm1"
        assert (await two.command("note_item", itemId=call_id, text="Voisin : tout va bien"))["ok"]
        assert (await one.sync())["items"][call_id]["notes"]["1"]["text"] == "Voisin : tout va bien"
        assert (await one.command("call_back", itemId=call_id))["ok"]
        placed = world.centre.journal.events(CallPlaced)[-1]
        assert (placed.position_id, placed.target.value) == ("arm1", NUMBER)
        assert (await two.sync())["items"][call_id]["beingCalled"] is True
        world.centre.picks_up(placed.call_id)
        assert (await two.sync())["items"] == {}
        assert (await two.sync())["figures"]["reached"] == 1


async def test_a_supervisor_closes_what_an_agent_has_taken(world: World) -> None:
    call_id = world.centre.lost(NUMBER)
    async with world.page(account("arm1")) as one, world.page(account("chef", Role.SUPERVISOR)) as chief:
        assert (await one.command("take_item", itemId=call_id))["ok"]
        assert (await chief.command("close_item", itemId=call_id, outcome="already_handled"))["ok"]
        assert (await one.command("close_item", itemId=call_id, outcome="other"))["code"] == "item_gone"
    (closed,) = world.centre.journal.events(ItemClosed)
    assert (closed.outcome, closed.agent_id) == (ItemOutcome.ALREADY_HANDLED, "8chef/1")


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("take_item", {}, "bad_arguments"),
        ("take_item", {"itemId": 5}, "bad_arguments"),
        ("take_item", {"itemId": "none"}, "item_gone"),
        ("take_item", {"itemId": "none", "more": 1}, "bad_arguments"),
        ("close_item", {"itemId": "none"}, "bad_arguments"),
        ("close_item", {"itemId": "none", "outcome": "expired"}, "bad_arguments"),
        ("close_item", {"itemId": "none", "outcome": "nonsense"}, "bad_arguments"),
        ("note_item", {"itemId": "none", "text": True}, "bad_arguments"),
        ("hang_up", {}, "unknown_command"),
    ],
)
async def test_what_the_page_may_not_ask(world: World, name: str, args: dict[str, object], code: str) -> None:
    async with world.page(account("arm1")) as page:
        assert (await page.command(name, **args))["code"] == code


async def test_nobody_sees_the_desk_without_a_session(world: World) -> None:
    async with connect(f"ws://{world.host}/ws/rappels") as connection:
        assert await LiveClient(connection).close_code() == Close.NO_SESSION


async def test_a_new_day_begins_at_midnight_in_paris_on_the_page(world: World) -> None:
    async with world.page(account("arm1")) as page:
        world.centre.lost(NUMBER)
        assert (await page.sync())["figures"]["losses"] == 1
        world.centre.advance(21.5 * 3600)
        figures = (await page.sync())["figures"]
        assert (figures["date"], figures["losses"], figures["open"]) == ("2026-03-30", 0, 1)


async def test_an_old_item_is_found_again_in_the_database(tmp_path: Path, database_url: str) -> None:
    """Lost four days ago, with a core at work all the time; then everything but the database is gone."""
    centre = DeskCentre()
    centre.lost(NUMBER, 60, Priority.P1)
    centre.lost(None)
    for _ in range(96):
        centre.advance(3600)
    database = Database(database_url)
    spool = Spool(tmp_path / "one")
    journal = Journal(spool, database, tmp_path / "refused.jsonl")
    await journal.start()
    for envelope in centre.journal.envelopes:
        spool.append(envelope)
    await journal.settled()
    await journal.close()
    other = JournalFollower(database, tmp_path / "two")
    past = await other.past(centre.clock.now() + timedelta(days=2), timedelta(hours=26))
    await database.close()
    assert past[0].occurred_at > centre.clock.now() - timedelta(hours=27)
    again = DeskCentre(past, at=centre.clock.now())
    assert again.items == centre.items
    assert [item.number for item in again.items] == [NUMBER]
