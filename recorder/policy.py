"""Where a call's tracks are, and what makes them good."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from core.words import Outcome

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
