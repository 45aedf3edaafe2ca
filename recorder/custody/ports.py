"""What custody needs of the world: the catalogue's tables, the chain, and what erases."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from core.custody import JSON, Chained, Erasure, ExportRequest, Grant, Hold, Listening, Marker
from core.events import Envelope
from core.ids import AgentId, CallId, RecordingId
from core.recordings import Change, Page, Places, Recording, RecordingState, Wanted, Within
from recorder.custody.policy import RetentionRule


class Line(Protocol):
    """An entry of the chain, as it is written."""

    @property
    def n(self) -> int:
        """Its number."""

    @property
    def at(self) -> datetime:
        """When it was written."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def body(self) -> Mapping[str, JSON]:
        """What it says."""


class ChainOfCustody(Protocol):
    """The chain of a centre. Blocking."""

    def append(self, kind: str, body: Mapping[str, JSON], now: datetime) -> Line:
        """Add an entry; it is on the disk when this returns."""

    def publish(self, body: Mapping[str, JSON], day: date, now: datetime) -> Line:
        """Add the entry ``sealed`` of a recording of that day, once, however often it is asked for."""

    def days(self) -> list[date]:
        """The days something was written on, the oldest first."""

    def entries(self, day: date) -> Iterator[Line]:
        """The entries of a day, in order."""


class Read(Protocol):
    """What was read of the journal."""

    @property
    def envelopes(self) -> list[Envelope]:
        """The events that this program knows, in order."""

    @property
    def place(self) -> int:
        """The place after them."""

    @property
    def at(self) -> datetime | None:
        """When the last of them happened; ``None``: nothing was there to be read."""


class Tail(Protocol):
    """The journal, read on from any place. Both raise StorageUnavailable: then begin anew."""

    async def begin(self, place: int, at: datetime | None, look_back: timedelta) -> list[Envelope]:
        """Go to a place; what happened in the time before it."""

    async def more(self) -> Read:
        """What comes next; nothing, where all was read."""


class Eraser(Protocol):
    """What makes a recording's sound unrecoverable. Blocking; doing it again is no error."""

    def erase(self, recording: Recording) -> None:
        """Delete its objects, its key and its tracks.

        Raises:
            OSError: not all of it could be deleted.
        """


class Store(Protocol):
    """The catalogue's tables. Every method raises StorageUnavailable when the database does not answer."""

    async def places(self) -> Places:
        """How far it has come."""

    async def take(self, changes: Sequence[Change], journal: int, journal_at: datetime) -> None:
        """Apply what the journal told up to that place, all or nothing; the same again changes nothing."""

    async def fold(self, entries: Sequence[Chained]) -> None:
        """Apply entries of the chain, all or nothing; those applied before change nothing."""

    async def clear(self) -> None:
        """Forget everything: it is made anew from the journal and the chain."""

    async def find(self, wanted: Wanted, within: Sequence[Within], before: int | None, limit: int) -> Page:
        """Recordings that match, the latest first."""

    async def get(self, recording_id: RecordingId) -> Recording | None:
        """One recording."""

    async def of_call(self, call_id: CallId) -> list[Recording]:
        """The recordings of a call, the first first."""

    async def names(self) -> dict[AgentId, str]:
        """The names of those who have an account."""

    async def lines(self) -> list[str]:
        """The lines that recordings are of."""

    async def counts(self) -> dict[RecordingState, int]:
        """How many recordings are in each state."""

    async def due(self, now: datetime, limit: int) -> list[Recording]:
        """What is to be sealed now: what has not failed first, then the oldest."""

    async def index_of(self, recording_id: RecordingId) -> bytes | None:
        """The index of a recording that is not sealed yet."""

    async def put_off(self, recording_id: RecordingId, detail: str, until: datetime) -> None:
        """A try to seal it failed."""

    async def lost(self, recording_id: RecordingId, detail: str) -> None:
        """There is nothing of it to seal."""

    async def expired(
        self, rule: RetentionRule, before: Sequence[RetentionRule], now: datetime, limit: int
    ) -> list[RecordingId]:
        """What a rule, and none before it, lets be erased by now, and no open batch has; the oldest."""

    async def holds(self, recording_id: RecordingId | None = None) -> list[Hold]:
        """The holds of one recording, lifted ones too; or all those in force."""

    async def hold(self, hold_id: str) -> Hold | None:
        """One hold."""

    async def grants(self, auditor: AgentId | None = None) -> list[Grant]:
        """The grants of one auditor, or of all, the latest first."""

    async def grant(self, grant_id: str) -> Grant | None:
        """One grant."""

    async def erasures(self, limit: int = 100) -> list[Erasure]:
        """Batches, the latest first."""

    async def erasure(self, batch_id: str) -> Erasure | None:
        """One batch."""

    async def unfinished(self) -> list[str]:
        """The batches with a visa that are not carried out to the end, the oldest first."""

    async def batch(self, batch_id: str) -> list[Recording]:
        """The recordings of a batch."""

    async def exports(self, by: AgentId | None = None, limit: int = 100) -> list[ExportRequest]:
        """Requests of one person, or of all, the latest first."""

    async def export(self, export_id: str) -> ExportRequest | None:
        """One request."""

    async def markers(self, recording_id: RecordingId) -> list[Marker]:
        """The markers of a recording, in its order."""

    async def listenings(self, recording_id: RecordingId) -> list[Listening]:
        """Who listened to a recording, the latest first."""
