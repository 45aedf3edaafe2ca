"""What is kept of a call and told of it: recordings, instant recall, the LRM."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent, Event
from core.ids import AgentId, DossierId, PlaybackId, PositionId
from core.words import LrmMessage, Priority, ResumeCause, WhyUnrecorded

__all__ = [
    "DossierCorrelated",
    "LrmNotificationFailed",
    "LrmNotified",
    "RecallEnded",
    "RecallPlayed",
    "RecordingEnded",
    "RecordingFreed",
    "RecordingMissing",
    "RecordingPaused",
    "RecordingResumed",
    "RecordingStarted",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingStarted(CallEvent):
    """Both tracks of a call are being written. Paths are relative to the recordings folder."""

    caller_track: str
    centre_track: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingEnded(CallEvent):
    """The tracks are closed. ``seconds`` is their length, ``octets`` their total size.

    ``caller_track`` says which, as in RecordingStarted: a call has one recording for each who is outside.
    ``repaired``: Asterisk had left a track open, and its last two seconds at most are lost.
    """

    seconds: float
    octets: int
    caller_track: str = ""
    repaired: bool = False
    second: float | None = None
    """Seconds that the second writer has, at the same place of its own folder; none: it has nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingMissing(CallEvent):
    """A call ended with a track absent, unreadable or too short: it is flagged "not recorded".

    Too short: what there is of it is told by RecordingEnded just before.
    """

    detail: str
    caller_track: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingPaused(CallEvent):
    """An agent has what is said in the call left out: silence is recorded instead, until ``until`` at most."""

    position_id: PositionId
    agent_id: AgentId
    reason: WhyUnrecorded
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingResumed(CallEvent):
    """What is said in the call is recorded again. Where it ends before, its CallEnded says as much."""

    cause: ResumeCause


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingFreed(Event):
    """A track, sealed and copied elsewhere, was deleted here to make room. ``octets``: how much."""

    track: str
    octets: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallPlayed(CallEvent):
    """An agent hears what the caller said last again: ``asked`` seconds, lasting ``seconds`` at ``speed`` %."""

    position_id: PositionId
    playback_id: PlaybackId
    asked: float
    seconds: float
    speed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallEnded(CallEvent):
    """The recall is over: heard to its end, or stopped."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class LrmNotified(CallEvent):
    """The agent's LRM took note of the call, after ``attempts`` tries. ``dossier_id``: which it is to show."""

    agent_id: AgentId
    status: int
    attempts: int
    message: LrmMessage = LrmMessage.APPEL_ENTRANT
    dossier_id: DossierId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LrmNotificationFailed(CallEvent):
    """The agent's LRM could not be told of the call; no further try will be made."""

    agent_id: AgentId
    detail: str
    attempts: int
    message: LrmMessage = LrmMessage.APPEL_ENTRANT
    dossier_id: DossierId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DossierCorrelated(CallEvent):
    """The LRM of an agent says which dossier a call belongs to; the last one said holds.

    Said again where it said more about the call. ``priority`` is the regulation priority, if it ever gave one.
    Patients, names and addresses are never in the journal.
    """

    dossier_id: DossierId
    agent_id: AgentId
    priority: Priority | None = None
