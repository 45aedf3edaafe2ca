"""Programs that use the API, their webhooks, and what could not be told to those."""

from collections.abc import Collection, Sequence
from secrets import token_hex, token_urlsafe
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from core.api_clients import ApiClient, DeadLetter, Scope, Webhook
from core.ports import Clock
from storage.database import Database
from storage.rows import storable
from storage.tables import api_client, dead_letter, webhook
from storage.tokens import token_digest

TOKEN_PREFIX = "b15_"  # noqa: S105 - so that a token left in a file is recognised
LETTERS_SHOWN = 100


class StoredApiClients:
    """Implements ``ApiClients``, and what the command line needs to manage them.

    A token is 256 random bits; only its SHA-256 is kept. Every method raises ``StorageUnavailable`` when the
    database does not answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, name: str, scopes: Collection[Scope], token: str = "") -> tuple[ApiClient, str]:
        """Add a client; it, and its token, which nobody can be shown again. ``token``: one made before."""
        token = token or TOKEN_PREFIX + token_urlsafe(32)
        client = ApiClient(
            client_id=f"c-{token_hex(4)}", name=name, scopes=frozenset(scopes), created_at=self._clock.now()
        )
        row = {
            "client_id": client.client_id,
            "name": storable(name),
            "token_digest": token_digest(token),
            "scopes": " ".join(sorted(client.scopes)),
            "created_at": client.created_at,
            "revoked_at": None,
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(api_client).values(row))
        return client, token

    async def list(self) -> list[ApiClient]:
        """All clients, also those revoked, the oldest first."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(api_client).order_by(api_client.c.created_at))
            return [_client(row) for row in found]

    async def revoke(self, client_id: str) -> bool:
        """Let a client's token be worth nothing any more, for good; whether there is such a client."""
        unrevoked = (api_client.c.client_id == client_id) & api_client.c.revoked_at.is_(None)
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(api_client).where(unrevoked).values(revoked_at=self._clock.now())
            )
            return bool(done.rowcount)

    async def find(self, token: str) -> ApiClient | None:
        """Whose token it is; ``None``: nobody's, or revoked."""
        wanted = (api_client.c.token_digest == token_digest(token)) & api_client.c.revoked_at.is_(None)
        async with self._database.reading() as connection:
            row = (await connection.execute(select(api_client).where(wanted))).first()
        return _client(row) if row is not None else None


class StoredWebhooks:
    """Implements ``Webhooks``. Every method raises ``StorageUnavailable`` when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Webhook]:
        """Every webhook of a client that is not revoked, the oldest first."""
        query = (
            select(webhook)
            .join(api_client, api_client.c.client_id == webhook.c.client_id)
            .where(api_client.c.revoked_at.is_(None))
            .order_by(webhook.c.created_at, webhook.c.webhook_id)
        )
        async with self._database.reading() as connection:
            return [_webhook(row) for row in await connection.execute(query)]

    async def save(self, one: Webhook) -> None:
        """Write one, new or changed."""
        await self._database.write(_save, one)

    async def told(self, places: dict[str, int]) -> None:
        """Note how far webhooks have been told."""
        await self._database.write(_told, places)

    async def remove(self, webhook_id: str) -> None:
        """Forget one and its dead letters; an unknown one is no error."""
        async with self._database.writing() as connection:
            await connection.execute(delete(webhook).where(webhook.c.webhook_id == webhook_id))

    async def bury(self, letter: DeadLetter) -> None:
        """Keep what could not be told; the same twice is once."""
        await self._database.write(_bury, letter)

    async def dead_letters(self, webhook_id: str) -> Sequence[DeadLetter]:
        """What could not be told to one, the latest first, a hundred at most."""
        query = select(dead_letter).where(dead_letter.c.webhook_id == webhook_id)
        async with self._database.reading() as connection:
            found = await connection.execute(query.order_by(dead_letter.c.seq.desc()).limit(LETTERS_SHOWN))
            return [DeadLetter(**row._mapping) for row in found]


def _save(connection: Connection, one: Webhook) -> None:
    row = {
        "client_id": one.client_id,
        "url": storable(one.url),
        "types": " ".join(one.types),
        "secret": one.secret,
        "previous_secret": one.previous_secret,
        "previous_until": one.previous_until,
        "created_at": one.created_at,
        "after": one.after,
        "stopped": one.stopped,
    }
    known = update(webhook).where(webhook.c.webhook_id == one.webhook_id).values(row)
    if not connection.execute(known).rowcount:
        connection.execute(insert(webhook).values(webhook_id=one.webhook_id, **row))


def _told(connection: Connection, places: dict[str, int]) -> None:
    for webhook_id, seq in places.items():
        connection.execute(update(webhook).where(webhook.c.webhook_id == webhook_id).values(after=seq))


def _bury(connection: Connection, letter: DeadLetter) -> None:
    same = (dead_letter.c.webhook_id == letter.webhook_id) & (dead_letter.c.seq == letter.seq)
    connection.execute(delete(dead_letter).where(same))
    connection.execute(
        insert(dead_letter).values(
            webhook_id=letter.webhook_id,
            seq=letter.seq,
            event_id=letter.event_id,
            type=letter.type,
            given_up_at=letter.given_up_at,
            attempts=letter.attempts,
            status=letter.status,
            detail=storable(letter.detail),
        )
    )


def _client(row: Row[Any]) -> ApiClient:
    return ApiClient(
        client_id=row.client_id,
        name=row.name,
        scopes=frozenset(Scope(each) for each in row.scopes.split()),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        webhook_id=row.webhook_id,
        client_id=row.client_id,
        url=row.url,
        types=tuple(row.types.split()),
        secret=row.secret,
        created_at=row.created_at,
        after=row.after,
        previous_secret=row.previous_secret,
        previous_until=row.previous_until,
        stopped=row.stopped,
    )
