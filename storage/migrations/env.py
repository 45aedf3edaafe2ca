"""Run by Alembic: migrations go through the connection they are given, inside its transaction."""

from alembic import context
from sqlalchemy import Connection

from storage.archive_tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
