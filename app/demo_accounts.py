"""The accounts of a demonstration: made at its first start, with passwords that no other installation has."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.private_files import write_private
from core.accounts import Account
from core.ids import AgentId
from core.words import Role
from storage.accounts import StoredAccounts
from storage.database import Database

_WORDS = ("merle", "tilleul", "galet", "sapin", "loutre", "bruyere", "sillage", "noisette", "falaise", "verger")


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One account and its password."""

    login: str
    name: str
    agent_id: str
    role: Role
    password: str = field(repr=False)


_PEOPLE = (
    ("arm1", "Camille Martin", "899700000001", Role.ARM),
    ("medecin1", "Dr Alix Morel", "899700000002", Role.PHYSICIAN_MU),
    ("superviseur", "Sacha Bernard", "899700000009", Role.SUPERVISOR),
    ("auditeur", "Dominique Roy", "899700000010", Role.AUDITOR),
    ("archiviste", "Noé Lambert", "899700000011", Role.ARCHIVIST),
    ("archiviste2", "Inès Garnier", "899700000012", Role.ARCHIVIST),
    ("robot1", "Robot Un", "899700000101", Role.ARM),
    ("robot2", "Robot Deux", "899700000102", Role.ARM),
    ("robot3", "Dr Robot", "899700000103", Role.PHYSICIAN_MU),
)


@dataclass(frozen=True, slots=True)
class DemoLogins:
    """Everybody in the demonstration."""

    people: tuple[DemoLogin, ...]

    @property
    def humans(self) -> list[DemoLogin]:
        """Those a newcomer may log in as."""
        return [person for person in self.people if not person.login.startswith("robot")]

    @property
    def robots(self) -> list[DemoLogin]:
        """Those played by the simulator; they share one password."""
        return [person for person in self.people if person.login.startswith("robot")]


def demo_logins(file: Path) -> DemoLogins:
    """Read the logins from ``file``, for its owner only; who is not in it yet is added."""
    known = _read(file) if file.exists() else ()
    people = _completed(known)
    if people != known:
        _write(file, people)
    return DemoLogins(people)


async def ensure_accounts(database: Database, logins: DemoLogins) -> None:
    """Make the accounts that are not there yet."""
    accounts = StoredAccounts(database)
    known = {account.login for account in await accounts.list()}
    for person in logins.people:
        if person.login not in known:
            account = Account(
                agent_id=AgentId(person.agent_id), login=person.login, name=person.name, role=person.role
            )
            await accounts.create(account, person.password)


def _completed(known: tuple[DemoLogin, ...]) -> tuple[DemoLogin, ...]:
    """Those known, and everybody else with a new password; the robots share one."""
    robots = next((p.password for p in known if p.login.startswith("robot")), None) or secrets.token_urlsafe(24)
    logins = {person.login for person in known}
    new = (
        DemoLogin(login, name, agent_id, role, robots if login.startswith("robot") else _password())
        for login, name, agent_id, role in _PEOPLE
        if login not in logins
    )
    return (*known, *new)


def _write(file: Path, people: tuple[DemoLogin, ...]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, json.dumps([asdict(person) for person in people], ensure_ascii=False, indent=1))


def _read(file: Path) -> tuple[DemoLogin, ...]:
    return tuple(
        DemoLogin(**{**person, "role": Role(person["role"])}) for person in json.loads(file.read_text())
    )


def _password() -> str:
    """A password easy to copy from a terminal: about 40 bits, for a demonstration only."""
    chosen = "-".join(secrets.choice(_WORDS) for _ in range(3))
    return f"{chosen}-{secrets.randbelow(10**9):09d}"
