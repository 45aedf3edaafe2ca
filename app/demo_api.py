"""The demonstration's client of the API: the simulated LRM's, with a token that no other installation has."""

from pathlib import Path

from app.clock import SystemClock
from app.private_files import write_private
from core.api_clients import Scope
from storage.api_clients import StoredApiClients
from storage.database import Database


async def demo_token(database: Database, file: Path) -> str:
    """The token in ``file``, for its owner only; a new client's where there is none, or it is revoked."""
    clients = StoredApiClients(database, SystemClock())
    known = _read(file)
    if known and await clients.find(known) is not None:
        return known
    _, token = await clients.add("LRM simulé (démonstration)", tuple(Scope))
    _write(file, token)
    return token


def _read(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _write(file: Path, token: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, token)
