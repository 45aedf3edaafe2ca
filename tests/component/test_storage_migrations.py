"""The history of the tables leads to the tables the program uses, on both databases."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from core.errors import ConfigurationError, StorageUnavailable
from storage import migrations
from storage.archive_tables import metadata
from storage.database import Database
from storage.migrations import last_revision

pytestmark = pytest.mark.component


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    opened = Database(empty_database_url)
    yield opened
    await opened.close()


def is_of_words(name: str | None) -> bool:
    """The index of words is in each database's own language: see ``test_storage_recordings.py``."""
    return (name or "").startswith(("recording_words", "ix_recording_words"))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "compare_server_default": True,
            "include_object": lambda _, name, *__: not is_of_words(name),
        },
    )
    return list(compare_metadata(context, metadata))


async def test_migrations_lead_to_the_tables_in_use(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.run_sync(differences), "the test sees an empty database as different"
    await database.upgrade()
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_again_or_at_the_same_time_changes_nothing(empty_database_url: str) -> None:
    async with AsyncExitStack() as stack:
        databases = [Database(empty_database_url) for _ in range(4)]
        for each in databases:
            stack.push_async_callback(each.close)
        await asyncio.gather(*(each.upgrade() for each in databases))
        await databases[0].upgrade()
        async with databases[0].reading() as connection:
            names = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    assert {name for name in names if not is_of_words(name)} == {*metadata.tables, "alembic_version"}


async def test_a_failed_upgrade_leaves_nothing_half_done(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE session (x INTEGER)"))
    with pytest.raises(Exception, match="session"):
        await database.upgrade()
    async with database.reading() as connection:
        names = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
    assert names == {"session"}


async def test_tables_of_a_newer_program_are_left_alone(database: Database) -> None:
    await database.upgrade()
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=r"newer version.*9999"):
        await database.upgrade()


def test_the_last_revision_is_the_end_of_the_history() -> None:
    assert last_revision() == ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


OPEN = """
import asyncio, sys
from storage.database import Database

async def main():
    database = Database(sys.argv[1])
    await database.upgrade()
    await database.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


async def test_a_program_loads_alembic_only_when_something_is_missing(tmp_path: Path) -> None:
    for needed in (b"True", b"False"):
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", OPEN, f"sqlite+aiosqlite:///{tmp_path}/bandeau15.db"),
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await program.communicate()
        assert (program.returncode, told.strip()) == (0, needed)


async def test_the_folder_of_sqlite_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/new/folder/bandeau15.db")
    await database.upgrade()
    await database.close()
    assert (tmp_path / "new/folder/bandeau15.db").stat().st_size > 0


def test_only_known_databases_are_opened() -> None:
    with pytest.raises(ConfigurationError, match=r"mysql.*sqlite\+aiosqlite, postgresql\+asyncpg"):
        Database("mysql://somewhere/db")


async def test_a_database_that_is_not_there_is_said_to_be_unavailable(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere")
    (nowhere / "file").touch()
    for url in (
        f"postgresql+asyncpg://x@/x?host={nowhere}",
        "postgresql+asyncpg://x@127.0.0.1:1/x",
        f"sqlite+aiosqlite:///{nowhere}/file/bandeau15.db",
    ):
        database = Database(url)
        with pytest.raises(StorageUnavailable):
            await database.upgrade()
        await database.close()
