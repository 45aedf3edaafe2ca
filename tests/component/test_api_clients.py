"""Programs that use the API, kept in a real database; and the command line that manages them."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from app.commands import app
from core.api_clients import DeadLetter, Scope, Webhook
from storage.api_clients import StoredApiClients, StoredWebhooks
from storage.database import Database
from storage.tables import api_client
from tests.support.centre import HeldClock

pytestmark = pytest.mark.component


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.upgrade()
    yield opened
    await opened.close()


async def test_a_token_is_known_until_it_is_revoked_and_is_not_kept(database: Database) -> None:
    clock = HeldClock()
    clients = StoredApiClients(database, clock)
    made, token = await clients.add("LRM", [Scope.CALLS_READ, Scope.PRESENCE_READ])
    clock.advance(1)
    _, other = await clients.add("Autre", [Scope.CALLS_READ])
    assert len(token) > 40
    assert token != other
    assert await clients.find(token) == made
    assert await clients.find(token + "x") is None
    assert await clients.find("\ud800\x00") is None
    async with database.reading() as connection:
        rows = (await connection.execute(select(api_client))).all()
    assert token not in str(rows)
    assert await clients.revoke(made.client_id)
    assert not await clients.revoke(made.client_id)
    assert await clients.find(token) is None
    assert (await clients.find(other)) is not None
    assert [each.revoked_at is None for each in await clients.list()] == [False, True]


async def test_webhooks_and_what_they_could_not_be_told(database: Database) -> None:
    clock = HeldClock()
    clients, webhooks = StoredApiClients(database, clock), StoredWebhooks(database)
    client, _ = await clients.add("LRM", [Scope.CALLS_READ])
    hook = Webhook(
        webhook_id="w1",
        client_id=client.client_id,
        url="https://lrm.example/é",
        types=("call.arrived", "call.ended"),
        secret="whsec_x",
        created_at=clock.now(),
        after=12,
    )
    await webhooks.save(hook)
    await webhooks.told({"w1": 40, "unknown": 3})
    assert await webhooks.all() == [replace(hook, after=40)]
    changed = replace(
        hook, after=50, secret="whsec_y", previous_secret="whsec_x", previous_until=clock.now(), stopped="gone"
    )
    await webhooks.save(changed)
    assert await webhooks.all() == [changed]
    letter = DeadLetter(
        webhook_id="w1",
        seq=13,
        event_id="e",
        type="call.ended",
        given_up_at=clock.now(),
        attempts=3,
        status=500,
        detail="",
    )
    await webhooks.bury(letter)
    await webhooks.bury(replace(letter, attempts=4))
    assert await webhooks.dead_letters("w1") == [replace(letter, attempts=4)]
    await clients.revoke(client.client_id)
    assert await webhooks.all() == []
    await webhooks.remove("w1")
    assert await webhooks.dead_letters("w1") == []


def test_the_command_line_shows_a_token_once(tmp_path: Path) -> None:
    config = tmp_path / "centre.toml"
    config.write_text(f'[storage]\ndata_dir = "{tmp_path}"\n')

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["--config", str(config), "api-client", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    token = run("add", "LRM de test", "--scope", "calls:read", "--scope", "calls:write").strip()
    assert re.fullmatch(r"b15_[\w-]{43}", token)
    listed = run("list")
    assert token not in listed
    found = re.search(r"c-[0-9a-f]{8}", listed)
    assert found is not None
    run("revoke", found[0])
    again = CliRunner().invoke(app, ["--config", str(config), "api-client", "revoke", found[0]])
    assert again.exit_code == 1
    wrong = CliRunner().invoke(app, ["--config", str(config), "api-client", "add", "x", "--scope", "all"])
    assert wrong.exit_code == 2
