"""Custody: who does what with recordings. Each act is in the chain before it takes effect."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.accounts import Account
from core.custody import (
    AuditorGranted,
    CustodyEntry,
    ExportAsked,
    Exported,
    ExportGranted,
    ExportRefused,
    ExportRequest,
    Grant,
    GrantEnded,
    Hold,
    HoldLifted,
    HoldSet,
    Listened,
    Listening,
    Marked,
    Marker,
    Refused,
    Searched,
    Unmarked,
)
from core.ids import AgentId, RecordingId, new_id
from core.ports import Clock
from core.recordings import Page, Recording, Wanted
from core.words import Role
from recorder.custody.errors import CustodyRefused, NotEntitled, NotThere
from recorder.custody.ledger import CustodyLedger
from recorder.custody.policy import (
    AccessRules,
    Act,
    Relation,
    Verdict,
    may_at_all,
    relation_to,
    scope_of,
    searches,
    verdict,
)
from recorder.custody.ports import Store

ROWS_AT_MOST = 100
REASON_LENGTH = range(3, 501)
"""Characters of a reason."""
MARKER_LENGTH = 200
MARKERS_AT_MOST = 200
LONGEST_GRANT = timedelta(days=366)
FORMS = frozenset({"wav", "mp3"})
TRACKS = frozenset({"both", "caller", "centre"})


class Custody:
    """The acts of custody of one centre.

    Every method raises StorageUnavailable when the database does not answer, and ChainAway when the chain takes
    no entry: then nothing was done.

    Args:
        store: the catalogue's tables.
        ledger: writes into the chain.
        clock: tells the time.
        rules: what the centre decides about access.
        digest: of a number, keyed: says later whether this very number was looked for, and tells it to nobody.
    """

    def __init__(
        self,
        store: Store,
        ledger: CustodyLedger,
        clock: Clock,
        rules: AccessRules,
        digest: Callable[[str], str],
    ) -> None:
        self.store = store
        self.rules = rules
        self._ledger = ledger
        self._clock = clock
        self._digest = digest

    # --- rights -----------------------------------------------------------------------------------------

    async def may(self, account: Account, recording: Recording, act: Act) -> Verdict:
        """Whether somebody may do something with a recording now, and why not."""
        grants = await self._grants_of(account)
        return verdict(
            account.role, act, relation_to(account, recording, grants, self._clock.now(), self.rules)
        )

    async def _grants_of(self, account: Account) -> list[Grant]:
        return await self.store.grants(account.agent_id) if account.role is Role.AUDITOR else []

    async def _entitled(
        self, account: Account, recording_id: RecordingId, act: Act, *, asked_it: bool = False
    ) -> Recording:
        """The recording, where somebody may do that with it; a refusal is written down."""
        recording = await self.store.get(recording_id)
        if recording is None:
            raise NotThere("no_such_recording")
        relation = relation_to(
            account,
            recording,
            await self._grants_of(account),
            self._clock.now(),
            self.rules,
            asked_it=asked_it,
        )
        if not (found := verdict(account.role, Act.FIND, relation)).allowed and act is not Act.FIND:
            await self._refuse(account, act, found, recording_id)
        if not (said := verdict(account.role, act, relation)).allowed:
            await self._refuse(account, act, said, recording_id)
        return recording

    async def _refuse(
        self, account: Account, act: Act, said: Verdict, recording_id: RecordingId | None = None
    ) -> None:
        if said.code in _STATES:
            raise CustodyRefused(said.code)
        await self._ledger.write(
            Refused(by=account.agent_id, act=act.value, code=said.code, recording_id=recording_id)
        )
        raise NotEntitled(said.code)

    async def _entitled_at_all(self, account: Account, act: Act) -> None:
        if not may_at_all(account.role, act):
            await self._refuse(account, act, verdict(account.role, act, Relation()))

    # --- finding ----------------------------------------------------------------------------------------

    async def find(self, account: Account, wanted: Wanted, before: int | None = None, limit: int = 50) -> Page:
        """Recordings that somebody may find, the latest first.

        Looking for one person (a number, a dossier, words) is written down before anything is told.

        Args:
            account: who looks.
            wanted: what for.
            before: ``next`` of the page before, for the following one.
            limit: how many rows at most.
        """
        within = scope_of(account, await self._grants_of(account), self._clock.now(), self.rules)
        if not within:
            return Page((), None)
        if before is None and (what := searches(wanted)):
            number = wanted.number
            typed = "" if number is None else number.exact or number.ends or number.begins
            entry = Searched(by=account.agent_id, what=what, number_digest=self._digest(typed) if typed else "")
            async with self._ledger.act():
                await self._ledger.write(entry)
        return await self.store.find(wanted, within, before, min(max(limit, 1), ROWS_AT_MOST))

    async def look(self, account: Account, recording_id: RecordingId) -> Recording:
        """One recording, and what is known of it.

        Raises:
            NotThere: ``no_such_recording``, also where it is none of theirs to find.
        """
        recording = await self.store.get(recording_id)
        if recording is None or not (await self.may(account, recording, Act.FIND)).allowed:
            raise NotThere("no_such_recording")
        return recording

    async def accesses(self, account: Account, recording_id: RecordingId) -> list[Listening]:
        """Who listened to a recording, and why; nothing for those who may not know."""
        recording = await self.look(account, recording_id)
        allowed = (await self.may(account, recording, Act.READ_ACCESSES)).allowed
        return await self.store.listenings(recording_id) if allowed else []

    # --- listening --------------------------------------------------------------------------------------

    async def begin_listening(self, account: Account, recording_id: RecordingId, reason: str) -> Recording:
        """Let somebody hear a recording: from here on it is in the chain that they did, and why.

        Raises:
            NotThere: ``no_such_recording``.
            NotEntitled: the verdict's code; the refusal is in the chain.
            CustodyRefused: ``reason_missing``, ``reason_too_long``; ``not_sealed_yet``, ``recording_erased``…
        """
        why = _reason(reason)
        async with self._ledger.act():
            recording = await self._entitled(account, recording_id, Act.LISTEN)
            await self._ledger.write(Listened(recording_id=recording_id, by=account.agent_id, reason=why))
        return recording

    async def mark(self, account: Account, recording_id: RecordingId, at: float, text: str) -> Marker:
        """Set a marker, so many seconds from the first sound.

        Raises:
            As :meth:`begin_listening`; CustodyRefused ``outside_recording``, ``too_many_markers``.
        """
        words = _cleaned(text)[:MARKER_LENGTH]
        async with self._ledger.act():
            recording = await self._entitled(account, recording_id, Act.MARK)
            if not 0 <= at <= recording.seconds:
                raise CustodyRefused("outside_recording")
            if len(await self.store.markers(recording_id)) >= MARKERS_AT_MOST:
                raise CustodyRefused("too_many_markers")
            marked = Marked(
                marker_id=new_id(), recording_id=recording_id, by=account.agent_id, at=round(at, 3), text=words
            )
            written = await self._ledger.write(marked)
        return Marker(
            marker_id=marked.marker_id,
            recording_id=recording_id,
            at=marked.at,
            text=words,
            by=account.agent_id,
            set_at=written.at,
        )

    async def unmark(self, account: Account, recording_id: RecordingId, marker_id: str) -> None:
        """Take a marker of one's own away; a supervisor, anybody's.

        Raises:
            NotThere: ``no_such_marker``. NotEntitled, CustodyRefused: as :meth:`mark`.
        """
        async with self._ledger.act():
            await self._entitled(account, recording_id, Act.MARK)
            marker = next((m for m in await self.store.markers(recording_id) if m.marker_id == marker_id), None)
            if marker is None:
                raise NotThere("no_such_marker")
            if marker.by != account.agent_id and account.role is not Role.SUPERVISOR:
                raise NotEntitled("not_your_marker")
            await self._ledger.write(
                Unmarked(marker_id=marker_id, recording_id=recording_id, by=account.agent_id)
            )

    # --- holds ------------------------------------------------------------------------------------------

    async def set_hold(self, account: Account, recording_id: RecordingId, reason: str) -> Hold:
        """Keep a recording from being erased, whatever else says so.

        Raises:
            As :meth:`begin_listening`.
        """
        why = _reason(reason)
        async with self._ledger.act():
            await self._entitled(account, recording_id, Act.HOLD)
            held = HoldSet(hold_id=new_id(), recording_id=recording_id, by=account.agent_id, reason=why)
            await self._ledger.write(held)
        return await self._hold(held.hold_id)

    async def lift_hold(self, account: Account, hold_id: str, reason: str) -> Hold:
        """Let a hold keep its recording no more.

        Raises:
            NotThere: ``no_such_hold``. CustodyRefused: ``hold_lifted``. As :meth:`set_hold`.
        """
        why = _reason(reason)
        async with self._ledger.act():
            await self._entitled_at_all(account, Act.HOLD)
            hold = await self._hold(hold_id)
            if hold.lifted_at is not None:
                raise CustodyRefused("hold_lifted")
            await self._ledger.write(
                HoldLifted(hold_id=hold_id, recording_id=hold.recording_id, by=account.agent_id, reason=why)
            )
        return await self._hold(hold_id)

    async def _hold(self, hold_id: str) -> Hold:
        hold = await self.store.hold(hold_id)
        if hold is None:
            raise NotThere("no_such_hold")
        return hold

    # --- exports: two persons ---------------------------------------------------------------------------

    async def ask_export(
        self,
        account: Account,
        recording_id: RecordingId,
        *,
        begins: float,
        ends: float,
        form: str,
        tracks: str,
        reason: str,
    ) -> ExportRequest:
        """Ask for a part of a recording as a file; somebody else is to grant it. Seconds from its first sound.

        Raises:
            As :meth:`begin_listening`; CustodyRefused ``outside_recording``, ``bad_form``.
        """
        why = _reason(reason)
        if form not in FORMS or tracks not in TRACKS:
            raise CustodyRefused("bad_form")
        async with self._ledger.act():
            recording = await self._entitled(account, recording_id, Act.ASK_EXPORT)
            if not 0 <= begins < ends <= recording.seconds + 0.5:
                raise CustodyRefused("outside_recording")
            asked = ExportAsked(
                export_id=new_id(),
                recording_id=recording_id,
                by=account.agent_id,
                begins=round(begins, 3),
                ends=round(min(ends, recording.seconds), 3),
                form=form,
                tracks=tracks,
                reason=why,
            )
            await self._ledger.write(asked)
        return await self._export(asked.export_id)

    async def decide_export(
        self, account: Account, export_id: str, *, grant: bool, reason: str = ""
    ) -> ExportRequest:
        """Grant or refuse what somebody else asked for.

        Raises:
            NotThere: ``no_such_request``. NotEntitled: ``two_persons`` and others.
            CustodyRefused: ``already_decided``.
        """
        async with self._ledger.act():
            request = await self._export(export_id)
            asked_it = request.by == account.agent_id
            await self._entitled(account, request.recording_id, Act.GRANT_EXPORT, asked_it=asked_it)
            if request.granted is not None:
                raise CustodyRefused("already_decided")
            about, by = request.recording_id, account.agent_id
            entry: CustodyEntry
            if grant:
                entry = ExportGranted(export_id=export_id, recording_id=about, by=by)
            else:
                why = _cleaned(reason)[: REASON_LENGTH.stop]
                entry = ExportRefused(export_id=export_id, recording_id=about, by=by, reason=why)
            await self._ledger.write(entry)
        return await self._export(export_id)

    async def granted_export(self, account: Account, export_id: str) -> ExportRequest:
        """The request of somebody who may have its file made now.

        Raises:
            NotThere: ``no_such_request``. NotEntitled: ``not_your_request`` and others.
            CustodyRefused: ``not_granted``, ``already_taken``, or the recording's state.
        """
        async with self._ledger.act():
            return await self._takable(account, export_id)

    async def take_export(
        self, account: Account, export_id: str, *, sha256: str, packed_sha256: str
    ) -> ExportRequest:
        """Hand the file over, once: it is in the chain before the first octet is.

        Args:
            account: who takes it.
            export_id: what they asked for.
            sha256: of the sound.
            packed_sha256: of all that is handed over.

        Raises:
            As :meth:`granted_export`.
        """
        async with self._ledger.act():
            request = await self._takable(account, export_id)
            await self._ledger.write(
                Exported(
                    export_id=export_id,
                    recording_id=request.recording_id,
                    by=account.agent_id,
                    sha256=sha256,
                    packed_sha256=packed_sha256,
                )
            )
        return await self._export(export_id)

    async def _takable(self, account: Account, export_id: str) -> ExportRequest:
        request = await self._export(export_id)
        asked_it = request.by == account.agent_id
        await self._entitled(account, request.recording_id, Act.TAKE_EXPORT, asked_it=asked_it)
        if not request.granted:
            raise CustodyRefused("not_granted")
        if request.taken_at is not None:
            raise CustodyRefused("already_taken")
        return request

    async def _export(self, export_id: str) -> ExportRequest:
        request = await self.store.export(export_id)
        if request is None:
            raise NotThere("no_such_request")
        return request

    async def exports(self, account: Account) -> list[ExportRequest]:
        """The requests that somebody may see: their own, or all those they may decide on."""
        everybody = may_at_all(account.role, Act.GRANT_EXPORT)
        return await self.store.exports(None if everybody else account.agent_id)

    # --- auditors ---------------------------------------------------------------------------------------

    async def grant_auditor(
        self,
        account: Account,
        auditor: AgentId,
        *,
        reason: str,
        expires_at: datetime,
        since: datetime | None = None,
        until: datetime | None = None,
        line: str = "",
        recordings: tuple[RecordingId, ...] = (),
    ) -> Grant:
        """Let an auditor listen for a while: to a period, a line, or some recordings.

        Raises:
            NotEntitled: only an archivist may. CustodyRefused: ``reason_missing``, ``bad_scope`` (nothing is
            given, the period ends before it begins, or too much is), ``bad_expiry``.
        """
        why, now = _reason(reason), self._clock.now()
        scoped = since is not None or until is not None or bool(line) or bool(recordings)
        if not scoped or len(recordings) > ROWS_AT_MOST or (since and until and since >= until):
            raise CustodyRefused("bad_scope")
        if not now < expires_at <= now + LONGEST_GRANT:
            raise CustodyRefused("bad_expiry")
        granted = AuditorGranted(
            grant_id=new_id(),
            auditor=auditor,
            by=account.agent_id,
            reason=why,
            expires_at=expires_at,
            since=since,
            until=until,
            line=line,
            recordings=recordings,
        )
        async with self._ledger.act():
            await self._entitled_at_all(account, Act.GRANT_AUDITOR)
            await self._ledger.write(granted)
        return await self._grant(granted.grant_id)

    async def end_grant(self, account: Account, grant_id: str) -> Grant:
        """Take a grant back.

        Raises:
            NotThere: ``no_such_grant``. NotEntitled: only an archivist may. CustodyRefused: ``grant_over``.
        """
        async with self._ledger.act():
            await self._entitled_at_all(account, Act.GRANT_AUDITOR)
            if not (await self._grant(grant_id)).holds_at(self._clock.now()):
                raise CustodyRefused("grant_over")
            await self._ledger.write(GrantEnded(grant_id=grant_id, by=account.agent_id))
        return await self._grant(grant_id)

    async def _grant(self, grant_id: str) -> Grant:
        grant = await self.store.grant(grant_id)
        if grant is None:
            raise NotThere("no_such_grant")
        return grant

    async def grants(self, account: Account) -> list[Grant]:
        """The grants that somebody may see: their own, or, for who gives them, all."""
        everybody = may_at_all(account.role, Act.GRANT_AUDITOR)
        return await self.store.grants(None if everybody else account.agent_id)


_STATES = frozenset({"still_recording", "recording_missing", "recording_erased", "not_sealed_yet"})
"""Refusals that are nobody's attempt at anything."""


def _cleaned(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _reason(text: str) -> str:
    cleaned = _cleaned(text)
    if len(cleaned) < REASON_LENGTH.start:
        raise CustodyRefused("reason_missing")
    if len(cleaned) >= REASON_LENGTH.stop:
        raise CustodyRefused("reason_too_long")
    return cleaned
