"""Webhooks to a real receiver: signed, in order, again until it has them, over restarts; what is given up."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
import uvicorn
from fastapi import FastAPI, Request, Response

from app.clock import SystemClock
from core.api_clients import Scope, Webhook
from core.events import CallNoted
from core.ids import AgentId, CallId, PositionId
from lrm_bridge.api import policy, webhooks
from lrm_bridge.api.policy import MOST_REFUSALS
from lrm_bridge.api.sender import HttpSender
from lrm_client import ApiRefused, LrmApi, verified
from storage.api_clients import StoredApiClients
from tests.support.api import AGENT, ApiCentre, api_centre
from tests.support.serving import serving
from tests.support.waiting import until

pytestmark = pytest.mark.component

TYPES = ["call.noted"]


@dataclass
class Receiver:
    """Somebody's server. ``answers``: what it answers to the next requests; then 204."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    had: list[str] = field(default_factory=list)
    """The notes of what it accepted."""
    hold: asyncio.Event | None = None

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/{path:path}")
        async def take(request: Request) -> Response:
            body = await request.body()
            if self.hold is not None:
                await self.hold.wait()
            self.got.append((dict(request.headers), body))
            status = self.answers.pop(0) if self.answers else 204
            if status < 300:
                self.had.append(json.loads(body)["data"]["call"]["notes"][-1]["text"])
            return Response(None, status, {"Location": "http://127.0.0.1:1/"} if status == 302 else None)

        return app


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with serving(made.app()) as url:
        made.url = f"{url}/events"
        yield made


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[ApiCentre]:
    async with api_centre(tmp_path) as centre:
        yield centre


@pytest.fixture
async def api(centre: ApiCentre) -> AsyncIterator[LrmApi]:
    async with await centre.client() as api:
        yield api


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(policy, "LONGEST_DELAY_S", 0.05)
    monkeypatch.setattr(webhooks, "SAVED_EVERY_S", 0.05)
    monkeypatch.setattr(webhooks, "LOOKED_AT_EVERY_S", 0.05)


def note(centre: ApiCentre, call_id: CallId, text: str) -> None:
    centre.say(
        CallNoted(call_id=call_id, position_id=PositionId("arm1"), agent_id=AgentId(AGENT), name="A", text=text)
    )


async def test_events_are_signed_and_come_in_order_though_some_tries_fail(
    centre: ApiCentre, api: LrmApi, receiver: Receiver
) -> None:
    call_id = centre.caller()
    receiver.answers = [500, 503, 204, 429, 204, 404]
    hook, secret = await api.add_webhook(receiver.url, TYPES)
    expected = [f"n{number}" for number in range(6)]
    for text in expected:
        note(centre, call_id, text)
    await until(lambda: len(receiver.had) == 6, "all told")
    assert receiver.had == expected
    for headers, body in receiver.got:
        assert verified(headers, body, [secret]).type == "call.noted"
        assert headers["content-type"] == "application/json"
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(set(ids)) == 6
    shown = await api.webhook(hook.webhook_id)
    assert (shown.state, shown.failures, shown.last_status) == ("telling", 0, 204)
    assert shown.after >= centre.core.api.events.seq - 1


async def test_what_is_always_refused_does_not_stop_the_others(
    centre: ApiCentre, api: LrmApi, receiver: Receiver
) -> None:
    call_id = centre.caller()
    receiver.answers = [302, *[400] * (MOST_REFUSALS - 1)]
    hook, _ = await api.add_webhook(receiver.url, TYPES)
    note(centre, call_id, "poison")
    note(centre, call_id, "suite")
    await until(lambda: receiver.had == ["suite"], "the next one told")
    [letter] = await api.dead_letters(hook.webhook_id)
    assert (letter.type, letter.attempts, letter.status) == ("call.noted", MOST_REFUSALS, 400)
    await api.replay(hook.webhook_id, letter.seq - 1)
    await until(lambda: receiver.had == ["suite", "poison", "suite"], "told again")


async def test_a_receiver_that_is_away_gets_all_of_it_later(
    centre: ApiCentre, api: LrmApi, receiver: Receiver
) -> None:
    call_id = centre.caller()
    receiver.answers = [500] * 8
    hook, _ = await api.add_webhook(receiver.url, TYPES)
    for number in range(3):
        note(centre, call_id, str(number))
    await until(lambda: centre.core.api.webhooks.away == 1, "shown as away")
    shown = await api.webhook(hook.webhook_id)
    assert shown.state == "away"
    assert shown.failing_since is not None
    await until(lambda: receiver.had == ["0", "1", "2"], "told at last")
    assert (await api.webhook(hook.webhook_id)).state == "telling"


async def test_gone_means_no_more(centre: ApiCentre, api: LrmApi, receiver: Receiver) -> None:
    call_id = centre.caller()
    receiver.answers = [410]
    hook, _ = await api.add_webhook(receiver.url, TYPES)
    note(centre, call_id, "un")
    note(centre, call_id, "deux")

    def stopped() -> bool:
        return any(each.webhook.stopped for each in centre.core.api.webhooks._tellings.values())

    await until(stopped, "stopped")
    assert (await api.webhook(hook.webhook_id)).state == "stopped"
    assert len(receiver.got) == 1
    await api.replay(hook.webhook_id)
    await until(lambda: receiver.had == ["un", "deux"], "told from where it stood")


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path, receiver: Receiver) -> None:
    async with api_centre(tmp_path) as first:
        call_id = first.caller()
        token = await first.token()
        async with LrmApi(first.url, token) as api:
            await api.add_webhook(receiver.url, TYPES)
        note(first, call_id, "un")
        await until(lambda: receiver.had == ["un"], "told")
        receiver.answers = [500] * 1000
        note(first, call_id, "deux")
        note(first, call_id, "trois")
    receiver.answers = []
    async with api_centre(tmp_path, first.journal) as second:
        note(second, call_id, "quatre")
        await until(lambda: "quatre" in receiver.had, "the rest told")
    # What was told just before the end may be told again: with the same id.
    assert list(dict.fromkeys(receiver.had)) == ["un", "deux", "trois", "quatre"]
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 4


async def test_a_rotated_secret_signs_beside_the_former_one(
    centre: ApiCentre, api: LrmApi, receiver: Receiver
) -> None:
    call_id = centre.caller()
    hook, old = await api.add_webhook(receiver.url, TYPES)
    shown, new = await api.rotate(hook.webhook_id)
    assert old != new
    assert shown.previous_secret_until is not None
    note(centre, call_id, "un")
    await until(lambda: receiver.had == ["un"], "told")
    [(headers, body)] = receiver.got
    for secret in (old, new):
        verified(headers, body, [secret])


async def test_what_changes_while_the_stored_ones_are_looked_at_stays_as_changed(
    centre: ApiCentre, api: LrmApi, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id, store = centre.caller(), centre.core.api.webhooks._store
    removed, _ = await api.add_webhook(receiver.url, TYPES)
    rotated, _ = await api.add_webhook(receiver.url, TYPES)
    read, go_on, stored = asyncio.Event(), asyncio.Event(), store.all

    async def all_slowly() -> Sequence[Webhook]:
        found = await stored()
        read.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(store, "all", all_slowly)
    await read.wait()
    async with asyncio.TaskGroup() as changes:
        changing = [
            changes.create_task(api.remove_webhook(removed.webhook_id)),
            changes.create_task(api.rotate(rotated.webhook_id)),
            adding := changes.create_task(api.add_webhook(receiver.url, TYPES)),
        ]
        await asyncio.wait(changing, timeout=0.3)  # they may come first, or wait
        go_on.set()
    added, _ = adding.result()
    assert {hook.webhook_id for hook in await api.webhooks()} == {rotated.webhook_id, added.webhook_id}
    note(centre, call_id, "un")
    note(centre, call_id, "deux")
    await until(lambda: receiver.had.count("deux") == 2, "told")
    assert sorted(receiver.had) == ["deux", "deux", "un", "un"]


async def test_each_client_has_its_own_and_a_revoked_one_none(
    centre: ApiCentre, api: LrmApi, receiver: Receiver
) -> None:
    clients = StoredApiClients(centre.database, SystemClock())
    other, token = await clients.add("autre", [Scope.CALLS_READ])
    call_id = centre.caller()
    async with LrmApi(centre.url, token) as theirs:
        hook, _ = await theirs.add_webhook(receiver.url, TYPES)
        with pytest.raises(ApiRefused, match="unknown_webhook"):
            await api.webhook(hook.webhook_id)
        assert await api.webhooks() == []
        await clients.revoke(other.client_id)
        await until(lambda: not centre.core.api.webhooks._tellings, "dropped")
    note(centre, call_id, "un")
    hook, _ = await api.add_webhook(receiver.url, TYPES)
    note(centre, call_id, "deux")
    await until(lambda: receiver.had == ["deux"], "only the other client's")
    await api.remove_webhook(hook.webhook_id)
    assert await api.webhooks() == []


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "http://192.0.2.1/", "https://localhost/", "https://127.0.0.2:8087/"]
)
async def test_no_way_into_the_centre(api: LrmApi, url: str) -> None:
    with pytest.raises(ApiRefused, match="url_not_allowed"):
        await api.add_webhook(url, TYPES)


async def test_types_that_are_none(api: LrmApi, receiver: Receiver) -> None:
    with pytest.raises(ApiRefused, match="bad_request"):
        await api.add_webhook(receiver.url, ["call.*"])


@asynccontextmanager
async def secure(receiver: Receiver, authority: trustme.CA, name: str) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    config = uvicorn.Config(receiver.app(), log_level="warning", lifespan="off")
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    server.config.host, server.config.port = "127.0.0.1", 0
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, "the receiver listens")
    try:
        yield f"https://localhost:{server.servers[0].sockets[0].getsockname()[1]}/x"
    finally:
        server.should_exit = server.force_exit = True
        await running


@pytest.mark.parametrize(("name", "status"), [("localhost", 204), ("autre.example", 0)])
async def test_https_receivers_are_known_by_their_certificate(tmp_path: Path, name: str, status: int) -> None:
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    receiver = Receiver()
    sender = HttpSender(("localhost",), file)
    stranger = HttpSender(("localhost",))
    body = b'{"data": {"call": {"notes": [{"text": "un"}]}}}'
    try:
        async with secure(receiver, authority, name) as url:
            assert (await sender.post(url, {}, body)).status == status
            assert (await stranger.post(url, {}, body)).status == 0
    finally:
        await sender.close()
        await stranger.close()
    assert len(receiver.had) == (1 if status else 0)
