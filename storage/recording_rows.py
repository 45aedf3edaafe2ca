"""What the journal tells of recordings, put into the catalogue's rows. The same again changes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from core.ids import AgentId, CallId, CentreId, RecordingId
from core.recordings import (
    Begun,
    Change,
    Closed,
    Indexed,
    Lost,
    Merged,
    Recording,
    RecordingState,
    Told,
    folded,
)
from core.words import Outcome
from storage.archive_tables import recording, recording_agent, recording_index
from storage.recording_words import forget_words, write_words
from storage.rows import storable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_OPEN = (RecordingState.RECORDING.value, RecordingState.MISSING.value)
NOTES_LENGTH = 20_000
"""Characters of all notes of a recording at most."""


INDEX_WITHIN = timedelta(minutes=2)
"""How long a closed recording waits for what the journal tells of it, before it is sealed without."""


def place_at(instant: datetime) -> int:
    """Where recordings of that start begin."""
    return (instant - _EPOCH) // _MICROSECOND


def put(connection: Connection, changes: Sequence[Change]) -> None:
    """Apply changes, in order."""
    for change in changes:
        match change:
            case Begun():
                _put_begun(connection, change)
            case Closed():
                _put_closed(connection, change)
            case Indexed():
                _put_indexed(connection, change)
            case Lost():
                _put_lost(connection, change)
            case Told():
                _put_told(connection, change)
            case Merged():
                of_merged = recording.c.last_call_id == storable(change.merged_id)
                still = recording.c.state == RecordingState.RECORDING.value
                moved = update(recording).where(of_merged, still)
                connection.execute(moved.values(last_call_id=storable(change.call_id)))


def _put_begun(connection: Connection, change: Begun) -> None:
    if _row(connection, change.recording_id) is None:
        _insert(connection, change, change.started_at, caller_track=storable(change.caller_track))


def _put_closed(connection: Connection, change: Closed) -> None:
    row = _row(connection, change.recording_id)
    if row is None:
        began = change.ended_at - timedelta(seconds=change.seconds)
        _insert(connection, change, began, caller_track=storable(change.caller_track))
        row = _row(connection, change.recording_id)
        assert row is not None  # noqa: S101 - just inserted
    if row.state in _OPEN:
        values: dict[str, Any] = {
            "ended_at": change.ended_at,
            "seconds": change.seconds,
            "state": RecordingState.RECORDED.value,
            "detail": "",
            "attempt_at": change.ended_at + INDEX_WITHIN,
        }
        connection.execute(update(recording).where(recording.c.place == row.place).values(values))


def _put_indexed(connection: Connection, change: Indexed) -> None:
    row = _row(connection, change.recording_id)
    if row is None:  # of a catalogue that lost its rows
        _insert(connection, change, change.started_at)
        row = _row(connection, change.recording_id)
        assert row is not None  # noqa: S101 - just inserted
    if row.state == RecordingState.ERASED.value:
        return
    place = _settled(connection, row, place_at(change.started_at))
    number = storable(change.number) or ""
    values: dict[str, Any] = {
        "last_call_id": storable(change.last_call_id),
        "line": storable(change.line),
        "number": number,
        "number_reversed": number.removeprefix("+")[::-1],
        "direction": change.direction,
        "started_at": change.started_at,
        "ended_at": change.ended_at,
        "seconds": change.seconds,
        "outcome": change.outcome.value,
        "test": change.test,
    }
    if row.state == RecordingState.RECORDED.value and not row.attempts:
        values["attempt_at"] = change.ended_at
    connection.execute(update(recording).where(recording.c.place == place).values(values))
    connection.execute(delete(recording_agent).where(recording_agent.c.place == place))
    if change.agents:
        rows = [{"agent_id": storable(agent), "place": place} for agent in dict.fromkeys(change.agents)]
        connection.execute(recording_agent.insert(), rows)
    if row.state != RecordingState.SEALED.value:
        put_index(connection, change.recording_id, change.document)


def put_index(connection: Connection, recording_id: RecordingId, document: bytes) -> None:
    """Keep a recording's index until it is sealed."""
    connection.execute(delete(recording_index).where(recording_index.c.recording_id == recording_id))
    connection.execute(recording_index.insert().values(recording_id=recording_id, document=document))


def _put_lost(connection: Connection, change: Lost) -> None:
    row = _row(connection, change.recording_id)
    if row is None:
        _insert(connection, change, change.at)
        row = _row(connection, change.recording_id)
        assert row is not None  # noqa: S101 - just inserted
    said = update(recording).where(recording.c.place == row.place)
    if row.state in _OPEN:
        ended = row.ended_at or change.at
        said = said.values(state=RecordingState.MISSING.value, ended_at=ended)
    if row.state != RecordingState.ERASED.value:
        connection.execute(said.values(detail=storable(change.detail)))


def _put_told(connection: Connection, change: Told) -> None:
    c, call_id = recording.c, storable(change.call_id)
    of_call = or_(c.call_id == call_id, c.last_call_id == call_id)
    kept = c.state != RecordingState.ERASED.value
    if change.dossier:
        connection.execute(update(recording).where(of_call, kept).values(dossier=storable(change.dossier)))
    if change.outcome is not None:
        unsettled = or_(c.outcome.is_(None), c.outcome == Outcome.FALLBACK.value)
        connection.execute(update(recording).where(of_call, unsettled).values(outcome=change.outcome.value))
    if note := storable(change.note):
        for row in connection.execute(select(c.place, c.notes).where(of_call, kept)).all():
            if note in row.notes.split("\n\n"):
                continue  # taken in before
            notes = f"{row.notes}\n\n{note}".strip()[:NOTES_LENGTH]
            connection.execute(update(recording).where(c.place == row.place).values(notes=notes))
            write_words(connection, [(row.place, folded(notes))])


def _settled(connection: Connection, row: Row[Any], place: int) -> int:
    """The place of a recording whose true start is known by now; what hangs on its first one comes along."""
    if row.place == place or place <= row.place < place + 1000:
        return int(row.place)
    place = _free(connection, place)
    connection.execute(update(recording).where(recording.c.place == row.place).values(place=place))
    agents = update(recording_agent).where(recording_agent.c.place == row.place)
    connection.execute(agents.values(place=place))
    forget_words(connection, [row.place])
    write_words(connection, [(place, folded(row.notes))])
    return place


def _free(connection: Connection, place: int) -> int:
    taken = set(
        connection.execute(
            select(recording.c.place).where(recording.c.place.between(place, place + 1000))
        ).scalars()
    )
    return next(p for p in range(place, place + 1001) if p not in taken)


def _insert(
    connection: Connection, change: Begun | Closed | Indexed | Lost, started_at: datetime, **more: Any
) -> None:
    values = {
        "place": _free(connection, place_at(started_at)),
        "recording_id": change.recording_id,
        "call_id": storable(change.call_id),
        "last_call_id": storable(change.call_id),
        "centre_id": storable(change.centre_id),
        "line": "",
        "number": "",
        "number_reversed": "",
        "direction": "in",
        "started_at": started_at,
        "seconds": 0,
        "dossier": "",
        "notes": "",
        "test": False,
        "state": RecordingState.RECORDING.value,
        "detail": "",
        "attempts": 0,
        "caller_track": "",
        "manifest_sha256": "",
        "holds": 0,
        **more,
    }
    connection.execute(recording.insert().values(values))


def _row(connection: Connection, recording_id: RecordingId) -> Row[Any] | None:
    return connection.execute(select(recording).where(recording.c.recording_id == recording_id)).first()


def recordings_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Recording]:
    """The recordings of rows, with their agents."""
    places = [row.place for row in rows]
    agents: dict[int, list[AgentId]] = {}
    wanted = select(recording_agent).where(recording_agent.c.place.in_(places))
    for found in connection.execute(wanted.order_by(recording_agent.c.agent_id)) if places else ():
        agents.setdefault(found.place, []).append(AgentId(found.agent_id))
    return [_recording(row, tuple(agents.get(row.place, ()))) for row in rows]


def _recording(row: Row[Any], agents: tuple[AgentId, ...]) -> Recording:
    return Recording(
        place=row.place,
        recording_id=RecordingId(row.recording_id),
        call_id=CallId(row.call_id),
        last_call_id=CallId(row.last_call_id),
        centre_id=CentreId(row.centre_id),
        line=row.line,
        number=row.number,
        direction=row.direction,
        started_at=row.started_at,
        ended_at=row.ended_at,
        seconds=row.seconds,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        dossier=row.dossier,
        notes=row.notes,
        agents=agents,
        test=row.test,
        state=RecordingState(row.state),
        detail=row.detail,
        attempts=row.attempts,
        caller_track=row.caller_track,
        sealed_at=row.sealed_at,
        manifest_sha256=row.manifest_sha256,
        holds=row.holds,
    )
