"""Rewrites events and ledger rows so that nothing in them tells who called. It cannot be undone."""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, not_, or_, select, text, update

from core.recordings import RecordingState
from storage.archive_tables import recording
from storage.database import Database
from storage.personal import HOLDING, forgotten
from storage.tables import journal, ledger

_CALLS_AT_ONCE = 200
"""A core writes to the same database: none of our transactions lasts long."""
_EVENTS_AT_ONCE = 1000
_REWRITTEN = update(journal).where(journal.c.seq == bindparam("its")).values(body=bindparam("rest"))


async def forget(database: Database, until: datetime) -> int:
    """Forget who called before an instant, and what was noted of them; how many events were rewritten.

    A call with a recording that is not erased is passed over: it keeps what its recording keeps. Ended in the
    middle, it is as good as not called: the next time does the rest.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    count, call_id, seq = 0, "", 0
    while (done := await database.write(_calls, until, call_id)) is not None:
        call_id, rewritten = done
        count += rewritten
    while (others := await database.write(_others, until, seq)) is not None:
        seq, rewritten = others
        count += rewritten
    return count


def _calls(connection: Connection, until: datetime, after: str) -> tuple[str, int] | None:
    """Some calls; the last of them, and how many events were rewritten."""
    wanted = select(ledger.c.call_id).where(
        ledger.c.call_id > after, ledger.c.arrived_at < until, not_(_kept(ledger.c.call_id))
    )
    calls = connection.execute(wanted.order_by(ledger.c.call_id).limit(_CALLS_AT_ONCE)).scalars().all()
    if not calls:
        return None
    known = ledger.c.call_id.in_(calls), ledger.c.number != ""
    connection.execute(update(ledger).where(*known).values(number=""))
    return calls[-1], _rewrite(connection, journal.c.call_id.in_(calls))


def _others(connection: Connection, until: datetime, after: int) -> tuple[int, int] | None:
    """Some events of no call."""
    old = journal.c.call_id.is_(None), journal.c.occurred_at < until, journal.c.type.in_(HOLDING)
    wanted = select(journal.c.seq).where(*old, journal.c.seq > after).order_by(journal.c.seq)
    found = connection.execute(wanted.limit(_EVENTS_AT_ONCE)).scalars().all()
    if not found:
        return None
    return found[-1], _rewrite(connection, journal.c.seq.in_(found))


def _kept(call_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a call has a recording that was not erased: by rule, hold, or for want of a visa."""
    still = recording.c.state != RecordingState.ERASED.value
    either = (recording.c.call_id, recording.c.last_call_id)
    return or_(*(select(recording.c.place).where(each == call_id, still).exists() for each in either))


def _rewrite(connection: Connection, those: ColumnElement[bool]) -> int:
    """Empty the events among those that hold something; how many were changed."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))  # what is replaced stays on no free page
    wanted = select(journal.c.seq, journal.c.type, journal.c.body).where(those, journal.c.type.in_(HOLDING))
    changed: list[dict[str, object]] = []
    for row in connection.execute(wanted).all():
        body, before = msgspec.json.decode(row.body), msgspec.json.decode(row.body)
        forgotten(row.type, body)
        if body != before:
            changed.append({"its": row.seq, "rest": msgspec.json.encode(body).decode()})
    if changed:
        connection.execute(_REWRITTEN, changed)
    return len(changed)
