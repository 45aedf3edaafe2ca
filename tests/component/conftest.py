"""Databases for component tests: SQLite in a file, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.tables import with_tables


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that runs. A test that stops it starts it again."""
    try:
        server = PostgresServer()
    except FileNotFoundError as error:
        pytest.fail(f"{error}: run make setup", pytrace=False)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of PostgreSQL that has its tables."""
    url = postgres.new_database(tables=True)
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of PostgreSQL that has nothing yet."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn, with its tables and nothing in them."""
    if request.param == "sqlite":
        return with_tables(_sqlite_url(tmp_path))
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn, as an installation finds it: no tables."""
    if request.param == "sqlite":
        return _sqlite_url(tmp_path)
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def _sqlite_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'bandeau15.db'}"
