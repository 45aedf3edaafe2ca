"""``bandeau15 run`` and ``bandeau15 stack``: a whole centre in one terminal."""

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.asterisk_setup import state_dir
from app.cli_support import console, run_async, settings_of
from app.demo import centre_parts, robot_parts
from app.demo_accounts import DemoLogins, demo_logins, ensure_accounts
from app.demo_api import demo_token
from app.demo_directory import ensure_directory
from app.demo_location import with_demo_location
from app.demo_lrm import lrm_pages, lrm_parts, with_demo_lrm
from app.demo_network import network_parts, with_demo_network
from app.forsaken import look_after_callers
from app.log_keeper import keep_logs
from app.part import Part
from app.settings import Settings
from app.stack import Stack
from storage.database import Database


def stack(context: typer.Context) -> None:
    """Run Asterisk and the core, started again if they die; Ctrl-C stops them."""
    settings = settings_of(context)
    _run(settings, centre_parts(settings, _config_of(context)))


def run(
    context: typer.Context,
    robots: Annotated[
        bool, typer.Option(help="Robot callers, and two robot agents who answer beside you.")
    ] = True,
) -> None:
    """Run a demonstration centre; Ctrl-C stops it."""
    settings = settings_of(context)
    settings.storage.data_dir.mkdir(parents=True, exist_ok=True)
    logins = demo_logins(settings.storage.data_dir / "demo-logins.json")
    token = run_async(_with_accounts(settings, logins))
    os.environ.setdefault(
        "BANDEAU15_API__WEBHOOK_HOSTS", '["127.0.0.1"]'
    )  # the simulated LRM is on this machine
    settings, located = with_demo_location(settings)
    settings, linked = with_demo_lrm(settings)
    settings, connected = with_demo_network(settings)
    environment = {**located, **linked, **connected}
    centre = centre_parts(settings, _config_of(context))
    parts = [
        *(replace(part, environment={**part.environment, **environment}) for part in centre),
        *lrm_parts(settings, token),
        *network_parts(settings),
    ]
    _run(settings, [*parts, *robot_parts(settings, logins)] if robots else parts, logins)


async def _with_accounts(settings: Settings, logins: DemoLogins) -> str:
    """Make what a demonstration needs; the token of its LRM."""
    database = Database(settings.storage.url)
    try:
        await database.upgrade()
        await ensure_accounts(database, logins)
        await ensure_directory(database)
        return await demo_token(database, settings.storage.data_dir / "demo-api-token")
    finally:
        await database.close()


def _run(settings: Settings, parts: Sequence[Part], logins: DemoLogins | None = None) -> None:
    console.print(f"{settings.centre.name} ({settings.centre.id})")

    def welcome() -> None:
        console.print(_where(settings), highlight=False)
        if logins is not None:
            console.print(_who(logins), highlight=False)
        console.print("Ctrl-C stops everything.")

    logs = settings.storage.data_dir / "log"
    folders = [logs, *(state_dir(settings, node) / "log" for node in settings.every_asterisk)]
    beside = [lambda: look_after_callers(settings), lambda: keep_logs(folders)]
    run_async(Stack(parts, logs, console.print, beside).run(welcome))


def _where(settings: Settings) -> str:
    web, asterisk = settings.web, settings.asterisk
    here, elsewhere = f"http://localhost:{web.http_port}", socket.gethostname()
    return "\n".join(
        (
            "",
            f"  Strip      {here}/  (on this machine)",
            f"  Wallboard  {here}/salle",
            f"  Callbacks  {here}/rappels",
            *([f"  Recordings {_recordings(settings)}"] if settings.archive.enabled else []),
            f"  Elsewhere  https://{elsewhere}:{web.https_port}/  (first install {here}/ca.crt there)",
            f"  LRM        {_lrm(settings)}",
            f"  Call in    sip:15@127.0.0.1:{asterisk.sip_port} from a softphone on this machine, no account",
            "",
        )
    )


def _lrm(settings: Settings) -> str:
    pages = lrm_pages(settings)
    return f"{pages}/  (makers: /console)" if pages else settings.lrm.base_url or "none"


def _recordings(settings: Settings) -> str:
    return f"http://localhost:{settings.archive.http_port}/enregistrements"


def _who(logins: DemoLogins) -> str:
    lines = (f"  {p.login:12} {p.password:36} {p.name}, {p.role.value}" for p in logins.humans)
    return "\n".join(("Log in as:", *lines, ""))


def _config_of(context: typer.Context) -> Path | None:
    """Return the file given by ``--config``."""
    file = context.find_root().obj
    return file if isinstance(file, Path) else None
