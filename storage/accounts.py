"""Local accounts."""

import re
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.accounts import LOGIN_PATTERN, Account
from core.errors import AccountRefused
from core.ids import AgentId
from core.words import Role
from storage.database import Database
from storage.passwords import Passwords
from storage.tables import account, session


class StoredAccounts:
    """Implements ``Accounts``, and what the command line needs to manage them.

    Every method raises ``StorageUnavailable`` when the database does not answer.
    """

    def __init__(self, database: Database, passwords: Passwords | None = None) -> None:
        self._database = database
        self._passwords = passwords or Passwords()

    async def verify(self, login: str, password: str) -> Account | None:
        """Whose login and password these are; ``None``: nobody's. Takes as long for an unknown login."""
        found = None
        if re.fullmatch(LOGIN_PATTERN, login):
            async with self._database.reading() as connection:
                found = (await connection.execute(select(account).where(account.c.login == login))).first()
        right = await self._passwords.verify(found.password_hash if found else None, password)
        if found is None or not right:
            return None
        if self._passwords.is_outdated(found.password_hash):
            await self._keep_password(login, await self._passwords.hash(password), found.password_hash)
        return account_of(found)

    async def create(self, new: Account, password: str) -> None:
        """Add an account.

        Raises:
            AccountRefused: ``login_invalid``, ``login_taken``, ``agent_taken`` or ``password_length``.
        """
        if not re.fullmatch(LOGIN_PATTERN, new.login):
            raise AccountRefused(
                "login_invalid",
                "a login has 1 to 40 of a–z, 0–9 and -, and does not begin with -",
            )
        row = {
            "agent_id": new.agent_id,
            "login": new.login,
            "name": new.name,
            "role": new.role,
            "password_hash": await self._passwords.hash(password),
        }
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(account).values(row))
        except IntegrityError as error:
            taken = "login_taken" if any(a.login == new.login for a in await self.list()) else "agent_taken"
            raise AccountRefused(taken, f"another account has the {taken.split('_')[0]} asked for") from error

    async def list(self) -> list[Account]:
        """All accounts, by login."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(account).order_by(account.c.login))
            return [account_of(row) for row in found]

    async def set_password(self, login: str, password: str) -> None:
        """Change a password, and end the agent's sessions.

        Raises:
            AccountRefused: ``unknown_login`` or ``password_length``.
        """
        kept = await self._passwords.hash(password)
        async with self._database.writing() as connection:
            found = await connection.execute(
                update(account).where(account.c.login == login).values(password_hash=kept)
            )
            if not found.rowcount:
                raise AccountRefused("unknown_login", f"no account has the login {login}")
            agents = select(account.c.agent_id).where(account.c.login == login)
            await connection.execute(delete(session).where(session.c.agent_id.in_(agents)))

    async def remove(self, login: str) -> None:
        """Remove an account and its sessions.

        Raises:
            AccountRefused: ``unknown_login``.
        """
        async with self._database.writing() as connection:
            found = await connection.execute(delete(account).where(account.c.login == login))
            if not found.rowcount:
                raise AccountRefused("unknown_login", f"no account has the login {login}")

    async def _keep_password(self, login: str, kept: str, before: str) -> None:
        """Replace a hash, unless the password was changed meanwhile."""
        async with self._database.writing() as connection:
            same = (account.c.login == login) & (account.c.password_hash == before)
            await connection.execute(update(account).where(same).values(password_hash=kept))


def account_of(row: Row[Any]) -> Account:
    """The account of a row that has its columns."""
    return Account(agent_id=AgentId(row.agent_id), login=row.login, name=row.name, role=Role(row.role))
