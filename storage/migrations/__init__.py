"""The history of the tables, and how to bring a database to its end."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

_LOCK = 1515151515
"""PostgreSQL advisory lock: one program upgrades at a time."""


def last_revision() -> str:
    """The revision that this program knows last: files are named ``<revision>_<what>.py``, in order."""
    versions = Path(__file__).parent / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*_*.py"))


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that are missing, all or none of them.

    Raises:
        ConfigurationError: the tables come from a newer program.
    """
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()


def _upgrade(connection: Connection) -> None:
    if _stored_revision(connection) == last_revision():
        return
    # Half a second of CPU to load: a core that restarts has callers waiting.
    from storage.migrations import running

    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    running.run(connection)


def _stored_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
