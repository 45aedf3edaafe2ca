"""What happens in the custody of recordings: the words of the chain, as typed entries.

The chain is the truth of custody as the journal is that of calls: holds, grants, visas, exports and markers are
folds of its entries. An entry holds ids, digests, reasons, never a number.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

from core.ids import AgentId, CallId, RecordingId

NOBODY = AgentId("")
"""The rules by themselves."""
JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CustodyEntry:
    """Base of all entries. ``KIND`` is its name in the chain."""

    KIND: ClassVar[str]

    def body(self) -> dict[str, JSON]:
        """The entry's fields as JSON; what is empty is left out."""
        told: dict[str, JSON] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value in (None, "", ()):
                continue
            if isinstance(value, datetime):
                told[field.name] = value.isoformat()
            elif isinstance(value, tuple):
                told[field.name] = list(value)
            else:
                told[field.name] = value
        return told

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a body; fields that a later program added are left out."""
        hints = get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: _value(hints[name], value) for name, value in body.items() if name in known})


def _value(hint: Any, value: Any) -> Any:
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if datetime in kinds:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed(CustodyEntry):
    """A recording was sealed and published."""

    KIND: ClassVar[str] = "sealed"
    recording_id: RecordingId
    manifest_sha256: str
    call_id: CallId
    day: str
    """On which it began, in UTC: where it is in the archive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listened(CustodyEntry):
    """Somebody began to listen, and said why."""

    KIND: ClassVar[str] = "listened"
    recording_id: RecordingId
    by: AgentId
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(CustodyEntry):
    """Somebody looked for a number, a dossier or words: ``what`` says which. A number: as a keyed digest."""

    KIND: ClassVar[str] = "searched"
    by: AgentId
    what: tuple[str, ...]
    number_digest: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused(CustodyEntry):
    """Somebody asked for what is not theirs to do. ``code``: why it was refused."""

    KIND: ClassVar[str] = "refused"
    by: AgentId
    act: str
    code: str
    recording_id: RecordingId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportAsked(CustodyEntry):
    """Somebody asks for a part of a recording as a file. Seconds from its first sound."""

    KIND: ClassVar[str] = "export_asked"
    export_id: str
    recording_id: RecordingId
    by: AgentId
    begins: float
    ends: float
    form: str
    tracks: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportGranted(CustodyEntry):
    """Somebody else granted it."""

    KIND: ClassVar[str] = "export_granted"
    export_id: str
    recording_id: RecordingId
    by: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRefused(CustodyEntry):
    """Somebody else refused it."""

    KIND: ClassVar[str] = "export_refused"
    export_id: str
    recording_id: RecordingId
    by: AgentId
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported(CustodyEntry):
    """Who had asked took the file. ``sha256``: of the sound; ``packed_sha256``: of all that was handed over."""

    KIND: ClassVar[str] = "exported"
    export_id: str
    recording_id: RecordingId
    by: AgentId
    sha256: str
    packed_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldSet(CustodyEntry):
    """A recording is not to be erased, whatever the rules say."""

    KIND: ClassVar[str] = "hold_set"
    hold_id: str
    recording_id: RecordingId
    by: AgentId
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldLifted(CustodyEntry):
    """That hold keeps it no more."""

    KIND: ClassVar[str] = "hold_lifted"
    hold_id: str
    recording_id: RecordingId
    by: AgentId
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EraseAsked(CustodyEntry):
    """A batch of recordings is proposed for erasure. ``by``: empty where the rules did it by themselves."""

    KIND: ClassVar[str] = "erase_asked"
    batch_id: str
    by: AgentId = NOBODY
    rule: str
    recordings: tuple[RecordingId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EraseGranted(CustodyEntry):
    """An archivist put their visa on a batch: from here on it is carried out."""

    KIND: ClassVar[str] = "erase_granted"
    batch_id: str
    by: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased(CustodyEntry):
    """A recording is gone: its objects, its key, its tracks. ``manifest_sha256``: of what was erased.

    Written just before the deletion, which is done again where a program was killed in between.
    """

    KIND: ClassVar[str] = "erased"
    batch_id: str
    recording_id: RecordingId
    manifest_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EraseDone(CustodyEntry):
    """A batch is carried out. ``kept``: those of it that a hold kept."""

    KIND: ClassVar[str] = "erase_done"
    batch_id: str
    kept: tuple[RecordingId, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditorGranted(CustodyEntry):
    """An auditor may listen until ``expires_at`` to what is in a period, of a line, among some recordings."""

    KIND: ClassVar[str] = "granted"
    grant_id: str
    auditor: AgentId
    by: AgentId
    reason: str
    expires_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    line: str = ""
    recordings: tuple[RecordingId, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantEnded(CustodyEntry):
    """That grant was taken back."""

    KIND: ClassVar[str] = "grant_ended"
    grant_id: str
    by: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten(CustodyEntry):
    """``by``'s visa: the journal forgets who called before an instant, but where a recording is kept."""

    KIND: ClassVar[str] = "forgotten"
    until: datetime
    by: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked(CustodyEntry):
    """Somebody set a marker, so many seconds from the first sound."""

    KIND: ClassVar[str] = "marked"
    marker_id: str
    recording_id: RecordingId
    by: AgentId
    at: float
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmarked(CustodyEntry):
    """A marker was taken away."""

    KIND: ClassVar[str] = "unmarked"
    marker_id: str
    recording_id: RecordingId
    by: AgentId


ENTRY_TYPES: dict[str, type[CustodyEntry]] = {
    cls.KIND: cls
    for cls in (
        Sealed, Listened, Searched, Refused, ExportAsked, ExportGranted, ExportRefused, Exported, HoldSet,
        HoldLifted, EraseAsked, EraseGranted, Erased, EraseDone, AuditorGranted, GrantEnded, Marked, Unmarked,
        Forgotten,
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Chained:
    """An entry with its place in the chain. ``entry`` is ``None`` for a kind this program has no row for."""

    n: int
    at: datetime
    entry: CustodyEntry | None


# --- what folds of the chain say --------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A legal hold on one recording."""

    hold_id: str
    recording_id: RecordingId
    reason: str
    by: AgentId
    at: datetime
    lifted_by: AgentId | None = None
    lifted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What an auditor may listen to, and until when."""

    grant_id: str
    auditor: AgentId
    by: AgentId
    reason: str
    at: datetime
    expires_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    line: str = ""
    recordings: tuple[RecordingId, ...] = ()
    ended_at: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.at <= now < self.expires_at and self.ended_at is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """A batch proposed for erasure. ``held``: how many of it a hold keeps, or kept as it was carried out."""

    batch_id: str
    rule: str
    by: AgentId
    at: datetime
    count: int
    held: int
    oldest: datetime | None
    latest: datetime | None
    granted_by: AgentId | None = None
    granted_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRequest:
    """A part of a recording, asked for as a file. ``granted``: by somebody else; ``None``: nobody said yet."""

    export_id: str
    recording_id: RecordingId
    begins: float
    ends: float
    form: str
    tracks: str
    reason: str
    by: AgentId
    at: datetime
    granted: bool | None = None
    decided_by: AgentId | None = None
    decided_at: datetime | None = None
    taken_at: datetime | None = None
    chain_n: int = 0
    """Where its grant is in the chain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Somebody listened."""

    recording_id: RecordingId
    by: AgentId
    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """A marker in a recording. ``at``: seconds from the first sound."""

    marker_id: str
    recording_id: RecordingId
    at: float
    text: str
    by: AgentId
    set_at: datetime
