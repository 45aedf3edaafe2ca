"""Recordings as the archive's catalogue knows them: its rows, what is looked for, what changes them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.ids import AgentId, CallId, CentreId, RecordingId
from core.words import Outcome


class RecordingState(StrEnum):
    """What became of a recording so far."""

    RECORDING = "recording"
    """Its call goes on."""
    RECORDED = "recorded"
    """It waits to be sealed."""
    SEALED = "sealed"
    FAILED = "failed"
    """It could not be sealed yet, and is tried again now and then: somebody must look."""
    MISSING = "missing"
    """There are no tracks that could be sealed."""
    ERASED = "erased"
    """Its sound and what was known of its caller are gone; that it was, stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One row of the catalogue.

    ``place`` orders recordings by their start: microseconds since 1970, made unique. ``number`` is E.164, empty
    where hidden; ``direction``: ``in`` or ``out``. ``call_id``: the call in which it began; ``last_call_id``:
    the one it ended in, after merging. ``caller_track``: relative to the recordings folder. ``holds``: how many
    legal holds keep it. ``attempts``: tries to seal it that failed, ``detail`` why the last one did.
    """

    place: int
    recording_id: RecordingId
    call_id: CallId
    last_call_id: CallId
    centre_id: CentreId
    line: str
    number: str
    direction: str
    started_at: datetime
    ended_at: datetime | None
    seconds: float
    outcome: Outcome | None
    dossier: str
    notes: str
    agents: tuple[AgentId, ...]
    test: bool
    state: RecordingState
    detail: str
    attempts: int
    caller_track: str
    sealed_at: datetime | None
    manifest_sha256: str
    holds: int

    @property
    def hidden(self) -> bool:
        """Whether there is no number."""
        return not self.number


_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


def folded(text: str) -> str:
    """A text as it is searched: small letters without accents, and figures; single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", plain.replace("œ", "oe").replace("æ", "ae")).strip()


# --- looking for recordings ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberWanted:
    """A number that is looked for: this very one, or those that end or begin so (either, if both are given)."""

    exact: str = ""
    ends: str = ""
    begins: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is not given matches all. All of it must match.

    ``words``: folded, of the notes; the last may be a beginning. ``since`` (inclusive) and ``until``
    (exclusive) are about the start of a recording; ``during``: an instant within it. ``shortest`` and
    ``longest``: seconds.
    """

    number: NumberWanted | None = None
    words: tuple[str, ...] = ()
    dossier: str = ""
    agent_id: AgentId | None = None
    line: str = ""
    call_id: CallId | None = None
    since: datetime | None = None
    until: datetime | None = None
    during: datetime | None = None
    shortest: float | None = None
    longest: float | None = None
    outcome: Outcome | None = None
    states: tuple[RecordingState, ...] = ()
    held: bool | None = None
    tests: bool = False
    """Whether calls of the test robot are found, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """One part of what somebody may find; what is not given is no limit."""

    agent_id: AgentId | None = None
    since: datetime | None = None
    until: datetime | None = None
    line: str = ""
    recordings: tuple[RecordingId, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Recordings found, the latest first. ``next``: what to ask the following ones with; ``None``: no more."""

    rows: tuple[Recording, ...]
    next: int | None


# --- what the journal tells of recordings -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A recording goes on."""

    recording_id: RecordingId
    call_id: CallId
    centre_id: CentreId
    caller_track: str
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Both tracks are closed: how long it is, when it was told."""

    recording_id: RecordingId
    call_id: CallId
    centre_id: CentreId
    caller_track: str
    ended_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """All that is known of it. ``document``: its index, to be sealed with it."""

    recording_id: RecordingId
    call_id: CallId
    last_call_id: CallId
    centre_id: CentreId
    line: str
    number: str
    direction: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    outcome: Outcome
    agents: tuple[AgentId, ...]
    test: bool
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """It has no tracks to be sealed."""

    recording_id: RecordingId
    call_id: CallId
    centre_id: CentreId
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something became known of a call, maybe after its end: a note, a dossier, how it really ended."""

    call_id: CallId
    note: str = ""
    dossier: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The recordings of one call go on in another."""

    call_id: CallId
    merged_id: CallId


Change = Begun | Closed | Indexed | Lost | Told | Merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How far the catalogue has come: in the journal (with when that was), and in the chain. 0: nowhere."""

    journal: int = 0
    journal_at: datetime | None = None
    chain: int = 0
