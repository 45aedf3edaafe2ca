"""Who may log in, and the sessions of their browsers, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import select

from core.accounts import Account
from core.errors import AccountRefused, StorageUnavailable
from core.ids import AgentId, PositionId
from core.words import Role
from storage import passwords
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.passwords import Passwords
from storage.sessions import StoredSessions
from storage.tables import account as account_table
from storage.tables import session as session_table

pytestmark = pytest.mark.component

ARM1 = Account(agent_id=AgentId("899700000001/X"), login="arm1", name="Zoé Ménard", role=Role.ARM)
CHIEF = Account(agent_id=AgentId("chief"), login="chef-de-salle", name="Chef", role=Role.SUPERVISOR)
PASSWORD = "pâtes au beurre"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class HeldClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.instant = NOON

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.upgrade()
    yield opened
    await opened.close()


@pytest.fixture
def accounts(database: Database) -> StoredAccounts:
    return StoredAccounts(database)


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def sessions(database: Database, clock: HeldClock) -> StoredSessions:
    return StoredSessions(database, clock)


async def code_of(refused: object) -> str:
    with pytest.raises(AccountRefused) as caught:
        await refused  # type: ignore[misc]
    return caught.value.code


async def test_only_the_right_login_and_password_are_somebody(accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, PASSWORD)
    await accounts.create(CHIEF, "another password")
    assert await accounts.verify("arm1", PASSWORD) == ARM1
    for login, password in (
        ("arm1", "pates au beurre"),
        ("arm1", ""),
        ("arm1", PASSWORD + "x" * 200),
        ("arm1", "\x00\ud800"),
        ("arm2", PASSWORD),
        ("arm2", "nobody has this password"),
        ("chef-de-salle", PASSWORD),
        ("ARM1", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("arm1\x00", PASSWORD),
        ("arm1\n", PASSWORD),
    ):
        assert await accounts.verify(login, password) is None, (login, password)


async def test_an_unknown_login_costs_the_same_work(database: Database) -> None:
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            checked.append(str(hash))
            return super().verify(hash, password)

    accounts = StoredAccounts(database, Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1)))
    await accounts.create(ARM1, PASSWORD)
    for login in ("arm1", "unknown", "not a login at all"):
        await accounts.verify(login, "wrong password")
    assert len(checked) == 3
    assert len({each.rpartition("$")[0].rpartition("$")[0] for each in checked}) == 1, "the same cost"


async def test_the_same_accents_typed_differently_are_the_same_password(accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, "p\u00e2tes au beurre")
    assert await accounts.verify("arm1", "pa\u0302tes au beurre") == ARM1


@pytest.mark.parametrize("login", ["", "-arm", "Arm", "a b", "arm_1", "a" * 41, "é", "arm1\n"])
async def test_a_login_names_a_position(accounts: StoredAccounts, login: str) -> None:
    bad = Account(agent_id=AgentId("x"), login=login, name="x", role=Role.ARM)
    assert await code_of(accounts.create(bad, PASSWORD)) == "login_invalid"
    assert await accounts.list() == []


async def test_passwords_have_ten_to_128_characters(accounts: StoredAccounts) -> None:
    assert await code_of(accounts.create(ARM1, "x" * 9)) == "password_length"
    assert await code_of(accounts.create(ARM1, "x" * 129)) == "password_length"
    await accounts.create(ARM1, "é" * 10)
    await accounts.create(CHIEF, "x" * 128)
    assert await accounts.verify("chef-de-salle", "x" * 128) == CHIEF
    assert await code_of(accounts.set_password("arm1", "short")) == "password_length"
    assert await accounts.verify("arm1", "é" * 10) == ARM1


async def test_one_account_per_login_and_per_agent(accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, PASSWORD)
    same_login = Account(agent_id=AgentId("other"), login="arm1", name="x", role=Role.ARM)
    same_agent = Account(agent_id=ARM1.agent_id, login="other", name="x", role=Role.ARM)
    assert await code_of(accounts.create(same_login, PASSWORD)) == "login_taken"
    assert await code_of(accounts.create(same_agent, PASSWORD)) == "agent_taken"
    assert await accounts.list() == [ARM1]


async def test_the_password_itself_is_nowhere(database: Database, accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, PASSWORD)
    async with database.reading() as connection:
        kept = (await connection.execute(select(account_table.c.password_hash))).scalar_one()
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


async def test_a_password_costs_what_rfc_9106_asks_of_servers_short_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "PasswordHasher", PasswordHasher)  # as it ships
    assert extract_parameters(await Passwords().hash(PASSWORD)) == RFC_9106_LOW_MEMORY


async def test_a_cheaper_hash_of_old_is_replaced_at_login(database: Database, accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, PASSWORD)
    dearer = StoredAccounts(database, Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)))
    for _ in range(2):
        assert await dearer.verify("arm1", PASSWORD) == ARM1
        async with database.reading() as connection:
            kept = (await connection.execute(select(account_table.c.password_hash))).scalar_one()
        assert "t=2" in kept


async def test_sessions_end_by_time_by_logout_by_password_and_by_removal(
    accounts: StoredAccounts, sessions: StoredSessions, clock: HeldClock
) -> None:
    await accounts.create(ARM1, PASSWORD)
    await accounts.create(CHIEF, PASSWORD)
    expires = NOON + timedelta(hours=14)

    async def opened(agent: Account) -> str:
        return await sessions.create(agent, PositionId(agent.login), expires)

    by_time, by_logout = await opened(CHIEF), await opened(CHIEF)
    by_password, by_removal = await opened(ARM1), await opened(ARM1)
    found = await sessions.find(by_time)
    assert found is not None
    assert (found.agent, found.position_id) == (CHIEF, "chef-de-salle")
    assert (found.created_at, found.expires_at) == (NOON, expires)

    await sessions.delete(by_logout)
    await sessions.delete(by_logout)
    assert await sessions.find(by_logout) is None

    await accounts.set_password("arm1", "quite another one")
    assert await sessions.find(by_password) is None
    by_removal = await opened(ARM1)
    await accounts.remove("arm1")
    assert await sessions.find(by_removal) is None
    assert await code_of(accounts.remove("arm1")) == "unknown_login"
    assert await code_of(accounts.set_password("arm1", PASSWORD)) == "unknown_login"

    clock.instant = expires - timedelta(microseconds=1)
    assert await sessions.find(by_time) == found
    assert await sessions.sweep() == 0
    clock.instant = expires
    assert await sessions.find(by_time) is None
    assert await sessions.sweep() == 1


async def test_tokens_are_long_all_different_and_not_kept(
    database: Database, accounts: StoredAccounts, sessions: StoredSessions
) -> None:
    await accounts.create(ARM1, PASSWORD)
    expires = NOON + timedelta(hours=1)
    tokens = [await sessions.create(ARM1, PositionId("arm1"), expires) for _ in range(5)]
    assert len(set(tokens)) == 5
    assert min(map(len, tokens)) >= 43
    async with database.reading() as connection:
        kept = (await connection.execute(select(session_table.c.token_digest))).scalars().all()
    assert {len(digest) for digest in kept} == {32}
    assert not {token.encode() for token in tokens} & set(kept)
    for wrong in ("", "x", tokens[0][:-1], "\x00", "\ud800", kept[0].hex()):
        assert await sessions.find(wrong) is None


async def test_many_logins_at_once_do_not_hold_the_loop(accounts: StoredAccounts) -> None:
    await accounts.create(ARM1, PASSWORD)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert await asyncio.gather(*(accounts.verify("arm1", PASSWORD) for _ in range(20))) == [ARM1] * 20
    counting.cancel()
    assert turns > 20


async def test_without_a_database_it_is_said_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = Database(f"postgresql+asyncpg://x@/x?host={tmp_path_factory.mktemp('nowhere')}")
    with pytest.raises(StorageUnavailable):
        await StoredAccounts(nowhere).verify("arm1", PASSWORD)
    with pytest.raises(StorageUnavailable):
        await StoredSessions(nowhere, HeldClock()).find("token")
    await nowhere.close()
