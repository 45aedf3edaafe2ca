"""A call from its arrival through the SVI to the room it is sent to."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent
from core.ids import ChannelId, PositionId, QueueId
from core.words import CallerNumber, FrontOffice, Origin, Outcome, Priority, Target

__all__ = [
    "CallArrived",
    "CallDiverted",
    "CallOriented",
    "CallPrioritised",
    "CallbackRequested",
    "CallerSilent",
    "CallerSpoke",
    "LineOpened",
    "ScriptAdvanced",
    "ScriptEnded",
    "ScriptFailed",
    "WelcomeEnded",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallArrived(CallEvent):
    """A caller reached the centre on a line and the core claimed the call. ``line`` is the number dialled.

    With an ``origin`` it is a neighbour's call, under the id that it has there: not a new one, and not in the
    SVI. Its line is opened when somebody here takes it.

    ``since``: it arrived earlier and waited in the fallback (mode secours); a core has taken it back. It has
    been welcomed there: it goes to its room at once, at the place that its wait gives it.
    """

    channel_id: ChannelId
    line: str
    caller: CallerNumber
    origin: Origin | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineOpened(CallEvent):
    """The caller's line was picked up by the SVI (SIP 200 OK): audio and recording run from here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WelcomeEnded(CallEvent):
    """Of journals from before scripts: the welcome is over; ``skipped`` when the caller pressed a key."""

    skipped: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptAdvanced(CallEvent):
    """The SVI went on in a call's script, of a plan's version with a surge laid over it or none.

    ``route`` is what it passed through, in order: each step with why it was left (``menu:key 1``), the last one
    where the caller is now. From it a restarted core goes on where the caller was.
    """

    version: int
    surge: str
    script: str
    route: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptFailed(CallEvent):
    """Something went wrong in the SVI (a prompt missing, a fault): to the emergency room at once."""

    step: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptEnded(CallEvent):
    """The SVI has said its last message and ends the call, as its script says: with this outcome."""

    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDiverted(CallEvent):
    """The SVI passes the call on to a number outside, rung until ``deadline``.

    It is invited, and the call leaves with it; or the script goes on when it is not reached.
    """

    target: Target
    deadline: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackRequested(CallEvent):
    """The caller asked in the SVI to be called back on ``number`` (E.164)."""

    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOriented(CallEvent):
    """The SVI decided where the call goes. The rest: as in :class:`ScriptAdvanced`, from the last one on."""

    flow: str
    queue: QueueId
    priority: Priority
    front_office: FrontOffice
    skills: tuple[str, ...] = ()
    version: int = 0
    surge: str = ""
    script: str = ""
    route: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPrioritised(CallEvent):
    """A waiting call has another priority: an agent's choice (``by``), the LRM's, or the caller's own key."""

    priority: Priority
    by: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerSilent(CallEvent):
    """Nobody has spoken on the caller's line for ``seconds``: an open line. The call goes on like any other."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerSpoke(CallEvent):
    """Somebody speaks on a line that was silent."""
