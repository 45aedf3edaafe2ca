"""Where a call's tracks are, and what makes them good."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from core.ids import RecordingId
from core.words import Outcome, Role, WhyUnrecorded

_CREATED = re.compile(r"-(\d{10,11})\.\d+$")
MISSING_AFTER_S = 10.0
"""How long after a call's end its tracks may take to be closed by Asterisk."""
CUT_AFTER_S = 1.0
"""The same after Asterisk itself ended: it closes nothing any more."""
FALLBACK_LASTS_S = 4 * 3600.0
"""How long a call handed to the fallback may go on, still recorded, after it ended for the core."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to look for closed tracks, and how often. Seconds."""

    total: float
    between: float


def patience(outcome: Outcome) -> Patience:
    """How to look for the tracks of a call that ended so."""
    if outcome is Outcome.TECHNICAL_FAILURE:
        return Patience(CUT_AFTER_S, 0.25)
    if outcome is Outcome.FALLBACK:
        return Patience(FALLBACK_LASTS_S, 5.0)
    return Patience(MISSING_AFTER_S, 0.25)


@dataclass(frozen=True, slots=True)
class Tracks:
    """Both tracks of a call, relative to the recordings folder: the caller, and all the caller heard."""

    caller: str
    centre: str


def tracks_of(channel: str) -> Tracks:
    """Name the tracks of a call's channel, as the dialplan names them: by the UTC day its id was made on.

    Raises:
        ValueError: the id was not made by Asterisk.
    """
    created = _CREATED.search(channel)
    if created is None or "/" in channel:
        raise ValueError("not a call id made by Asterisk")
    day = datetime.fromtimestamp(int(created[1]), UTC).strftime("%Y-%m-%d")
    return Tracks(caller=f"{day}/{channel}-caller.wav", centre=f"{day}/{channel}-centre.wav")


def recording_of(caller_track: str) -> RecordingId:
    """The id of the recording that a caller's track is of: its channel's."""
    return RecordingId(caller_track.rpartition("/")[2].removesuffix(".wav").removesuffix("-caller"))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one track. ``seconds`` is ``None`` where it is absent or unreadable."""

    octets: int = 0
    seconds: float | None = None


def complete(caller: Measured, centre: Measured) -> bool:
    """Whether both tracks can be listened to."""
    return caller.seconds is not None and centre.seconds is not None


def what_is_missing(caller: Measured, centre: Measured) -> str:
    """Which tracks cannot be listened to, in words for the journal."""
    names = [name for name, track in (("caller", caller), ("centre", centre)) if track.seconds is None]
    return f"no readable track: {', '.join(names)}"


RECALL_SECONDS = (10.0, 60.0)
"""The least and the most of what a caller said that is played again."""
RECALL_SPEEDS = frozenset({100, 85, 70})
"""Percent of the true speed."""
_OCTETS = 2


def recall_allowed(seconds: float, speed: int) -> bool:
    """Whether so much may be asked for, at that speed."""
    least, most = RECALL_SECONDS
    return least <= seconds <= most and speed in RECALL_SPEEDS


def excerpt_range(size: int, seconds: float, *, header: int, rate: int) -> tuple[int, int]:
    """Where the last seconds of a growing track of 16-bit samples are: first octet, number of octets."""
    whole = max(0, size - header) // _OCTETS * _OCTETS
    length = min(whole, round(seconds * rate) * _OCTETS)
    return header + whole - length, length


SHORT_BY_S = 2.0
"""By how much a recording may be shorter than its call: the journal and the sound begin and end apart."""


def is_short(recorded: float, opened_at: datetime, ended_at: datetime) -> bool:
    """Whether a part of what was said is missing at a recording's end: the disk was full, say."""
    return recorded < (ended_at - opened_at).total_seconds() - SHORT_BY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRules:
    """Who may have a moment of which calls left out of the recording. No ``lines``: of all."""

    roles: frozenset[Role] = frozenset()
    lines: frozenset[str] = frozenset()
    reasons: tuple[WhyUnrecorded, ...] = ()
    longest: timedelta = timedelta()

    def allow(self, role: Role | None, line: str, reason: WhyUnrecorded) -> bool:
        """Whether somebody may, in a call of that line, for that reason."""
        return role in self.roles and reason in self.reasons and (not self.lines or line in self.lines)


class DiskLevel(Enum):
    """How much room there is for recordings."""

    WELL = auto()
    LOW = auto()
    FULL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskRules:
    """Below how many octets of room the disk is low, and as good as full."""

    low: int
    full: int


_BACK = 1.1
"""How much more room there must be to come back from a level: so that it does not come and go."""


def disk_level(free: int, before: DiskLevel, rules: DiskRules) -> DiskLevel:
    """How full the disk is, with ``free`` octets of room."""
    if free < rules.full * (_BACK if before is DiskLevel.FULL else 1):
        return DiskLevel.FULL
    if free < rules.low * (1 if before is DiskLevel.WELL else _BACK):
        return DiskLevel.LOW
    return DiskLevel.WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A track on the disk, relative to the recordings folder, and what is known to have been done with it."""

    track: str
    octets: int
    written_at: datetime
    sealed: bool = False
    copied: bool = False


def to_free(kept: Iterable[Kept], free: int, wanted: int) -> list[Kept]:
    """What may be deleted to have ``wanted`` octets of room: of what is sealed and copied, the oldest first.

    Nothing else is ever deleted, however full the disk is.
    """
    chosen: list[Kept] = []
    for each in sorted((k for k in kept if k.sealed and k.copied), key=lambda k: (k.written_at, k.track)):
        if free >= wanted:
            break
        chosen.append(each)
        free += each.octets
    return chosen
