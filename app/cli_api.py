"""``bandeau15 api-client …``: programs that may use the API."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.cli_support import console, database_of, fail, run_async
from app.clock import SystemClock
from core.api_clients import ApiClient, Scope
from storage.api_clients import StoredApiClients

app = typer.Typer(help="Programs that may use the API.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is, and whose: «LRM du CHU, serveur 1».")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; once for each.")],
) -> None:
    """Add a program. Its token is shown once, alone on standard output."""

    async def work() -> tuple[ApiClient, str]:
        async with database_of(context) as database:
            return await StoredApiClients(database, SystemClock()).add(name, scope)

    client, token = run_async(work())
    typer.echo(f"Client {client.client_id} added. Keep its token: it cannot be shown again.", err=True)
    typer.echo(token)


@app.command("list")
def list_clients(context: typer.Context) -> None:
    """List the programs, also those revoked."""

    async def work() -> list[ApiClient]:
        async with database_of(context) as database:
            return await StoredApiClients(database, SystemClock()).list()

    table = Table("Client", "Name", "May", "Since", "Revoked")
    for client in run_async(work()):
        revoked = f"{client.revoked_at:%Y-%m-%d %H:%M}" if client.revoked_at else ""
        since = f"{client.created_at:%Y-%m-%d}"
        table.add_row(client.client_id, escape(client.name), " ".join(sorted(client.scopes)), since, revoked)
    console.print(table)


@app.command()
def revoke(context: typer.Context, client_id: Annotated[str, typer.Argument(help="As listed.")]) -> None:
    """Let a program's token be worth nothing, for good: within ten seconds, and its streams are closed."""

    async def work() -> bool:
        async with database_of(context) as database:
            return await StoredApiClients(database, SystemClock()).revoke(client_id)

    if not run_async(work()):
        fail(f"no client {client_id} that is not revoked already: see bandeau15 api-client list")
    console.print(f"Client {client_id} revoked.")
