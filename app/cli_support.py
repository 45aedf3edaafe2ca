"""What every command needs: the settings, the database, a console, and errors told as one line."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from app.clock import centre_clock
from app.settings import Settings, load_settings
from core.errors import BandeauError
from storage.database import Database

T = TypeVar("T")

console = Console()


def fail(message: str) -> NoReturn:
    """Say what is wrong and end with status 1."""
    Console(stderr=True).print(f"[red]{escape(message)}[/red]", highlight=False)
    raise typer.Exit(1)


def settings_of(context: typer.Context) -> Settings:
    """Read the settings of the file given by ``--config``; ends the program where they are wrong."""
    file = context.find_root().obj
    assert file is None or isinstance(file, Path)  # noqa: S101 - for the type checker
    try:
        return load_settings(file)
    except (FileNotFoundError, ValidationError) as error:
        fail(str(error))


def centre_now(settings: Settings) -> datetime:
    """The instant as the centre has it: where its machine's clock was set, that is another one (ADR 38)."""
    return centre_clock(settings.storage.clock_file).now()


@asynccontextmanager
async def database_of(context: typer.Context) -> AsyncIterator[Database]:
    """Open the settings' database, with its tables up to date, for one command."""
    database = Database(settings_of(context).storage.url)
    try:
        await database.upgrade()
        yield database
    finally:
        await database.close()


def run_async(work: Coroutine[object, object, T]) -> T:
    """Run a command's work; an error raised on purpose is told as one line."""
    try:
        return asyncio.run(work)
    except BandeauError as error:
        fail(str(error))
