"""A whole core's pages under what nobody would send: never a failure of ours, and the core goes on."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app.clock import SystemClock
from app.core import Core
from app.settings import LrmSettings, Settings, StorageSettings, TestCallSettings
from bandeau.policy import COMMAND_NAMES
from core.ids import PositionId
from core.words import Role
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.sessions import StoredSessions
from tests.support.centre import MemoryJournal
from tests.support.fake_switch import FakeSwitch
from tests.support.no_asterisk import adapters_without_asterisk
from tests.support.plan import WELCOME, put_in_force
from tests.support.web_server import PASSWORD, account, answering
from web.auth import COOKIE
from web.limits import RequestLimits

pytestmark = pytest.mark.component

NO_LIMITS = RequestLimits(
    session_per_second=1e6, session_burst=1e6, source_per_second=1e6, source_burst=1e6, sockets=10_000
)


class Errors(logging.Handler):
    """Every failure that the server logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))

    def of_structlog(self, logger: Any, method: str, event: Any) -> Any:
        if method in ("error", "exception", "critical"):
            self.seen.append(str(event))
        raise structlog.DropEvent


class World:
    """A core that serves its pages, in a thread of its own, and a supervisor who is logged in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.errors = Errors()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.host = self.token = ""

    def do(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def __enter__(self) -> "World":
        self._thread.start()
        self._core = self._served()
        self.do(self._core.__aenter__())
        headers = {"Cookie": f"{COOKIE}={self.token}"}
        self.http = httpx2.Client(base_url=f"http://{self.host}", headers=headers, timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.do(self._core.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        clock = SystemClock()
        config = Settings(
            storage=StorageSettings(data_dir=self._folder),
            lrm=LrmSettings(base_url=""),
            test_calls=TestCallSettings(enabled=False),
        )
        put_in_force(self._folder, WELCOME)
        (self._folder / "index.html").write_text("page")
        database = Database(config.storage.url)
        await database.upgrade()
        accounts, sessions = StoredAccounts(database), StoredSessions(database, clock)
        chief = account("chef", Role.SUPERVISOR)
        await accounts.create(chief, PASSWORD)
        expires_at = clock.now() + timedelta(hours=1)
        self.token = await sessions.create(chief, PositionId("chef"), expires_at)
        switch = FakeSwitch()
        adapters = adapters_without_asterisk(
            clock, MemoryJournal(), switch, database, accounts=accounts, sessions=sessions
        )
        core = Core(config, adapters, "core-a")
        core.restore([])
        await core.start(1)
        switch.mend()
        try:
            async with answering(core.web(self._folder, NO_LIMITS)) as self.host:
                yield
        finally:
            await core.close()
            await database.close()

    def well(self) -> None:
        """Nothing failed, and the core serves."""
        assert self.errors.seen == []
        assert self.http.get("/api/session").status_code == 200


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("fuzz"))
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[world.errors.of_structlog])
    logging.getLogger("uvicorn.error").addHandler(world.errors)
    try:
        with world:
            yield world
    finally:
        logging.getLogger("uvicorn.error").removeHandler(world.errors)
        structlog.configure(processors=before)


TEXT = st.text(max_size=80)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    (
        *("login", "password", "name", "kind", "numbers", "number", "label", "priority", "favourite", "tags"),
        *("notes", "csv", "replace", "text", "line", "at", "state", "surge", "acts"),
    )
)
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, JSON, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
)
ROUTES = st.sampled_from(
    (
        ("POST", "/api/login"),
        ("GET", "/api/session"),
        ("GET", "/api/strip/phone"),
        ("GET", "/api/strip/colleagues"),
        ("POST", "/api/strip/credentials"),
        ("GET", "/api/strip/ice"),
        ("GET", "/api/directory"),
        ("PUT", "/api/directory/favourites/{}"),
        ("DELETE", "/api/directory/favourites/{}"),
        ("POST", "/api/directory/entries"),
        ("PUT", "/api/directory/entries/{}"),
        ("DELETE", "/api/directory/entries/{}"),
        ("POST", "/api/directory/import"),
        ("GET", "/api/directory/export.csv"),
        ("GET", "/api/history/recent"),
        ("POST", "/api/history/calls/{}/notes"),
        ("GET", "/api/plan"),
        ("GET", "/api/plan?surge={}"),
        ("GET", "/api/plan/surges/{}"),
        ("POST", "/api/plan/surge"),
        ("POST", "/api/plan/try"),
        ("GET", "/metrics"),
        ("PATCH", "/api/session"),
        ("GET", "/{}"),
    )
)
DEEP = b"[" * 30_000


@settings(max_examples=150)
@given(route=ROUTES, inside=TEXT, body=BODIES)
@example(route=("POST", "/api/login"), inside="", body=DEEP)
@example(route=("POST", "/api/plan/try"), inside="", body=b'{"acts":' + DEEP)
@example(route=("POST", "/api/directory/import"), inside="", body=b'{"csv":"\\u0000\\ud800;"}')
@example(route=("PUT", "/api/directory/favourites/{}"), inside="\x00", body=b"")
@example(route=("POST", "/api/login"), inside="", body=b'{"login":"\\ud800","password":"\\ud800"}')
def test_routes(world: World, route: tuple[str, str], inside: str, body: bytes) -> None:
    method, path = route
    try:
        raw = quote(inside, safe="")
    except UnicodeEncodeError:
        raw = "%ED%A0%80"
    answer = world.http.request(
        method, path.format(raw), content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code < 500, answer.text
    world.well()


ARGUMENTS = st.sampled_from(
    (
        *("offerId", "callId", "partyId", "kind", "value", "priority", "muted", "digits", "seconds", "speed"),
        *("reason", "text", "queue", "setting", "rule", "number", "mode", "phase", "lossPerMille", "jitterMs"),
        *("roundTripMs", "mosHundredths", "itemId", "outcome"),
    )
)
COMMANDS = st.fixed_dictionaries(
    {
        "type": st.just("command"),
        "id": st.integers(0, 2**53),
        "name": st.sampled_from(sorted(COMMAND_NAMES - {"log_out"})) | TEXT,
        "args": st.dictionaries(ARGUMENTS, TEXT | st.integers() | st.booleans(), max_size=5),
    }
)
FRAMES = st.one_of(
    COMMANDS.map(json.dumps),
    JSON.map(json.dumps),
    st.sampled_from(("hello", "ping", "command", "snapshot")).map(lambda kind: json.dumps({"type": kind})),
    st.text(max_size=200).filter(lambda text: text.isprintable()),
    st.binary(max_size=200),
)
HELLO = json.dumps({"type": "hello"})


@pytest.mark.parametrize("path", ["/ws/bandeau", "/ws/salle", "/ws/rappels"])
@settings(max_examples=40)
@given(frames=st.lists(FRAMES, max_size=8), polite=st.booleans())
@example(frames=["[" * 15_000], polite=True)
@example(frames=[json.dumps({"type": "command", "id": 1, "name": "x" * 100, "args": {}})], polite=True)
def test_screens(world: World, path: str, frames: list[str | bytes], polite: bool) -> None:
    headers = {"Cookie": f"{COOKIE}={world.token}", "Origin": f"http://{world.host}"}
    with connect(f"ws://{world.host}{path}", additional_headers=headers, open_timeout=30) as screen:
        code = _said(screen, [HELLO, *frames] if polite else frames)
    assert code is None or 4000 <= code < 5000 or code in (1007, 1009), code
    world.well()


def _said(screen: ClientConnection, frames: list[str | bytes]) -> int | None:
    """Send frames; the code with which the server closed, if it did."""
    try:
        for frame in frames:
            screen.send(frame)
        screen.send(json.dumps({"type": "ping"}))
        while json.loads(screen.recv(30))["type"] != "pong":
            pass
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 0
    return None
