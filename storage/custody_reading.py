"""Holds, grants, visas, exports, markers and accesses, read from their rows."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from core.custody import Erasure, ExportRequest, Grant, Hold, Listening, Marker
from core.ids import AgentId, RecordingId
from storage.archive_tables import (
    auditor_grant,
    erasure,
    erasure_item,
    export_request,
    legal_hold,
    listening,
    marker,
    recording,
)

_AT_MOST = 1000


def holds(connection: Connection, wanted: ColumnElement[bool]) -> list[Hold]:
    """Holds that meet a condition, the latest first."""
    found = select(legal_hold).where(wanted).order_by(legal_hold.c.set_at.desc()).limit(_AT_MOST)
    return [
        Hold(
            hold_id=row.hold_id,
            recording_id=RecordingId(row.recording_id),
            reason=row.reason,
            by=AgentId(row.set_by),
            at=row.set_at,
            lifted_by=_agent(row.lifted_by),
            lifted_at=row.lifted_at,
        )
        for row in connection.execute(found)
    ]


def grants(connection: Connection, wanted: ColumnElement[bool] | None) -> list[Grant]:
    """Grants that meet a condition, or all; the latest first."""
    found = select(auditor_grant).order_by(auditor_grant.c.granted_at.desc()).limit(_AT_MOST)
    return [
        Grant(
            grant_id=row.grant_id,
            auditor=AgentId(row.auditor),
            by=AgentId(row.granted_by),
            reason=row.reason,
            at=row.granted_at,
            expires_at=row.expires_at,
            since=row.since,
            until=row.until,
            line=row.line,
            recordings=tuple(RecordingId(one) for one in row.recordings.split()),
            ended_at=row.ended_at,
        )
        for row in connection.execute(found if wanted is None else found.where(wanted))
    ]


def erasures(connection: Connection, batch_id: str | None, limit: int) -> list[Erasure]:
    """One batch, or the latest."""
    found = select(erasure).order_by(erasure.c.asked_at.desc()).limit(limit)
    if batch_id is not None:
        found = found.where(erasure.c.batch_id == batch_id)
    return [_erasure(connection, row) for row in connection.execute(found).all()]


def _erasure(connection: Connection, row: Row[Any]) -> Erasure:
    held = erasure_item.c.kept if row.done_at is not None else recording.c.holds > 0
    began = recording.c.started_at
    of_batch = erasure_item.join(recording, recording.c.recording_id == erasure_item.c.recording_id)
    sums = select(func.sum(case((held, 1), else_=0)), func.min(began), func.max(began)).select_from(of_batch)
    told = connection.execute(sums.where(erasure_item.c.batch_id == row.batch_id)).one()
    return Erasure(
        batch_id=row.batch_id,
        rule=row.rule,
        by=AgentId(row.asked_by),
        at=row.asked_at,
        count=row._mapping[erasure.c.count],
        held=int(told[0] or 0),
        oldest=told[1],
        latest=told[2],
        granted_by=_agent(row.granted_by),
        granted_at=row.granted_at,
        done_at=row.done_at,
    )


def exports(connection: Connection, wanted: ColumnElement[bool] | None, limit: int) -> list[ExportRequest]:
    """Requests that meet a condition, or all; the latest first."""
    found = select(export_request).order_by(export_request.c.asked_at.desc()).limit(limit)
    return [
        ExportRequest(
            export_id=row.export_id,
            recording_id=RecordingId(row.recording_id),
            begins=row.begins,
            ends=row.ends,
            form=row.form,
            tracks=row.tracks,
            reason=row.reason,
            by=AgentId(row.asked_by),
            at=row.asked_at,
            granted=row.granted,
            decided_by=_agent(row.decided_by),
            decided_at=row.decided_at,
            taken_at=row.taken_at,
            chain_n=row.decided_n,
        )
        for row in connection.execute(found if wanted is None else found.where(wanted))
    ]


def markers(connection: Connection, recording_id: RecordingId) -> list[Marker]:
    """The markers of a recording, in its order."""
    found = select(marker).where(marker.c.recording_id == recording_id).order_by(marker.c.at)
    return [
        Marker(
            marker_id=row.marker_id,
            recording_id=recording_id,
            at=row.at,
            text=row.text,
            by=AgentId(row.set_by),
            set_at=row.set_at,
        )
        for row in connection.execute(found)
    ]


def listenings(connection: Connection, recording_id: RecordingId) -> list[Listening]:
    """Who listened to a recording, the latest first."""
    mine = listening.c.recording_id == recording_id
    found = select(listening).where(mine).order_by(listening.c.n.desc()).limit(_AT_MOST)
    return [
        Listening(recording_id=recording_id, by=AgentId(row.agent_id), at=row.at, reason=row.reason)
        for row in connection.execute(found)
    ]


def _agent(agent_id: str | None) -> AgentId | None:
    return None if agent_id is None else AgentId(agent_id)
