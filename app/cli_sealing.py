"""``bandeau15 archive verify | unseal | keys …``: the proof that nothing was touched, and the keys of the archive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from app.archive_parts import archive_place, signing_key
from app.cli_support import console, database_of, fail, run_async, settings_of
from app.settings import Settings
from core.custody import Listened
from core.ids import AgentId, RecordingId
from core.recordings import Recording, RecordingState
from recorder.sealing.archive import open_archive
from recorder.sealing.chain import Chain, day_of
from recorder.sealing.chain_check import Trouble
from recorder.sealing.errors import SealingError
from recorder.sealing.escrow import escrow, recover
from recorder.sealing.keys import KeyRing
from recorder.sealing.links import KEY_ROTATED
from recorder.sealing.reader import SealedReader
from recorder.sealing.signing import Signers
from recorder.sealing.verify import Catalogue, Row, Verifier, originals
from storage.recordings import StoredRecordings

keys_app = typer.Typer(help="The keys that recordings are encrypted with.", no_args_is_help=True)

PublicKeys = Annotated[
    list[Path] | None,
    typer.Option("--public-key", help="Believe signatures of this key alone; kept elsewhere.", exists=True),
]


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
    settings = settings_of(context)
    with _told():
        verifier = _verifier(settings, public_key or [])
        if recording:
            troubles = _of_recording(verifier, recording)
        elif day is not None:
            troubles = verifier.day(day.date())
        else:
            troubles = verifier.everything(_catalogue(context) if catalogue else None)
        count = 0
        for count, trouble in enumerate(troubles, 1):
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
    """Write both tracks as Asterisk wrote them. Needs no database; the chain says who did, and why, beforehand."""
    settings = settings_of(context)
    if not reason.strip() or not by.strip():
        fail("Say who asks, and why.")
    with _told():
        found = _verifier(settings, []).published(recording)
        if found is None:
            fail("The chain knows no such recording.")
        prefix = found.prefix(settings.centre.id)
        reader = SealedReader.open(open_archive(archive_place(settings)), _keys(settings), prefix)
        said = Listened(recording_id=RecordingId(recording), by=AgentId(by), reason=reason)
        _chain(settings).append(said.KIND, said.body(), datetime.now(UTC))
        out.mkdir(parents=True, exist_ok=True)
        for name, file in originals(reader).items():
            if file:
                (out / f"{recording}-{name}.wav").write_bytes(file)
    console.print(f"Written to {escape(str(out))}.")


@keys_app.command()
def rotate(
    context: typer.Context,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the older keys at the end.")] = False,
) -> None:
    """Make a new key, and wrap every recording's with it. Ended in the middle: begin it again with ``rewrap``."""
    settings = settings_of(context)
    with _told():
        keys = _keys(settings)
        keys.rotate()
        _chain(settings).append(KEY_ROTATED, {"key": keys.current}, datetime.now(UTC))
    _rewrap(settings, keys, forget=forget)
    console.print("[bold]Put the new key in escrow:[/bold] bandeau15 archive keys escrow")


@keys_app.command()
def rewrap(
    context: typer.Context,
    forget: Annotated[bool, typer.Option("--forget", help="Delete the older keys at the end.")] = False,
) -> None:
    """Wrap what is not wrapped with the newest key yet."""
    settings = settings_of(context)
    _rewrap(settings, _keys(settings), forget=forget)


@keys_app.command("escrow")
def put_in_escrow(
    context: typer.Context,
    public_key: Annotated[Path, typer.Argument(help="X25519 public key, PEM.", exists=True)],
    out: Annotated[Path, typer.Argument(help="Folder for the copies.", file_okay=False)],
) -> None:
    """Write copies of the keys that the private key's keeper alone can open."""
    with _told():
        for copy in escrow(_keys(settings_of(context)), public_key.read_bytes(), out):
            console.print(f"Written to {escape(str(copy))}.")


@keys_app.command("recover")
def bring_back(
    context: typer.Context,
    private_key: Annotated[Path, typer.Argument(help="X25519 private key, PEM.", exists=True)],
    copies: Annotated[list[Path], typer.Argument(help="The copies.", exists=True)],
) -> None:
    """Put back the keys that are missing."""
    settings = settings_of(context)
    with _told():
        back = recover(settings.storage.keys_dir, settings.centre.id, private_key.read_bytes(), copies)
    console.print(f"Put back: {', '.join(back) or 'none, all were there'}.")


@keys_app.command()
def public(context: typer.Context) -> None:
    """Print the public key that the heads of the chain are signed with, to be kept elsewhere."""
    with _told():
        print(signing_key(settings_of(context)).public_pem().decode(), end="")  # noqa: T201 - to be redirected


def _rewrap(settings: Settings, keys: KeyRing, *, forget: bool) -> None:
    archive = open_archive(archive_place(settings))
    with _told():
        count = keys.rewrap(archive)
        console.print(f"{count} recordings wrapped with {keys.current}.")
        for key_id in keys.versions[:-1] if forget else ():
            keys.forget(key_id, archive)
            console.print(f"{key_id} forgotten.")


def _of_recording(verifier: Verifier, recording_id: str) -> Iterator[Trouble]:
    found = verifier.published(recording_id)
    if found is None:
        fail("The chain knows no such recording.")
    return verifier.recording(found.day, recording_id)


def _verifier(settings: Settings, public_keys: list[Path]) -> Verifier:
    centre, chain = settings.centre.id, settings.storage.chain_dir / settings.centre.id
    signers = (
        Signers.of(*(path.read_bytes() for path in public_keys)) if public_keys else Signers.in_folder(chain)
    )
    return Verifier(open_archive(archive_place(settings)), _keys(settings), chain, centre, signers)


def _catalogue(context: typer.Context) -> Catalogue:
    """All rows, read before the chain is."""

    async def read() -> Catalogue:
        async with database_of(context) as database:
            store = StoredRecordings(database)
            n = (await store.places()).chain
            return Catalogue(n, [_row(each) async for each in store.all()])

    return run_async(read())


def _row(recording: Recording) -> Row:
    return Row(
        recording_id=recording.recording_id,
        call_id=recording.call_id,
        manifest_sha256=recording.manifest_sha256 or None,
        erased=recording.state is RecordingState.ERASED,
        facts={"line": recording.line, "number": recording.number, "direction": recording.direction},
    )


def _keys(settings: Settings) -> KeyRing:
    """The keys that are there: a command makes none."""
    return KeyRing(settings.storage.keys_dir, settings.centre.id, make=False)


def _chain(settings: Settings) -> Chain:
    return Chain(settings.storage.chain_dir, settings.centre.id, signing_key(settings))


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong, as one line."""
    try:
        yield
    except (SealingError, OSError, ValueError) as error:
        fail(str(error) or type(error).__name__)
