"""``bandeau15 journal …``: what happened, whether the core runs or not. Times are those of Europe/Paris."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from app.audit import Audit, WitnessedCall
from app.audit import audit as audited
from app.audit_day import evidence_of_day
from app.cli_support import console, database_of, fail, run_async, settings_of
from core.events import CallOffered, Envelope, OfferAccepted, OfferWithdrawn, OverflowTriggered
from core.ids import CallId, OfferId
from storage import codec
from storage.ledger import LedgerEntry
from storage.reader import PARIS, Reader, reader_beside
from storage.rebuild import rebuild_ledger
from web.reasons import why as reasons_read_out

app = typer.Typer(help="The journal of events and its ledger of calls.", no_args_is_help=True)

Day = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="Day of Europe/Paris; by default today."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, times in UTC.")]


@app.command()
def call(context: typer.Context, call_id: str, as_json: AsJson = False) -> None:
    """Show everything that happened to one call."""

    async def work() -> list[Envelope]:
        async with _reader(context) as reader:
            return await reader.of_call(CallId(call_id))

    envelopes = run_async(work())
    if not envelopes and not as_json:
        console.print("No such call.")
        raise typer.Exit(1)
    _show_events(envelopes, as_json)


@app.command()
def why(context: typer.Context, call_id: str) -> None:
    """Show why a call was offered to whom, each time, and what became of it."""

    async def work() -> list[Envelope]:
        async with _reader(context) as reader:
            return await reader.of_call(CallId(call_id))

    envelopes = run_async(work())
    if not envelopes:
        console.print("No such call.")
        raise typer.Exit(1)
    table = Table("Time", "Position", "Why", "Then")
    for row in _offers(envelopes):
        table.add_row(*map(escape, row))
    console.print(table)


def _offers(envelopes: list[Envelope]) -> Iterator[tuple[str, str, str, str]]:
    """One row an offer, and one each time the room sent the call elsewhere."""
    ends: dict[OfferId, str] = {}
    for envelope in envelopes:
        if isinstance(envelope.event, OfferAccepted):
            ends[envelope.event.offer_id] = "accepted"
        elif isinstance(envelope.event, OfferWithdrawn):
            ends[envelope.event.offer_id] = envelope.event.reason.value
    for envelope in envelopes:
        event, at = envelope.event, _time(envelope.occurred_at)
        if isinstance(event, CallOffered):
            yield at, event.position_id, reasons_read_out(event.reasons), ends.get(event.offer_id, "open")
        elif isinstance(event, OverflowTriggered):
            to = f"{event.target.kind.value} {event.target.value}"
            yield at, "", f"débordement « {event.rule} » ({event.cause.value}) de la salle {event.queue}", to


@app.command()
def today(context: typer.Context, day: Day = None, as_json: AsJson = False) -> None:
    """Show every event of one day."""

    async def work() -> list[Envelope]:
        async with _reader(context) as reader:
            return await reader.of_day(_day(day))

    _show_events(run_async(work()), as_json)


@app.command()
def ledger(context: typer.Context, day: Day = None, as_json: AsJson = False) -> None:
    """Show every call of one day with its one outcome."""

    async def work() -> list[LedgerEntry]:
        async with _reader(context) as reader:
            return await reader.ledger_of_day(_day(day))

    entries = run_async(work())
    if as_json:
        _print_lines(msgspec.json.encode(entry) for entry in entries)
        return
    table = Table(
        "Arrived", "Call", "Line", "Number", "Queue", "Answered", "By", "Ended", "Outcome", "Recorded"
    )
    for entry in entries:
        table.add_row(*map(escape, _ledger_cells(entry)))
    console.print(table)
    console.print(f"{len(entries)} calls")


@app.command()
def audit(
    context: typer.Context,
    day: Day = None,
    witness: Annotated[
        Path | None,
        typer.Option(
            help="JSON lines of calls seen from outside: number, sent_at, answered_at, ended_at, status."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that one day of the journal and the ledger keeps every invariant; status 1 where it does not."""
    settings = settings_of(context)

    async def work() -> Audit:
        async with _reader(context) as reader:
            return audited(await evidence_of_day(settings, reader, _day(day), _witnessed(witness)))

    found = run_async(work())
    if as_json:
        _print_lines(msgspec.json.encode(finding) for finding in found.findings)
    else:
        table = Table("Invariant", "About", "Found")
        for finding in found.findings:
            table.add_row(finding.invariant.value, escape(finding.subject), escape(finding.what))
        console.print(table)
        console.print(f"{len(found.findings)} findings.")
        for invariant, why_not in found.unchecked.items():
            console.print(f"{invariant.value} not checked: {why_not}.")
    if found.findings:
        raise typer.Exit(1)


def _witnessed(file: Path | None) -> list[WitnessedCall] | None:
    if file is None:
        return None
    try:
        return msgspec.json.Decoder(WitnessedCall).decode_lines(file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{file}: {error}")


@app.command()
def rebuild(context: typer.Context) -> None:
    """Make the ledger again from the journal."""

    async def work() -> int:
        async with database_of(context) as database:
            return await rebuild_ledger(database)

    console.print(f"The ledger was made again from {run_async(work())} events.")


@asynccontextmanager
async def _reader(context: typer.Context) -> AsyncIterator[Reader]:
    async with database_of(context) as database:
        yield reader_beside(database, settings_of(context).storage.spool_dir)


def _day(chosen: datetime | None) -> date:
    return chosen.date() if chosen else datetime.now(PARIS).date()


def _show_events(envelopes: list[Envelope], as_json: bool) -> None:
    if as_json:
        _print_lines(codec.encode(envelope) for envelope in envelopes)
        return
    table = Table("Seq", "Time", "Event", "About", "Details")
    for envelope in envelopes:
        details: dict[str, Any] = msgspec.json.decode(codec.encode_body(envelope.event))
        about = details.pop("call_id", None) or details.get("position_id") or ""
        told = " ".join(f"{name}={_plain(value)}" for name, value in details.items() if value is not None)
        cells = (str(envelope.seq), _time(envelope.occurred_at), type(envelope.event).__name__, about, told)
        table.add_row(*map(escape, cells))
    console.print(table)


def _ledger_cells(entry: LedgerEntry) -> tuple[str, ...]:
    return (
        _time(entry.arrived_at),
        entry.call_id,
        entry.line or "",
        ("test " if entry.test else "") + (entry.number or "hidden"),
        entry.queue or "",
        _time(entry.answered_at),
        entry.position_id or "",
        _time(entry.ended_at),
        entry.outcome.value if entry.outcome else "in progress",
        {True: "yes", False: "no", None: ""}[entry.recorded],
    )


def _time(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(PARIS).strftime("%Y-%m-%d %H:%M:%S")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _print_lines(lines: Iterable[bytes]) -> None:
    for line in lines:
        typer.echo(line)
