"""``bandeau15 archive``: the keeper of the recordings as a program, and what is asked of it from a terminal."""

import typer

from app.cli_support import settings_of

app = typer.Typer(help="The archive of the recordings.", invoke_without_command=True)


@app.callback()
def archive(context: typer.Context) -> None:
    """Keep the recordings: seal, search, listening, erasure. Without a command: until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from app import archive_process  # the web server: too slow to load for every command

    archive_process.main(settings_of(context))
