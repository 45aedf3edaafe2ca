"""The catalogue of the recordings, and their custody: implements ``recorder/custody/ports.py: Store``.

Every method raises ``StorageUnavailable`` when the database does not answer.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, and_, delete, func, not_, or_, select, update

from core.custody import Chained, Erasure, ExportRequest, Grant, Hold, Listening, Marker
from core.ids import AgentId, CallId, RecordingId
from core.recordings import Change, Page, Places, Recording, RecordingState, Wanted, Within
from core.words import Outcome
from storage import custody_reading, recording_search
from storage.archive_tables import (
    archive_place,
    auditor_grant,
    erasure,
    erasure_item,
    export_request,
    legal_hold,
    listening,
    marker,
    recording,
    recording_agent,
    recording_index,
)
from storage.custody_rows import fold_all
from storage.database import Database
from storage.recording_rows import place_at, put, recordings_of
from storage.recording_words import clear_words
from storage.rows import storable
from storage.tables import account

_WAITING = (RecordingState.RECORDED.value, RecordingState.FAILED.value)
_ERASABLE = (RecordingState.SEALED.value, RecordingState.FAILED.value, RecordingState.MISSING.value)
_OF_CALL_AT_MOST = 200
_AT_ONCE = 1000


class Rule(Protocol):
    """What a rule of retention is about; what is not given matches all."""

    @property
    def keep(self) -> timedelta:
        """For how long, from the end of a recording."""

    @property
    def line(self) -> str:
        """Of that line."""

    @property
    def outcome(self) -> Outcome | None:
        """With that outcome."""

    @property
    def with_dossier(self) -> bool | None:
        """With a dossier, or without."""

    @property
    def test(self) -> bool | None:
        """Of the test robot, or not."""


class StoredRecordings:
    """The archive's tables, in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- what is taken in -------------------------------------------------------------------------------

    async def places(self) -> Places:
        """How far the catalogue has come."""
        return await self._database.read(_places)

    async def take(self, changes: Sequence[Change], journal: int, journal_at: datetime) -> None:
        """Apply what the journal told up to a place, all or nothing."""
        await self._database.write(_take, changes, journal, journal_at)

    async def fold(self, entries: Sequence[Chained]) -> None:
        """Apply entries of the chain, all or nothing; those applied before are passed over."""
        await self._database.write(_fold, entries)

    async def clear(self) -> None:
        """Forget everything: it is made anew from the journal and the chain."""
        await self._database.write(_clear)

    # --- recordings -------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted, within: Sequence[Within], before: int | None, limit: int) -> Page:
        """Recordings that match, the latest first."""
        return await self._database.read(recording_search.find, wanted, within, before, limit)

    async def get(self, recording_id: RecordingId) -> Recording | None:
        """One recording."""
        mine = recording.c.recording_id == storable(recording_id)
        return next(iter(await self._database.read(_those, mine)), None)

    async def of_call(self, call_id: CallId) -> list[Recording]:
        """The recordings of a call, the first first."""
        its_id = storable(call_id)
        either = or_(recording.c.call_id == its_id, recording.c.last_call_id == its_id)
        return await self._database.read(_those, either)

    async def after(self, place: int) -> list[Recording]:
        """The next recordings after a place, the first first; none at the end."""
        return await self._database.read(_those, recording.c.place > place, _AT_ONCE)

    async def all(self) -> AsyncIterator[Recording]:
        """Every recording, the first first; what is added meanwhile may be left out."""
        place = -1
        while batch := await self.after(place):
            for each in batch:
                yield each
            place = batch[-1].place

    async def names(self) -> dict[AgentId, str]:
        """The names of those who have an account."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(account.c.agent_id, account.c.name))
            return {AgentId(row.agent_id): row.name for row in found}

    async def lines(self) -> list[str]:
        """The lines that recordings are of, by name."""
        return await self._database.read(_lines)

    async def counts(self) -> dict[RecordingState, int]:
        """How many recordings are in each state."""
        counted = select(recording.c.state, func.count()).group_by(recording.c.state)
        async with self._database.reading() as connection:
            return {RecordingState(state): n for state, n in (await connection.execute(counted)).all()}

    # --- sealing ----------------------------------------------------------------------------------------

    async def due(self, now: datetime, limit: int) -> list[Recording]:
        """What is to be sealed now: what has not failed first, then by the time of the next try."""
        return await self._database.read(_due, now, limit)

    async def index_of(self, recording_id: RecordingId) -> bytes | None:
        """The index of a recording that is not sealed yet."""
        mine = recording_index.c.recording_id == recording_id
        async with self._database.reading() as connection:
            found: bytes | None = (
                await connection.execute(select(recording_index.c.document).where(mine))
            ).scalar()
            return found

    async def put_off(self, recording_id: RecordingId, detail: str, until: datetime) -> None:
        """A try to seal it failed."""
        c = recording.c
        failed = update(recording).where(c.recording_id == recording_id, c.state.in_(_WAITING))
        values = {"state": RecordingState.FAILED.value, "attempts": c.attempts + 1, "attempt_at": until}
        await self._change(failed.values(detail=storable(detail), **values))

    async def lost(self, recording_id: RecordingId, detail: str) -> None:
        """There is nothing of it to seal."""
        c = recording.c
        gone = update(recording).where(c.recording_id == recording_id, c.state.in_(_WAITING))
        await self._change(
            gone.values(state=RecordingState.MISSING.value, attempt_at=None, detail=storable(detail))
        )

    async def _change(self, statement: Any) -> None:
        await self._database.write(lambda connection: connection.execute(statement))

    # --- erasure ----------------------------------------------------------------------------------------

    async def expired(self, rule: Rule, before: Sequence[Rule], now: datetime, limit: int) -> list[RecordingId]:
        """What a rule, and none before it, lets be erased by now, and no open batch has; the oldest."""
        return await self._database.read(_expired, rule, before, now, limit)

    async def erasures(self, limit: int = 100) -> list[Erasure]:
        """Batches, the latest first."""
        return await self._database.read(custody_reading.erasures, None, limit)

    async def erasure(self, batch_id: str) -> Erasure | None:
        """One batch."""
        return next(iter(await self._database.read(custody_reading.erasures, batch_id, 1)), None)

    async def unfinished(self) -> list[str]:
        """The batches with a visa that are not carried out to the end, the oldest first."""
        e = erasure.c
        wanted = select(e.batch_id).where(e.granted_at.is_not(None), e.done_at.is_(None)).order_by(e.granted_at)
        async with self._database.reading() as connection:
            return list((await connection.execute(wanted)).scalars())

    async def batch(self, batch_id: str) -> list[Recording]:
        """The recordings of a batch, the oldest first."""
        its = select(erasure_item.c.recording_id).where(erasure_item.c.batch_id == batch_id)
        return await self._database.read(_those, recording.c.recording_id.in_(its), None)

    # --- custody ----------------------------------------------------------------------------------------

    async def holds(self, recording_id: RecordingId | None = None) -> list[Hold]:
        """The holds of one recording, lifted ones too; or all those in force; the latest first."""
        h = legal_hold.c
        wanted = h.lifted_at.is_(None) if recording_id is None else h.recording_id == storable(recording_id)
        return await self._database.read(custody_reading.holds, wanted)

    async def hold(self, hold_id: str) -> Hold | None:
        """One hold."""
        mine = legal_hold.c.hold_id == storable(hold_id)
        return next(iter(await self._database.read(custody_reading.holds, mine)), None)

    async def grants(self, auditor: AgentId | None = None) -> list[Grant]:
        """The grants of one auditor, or of all, the latest first."""
        theirs = None if auditor is None else auditor_grant.c.auditor == storable(auditor)
        return await self._database.read(custody_reading.grants, theirs)

    async def grant(self, grant_id: str) -> Grant | None:
        """One grant."""
        mine = auditor_grant.c.grant_id == storable(grant_id)
        return next(iter(await self._database.read(custody_reading.grants, mine)), None)

    async def exports(self, by: AgentId | None = None, limit: int = 100) -> list[ExportRequest]:
        """Requests of one person, or of all, the latest first."""
        theirs = None if by is None else export_request.c.asked_by == storable(by)
        return await self._database.read(custody_reading.exports, theirs, limit)

    async def export(self, export_id: str) -> ExportRequest | None:
        """One request."""
        mine = export_request.c.export_id == storable(export_id)
        return next(iter(await self._database.read(custody_reading.exports, mine, 1)), None)

    async def markers(self, recording_id: RecordingId) -> list[Marker]:
        """The markers of a recording, in its order."""
        return await self._database.read(custody_reading.markers, recording_id)

    async def listenings(self, recording_id: RecordingId) -> list[Listening]:
        """Who listened to a recording, the latest first."""
        return await self._database.read(custody_reading.listenings, recording_id)


# --- places -------------------------------------------------------------------------------------------------


def _places(connection: Connection) -> Places:
    row = connection.execute(select(archive_place)).first()
    if row is None:
        return Places()
    return Places(journal=row.journal_seq, journal_at=row.journal_at, chain=row.chain_n)


def _locked_places(connection: Connection) -> Places:
    """How far it has come; nobody else changes it before the end of this transaction."""
    touched = update(archive_place).values(journal_seq=archive_place.c.journal_seq)
    if not connection.execute(touched).rowcount:
        connection.execute(archive_place.insert().values(id=1, journal_seq=0, chain_n=0))
    return _places(connection)


def _take(connection: Connection, changes: Sequence[Change], journal: int, journal_at: datetime) -> None:
    _locked_places(connection)
    put(connection, changes)
    connection.execute(update(archive_place).values(journal_seq=journal, journal_at=journal_at))


def _fold(connection: Connection, entries: Sequence[Chained]) -> None:
    place = _locked_places(connection).chain
    new = [chained for chained in entries if chained.n > place]
    if new:
        fold_all(connection, new)
        connection.execute(update(archive_place).values(chain_n=new[-1].n))


def _clear(connection: Connection) -> None:
    clear_words(connection)
    for table in (
        recording,
        recording_agent,
        recording_index,
        legal_hold,
        erasure_item,
        erasure,
        export_request,
        auditor_grant,
        marker,
        listening,
        archive_place,
    ):
        connection.execute(delete(table))


# --- recordings ---------------------------------------------------------------------------------------------


def _those(
    connection: Connection, condition: ColumnElement[bool], limit: int | None = _OF_CALL_AT_MOST
) -> list[Recording]:
    wanted = select(recording).where(condition).order_by(recording.c.place).limit(limit)
    return recordings_of(connection, connection.execute(wanted).all())


def _due(connection: Connection, now: datetime, limit: int) -> list[Recording]:
    found: list[Recording] = []
    for state in _WAITING:
        ready = and_(recording.c.state == state, recording.c.attempt_at <= now)
        wanted = select(recording).where(ready).order_by(recording.c.attempt_at).limit(limit - len(found))
        found += recordings_of(connection, connection.execute(wanted).all())
        if len(found) == limit:
            break
    return found


def _lines(connection: Connection) -> list[str]:
    """Each line once, by leaps through the index: there are few, and millions of rows."""
    found: list[str] = []
    while True:
        after = recording.c.line > (found[-1] if found else "")
        following = connection.execute(select(func.min(recording.c.line)).where(after)).scalar()
        if following is None:
            return found
        found.append(following)


def _expired(
    connection: Connection, rule: Rule, before: Sequence[Rule], now: datetime, limit: int
) -> list[RecordingId]:
    c = recording.c
    open_batches = select(erasure.c.batch_id).where(erasure.c.done_at.is_(None))
    proposed = select(erasure_item.c.recording_id).where(
        erasure_item.c.recording_id == c.recording_id, erasure_item.c.batch_id.in_(open_batches)
    )
    conditions = [
        c.test.in_([False, True] if rule.test is None else [rule.test]),
        c.state.in_(_ERASABLE),
        c.place < place_at(now - rule.keep),
        c.ended_at <= now - rule.keep,
        c.holds == 0,
        _about(rule),
        *(not_(_about(earlier)) for earlier in before),
        not_(proposed.exists()),
    ]
    wanted = select(c.recording_id).where(*conditions).order_by(c.place).limit(limit)
    return [RecordingId(found) for found in connection.execute(wanted).scalars()]


def _about(rule: Rule) -> ColumnElement[bool]:
    c = recording.c
    met: list[ColumnElement[bool]] = [c.place > 0]
    if rule.line:
        met.append(c.line == rule.line)
    if rule.outcome is not None:
        met.append(func.coalesce(c.outcome, "") == rule.outcome.value)
    if rule.with_dossier is not None:
        met.append(c.dossier != "" if rule.with_dossier else c.dossier == "")
    if rule.test is not None:
        met.append(c.test.is_(rule.test))
    return and_(*met)
