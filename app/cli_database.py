"""``bandeau15 migrate``."""

import typer

from app.cli_support import console, database_of, run_async


def migrate(context: typer.Context) -> None:
    """Bring the database's tables up to date (the core also does it when it starts)."""

    async def work() -> None:
        async with database_of(context):
            console.print("The database is up to date.")

    run_async(work())
