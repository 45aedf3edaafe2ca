"""What screens show of one call, one offer, one position: as data. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from core.events import (
    NetworkMeasured,
)
from core.ids import AgentId, CallId, CentreId, OfferId, PositionId
from core.notes import Note
from core.words import CallerNumber, OfferKind, PauseReason, PositionState, Priority, Role
from web.live import View, instant


def notes_view(notes: Sequence[Note], last: int | None = None) -> View:
    """Notes as screens read them: by their number of order, oldest first; only the ``last`` few if asked."""
    begin = 0 if last is None else max(0, len(notes) - last)
    return {
        str(number): {"text": note.text, "name": note.name, "at": instant(note.at)}
        for number, note in enumerate(notes[begin:], begin + 1)
    }


class Stage(Enum):
    """Where a live call is. An offered call still waits."""

    SVI = auto()
    WAITING = auto()
    CONNECTING = auto()
    TALKING = auto()
    HELD = auto()


IN_PROGRESS = (Stage.CONNECTING, Stage.TALKING, Stage.HELD)


@dataclass(slots=True)
class CallSeen:
    """A live call. ``queued_at`` is its first entry in a waiting room."""

    call_id: CallId
    caller: CallerNumber
    line: str
    arrived_at: datetime
    stage: Stage = Stage.SVI
    flow: str = ""
    priority: Priority = Priority.PX
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    held_at: datetime | None = None
    silent: bool = False
    """Whether nobody has spoken on the line: an open line."""
    offered_to: tuple[PositionId, ...] = ()
    """Several, where the room rings all."""
    invited: tuple[PositionId, ...] = ()
    """Those a colleague asks in, whatever becomes of the call meanwhile."""
    repeat_of: CallId | None = None
    aid: CentreId | None = None
    """The neighbouring centre whose call it is."""
    was_with: str = ""
    """The agent, or the centre, who had it and was lost."""
    taken_by: PositionId | None = None
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class OfferSeen:
    """The call proposed to a position."""

    offer_id: OfferId
    call_id: CallId
    deadline: datetime
    kind: OfferKind = OfferKind.DISTRIBUTED
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkSeen:
    """The last that a strip said of its network."""

    measured: NetworkMeasured
    at: datetime

    def view(self) -> View:
        """As screens read it."""
        return {
            "phase": self.measured.phase.value,
            "lossPercent": round(self.measured.loss_percent, 1),
            "jitterMs": round(self.measured.jitter_ms),
            "roundTripMs": round(self.measured.round_trip_ms),
            "mos": round(self.measured.mos, 2),
            "at": instant(self.at),
        }


@dataclass(slots=True)
class PositionSeen:
    """A position somebody has taken. ``since`` is when it entered its state."""

    position_id: PositionId
    agent_id: AgentId
    name: str
    role: Role
    since: datetime
    state: PositionState = PositionState.UNREADY
    pause_reason: PauseReason | None = None
    until: datetime | None = None
    muted: bool = False
    leg: bool = False
    strip: bool = False
    offer: OfferSeen | None = None
    call_id: CallId | None = None
    network: NetworkSeen | None = None

    @property
    def counts(self) -> bool:
        """Whether it is somebody: the robot that answers test calls is in no figure and on no list."""
        return self.role is not Role.TEST_ROBOT

    @property
    def pause_pending(self) -> PauseReason | None:
        """The pause that begins after the call and its wrap-up, if one was asked for."""
        busy = self.state in (PositionState.ON_CALL, PositionState.WRAP_UP)
        return self.pause_reason if busy else None
