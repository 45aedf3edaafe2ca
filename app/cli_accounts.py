"""``bandeau15 user …``: who may log in."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from app.cli_support import console, database_of, run_async
from core.accounts import Account
from core.ids import AgentId
from core.words import Role
from storage.accounts import StoredAccounts

app = typer.Typer(help="Accounts of agents.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="1 to 40 of a-z, 0-9 and -; also the name of the agent's position.")]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input's first line.")
]


@app.command()
def add(
    context: typer.Context,
    login: Login,
    name: Annotated[str, typer.Option(help="Name shown to colleagues.")] = "",
    role: Annotated[Role, typer.Option(help="What the agent does in the room.")] = Role.ARM,
    agent_id: Annotated[str, typer.Option(help="idNatPs, the national id; by default the login.")] = "",
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Add an account."""
    account = Account(agent_id=AgentId(agent_id or login), login=login, name=name or login, role=role)
    password = _password(password_stdin)

    async def work() -> None:
        async with database_of(context) as database:
            await StoredAccounts(database).create(account, password)

    run_async(work())
    console.print(f"Account {login} added.")


@app.command("list")
def list_accounts(context: typer.Context) -> None:
    """List the accounts."""

    async def work() -> list[Account]:
        async with database_of(context) as database:
            return await StoredAccounts(database).list()

    table = Table("Login", "Name", "Role", "Agent id")
    for account in run_async(work()):
        table.add_row(account.login, escape(account.name), account.role.value, escape(account.agent_id))
    console.print(table)


@app.command()
def password(context: typer.Context, login: Login, password_stdin: PasswordFromStdin = False) -> None:
    """Change an account's password; the agent is logged out everywhere."""
    new = _password(password_stdin)

    async def work() -> None:
        async with database_of(context) as database:
            await StoredAccounts(database).set_password(login, new)

    run_async(work())
    console.print(f"Password of {login} changed.")


@app.command()
def remove(context: typer.Context, login: Login) -> None:
    """Remove an account; the agent is logged out everywhere."""

    async def work() -> None:
        async with database_of(context) as database:
            await StoredAccounts(database).remove(login)

    run_async(work())
    console.print(f"Account {login} removed.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
