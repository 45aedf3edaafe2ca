"""``bandeau15 archive verify | unseal | keys …``: the proof that nothing was touched, and the archive's keys.

What does the work is loaded by the command that needs it: every command of ``bandeau15`` passes here.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from app.cli_support import console, fail, settings_of
from core.errors import StorageUnavailable
from core.ids import AgentId, RecordingId
from storage.database import Database

if TYPE_CHECKING:
    from app.archive_tools import ArchiveTools
    from recorder.sealing.verify import Catalogue

keys_app = typer.Typer(help="The keys that recordings are encrypted with.", no_args_is_help=True)

PublicKeys = Annotated[
    list[Path] | None,
    typer.Option("--public-key", help="Believe signatures of this key alone; kept elsewhere.", exists=True),
]
Forget = Annotated[bool, typer.Option("--forget", help="Delete the older keys at the end.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to ``bandeau15 archive``."""
    app.command()(verify)
    app.command()(unseal)
    app.add_typer(keys_app, name="keys")


def verify(
    context: typer.Context,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="One day alone.")] = None,
    recording: Annotated[str, typer.Option(help="One recording alone.")] = "",
    public_key: PublicKeys = None,
    catalogue: Annotated[bool, typer.Option(help="Compare the catalogue, too.")] = True,
) -> None:
    """Prove the chain, the archive and the catalogue untouched; or say what was touched, and end with 1."""
    count = 0
    with ExitStack() as stack:
        status = stack.enter_context(console.status(""))
        tools = stack.enter_context(_tools(context))
        verifier = tools.verifier(*(file.read_bytes() for file in public_key or []), told=status.update)
        if recording:
            troubles = verifier.recording(tools.published(recording).day, recording)
        elif day is not None:
            troubles = verifier.day(day.date())
        else:
            troubles = verifier.everything(stack.enter_context(_catalogue(context)) if catalogue else None)
        for trouble in troubles:
            count += 1
            console.print(f"[red]{escape(trouble.where)}[/red]: {escape(trouble.what)}", highlight=False)
    if count:
        fail(f"{count} found that is not as it was written.")
    console.print("Nothing was touched.")


def unseal(
    context: typer.Context,
    recording: Annotated[str, typer.Argument(help="Id of the recording.")],
    out: Annotated[Path, typer.Option(help="Folder to write both tracks to, as WAV.", file_okay=False)],
    by: Annotated[str, typer.Option(help="Who asks: national id (idNatPs).")],
    reason: Annotated[str, typer.Option(help="Why; kept in the chain for ever.")],
) -> None:
    """Write both tracks as Asterisk wrote them. The chain says who wants them, and why, beforehand."""
    if not reason.strip() or not by.strip():
        fail("Say who asks, and why.")
    with _tools(context) as tools:
        for file in tools.unseal(RecordingId(recording), out, AgentId(by), reason):
            console.print(f"Written to {escape(str(file))}.", soft_wrap=True)


@keys_app.command()
def rotate(context: typer.Context, forget: Forget = False) -> None:
    """Make a new key, and wrap every recording's with it. Ended in the middle: ``keys rewrap`` goes on."""
    with _tools(context) as tools:
        tools.rotate()
        _rewrap(tools, forget=forget)
    console.print("Put the new key in escrow now: bandeau15 archive keys escrow")


@keys_app.command()
def rewrap(context: typer.Context, forget: Forget = False) -> None:
    """Wrap what is not wrapped with the newest key yet."""
    with _tools(context) as tools:
        _rewrap(tools, forget=forget)


def _rewrap(tools: "ArchiveTools", *, forget: bool) -> None:
    console.print(f"{tools.rewrap()} recordings wrapped with {tools.keys.current}.")
    if forget:
        console.print(f"Forgotten: {', '.join(tools.forget()) or 'none'}.")


@keys_app.command()
def escrow(
    context: typer.Context,
    public_key: Annotated[Path, typer.Argument(help="X25519 public key, PEM.", exists=True)],
    out: Annotated[Path, typer.Argument(help="Folder for the copies.", file_okay=False)],
) -> None:
    """Write copies of the keys that the private key's keeper alone can open."""
    with _tools(context) as tools:
        for copy in tools.escrow(public_key.read_bytes(), out):
            console.print(f"Written to {escape(str(copy))}.", soft_wrap=True)


@keys_app.command()
def recover(
    context: typer.Context,
    private_key: Annotated[Path, typer.Argument(help="X25519 private key, PEM.", exists=True)],
    copies: Annotated[list[Path], typer.Argument(help="The copies.", exists=True)],
) -> None:
    """Put back the keys that are missing."""
    with _tools(context) as tools:
        back = tools.recover(private_key.read_bytes(), copies)
    console.print(f"Put back: {', '.join(back) or 'none, all were there'}.")


@keys_app.command()
def public(context: typer.Context) -> None:
    """Print the public key that the heads of the chain are signed with, to be kept elsewhere."""
    with _tools(context) as tools:
        typer.echo(tools.public_pem(), nl=False)


@contextmanager
def _catalogue(context: typer.Context) -> "Iterator[Catalogue]":
    """The catalogue, read while it is gone through; the database's being away is told as one line."""
    from app.archive_tools import catalogue_in

    with asyncio.Runner() as runner:
        database = Database(settings_of(context).storage.url)
        try:
            runner.run(database.upgrade())
            yield catalogue_in(database, runner)
        except StorageUnavailable as error:
            fail(str(error))
        finally:
            runner.run(database.close())


@contextmanager
def _tools(context: typer.Context) -> "Iterator[ArchiveTools]":
    """What does the work; what goes wrong in it is told as one line."""
    from app.archive_tools import ArchiveTools
    from recorder.sealing.errors import SealingError

    try:
        yield ArchiveTools(settings_of(context))
    except (SealingError, OSError, ValueError) as error:
        fail(str(error) or type(error).__name__)
