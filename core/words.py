"""The closed lists of values that events carry."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import CentreId, QueueId
from core.location import Location


class Role(StrEnum):
    """What an agent does in the room."""

    ARM = "arm"
    PHYSICIAN_MU = "physician_mu"
    PHYSICIAN_ML = "physician_ml"
    SUPERVISOR = "supervisor"
    TEST_ROBOT = "test_robot"
    """Answers test calls, and no others: it counts as nobody."""
    AUDITOR = "auditor"
    """Listens to the recordings they were granted."""
    ARCHIVIST = "archivist"
    """Keeps the recordings: holds, visas, grants. Does not listen."""

    @property
    def takes_a_position(self) -> bool:
        """Whether they work in the room; the others have business with the recordings alone."""
        return self not in (Role.AUDITOR, Role.ARCHIVIST)


class FrontOffice(StrEnum):
    """Level of answering, in its wire form."""

    FO1 = "F01"
    FO2 = "F02"


class Priority(StrEnum):
    """Regulation priority of a waiting call, most urgent first in declaration order.

    ``UV`` (vital emergency) and ``PX`` (not given) are the first level's, ``P0``–``P3`` and ``NR`` (not given:
    served before ``P2``, for it may hide anything) the second level's.
    """

    UV = "UV"
    P0 = "P0"
    P1 = "P1"
    NR = "NR"
    P2 = "P2"
    P3 = "P3"
    PX = "Px"

    @property
    def rank(self) -> int:
        """Order of service: the smaller, the sooner."""
        return _PRIORITY_RANK[self]


_PRIORITY_RANK = {priority: rank for rank, priority in enumerate(Priority)}


class PositionState(StrEnum):
    """What a position is doing. Only ``READY`` may be offered a call."""

    UNREADY = "unready"
    """Logged in, but not proven able to take a call (audio leg, media or strip heartbeat missing)."""
    READY = "ready"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"


class PauseReason(StrEnum):
    """Why an agent takes no calls."""

    BREAK = "break"
    MEAL = "meal"
    HANDOVER = "handover"
    TRAINING = "training"
    OTHER = "other"
    NO_ANSWER = "no_answer"
    """Set by the system: an offer was left unanswered."""


class PhoneMode(StrEnum):
    """How a telephone carries the sound of a position."""

    KEPT = "kept"
    """Called once, and kept for the whole shift."""
    PER_CALL = "per_call"
    """Called for each call, as it is offered."""


class PhoneEnd(StrEnum):
    """Why a position's telephone does not carry its sound."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NOT_CONFIRMED = "not_confirmed"
    """It was picked up, but nobody pressed the key asked for: a voicemail, or somebody else."""
    HUNG_UP = "hung_up"
    UNREACHABLE = "unreachable"
    """The network does not know the number, or cannot reach it."""
    FAILED = "failed"
    """A technical reason on our side."""


class NetworkPhase(StrEnum):
    """When a strip's network was measured."""

    CHECK = "check"
    """In the check before the shift."""
    SHIFT = "shift"


class WithdrawReason(StrEnum):
    """Why an offer ended without an answer."""

    TIMED_OUT = "timed_out"
    DECLINED = "declined"
    CALLER_LEFT = "caller_left"
    POSITION_LOST = "position_lost"
    CONNECT_FAILED = "connect_failed"
    TAKEN_ELSEWHERE = "taken_elsewhere"
    """Another position took the call: it was offered to several, or a colleague picked it up."""
    CANCELLED = "cancelled"
    """Who asked for this very position no longer does."""


class Outcome(StrEnum):
    """The one way a call ended: the ledger has exactly one for each accepted INVITE."""

    ANSWERED = "answered"
    ABANDONED_SVI = "abandoned_svi"
    ABANDONED_QUEUE = "abandoned_queue"
    ABANDONED_RINGING = "abandoned_ringing"
    FALLBACK = "fallback"
    """Handed to the dialplan's fallback, or never claimed by a core."""
    TECHNICAL_FAILURE = "technical_failure"
    OVERFLOWED = "overflowed"
    """Left the centre for another destination, which took it."""
    REFUSED = "refused"
    """Ended with a message, as the centre's plan says: by the SVI, or by a rule of a waiting room."""
    CALLBACK_ASKED = "callback_asked"
    """The caller left by asking to be called back."""
    NOT_REACHED = "not_reached"
    """A call of ours that nobody answered at the other end."""
    TAKEN_BACK = "taken_back"
    """A neighbour's call that nobody here had answered went back to it: there, its end is told."""

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller left before a person answered."""
        return self in _ABANDONED


_ABANDONED = frozenset({Outcome.ABANDONED_SVI, Outcome.ABANDONED_QUEUE, Outcome.ABANDONED_RINGING})


class CallKind(StrEnum):
    """Who started a call. Only ``INCOMING`` calls count as presented."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    """An agent called a number."""
    INTERNAL = "internal"
    """An agent called a colleague, or all of them."""


class TargetKind(StrEnum):
    """What a call, a transfer or an overflow may be sent to."""

    NUMBER = "number"
    POSITION = "position"
    ROOM = "room"
    CENTRE = "centre"
    EVERYBODY = "everybody"
    """Every ready position at once ("à toutes les mains")."""
    MESSAGE = "message"
    """An announcement, by its name in the prompts catalogue: only a waiting room sends calls there."""


class OfferKind(StrEnum):
    """Why a call is proposed to a position."""

    DISTRIBUTED = "distributed"
    """By the policy of its waiting room."""
    CHOSEN = "chosen"
    """The agent took it from a list: manual distribution, pick-up, taking back."""
    INVITED = "invited"
    """A colleague calls, transfers or invites this very position."""
    EVERYBODY = "everybody"
    """A colleague calls every ready position."""


class OverflowCause(StrEnum):
    """What sets off a rule of overflow (débordement)."""

    WAIT = "wait"
    """The call has waited for so many seconds."""
    LENGTH = "length"
    """More than so many calls wait in the room."""
    ESTIMATE = "estimate"
    """Its estimated wait is longer than so many seconds."""
    CLOSED = "closed"
    """The room is closed."""
    NOBODY = "nobody"
    """Nobody who serves the room is logged in."""


class RoomSetting(StrEnum):
    """What a supervisor may change of a waiting room while it works, until it is put back."""

    CLOSED = "closed"
    """``yes`` or ``no``."""
    MODE = "mode"
    """``automatic`` or ``manual``."""
    OFFER_SECONDS = "offer_seconds"
    WRAP_UP_SECONDS = "wrap_up_seconds"
    WEIGHT = "weight"
    OVERFLOW_LIMIT = "overflow_limit"
    """Seconds or calls of the overflow rule named beside."""
    OVERFLOW_ON = "overflow_on"
    """Whether the overflow rule named beside applies: ``yes`` or ``no``."""


class PartyEnd(StrEnum):
    """Why a party is no longer in a call, or never came."""

    HUNG_UP = "hung_up"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    """Nobody there: unknown number, position not logged in or not ready."""
    FAILED = "failed"
    """A technical reason."""
    DROPPED = "dropped"
    """Put out of the call by an agent."""
    LEFT = "left"
    """An agent left the others connected."""
    TRANSFERRED = "transferred"
    """An agent passed the call on."""
    CANCELLED = "cancelled"
    """The invitation was withdrawn before its answer."""
    LOST = "lost"
    """Its sound was lost, and did not come back in time."""


class WhyUnrecorded(StrEnum):
    """Why an agent has a moment of a call left out of its recording."""

    PRIVACY = "privacy"
    """A confidence that is nobody else's."""
    CODE = "code"
    """A password, a means of payment."""
    COLLEAGUES = "colleagues"
    """A word between professionals."""
    OTHER = "other"


class ResumeCause(StrEnum):
    """Why a recording that was paused goes on."""

    AGENT = "agent"
    DEADLINE = "deadline"
    """It was paused for as long as may be."""
    CHANGE = "change"
    """Who is in the call, or hears it, has changed."""


class LossPlace(StrEnum):
    """Where a caller was lost before a person could help."""

    SVI = "svi"
    QUEUE = "queue"
    RINGING = "ringing"
    PARKED = "parked"
    """Answered first, then left alone in a waiting room."""
    FAILURE = "failure"
    """Lost by a fault of ours."""
    CALLBACK_ASKED = "callback_asked"
    """Not lost: the caller asked the SVI to be called back."""


class ItemOutcome(StrEnum):
    """How an item of the abandoned-call desk was closed."""

    REACHED = "reached"
    NO_REPLY = "no_reply"
    MISTAKE = "mistake"
    """A wrong number, a pocket call: nobody needed help."""
    ALREADY_HANDLED = "already_handled"
    TEST = "test"
    OTHER = "other"
    CALLED_AGAIN = "called_again"
    """Set by the system: the caller rang again and was answered."""
    EXPIRED = "expired"
    """Set by the system: nothing could be done of it, or nobody did for long."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to reach: ``value`` is an E.164 or short number, a position, a room or a centre, by ``kind``."""

    kind: TargetKind
    value: str = ""


class EndedBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class CallerNumber:
    """Who calls.

    ``e164`` is the number with its ``+`` (``+33612345678``), or ``None`` where the caller withheld it or the
    network gave none; empty where it was known, and was forgotten since (``storage/forget.py``). ``test`` marks
    a call of the continuous test robot, kept out of every figure.
    """

    e164: str | None = None
    test: bool = False

    @property
    def hidden(self) -> bool:
        """Whether no number may be shown."""
        return self.e164 is None


class CallTag(StrEnum):
    """What is worth knowing of a call from afar."""

    OPEN_LINE = "open_line"
    """Nobody speaks."""
    REPEAT = "repeat"
    """The same number called shortly before."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a neighbouring centre tells of a call that it sends here by mutual aid (entraide).

    ``path``: the centres that the call has crossed, its owner first, the sender last. ``queue`` is the sender's
    room; ``since`` is when the caller's first wait began; ``location`` is where the sender believes the caller.
    """

    path: tuple[CentreId, ...]
    flow: str
    queue: QueueId
    priority: Priority
    front_office: FrontOffice
    since: datetime
    skills: tuple[str, ...] = ()
    tags: tuple[CallTag, ...] = ()
    location: Location | None = None

    @property
    def owner(self) -> CentreId:
        """Where the caller called; empty where nobody told."""
        return next(iter(self.path), CentreId(""))

    @property
    def sender(self) -> CentreId:
        """Who sent it here; empty where nobody told."""
        return next(reversed(self.path), CentreId(""))


class LrmMessage(StrEnum):
    """What an LRM is told of a call, by its name in the published contract."""

    APPEL_ENTRANT = "appel_entrant"
    """Its agent has taken a call: a dossier may be opened for it."""
    AFFICHER_DOSSIER = "afficher_dossier"
    """Its agent has a call whose dossier is known: it is to be shown."""


class TestStep(StrEnum):
    """What a test call goes through, in order: the first that fails names the failure."""

    ANSWERED = "answered"
    """The line is picked up."""
    WELCOMED = "welcomed"
    """The SVI is heard."""
    OFFERED = "offered"
    """The robot's position is offered the call."""
    JOINED = "joined"
    """The call is taken."""
    CALLER_HEARD = "caller_heard"
    POSITION_HEARD = "position_heard"
    ENDED = "ended"
    """The caller's end is seen."""
    RECORDED = "recorded"
    """Both voices are in the recording."""
    UNHEARD_OF = "unheard_of"
    """No test call was reported for too long: the robot itself does not work."""
