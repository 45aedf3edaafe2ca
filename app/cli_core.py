"""``bandeau15 core``: one core as a program."""

import typer

from app.cli_support import settings_of


def core(context: typer.Context) -> None:
    """Serve the pages, command Asterisk and keep the journal; SIGTERM or Ctrl-C ends it, calls go on."""
    from app import core_process  # the web server and all features: too slow to load for every command

    core_process.main(settings_of(context))
