"""The chain of custody, folded into rows. The same entry again changes nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.custody import (
    AuditorGranted,
    Chained,
    EraseAsked,
    Erased,
    EraseDone,
    EraseGranted,
    ExportAsked,
    Exported,
    ExportGranted,
    ExportRefused,
    GrantEnded,
    HoldLifted,
    HoldSet,
    Listened,
    Marked,
    Sealed,
    Unmarked,
)
from core.ids import RecordingId
from core.recordings import RecordingState
from storage.archive_tables import (
    auditor_grant,
    erasure,
    erasure_item,
    export_request,
    legal_hold,
    listening,
    marker,
    recording,
    recording_index,
)
from storage.recording_words import forget_words
from storage.rows import storable

_CHUNK = 500


def fold(connection: Connection, chained: Chained) -> None:
    """Apply one entry."""
    at, entry = chained.at, chained.entry
    match entry:
        case Sealed():
            _sealed(connection, entry, chained)
        case Listened():
            row = {"n": chained.n, "recording_id": entry.recording_id, "agent_id": entry.by, "at": at}
            _once(connection, listening, {**row, "reason": storable(entry.reason)})
        case HoldSet() | HoldLifted():
            _hold(connection, entry, chained)
        case EraseAsked() | EraseGranted() | Erased() | EraseDone():
            _erasure(connection, entry, chained)
        case ExportAsked() | ExportGranted() | ExportRefused() | Exported():
            _export(connection, entry, chained)
        case AuditorGranted():
            row = {"grant_id": entry.grant_id, "auditor": storable(entry.auditor), "granted_by": entry.by}
            row |= {"reason": storable(entry.reason), "granted_at": at, "expires_at": entry.expires_at}
            row |= {"since": entry.since, "until": entry.until, "line": storable(entry.line)}
            _once(connection, auditor_grant, {**row, "recordings": " ".join(entry.recordings)})
        case GrantEnded():
            mine = auditor_grant.c.grant_id == entry.grant_id
            connection.execute(update(auditor_grant).where(mine).values(ended_at=at))
        case Marked():
            row = {"marker_id": entry.marker_id, "recording_id": entry.recording_id, "at": entry.at}
            row |= {"text": storable(entry.text), "set_by": storable(entry.by), "set_at": at}
            _once(connection, marker, row)
        case Unmarked():
            connection.execute(delete(marker).where(marker.c.marker_id == entry.marker_id))
        case _:
            pass  # searches, refusals, what the journal forgot: they are in the chain alone


def _sealed(connection: Connection, entry: Sealed, chained: Chained) -> None:
    values = {
        "state": RecordingState.SEALED.value,
        "sealed_at": chained.at,
        "manifest_sha256": entry.manifest_sha256,
        "detail": "",
        "attempt_at": None,
    }
    mine = recording.c.recording_id == entry.recording_id
    alive = recording.c.state != RecordingState.ERASED.value
    connection.execute(update(recording).where(mine, alive).values(values))
    connection.execute(delete(recording_index).where(recording_index.c.recording_id == entry.recording_id))


def _hold(connection: Connection, entry: HoldSet | HoldLifted, chained: Chained) -> None:
    if isinstance(entry, HoldSet):
        row = {"hold_id": entry.hold_id, "recording_id": entry.recording_id, "reason": storable(entry.reason)}
        _once(connection, legal_hold, {**row, "set_by": storable(entry.by), "set_at": chained.at})
    else:
        lifted = update(legal_hold).where(legal_hold.c.hold_id == entry.hold_id)
        connection.execute(lifted.values(lifted_by=storable(entry.by), lifted_at=chained.at))
    held = select(func.count()).where(
        legal_hold.c.recording_id == entry.recording_id, legal_hold.c.lifted_at.is_(None)
    )
    count = update(recording).where(recording.c.recording_id == entry.recording_id)
    connection.execute(count.values(holds=held.scalar_subquery()))


def _erasure(
    connection: Connection, entry: EraseAsked | EraseGranted | Erased | EraseDone, chained: Chained
) -> None:
    batch = update(erasure).where(erasure.c.batch_id == entry.batch_id)
    match entry:
        case EraseAsked():
            row = {"batch_id": entry.batch_id, "rule": storable(entry.rule), "asked_by": storable(entry.by)}
            _once(connection, erasure, {**row, "asked_at": chained.at, "count": len(entry.recordings)})
            of_batch = {"batch_id": entry.batch_id, "kept": False}
            rows = [{**of_batch, "recording_id": one} for one in dict.fromkeys(entry.recordings)]
            _once(connection, erasure_item, *rows)
        case EraseGranted():
            connection.execute(batch.values(granted_by=storable(entry.by), granted_at=chained.at))
        case Erased():
            _erased(connection, entry.recording_id)
        case EraseDone():
            connection.execute(batch.values(done_at=chained.at))
            for begin in range(0, len(entry.kept), _CHUNK):
                some = erasure_item.c.recording_id.in_(entry.kept[begin : begin + _CHUNK])
                mine = erasure_item.c.batch_id == entry.batch_id
                connection.execute(update(erasure_item).where(mine, some).values(kept=True))


def _erased(connection: Connection, recording_id: RecordingId) -> None:
    """Nothing is left that tells whose call it was."""
    mine = recording.c.recording_id == recording_id
    forget_words(connection, list(connection.execute(select(recording.c.place).where(mine)).scalars()))
    nothing = dict.fromkeys(("number", "number_reversed", "dossier", "notes", "detail"), "")
    connection.execute(
        update(recording).where(mine).values(state=RecordingState.ERASED.value, attempt_at=None, **nothing)
    )
    for table in (recording_index, marker):
        connection.execute(delete(table).where(table.c.recording_id == recording_id))


def _export(
    connection: Connection, entry: ExportAsked | ExportGranted | ExportRefused | Exported, chained: Chained
) -> None:
    request = update(export_request).where(export_request.c.export_id == entry.export_id)
    match entry:
        case ExportAsked():
            row = {"export_id": entry.export_id, "recording_id": entry.recording_id, "begins": entry.begins}
            row |= {"ends": entry.ends, "form": entry.form, "tracks": entry.tracks, "decided_n": 0}
            row |= {"reason": storable(entry.reason), "asked_by": storable(entry.by), "asked_at": chained.at}
            _once(connection, export_request, row)
        case ExportGranted() | ExportRefused():
            decided = {"granted": isinstance(entry, ExportGranted), "decided_by": storable(entry.by)}
            connection.execute(request.values(**decided, decided_at=chained.at, decided_n=chained.n))
        case Exported():
            connection.execute(request.values(taken_at=chained.at))


def _once(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    insert: Insert = make(table).on_conflict_do_nothing()
    if rows:
        connection.execute(insert, list(rows))


def fold_all(connection: Connection, entries: Sequence[Chained]) -> None:
    """Apply entries, in order."""
    for chained in entries:
        fold(connection, chained)
