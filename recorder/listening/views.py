"""What the page reads of recordings, and what it sends: the types of the routes, and how rows become them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.custody import Erasure, ExportRequest, Grant, Hold, Listening, Marker
from core.ids import AgentId, CallId, RecordingId
from core.recordings import NumberWanted, Recording, Wanted
from core.words import Outcome
from recorder.custody.policy import number_of, words_of
from recorder.listening.exports import Making
from recorder.listening.sheet import PARIS
from recorder.sequences import Pause, RecordingIndex
from recorder.sequences import Sequence as Part
from web.auth import WebError

TEXT = 300
"""Characters of the longest text that is taken."""
Text = Annotated[str, Field(max_length=TEXT)]
Names = Mapping[AgentId, str]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- what the page sends --------------------------------------------------------------------------------------


class Question(_Body):
    """What is looked for; what is not given matches all. ``least`` and ``most`` are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    number: Annotated[str, Field(max_length=40)] = ""
    dossier: Annotated[str, Field(max_length=100)] = ""
    text: Annotated[str, Field(max_length=200)] = ""
    agent: Annotated[str, Field(max_length=64)] = ""
    line: Annotated[str, Field(max_length=40)] = ""
    call: Annotated[str, Field(max_length=64)] = ""
    outcome: Outcome | None = None
    since: Annotated[datetime | None, Field(alias="from")] = None
    until: Annotated[datetime | None, Field(alias="to")] = None
    least: Annotated[float | None, Field(ge=0, le=1_000_000)] = None
    most: Annotated[float | None, Field(ge=0, le=1_000_000)] = None
    cursor: Annotated[int | None, Field(ge=0, le=2**62)] = None

    def wanted(self) -> Wanted:
        """The question as the catalogue is asked.

        Raises:
            WebError: 422 ``bad_number``; 422 ``bad_request``: an instant without its zone.
        """
        if any(at is not None and at.tzinfo is None for at in (self.since, self.until)):
            raise WebError(422, "bad_request")
        return Wanted(
            number=self._number(),
            words=words_of(self.text),
            dossier=self.dossier.strip(),
            agent_id=AgentId(self.agent) if self.agent else None,
            line=self.line,
            call_id=CallId(self.call) if self.call else None,
            since=self.since,
            until=self.until,
            shortest=self.least,
            longest=self.most,
            outcome=self.outcome,
        )

    def _number(self) -> NumberWanted | None:
        if not self.number.strip():
            return None
        if (number := number_of(self.number)) is None:
            raise WebError(422, "bad_number")
        return number


class Why(_Body):
    """A reason."""

    reason: Text


class NewMarker(_Body):
    """A marker to be set: seconds from the first sound."""

    at: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
    text: Text = ""


class NewExport(_Body):
    """An extract that is asked for."""

    begins: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
    ends: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
    form: Annotated[str, Field(max_length=10)]
    tracks: Annotated[str, Field(max_length=10)]
    reason: Text


class NewGrant(_Body):
    """What an auditor is to hear, and for how many days."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    auditor: Annotated[str, Field(max_length=64)]
    since: Annotated[datetime | None, Field(alias="from")] = None
    until: Annotated[datetime | None, Field(alias="to")] = None
    line: Annotated[str, Field(max_length=40)] = ""
    days: Annotated[int, Field(ge=1, le=366)]
    reason: Text


# --- what the page reads --------------------------------------------------------------------------------------


class Person(_Body):
    """Somebody with an account, or who had one."""

    id: str
    name: str


class RecordingShown(_Body):
    """One row of the results."""

    id: str
    callId: str
    line: str
    number: str | None
    hidden: bool
    direction: str
    startedAt: datetime
    seconds: float
    outcome: str
    dossier: str | None
    agents: list[Person]
    note: str | None
    state: str
    detail: str | None
    holds: int
    test: bool


class Found(_Body):
    """Some of what was found; ``next``: what to ask the following ones with."""

    rows: list[RecordingShown]
    next: str | None = None


class SequenceShown(_Body):
    """One part of a recording; ``heard``: ``caller``, and names."""

    kind: str
    begins: float
    ends: float
    heard: list[str]


class PauseShown(_Body):
    """A part that was not recorded."""

    begins: float
    ends: float
    by: str
    reason: str


class MarkerShown(_Body):
    """A marker."""

    id: str
    at: float
    text: str
    by: Person
    setAt: datetime


class HoldShown(_Body):
    """A hold in force."""

    id: str
    recordingId: str
    reason: str
    by: str
    at: datetime


class ListeningShown(_Body):
    """Somebody listened."""

    at: datetime
    by: str
    reason: str


class Allowed(_Body):
    """What who looks may do with a recording now; ``why``: why they may not listen."""

    listen: bool
    export: bool
    hold: bool
    mark: bool
    why: str | None


class OpenedShown(RecordingShown):
    """All of one recording but its sound."""

    sequences: list[SequenceShown]
    pauses: list[PauseShown]
    markers: list[MarkerShown]
    holdings: list[HoldShown]
    listened: list[ListeningShown]
    sealedAt: datetime | None
    sha256: str | None
    allowed: Allowed


class TicketShown(_Body):
    """A ticket to listen; ``seconds``: how long it is good for."""

    ticket: str
    seconds: float


class ExportShown(_Body):
    """A request for an extract, and how far it is."""

    id: str
    recordingId: str
    begins: float
    ends: float
    form: str
    tracks: str
    reason: str
    askedBy: Person
    askedAt: datetime
    state: str
    decidedBy: str | None
    decidedAt: datetime | None
    progress: float | None
    mayGrant: bool
    mayTake: bool


class ErasureShown(_Body):
    """A batch proposed for erasure."""

    id: str
    proposedAt: datetime
    proposedBy: str
    rule: str
    count: int
    held: int
    oldest: datetime | None
    latest: datetime | None
    state: str
    mayGrant: bool


class GrantShown(_Body):
    """What an auditor may hear."""

    id: str
    auditor: Person
    scope: str
    expiresAt: datetime
    by: str
    over: bool


class StoryLine(_Body):
    """One event of the journal, in words."""

    at: datetime
    text: str


# --- how rows become what is shown ----------------------------------------------------------------------------


def person(names: Names, agent_id: AgentId) -> Person:
    """Somebody by name; whoever has no account any more, by id."""
    return Person(id=agent_id, name=names.get(agent_id, agent_id))


def recording_shown(recording: Recording, names: Names) -> RecordingShown:
    """A row."""
    return RecordingShown(
        id=recording.recording_id,
        callId=recording.call_id,
        line=recording.line,
        number=recording.number or None,
        hidden=recording.hidden,
        direction=recording.direction,
        startedAt=recording.started_at,
        seconds=recording.seconds,
        outcome=recording.outcome or "",
        dossier=recording.dossier or None,
        agents=[person(names, agent_id) for agent_id in recording.agents],
        note=recording.notes or None,
        state=recording.state,
        detail=recording.detail or None,
        holds=recording.holds,
        test=recording.test,
    )


OTHER = "autre participant"


def sequences_shown(index: RecordingIndex | None, names: Names) -> list[SequenceShown]:
    """The parts of a recording, with who is heard in each by name."""
    return [
        SequenceShown(kind=part.kind, begins=part.begins, ends=part.ends, heard=_heard(part, names))
        for part in (index.sequences if index is not None else ())
    ]


def _heard(part: Part, names: Names) -> list[str]:
    caller = ["caller"] if "caller" in part.heard else []
    agents = [person(names, agent_id).name for agent_id in part.agents] if len(part.heard) > len(caller) else []
    others = len(part.heard) - len(caller) - len(agents)
    return [*caller, *agents, *[OTHER] * max(0, others)]


def pauses_shown(pauses: Sequence[Pause], names: Names) -> list[PauseShown]:
    """The parts that were not recorded."""
    return [
        PauseShown(begins=p.begins, ends=p.ends, by=person(names, p.by).name if p.by else "", reason=p.reason)
        for p in pauses
    ]


def marker_shown(marker: Marker, names: Names) -> MarkerShown:
    """A marker."""
    return MarkerShown(
        id=marker.marker_id, at=marker.at, text=marker.text, by=person(names, marker.by), setAt=marker.set_at
    )


def holds_shown(holds: Sequence[Hold], names: Names) -> list[HoldShown]:
    """The holds in force."""
    return [
        HoldShown(
            id=hold.hold_id,
            recordingId=hold.recording_id,
            reason=hold.reason,
            by=person(names, hold.by).name,
            at=hold.at,
        )
        for hold in holds
        if hold.lifted_at is None
    ]


def listening_shown(listening: Listening, names: Names) -> ListeningShown:
    """Who listened."""
    return ListeningShown(at=listening.at, by=person(names, listening.by).name, reason=listening.reason)


def export_shown(
    request: ExportRequest, making: Making | None, names: Names, *, may_grant: bool, may_take: bool
) -> ExportShown:
    """A request, as it stands."""
    return ExportShown(
        id=request.export_id,
        recordingId=request.recording_id,
        begins=request.begins,
        ends=request.ends,
        form=request.form,
        tracks=request.tracks,
        reason=request.reason,
        askedBy=person(names, request.by),
        askedAt=request.at,
        state=_export_state(request, making),
        decidedBy=person(names, request.decided_by).name if request.decided_by else None,
        decidedAt=request.decided_at,
        progress=making.progress if making is not None else None,
        mayGrant=may_grant and request.granted is None,
        mayTake=may_take and request.granted is True and request.taken_at is None,
    )


def _export_state(request: ExportRequest, making: Making | None) -> str:
    if request.granted is None:
        return "asked"
    if not request.granted:
        return "refused"
    if request.taken_at is not None:
        return "taken"
    if making is None:
        return "granted"
    if making.failed:
        return "failed"
    return "making" if making.package is None else "ready"


def erasure_shown(erasure: Erasure, names: Names, *, may_grant: bool) -> ErasureShown:
    """A batch."""
    state = "proposed" if erasure.granted_at is None else "granted" if erasure.done_at is None else "done"
    return ErasureShown(
        id=erasure.batch_id,
        proposedAt=erasure.at,
        proposedBy=person(names, erasure.by).name if erasure.by else "les règles de conservation",
        rule=erasure.rule,
        count=erasure.count,
        held=erasure.held,
        oldest=erasure.oldest,
        latest=erasure.latest,
        state=state,
        mayGrant=may_grant and state == "proposed",
    )


def grant_shown(grant: Grant, names: Names, now: datetime) -> GrantShown:
    """A grant, in words."""
    scope = [
        *([f"ligne {grant.line}"] if grant.line else []),
        *([f"depuis le {_day(grant.since)}"] if grant.since else []),
        *([f"avant le {_day(grant.until)}"] if grant.until else []),
        *([f"{len(grant.recordings)} enregistrement(s)"] if grant.recordings else []),
    ]
    return GrantShown(
        id=grant.grant_id,
        auditor=person(names, grant.auditor),
        scope=", ".join(scope),
        expiresAt=grant.expires_at,
        by=person(names, grant.by).name,
        over=not grant.holds_at(now),
    )


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%d/%m/%Y}"


def recording_id(text: str) -> RecordingId:
    """The id in an address; what cannot be one finds nothing."""
    return RecordingId(text[:200])
