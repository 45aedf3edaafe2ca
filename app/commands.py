"""The commands of ``bandeau15``. Each group of commands is a module of its own, registered here."""

from pathlib import Path
from typing import Annotated

import typer

from app import (
    cli_accounts,
    cli_api,
    cli_archive,
    cli_core,
    cli_database,
    cli_directory,
    cli_journal,
    cli_plan,
    cli_run,
)

app = typer.Typer(
    name="bandeau15",
    help="Call handling for SAMU – Centre 15.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold passwords and numbers
)
app.command("run")(cli_run.run)
app.command("stack")(cli_run.stack)
app.command("core")(cli_core.core)
app.command("cores")(cli_core.cores)
app.command("handover")(cli_core.handover)
app.command("drain")(cli_core.drain)
app.command("test-calls")(cli_core.test_calls)
app.command("carry")(cli_archive.carry)
app.command("migrate")(cli_database.migrate)
app.add_typer(cli_accounts.app, name="user")
app.add_typer(cli_api.app, name="api-client")
app.add_typer(cli_archive.app, name="archive")
app.add_typer(cli_directory.app, name="directory")
app.add_typer(cli_journal.app, name="journal")
app.add_typer(cli_plan.app, name="plan")


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings.", envvar="BANDEAU15_CONFIG", dir_okay=False)
    ] = None,
) -> None:
    context.obj = config
