"""Sessions of browsers."""

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy import delete, insert, select

from core.accounts import Account, Session
from core.ids import PositionId
from core.ports import Clock
from storage.accounts import account_of
from storage.database import Database
from storage.tables import account, session
from storage.tokens import token_digest


class StoredSessions:
    """Implements ``Sessions``. A token is 256 random bits; only its SHA-256 is kept.

    Every method raises ``StorageUnavailable`` when the database does not answer.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, agent: Account, position_id: PositionId, expires_at: datetime) -> str:
        """Open a session and return its token, for the cookie."""
        token = token_urlsafe(32)
        row = {
            "token_digest": token_digest(token),
            "agent_id": agent.agent_id,
            "position_id": position_id,
            "created_at": self._clock.now(),
            "expires_at": expires_at,
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(session).values(row))
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a token; ``None``: unknown, ended or expired."""
        query = (
            select(session, account)
            .join(account, account.c.agent_id == session.c.agent_id)
            .where(session.c.token_digest == token_digest(token), session.c.expires_at > self._clock.now())
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Session(
            agent=account_of(row),
            position_id=PositionId(row.position_id),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    async def delete(self, token: str) -> None:
        """End a session; ending an unknown one is no error."""
        async with self._database.writing() as connection:
            await connection.execute(delete(session).where(session.c.token_digest == token_digest(token)))

    async def sweep(self) -> int:
        """Forget the expired sessions; how many they were."""
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(session).where(session.c.expires_at <= self._clock.now()))
            return gone.rowcount
