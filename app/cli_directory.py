"""``bandeau15 directory …``: the telephone directory as a CSV sheet. A running core sees it in 30 seconds."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from app.cli_support import console, database_of, fail, run_async
from app.clock import SystemClock
from core.ids import EntryId, new_id
from directory import sheet
from storage.directory import StoredDirectory

app = typer.Typer(help="The telephone directory.", no_args_is_help=True)

BY = "command line"


@app.command("import")
def import_sheet(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV sheet; its columns are those of an export.", exists=True)],
    replace: Annotated[bool, typer.Option("--replace", help="Remove entries that are not in it.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
) -> None:
    """Take a sheet over: all of it, or nothing where a line is wrong."""
    found = sheet.read(sheet.decoded(file.read_bytes()))
    if found.errors:
        fail("\n".join(map(str, found.errors)))

    async def work() -> sheet.Changes:
        async with database_of(context) as database:
            store = StoredDirectory(database, SystemClock())
            before = (await store.load()).entries
            changes = sheet.changes(before, found.entries, lambda: EntryId(new_id()), replace_all=replace)
            if not check and (changes.saved or changes.removed):
                await store.save(changes.saved, changes.removed, BY)
            return changes

    done = run_async(work())
    verb = "would be " if check else ""
    console.print(
        f"{done.added} entries {verb}added, {done.changed} {verb}changed, {len(done.removed)} {verb}removed."
    )


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to write; by default standard output.")] = None,
) -> None:
    """Write the directory as a sheet."""

    async def work() -> str:
        async with database_of(context) as database:
            return sheet.written((await StoredDirectory(database, SystemClock()).load()).entries)

    octets = run_async(work()).encode("utf-8-sig")
    if file is None:
        sys.stdout.buffer.write(octets)
        return
    file.write_bytes(octets)
    console.print(f"Written to {escape(str(file))}.")
