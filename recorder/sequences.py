"""What a recording holds, second by second: its index. Pure types, and their canonical JSON.

All offsets are seconds from the recording's first sound. The sequences tile the whole recording: in order, with
no gap and no overlap. ``recorder.indexer`` makes indexes from the journal.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.ids import AgentId, CallId, CentreId, RecordingId
from core.words import Outcome
from recorder.canonical import canonical

FORMAT = 1
"""Version of the document."""


class SequenceKind(StrEnum):
    """What a part of a recording is."""

    SVI = "svi"
    WAITING = "waiting"
    RINGING = "ringing"
    """It waits, and a position is rung for it."""
    TALK = "talk"
    HELD = "held"
    """Nobody hears it: an agent holds it, or the agent's sound is lost."""
    PARKED = "parked"
    """It waits in a room where an agent has put it."""
    TRANSFER = "transfer"
    """It is on its way from an agent to somebody."""
    CONFERENCE = "conference"
    """Three at least are together."""
    FALLBACK = "fallback"
    """In mode secours: it waits, or talks to a position where there is one beside."""
    AFTER = "after"
    """Nobody is left to be heard, and the line is not closed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One part of a recording.

    ``heard``: who is, the one recorded first: ``caller``, the id of a party, or of a position. Announcements
    and music are nobody.
    """

    kind: SequenceKind
    begins: float
    ends: float
    heard: tuple[str, ...]
    agents: tuple[AgentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A part whose sound was left out: both tracks hold silence. ``reason``: a ``WhyUnrecorded``."""

    begins: float
    ends: float
    by: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingIndex:
    """All that is known of one recording.

    ``number``: whom it is of, E.164, empty where hidden; ``direction``: ``in``, who called, or ``out``, whom we
    called. ``call_id``: the call in which it began; ``later_calls``: those it went on in, after being merged.
    ``started_at`` is the instant of its first sound, ``ended_at`` that of its last.
    """

    recording_id: RecordingId
    call_id: CallId
    later_calls: tuple[CallId, ...] = ()
    centre_id: CentreId
    line: str
    number: str
    direction: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    outcome: Outcome
    sequences: tuple[Sequence, ...]
    pauses: tuple[Pause, ...]
    agents: tuple[AgentId, ...]
    test: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recording holds from some instant on."""

    kind: SequenceKind
    heard: tuple[str, ...]
    agents: tuple[AgentId, ...] = ()


SHORTEST_AFTER_S = 0.5
"""What follows the end of a call counts as a part of its own only where it is longer."""


def tiled(marks: Iterable[tuple[float, Heard]], seconds: float) -> tuple[Sequence, ...]:
    """Cut a recording at the marks, each said to hold from its offset on. The first holds from the beginning.

    Offsets may lie outside, or go back a little where a clock was set: they are brought into order.
    """
    cuts: list[tuple[float, Heard]] = []
    latest = 0.0
    for offset, heard in marks:
        latest = min(max(latest, round(offset, 3)), seconds) if cuts else 0.0
        if cuts and cuts[-1][0] == latest:
            cuts.pop()  # it held for no time
        if not cuts or cuts[-1][1] != heard:
            cuts.append((latest, heard))
    if len(cuts) > 1 and (cuts[-1][0] >= seconds or _is_tail(cuts[-1], seconds)):
        cuts.pop()
    ends = [offset for offset, _ in cuts[1:]] + [seconds]
    return tuple(
        Sequence(kind=heard.kind, begins=begins, ends=end, heard=heard.heard, agents=heard.agents)
        for (begins, heard), end in zip(cuts, ends, strict=True)
    )


def _is_tail(cut: tuple[float, Heard], seconds: float) -> bool:
    return cut[1].kind is SequenceKind.AFTER and seconds - cut[0] < SHORTEST_AFTER_S


# --- as a document ------------------------------------------------------------------------------------------


def index_document(index: RecordingIndex) -> bytes:
    """The index as canonical JSON: the same index gives the same octets."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "recording_id": index.recording_id,
        "call_id": index.call_id,
        "later_calls": index.later_calls,
        "centre_id": index.centre_id,
        "line": index.line,
        "number": index.number,
        "direction": index.direction,
        "started_at": index.started_at.isoformat(),
        "ended_at": index.ended_at.isoformat(),
        "seconds": index.seconds,
        "outcome": index.outcome,
        "sequences": [
            {"kind": s.kind, "begins": s.begins, "ends": s.ends, "heard": s.heard, "agents": s.agents}
            for s in index.sequences
        ],
        "pauses": [{"begins": p.begins, "ends": p.ends, "by": p.by, "reason": p.reason} for p in index.pauses],
        "agents": index.agents,
        "test": index.test,
    }
    return canonical(document)


def read_index(document: bytes) -> RecordingIndex:
    """The index that a document holds.

    Raises:
        ValueError: it is none of this format.
    """
    try:
        told = json.loads(document)
        if told.pop("format") != FORMAT:
            raise ValueError("another format")
        told["sequences"] = tuple(
            Sequence(**s | {"kind": SequenceKind(s["kind"])} | _tuples(s, "heard", "agents"))
            for s in told["sequences"]
        )
        told["pauses"] = tuple(Pause(**p) for p in told["pauses"])
        told |= _tuples(told, "agents", "later_calls")
        told |= {when: datetime.fromisoformat(told[when]) for when in ("started_at", "ended_at")}
        return RecordingIndex(**told | {"outcome": Outcome(told["outcome"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an index") from error


def _tuples(told: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: tuple(told[name]) for name in names}
