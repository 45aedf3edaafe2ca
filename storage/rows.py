"""Between stored events, ledger entries and the rows of the database; and the statements that write them."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, Insert, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import UnknownEvent
from core.events import CallEvent, Envelope
from core.words import EndedBy, Outcome, Priority
from storage import codec
from storage.codec import StoredEvent
from storage.ledger import LedgerEntry, fold
from storage.tables import journal, ledger

Row = dict[str, Any]


def storable(text: str | None) -> str | None:
    """Replace the one character that PostgreSQL's text cannot hold."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text else text


def write_records(connection: Connection, records: Sequence[StoredEvent]) -> None:
    """Add events to the journal, each once, and count them in the ledger. The same again changes nothing.

    Synchronous: see ``Database.write``.

    An event this program does not know is kept as it is; only the ledger leaves it out.

    Raises:
        sqlalchemy.exc.IntegrityError: another event already has one's place.
    """
    connection.execute(_insert_once(connection.dialect.name), [journal_row(record) for record in records])
    count_in_ledger(connection, known_envelopes(records))


def count_in_ledger(connection: Connection, envelopes: Iterable[Envelope]) -> None:
    """Count events, in order, in the rows of their calls."""
    of_calls = [envelope for envelope in envelopes if isinstance(envelope.event, CallEvent)]
    if not of_calls:
        return
    before = entries_of(connection, {storable(envelope.call_id) or "" for envelope in of_calls})
    after = folded(before, of_calls)
    changed = [entry for call_id, entry in after.items() if entry is not before.get(call_id)]
    if changed:
        connection.execute(_replace_entry(connection.dialect.name), [ledger_row(entry) for entry in changed])


def folded(entries: dict[str, LedgerEntry], envelopes: Iterable[Envelope]) -> dict[str, LedgerEntry]:
    """Fold events onto the entries of their calls."""
    after = dict(entries)
    for envelope in envelopes:
        key = storable(envelope.call_id)
        entry = fold(after.get(key or ""), envelope) if key else None
        if key and entry is not None:
            after[key] = entry
    return after


def entries_of(connection: Connection, call_ids: set[str]) -> dict[str, LedgerEntry]:
    """The ledger's entries of some calls."""
    return entries_where(connection, ledger.c.call_id.in_(sorted(call_ids)))


def entries_where(connection: Connection, condition: ColumnElement[bool]) -> dict[str, LedgerEntry]:
    """The ledger's entries that meet a condition, by call."""
    rows = connection.execute(select(ledger).where(condition)).mappings()
    return {row["call_id"]: _entry(row) for row in rows}


def known_envelopes(records: Iterable[StoredEvent]) -> list[Envelope]:
    """Understand what this program knows, and leave out the rest."""
    known = []
    for record in records:
        try:
            known.append(codec.envelope_of(record))
        except UnknownEvent:
            continue
    return known


def journal_row(record: StoredEvent) -> Row:
    """The row of an event."""
    subject = codec.subject_of(record)
    return {
        "seq": record.seq,
        "event_id": storable(record.event_id),
        "centre_id": storable(record.centre_id),
        "occurred_at": record.occurred_at,
        "type": storable(record.type),
        "version": record.version,
        "call_id": storable(subject.call_id),
        "position_id": storable(subject.position_id),
        "cause_id": storable(record.cause_id),
        "body": bytes(record.body).decode(),
    }


def record_of_row(row: RowMapping) -> StoredEvent:
    """The event of a row, not yet understood."""
    return StoredEvent(
        seq=row["seq"],
        event_id=row["event_id"],
        occurred_at=row["occurred_at"],
        centre_id=row["centre_id"],
        type=row["type"],
        version=row["version"],
        cause_id=row["cause_id"],
        body=msgspec.Raw(row["body"].encode()),
    )


def ledger_row(entry: LedgerEntry) -> Row:
    """The row of a call."""
    row = asdict(entry)
    return {name: storable(value) if isinstance(value, str) else value for name, value in row.items()}


def _entry(row: RowMapping) -> LedgerEntry:
    values = dict(row)
    for name, kind in (("priority", Priority), ("outcome", Outcome), ("ended_by", EndedBy)):
        values[name] = None if values[name] is None else kind(values[name])
    return LedgerEntry(**values)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache
def _insert_once(dialect: str) -> Insert:
    return _insert(dialect, journal).on_conflict_do_nothing(index_elements=["event_id"])


@cache
def _replace_entry(dialect: str) -> Insert:
    insert = _insert(dialect, ledger)
    changing = {column.name: insert.excluded[column.name] for column in ledger.c if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=["call_id"], set_=changing)
