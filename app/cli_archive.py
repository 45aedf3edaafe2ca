"""``bandeau15 archive``: the keeper of the recordings as a program, and what is asked of it from a terminal."""

import os
import signal
import threading

import typer

from app import cli_custody, cli_sealing
from app.cli_support import settings_of
from app.loading import loading
from app.logs import configure_logs
from recorder.carrier import Carrier

app = typer.Typer(help="The archive of the recordings.", invoke_without_command=True)
app.command("search")(cli_custody.search)
app.add_typer(cli_custody.hold, name="hold")
app.add_typer(cli_custody.visa, name="visa")
app.add_typer(cli_custody.grant, name="grant")
app.add_typer(cli_custody.retention, name="retention")
app.command("forget")(cli_custody.forget)
app.command("rebuild")(cli_custody.rebuild)
app.command("state")(cli_custody.state)
cli_sealing.add_to(app)


@app.callback()
def archive(context: typer.Context) -> None:
    """Keep the recordings: seal, search, listening, erasure. Without a command: until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    with loading():  # the web server: too slow to load for every command
        from app import archive_process

    archive_process.main(settings_of(context))


def carry(context: typer.Context) -> None:
    """Carry the second writer's recordings out of memory, until SIGTERM or Ctrl-C."""
    settings = settings_of(context).recorder
    if settings.second_dir is None:
        raise typer.BadParameter("recorder.second_dir: name where the second recordings go")
    configure_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Carrier(settings.second_memory, settings.second_dir, settings.second_megabytes * 10**6).run(stop)
    os._exit(0)  # not waiting for a place that hangs
