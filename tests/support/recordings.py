"""Recordings for tests: what a journal would tell of them, and an archive without sound."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.custody import JSON, Chained, CustodyEntry
from core.ids import AgentId, CallId, CentreId, RecordingId
from core.recordings import Begun, Closed, Indexed, Recording
from core.words import Outcome

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CENTRE = CentreId("FR751")


def recording_id(number: int) -> RecordingId:
    """The id of the n-th recording."""
    return RecordingId(f"FR751-a-1700000000.{number}")


def call_id(number: int) -> CallId:
    """The id of the n-th call."""
    return CallId(recording_id(number))


def indexed(nth: int, /, **more: Any) -> Indexed:
    """All that is known of the n-th recording: it began n minutes after noon."""
    started_at = more.pop("started_at", NOON + timedelta(minutes=nth))
    seconds = more.pop("seconds", 60.0)
    told: dict[str, Any] = {
        "recording_id": recording_id(nth),
        "call_id": call_id(nth),
        "last_call_id": call_id(nth),
        "centre_id": CENTRE,
        "line": "15",
        "number": f"+336{nth:08d}",
        "direction": "in",
        "started_at": started_at,
        "ended_at": started_at + timedelta(seconds=seconds),
        "seconds": seconds,
        "outcome": Outcome.ANSWERED,
        "agents": (AgentId("8arm1/1"),),
        "test": False,
        "document": b"{}",
    }
    return Indexed(**{**told, **more})


def told_of(known: Indexed) -> tuple[Begun, Closed, Indexed]:
    """All that the journal tells of a recording from its beginning to its end, in order."""
    number = known.recording_id.rpartition(".")[2]
    day = known.started_at.astimezone(UTC).date().isoformat()
    track = f"{day}/{known.recording_id}-caller.wav" if number else ""
    return (
        Begun(
            recording_id=known.recording_id,
            call_id=known.call_id,
            centre_id=known.centre_id,
            caller_track=track,
            started_at=known.started_at + timedelta(seconds=0.4),
        ),
        Closed(
            recording_id=known.recording_id,
            call_id=known.call_id,
            centre_id=known.centre_id,
            caller_track=track,
            ended_at=known.ended_at + timedelta(seconds=0.5),
            seconds=known.seconds,
        ),
        known,
    )


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """A line of a chain in memory."""

    n: int
    at: datetime
    kind: str
    body: Mapping[str, JSON]


@dataclass
class MemoryChain:
    """Implements ``ChainOfCustody``, for what is not about files and signatures."""

    lines: list[MemoryLine] = field(default_factory=list)
    refuses: bool = False

    def append(self, kind: str, body: Mapping[str, JSON], now: datetime) -> MemoryLine:
        if self.refuses:
            raise OSError("the disk is full")
        line = MemoryLine(len(self.lines) + 1, now, kind, body)
        self.lines.append(line)
        return line

    def publish(self, body: Mapping[str, JSON], day: date, now: datetime) -> MemoryLine:
        same = (x for x in self.lines if x.kind == "sealed" and x.body["recording_id"] == body["recording_id"])
        return next(same, None) or self.append("sealed", body, now)

    def days(self) -> list[date]:
        return sorted({line.at.date() for line in self.lines})

    def entries(self, day: date) -> Any:
        return iter([line for line in self.lines if line.at.date() == day])

    def kinds(self) -> list[str]:
        """What was written, in order."""
        return [line.kind for line in self.lines]


def chained(n: int, entry: CustodyEntry, at: datetime = NOON) -> Chained:
    """An entry at a place of the chain."""
    return Chained(n=n, at=at, entry=entry)


def without_place(recording: Recording) -> Recording:
    """A recording, comparable between catalogues."""
    return replace(recording, place=0)
