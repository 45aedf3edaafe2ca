"""``bandeau15 core``: one core as a program; and the commands that move a centre from one core to another."""

import contextlib
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli_support import console, fail, run_async, settings_of
from app.core_keeper import keep
from app.handover import HandoverFailed, hand_over, take_out
from app.loading import loading
from app.logs import configure_logs
from app.standby import drain as set_drained
from storage.lease import holder, living


def core(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Name of this core among the centre's; core-a by default.")] = "",
    kept: Annotated[
        bool, typer.Option("--kept", help="Keep the program loaded, so that a core that died is back sooner.")
    ] = False,
) -> None:
    """Serve the pages, command Asterisk and keep the journal; or stand by, while another core does.

    SIGTERM or Ctrl-C ends it; calls go on.
    """
    with loading():  # the web server and all features: too slow to load for every command
        from app import core_process

    settings = settings_of(context)
    configure_logs()
    if kept and (status := keep()) is not None:
        raise typer.Exit(status)
    core_process.main(settings, name)


def cores(context: typer.Context) -> None:
    """Show the centre's cores on this machine."""
    folder = settings_of(context).storage.cores_dir
    table = Table("core", "state", "epoch", "journal", "process")
    at_work = holder(folder)
    for sign in living(folder):
        epoch = str(sign.epoch) if at_work is not None and sign.core == at_work.core else ""
        table.add_row(sign.core, sign.state, epoch, str(sign.seq), str(sign.pid))
    console.print(table)
    if at_work is None:
        fail("no core is at work")


def handover(
    context: typer.Context,
    fresh: Annotated[
        bool, typer.Option(help="First start the standby again, so that it runs the program installed now.")
    ] = True,
) -> None:
    """Move the centre from the core at work to its standby: no call notices."""
    folder = settings_of(context).storage.cores_dir
    began = time.monotonic()
    try:
        moved = hand_over(folder, fresh=fresh)
    except HandoverFailed as error:
        fail(str(error))
    console.print(
        f"{moved.before} handed over to {moved.after} in {moved.seconds:.2f} s"
        f" ({time.monotonic() - began:.1f} s with the preparations)."
    )


def drain(
    context: typer.Context,
    core: Annotated[str, typer.Argument(help="The core to take out: core-a.")],
    back: Annotated[bool, typer.Option("--back", help="Let it take over again.")] = False,
) -> None:
    """Take a core out before it is stopped: it hands over first, and does not take the centre back."""
    folder: Path = settings_of(context).storage.cores_dir
    if back:
        set_drained(folder, core, out=False)
        console.print(f"{core} may take over again.")
        return
    try:
        take_out(folder, core)
    except HandoverFailed as error:
        fail(str(error))
    console.print(f"{core} is out: it may be stopped.")


def test_calls(context: typer.Context) -> None:
    """Call each line in turn as a caller does, for ever, and tell the core how it went."""
    from app import test_calls  # the robots: too slow to load for every command

    configure_logs()
    with contextlib.suppress(KeyboardInterrupt):
        run_async(test_calls.run_test_calls(settings_of(context)))
