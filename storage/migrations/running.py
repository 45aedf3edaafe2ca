"""Runs the migrations that are missing. Apart, because Alembic takes long to load and is seldom needed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from core.errors import ConfigurationError


def run(connection: Connection) -> None:
    """Bring the tables to the last revision, in the connection's transaction.

    Raises:
        ConfigurationError: the tables come from a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the database was made by a newer version of this program ({error}): run that version"
        ) from error
