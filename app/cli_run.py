"""``bandeau15 run`` and ``bandeau15 stack``: a whole centre in one terminal."""

from collections.abc import Sequence
from pathlib import Path

import typer

from app.cli_support import console, run_async, settings_of
from app.demo import centre_parts, simulator_parts
from app.part import Part
from app.settings import Settings
from app.stack import Stack


def stack(context: typer.Context) -> None:
    """Run Asterisk and the core, started again if they die; Ctrl-C stops them."""
    settings = settings_of(context)
    _run(settings, centre_parts(settings, _config_of(context)))


def run(context: typer.Context) -> None:
    """Run a demonstration centre; Ctrl-C stops it."""
    settings = settings_of(context)
    _run(settings, [*centre_parts(settings, _config_of(context)), *simulator_parts(settings)])


def _run(settings: Settings, parts: Sequence[Part]) -> None:
    console.print(f"{settings.centre.name} ({settings.centre.id})")

    def welcome() -> None:
        console.print(f"Pages: http://127.0.0.1:{settings.web.http_port}/ — Ctrl-C stops everything")

    run_async(Stack(parts, settings.storage.data_dir / "log", console.print).run(welcome))


def _config_of(context: typer.Context) -> Path | None:
    """Return the file given by ``--config``."""
    file = context.find_root().obj
    return file if isinstance(file, Path) else None
