"""The directory on both databases and over HTTP: given once, favourites, changes, imports, the command line."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from app.bus import InProcessBus
from app.commands import app as command_line
from app.demo_directory import ensure_directory
from core.directory import DirectoryEntry, DirectoryNumber, EntryKind
from core.errors import StorageUnavailable
from core.events import DirectoryChanged
from core.ids import CentreId, EntryId, PositionId
from core.words import Role
from directory.routes import directory_routes
from directory.service import DirectoryService
from storage.database import Database
from storage.directory import StoredDirectory
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.web_server import MemorySessions, account, served
from web.auth import COOKIE, Gate

pytestmark = pytest.mark.component

SMUR = {
    "name": "SMUR Nord",
    "kind": "smur",
    "numbers": [{"number": "01 99 00 00 10", "label": "garde"}],
    "priority": 3,
    "tags": ["nord"],
}


class World:
    """A directory, stored and served."""

    def __init__(self, url: str) -> None:
        self.clock, self.journal = HeldClock(), MemoryJournal()
        self.database = Database(url)
        self.store = StoredDirectory(self.database, self.clock)
        bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.service = DirectoryService(bus, self.store)
        self.sessions = MemorySessions(self.clock)
        self.router = directory_routes(self.service, Gate(self.sessions, self.clock))
        self.host = ""

    @asynccontextmanager
    async def logged_in(
        self, login: str = "chef", role: Role = Role.SUPERVISOR
    ) -> AsyncIterator[httpx2.AsyncClient]:
        expires_at = self.clock.now() + timedelta(hours=1)
        token = await self.sessions.create(account(login, role), PositionId(login), expires_at)
        headers = {"Cookie": f"{COOKIE}={token}"}
        async with httpx2.AsyncClient(base_url=f"http://{self.host}/api", headers=headers) as http:
            yield http


@pytest_asyncio.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    world = World(database_url)
    await world.database.upgrade()
    async with served(world.router) as world.host:
        yield world
    await world.database.close()


async def names(http: httpx2.AsyncClient) -> list[str]:
    return [entry["name"] for entry in (await http.get("/directory")).json()["entries"]]


async def test_the_whole_directory_is_given_once(world: World) -> None:
    async with world.logged_in() as chief, world.logged_in("arm1", Role.ARM) as agent:
        assert (await agent.get("/directory")).json() == {"version": 0, "entries": []}
        entry_id = (await chief.post("/directory/entries", json=SMUR)).json()["id"]
        answer = await agent.get("/directory")
        assert answer.json() == {
            "version": 1,
            "entries": [
                {
                    "id": entry_id,
                    "name": "SMUR Nord",
                    "kind": "smur",
                    "numbers": [{"number": "+33199000010", "label": "garde"}],
                    "priority": 3,
                    "favourite": False,
                    "tags": ["nord"],
                    "notes": "",
                }
            ],
        }
        etag = answer.headers["etag"]
        same = await agent.get("/directory", headers={"If-None-Match": etag})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        await chief.put(f"/directory/entries/{entry_id}", json=SMUR | {"name": "SMUR Nord 2"})
        changed = await agent.get("/directory", headers={"If-None-Match": etag})
        assert (changed.status_code, changed.json()["version"]) == (200, 2)
        plain = await agent.get("/directory", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.json() == changed.json()
    assert json.loads(gzip.decompress((await world.service.shown()).packed)) == changed.json()
    told = [(e.version, e.by, e.added, e.changed, e.removed) for e in world.journal.events(DirectoryChanged)]
    assert told == [(1, "8chef/1", 1, 0, 0), (2, "8chef/1", 0, 1, 0)]


async def test_only_supervisors_change_it_and_only_those_logged_in_see_it(world: World) -> None:
    async with world.logged_in("arm1", Role.ARM) as agent:
        for answer in (
            await agent.post("/directory/entries", json=SMUR),
            await agent.put("/directory/entries/x", json=SMUR),
            await agent.delete("/directory/entries/x"),
            await agent.post("/directory/import", json={"csv": ""}),
            await agent.get("/directory/export.csv"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "supervisors_only")
    async with httpx2.AsyncClient(base_url=f"http://{world.host}/api") as nobody:
        for path in ("/directory", "/directory/favourites", "/directory/export.csv"):
            assert (await nobody.get(path)).status_code == 401
    assert world.journal.events(DirectoryChanged) == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"numbers": []}, 422, "entry_invalid"),
        ({"numbers": [{"number": "bonjour"}]}, 422, "entry_invalid"),
        ({"name": "  \x00 "}, 422, "entry_invalid"),
        ({"priority": 4}, 422, "entry_invalid"),
        ({"kind": "wizard"}, 422, "bad_request"),
        ({"more": 1}, 422, "bad_request"),
    ],
)
async def test_a_bad_entry_is_refused(world: World, change: dict[str, object], status: int, code: str) -> None:
    async with world.logged_in() as chief:
        answer = await chief.post("/directory/entries", json=SMUR | change)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await names(chief) == []
        assert (await chief.put("/directory/entries/none", json=SMUR)).status_code == 404


async def test_favourites_are_each_agents_own_and_go_with_the_entry(world: World) -> None:
    favourites = "/directory/favourites"
    async with world.logged_in() as chief, world.logged_in("arm1", Role.ARM) as agent:
        entry_id = (await chief.post("/directory/entries", json=SMUR)).json()["id"]
        for _ in range(2):
            assert (await agent.put(f"{favourites}/{entry_id}")).status_code == 204
        assert (await agent.get(favourites)).json() == {"favourites": [entry_id]}
        assert (await chief.get(favourites)).json() == {"favourites": []}
        assert (await agent.put(f"{favourites}/unknown")).status_code == 404
        assert (await agent.delete(f"{favourites}/unknown")).status_code == 204
        await chief.put(f"/directory/entries/{entry_id}", json=SMUR | {"notes": "changé"})
        assert (await agent.get(favourites)).json() == {"favourites": [entry_id]}
        assert (await chief.delete(f"/directory/entries/{entry_id}")).status_code == 204
        assert (await agent.get(favourites)).json() == {"favourites": []}
        assert await names(agent) == []


async def test_a_sheet_is_taken_whole_or_not_at_all(world: World) -> None:
    async with world.logged_in() as chief:
        await chief.post("/directory/entries", json=SMUR)
        bad = "nom;type;numéros\nÉcole;Autre;15\nX;Autre;?\n"
        answer = await chief.post("/directory/import", json={"csv": bad})
        assert answer.status_code == 422
        assert answer.json()["details"] == [
            "ligne 3, numéros : « ? » n'est ni un numéro français, ni +…, ni un numéro court"
        ]
        assert await names(chief) == ["SMUR Nord"]

        async def taken(text: str, *, replace: bool = False) -> tuple[int, int, int]:
            done = (await chief.post("/directory/import", json={"csv": text, "replace": replace})).json()
            return done["added"], done["changed"], done["removed"]

        good = "nom;type;numéros\nÉcole;Autre;15\n"
        assert await taken(good) == (1, 0, 0)
        exported = (await chief.get("/directory/export.csv")).content.decode("utf-8-sig")
        assert await taken(exported, replace=True) == (0, 0, 0)
        assert len(world.journal.events(DirectoryChanged)) == 2
        assert await taken(good, replace=True) == (0, 0, 1)
        assert await names(chief) == ["École"]


async def test_with_the_database_away_pages_are_given_what_was_last_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> int:
        raise StorageUnavailable("away")

    async with world.logged_in() as chief:
        await chief.post("/directory/entries", json=SMUR)
        monkeypatch.setattr(world.store, "version", away)
        assert await names(chief) == ["SMUR Nord"]
        monkeypatch.setattr(world.store, "load", away)
    never_seen = DirectoryService(InProcessBus(world.journal, world.clock, CentreId("FR751")), world.store)
    with pytest.raises(StorageUnavailable):
        await never_seen.shown()


async def test_what_somebody_else_changes_is_seen_and_said(world: World) -> None:
    await world.service.shown()
    entry = DirectoryEntry(
        entry_id=EntryId("e"), name="Pompiers", kind=EntryKind.FIRE, numbers=(DirectoryNumber("18"),)
    )
    await world.store.save([entry], [], "command line")
    assert (await world.service.shown()).directory.entries == (entry,)
    (changed,) = world.journal.events(DirectoryChanged)
    assert (changed.by, changed.added) == ("command line", 1)


async def test_twenty_thousand_entries(world: World) -> None:
    many = [
        DirectoryEntry(
            entry_id=EntryId(f"e{i}"),
            name=f"Établissement {i:05d}",
            kind=EntryKind.HOSPITAL,
            numbers=(DirectoryNumber(f"+3319900{i % 10000:04d}", "accueil"),),
        )
        for i in range(20_000)
    ]
    await world.store.save(many, [], "test")
    shown = await world.service.shown()
    assert len(shown.directory.entries) == 20_000
    assert shown.directory.entries[-1] == many[-1]
    await world.store.save([], [entry.entry_id for entry in many[1:]], "test")
    assert (await world.service.shown()).directory.entries == (many[0],)


def test_the_command_line_takes_sheets_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDEAU15_STORAGE__DATA_DIR", str(tmp_path))
    runner, file = CliRunner(), tmp_path / "annuaire.csv"

    def run(*words: str, status: int = 0) -> str:
        result = runner.invoke(command_line, ["directory", *words])
        assert result.exit_code == status, result.output
        return result.output

    file.write_bytes("nom;type;numéros\nHôpital Nord;Hôpital;01 99 00 00 12\n".encode("cp1252"))
    assert "1 entries would be added" in run("import", "--check", str(file))
    assert "1 entries added" in run("import", str(file))
    assert "0 entries added, 0 changed" in run("import", str(file))
    out = tmp_path / "out.csv"
    run("export", str(out))
    assert "Hôpital Nord;Hôpital;+33199000012;0;non;;;" in out.read_text("utf-8-sig")
    file.write_text("nom;type;numéros\nX;Hôpital;\n")
    assert "ligne 2, numéros" in run("import", str(file), status=1)


async def test_a_demonstration_has_entries_of_every_kind_once_and_all_of_fiction(world: World) -> None:
    for _ in range(2):
        await ensure_directory(world.database)
    directory = await world.store.load()
    assert (directory.version, directory.changed_by) == (1, "demonstration")
    assert {entry.kind for entry in directory.entries} >= set(EntryKind) - {EntryKind.AGENT, EntryKind.OTHER}
    fiction = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
    assert all(n.number.startswith(fiction) for entry in directory.entries for n in entry.numbers)
