"""``bandeau15 archive search|hold|visa|grant|retention|rebuild|state``: custody from a terminal.

Whoever uses them logs in, as on the page: the chain tells who did what. What does the work is loaded by the
command that needs it: every command of ``bandeau15`` passes here.
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from app.cli_support import console, database_of, fail, run_async, settings_of
from app.clock import centre_clock
from core.accounts import Account
from core.ids import AgentId, CallId, RecordingId
from core.recordings import Recording, Wanted
from recorder.custody.policy import number_of, words_of

if TYPE_CHECKING:
    from app.archive_parts import ArchiveParts
    from recorder.custody.retention import Retention

T = TypeVar("T")
PARIS = ZoneInfo("Europe/Paris")

Login = Annotated[str, typer.Option("--login", help="Who does it: their account, whose password is asked.")]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input's first line.")
]
Reason = Annotated[str, typer.Option(help="Why: it is kept in the chain.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]

hold = typer.Typer(help="Legal holds: what is held is never erased.", no_args_is_help=True)
visa = typer.Typer(help="Batches proposed for erasure, and the archivist's visa.", no_args_is_help=True)
grant = typer.Typer(help="What auditors may listen to.", no_args_is_help=True)
retention = typer.Typer(help="For how long recordings are kept.", no_args_is_help=True)


@asynccontextmanager
async def _parts(context: typer.Context) -> "AsyncIterator[ArchiveParts]":
    from app.archive_parts import archive_parts

    settings = settings_of(context)
    async with database_of(context) as database:
        yield archive_parts(settings, database, centre_clock(settings.storage.clock_file))


def _as(
    context: typer.Context,
    login: str,
    password_stdin: bool,
    work: "Callable[[ArchiveParts, Account], Awaitable[T]]",
) -> T:
    """Do something as somebody, whose password is asked."""
    from storage.accounts import StoredAccounts

    typed = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)

    async def done() -> T:
        async with _parts(context) as parts:
            account = await StoredAccounts(parts.database).verify(login, typed)
            if account is None:
                fail("wrong login or password")
            return await work(parts, account)

    return run_async(done())


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%Y-%m-%d %H:%M:%S}"


def _midnight(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=PARIS).astimezone(UTC)


def _show(rows: tuple[Recording, ...] | list[Recording]) -> None:
    table = Table("recording", "began", "seconds", "line", "number", "outcome", "dossier", "state", "holds")
    for row in rows:
        outcome = "" if row.outcome is None else row.outcome.value
        told = (
            row.recording_id,
            _local(row.started_at),
            f"{row.seconds:.0f}",
            row.line,
            row.number or "hidden",
        )
        table.add_row(*map(escape, (*told, outcome, row.dossier, row.state.value, str(row.holds))))
    console.print(table)


def search(
    context: typer.Context,
    login: Login,
    number: Annotated[str, typer.Option(help="In any form, or its end.")] = "",
    words: Annotated[str, typer.Option(help="Of the notes, whole but the last; accents do not matter.")] = "",
    dossier: Annotated[str, typer.Option(help="Its number, or the beginning of it.")] = "",
    agent: Annotated[str, typer.Option(help="Id of an agent.")] = "",
    line: Annotated[str, typer.Option()] = "",
    call: Annotated[str, typer.Option(help="Id of a call.")] = "",
    since: Day = None,
    until: Day = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 50,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Find recordings, the latest first. Looking for one person is noted in the chain."""
    wanted_number = number_of(number) if number else None
    if number and wanted_number is None:
        fail("that is no number")
    wanted = Wanted(
        number=wanted_number,
        words=words_of(words),
        dossier=dossier,
        agent_id=AgentId(agent) if agent else None,
        line=line,
        call_id=CallId(call) if call else None,
        since=_midnight(since),
        until=_midnight(until),
    )

    async def work(parts: "ArchiveParts", account: Account) -> tuple[Recording, ...]:
        return (await parts.custody.find(account, wanted, limit=limit)).rows

    _show(_as(context, login, password_stdin, work))


@hold.command("set")
def hold_set(
    context: typer.Context,
    recording: Annotated[str, typer.Argument(help="Id of a recording.")],
    login: Login,
    reason: Reason,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Keep a recording from being erased."""

    async def work(parts: "ArchiveParts", account: Account) -> str:
        return (await parts.custody.set_hold(account, RecordingId(recording), reason)).hold_id

    console.print(f"Held: {_as(context, login, password_stdin, work)}")


@hold.command("lift")
def hold_lift(
    context: typer.Context,
    hold_id: Annotated[str, typer.Argument(help="Id of the hold.")],
    login: Login,
    reason: Reason,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Let a hold keep its recording no more."""

    async def work(parts: "ArchiveParts", account: Account) -> RecordingId:
        return (await parts.custody.lift_hold(account, hold_id, reason)).recording_id

    console.print(f"Lifted: {_as(context, login, password_stdin, work)}")


@hold.command("list")
def hold_list(context: typer.Context) -> None:
    """List the holds in force."""

    async def work() -> Table:
        async with _parts(context) as parts:
            table = Table("hold", "recording", "since", "by", "reason")
            for each in await parts.store.holds():
                told = (each.hold_id, each.recording_id, _local(each.at), each.by, each.reason)
                table.add_row(*map(escape, told))
            return table

    console.print(run_async(work()))


@visa.command("list")
def visa_list(context: typer.Context) -> None:
    """List the batches, the latest first."""

    async def work() -> Table:
        async with _parts(context) as parts:
            table = Table("batch", "proposed", "by", "rule", "recordings", "held", "visa", "done")
            for each in await parts.store.erasures():
                granted = "" if each.granted_at is None else f"{_local(each.granted_at)} {each.granted_by}"
                done = "" if each.done_at is None else _local(each.done_at)
                told = (each.batch_id, _local(each.at), each.by or "rules", each.rule)
                table.add_row(*map(escape, (*told, str(each.count), str(each.held), granted, done)))
            return table

    console.print(run_async(work()))


@visa.command("show")
def visa_show(context: typer.Context, batch: Annotated[str, typer.Argument(help="Id of the batch.")]) -> None:
    """List the recordings of a batch: what would be erased."""

    async def work() -> list[Recording]:
        async with _parts(context) as parts:
            return await parts.store.batch(batch)

    _show(run_async(work()))


@visa.command("grant")
def visa_grant(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(help="Id of the batch.")],
    login: Login,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Put one's visa on a batch: the archive erases it within ten minutes, but what is held."""

    async def work(parts: "ArchiveParts", account: Account) -> int:
        return (await _retention(parts).grant(account, batch)).count

    console.print(f"Visa on {_as(context, login, password_stdin, work)} recordings.")


@retention.command("propose")
def retention_propose(context: typer.Context, login: Login, password_stdin: PasswordFromStdin = False) -> None:
    """Propose now what the rules let be erased; another archivist is to put their visa on it."""

    async def work(parts: "ArchiveParts", account: Account) -> int:
        return sum(batch.count for batch in await _retention(parts).propose(account))

    console.print(f"Proposed: {_as(context, login, password_stdin, work)} recordings.")


@retention.command("rules")
def retention_rules(context: typer.Context) -> None:
    """List the rules, the first that matches counts."""

    async def work() -> list[str]:
        async with _parts(context) as parts:
            return [str(rule) for rule in parts.rules]

    for place, rule in enumerate(run_async(work()), 1):
        console.print(f"{place}. {escape(rule)}")


def _retention(parts: "ArchiveParts") -> "Retention":
    from recorder.custody.retention import Retention

    return Retention(parts.store, parts.ledger, parts.clock, parts.rules, parts.eraser)


@grant.command("give")
def grant_give(
    context: typer.Context,
    auditor: Annotated[str, typer.Argument(help="Login of the auditor.")],
    login: Login,
    reason: Reason,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how many days.")] = 30,
    since: Day = None,
    until: Day = None,
    line: Annotated[str, typer.Option()] = "",
    recording: Annotated[list[str] | None, typer.Option(help="Id of a recording; as often as needed.")] = None,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Let an auditor listen for a while: to a period, a line, or some recordings."""

    async def work(parts: "ArchiveParts", account: Account) -> str:
        from storage.accounts import StoredAccounts

        known = {each.login: each for each in await StoredAccounts(parts.database).list()}
        if auditor not in known:
            fail(f"no account has the login {auditor}")
        given = await parts.custody.grant_auditor(
            account,
            known[auditor].agent_id,
            reason=reason,
            expires_at=datetime.now(UTC) + timedelta(days=days),
            since=_midnight(since),
            until=_midnight(until),
            line=line,
            recordings=tuple(RecordingId(one) for one in recording or ()),
        )
        return given.grant_id

    console.print(f"Granted: {_as(context, login, password_stdin, work)}")


@grant.command("end")
def grant_end(
    context: typer.Context,
    grant_id: Annotated[str, typer.Argument(help="Id of the grant.")],
    login: Login,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Take a grant back."""

    async def work(parts: "ArchiveParts", account: Account) -> AgentId:
        return (await parts.custody.end_grant(account, grant_id)).auditor

    console.print(f"Ended: {_as(context, login, password_stdin, work)}")


@grant.command("list")
def grant_list(context: typer.Context) -> None:
    """List the grants, the latest first."""

    async def work() -> Table:
        async with _parts(context) as parts:
            names = await parts.store.names()
            table = Table("grant", "auditor", "until", "period", "line", "recordings", "by", "ended")
            for each in await parts.store.grants():
                period = " – ".join("…" if at is None else _local(at) for at in (each.since, each.until))
                ended = "" if each.ended_at is None else _local(each.ended_at)
                told = (each.grant_id, names.get(each.auditor, each.auditor), _local(each.expires_at), period)
                table.add_row(*map(escape, (*told, each.line, str(len(each.recordings)), each.by, ended)))
            return table

    console.print(run_async(work()))


def forget(
    context: typer.Context,
    login: Login,
    before: Day = None,
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Give one's visa for the journal to forget who called, and notes: but of calls whose recording is kept."""

    async def work(parts: "ArchiveParts", account: Account) -> int:
        from recorder.custody.forgetting import Forgetting
        from storage.forget import forget as forgotten

        keep = timedelta(days=settings_of(context).archive.forget_days)
        wiping = Forgetting(parts.ledger, parts.clock, keep, partial(forgotten, parts.database))
        return await wiping.forget(account, _midnight(before))

    console.print(f"Forgotten: {_as(context, login, password_stdin, work)} events rewritten.")


def rebuild(context: typer.Context) -> None:
    """Make the catalogue anew from journal, archive and chain. Stop the archive first."""
    from app.archive_rebuild import rebuild as rebuild_catalogue
    from storage.journal_tail import JournalTail

    settings = settings_of(context)

    async def work() -> None:
        async with _parts(context) as parts:
            tail = JournalTail(parts.database, settings.storage.spool_dir)
            await rebuild_catalogue(parts, tail, settings.centre.id, console.print)

    run_async(work())


def state(context: typer.Context) -> None:
    """Show how far the catalogue has come, and how many recordings are in each state."""

    async def work() -> None:
        async with _parts(context) as parts:
            places, counts = await parts.store.places(), await parts.store.counts()
            at = "" if places.journal_at is None else f", of {_local(places.journal_at)}"
            console.print(f"journal: {places.journal}{at}; chain: {places.chain}")
            for each, count in sorted(counts.items()):
                console.print(f"  {each.value:10} {count}")

    run_async(work())
