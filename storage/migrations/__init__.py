"""The history of the tables, and how to bring a database to its end."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from core.errors import ConfigurationError

_LOCK = 1515151515
"""PostgreSQL advisory lock: one program upgrades at a time."""


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, working through an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that are missing, all or none of them.

    Raises:
        ConfigurationError: the tables come from a newer program.
    """
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    try:
        command.upgrade(configuration(connection), "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the database was made by a newer version of this program ({error}): run that version"
        ) from error
