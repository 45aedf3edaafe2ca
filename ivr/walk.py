"""Where a call is in its script, what may happen to it there, and what is then to be done. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from core.ids import QueueId
from core.words import FrontOffice, Outcome, Priority
from ivr.script import (
    CentreState,
)


class ScriptBroken(Exception):
    """The script cannot go on. The text says why; it names no caller."""


class Hearing(Enum):
    """What a caller at a step is doing."""

    LISTENING = auto()
    """An announcement is being played."""
    CHOOSING = auto()
    """The menu's announcement is over: a key is awaited until the deadline."""
    LAST_WORDS = auto()
    """The last message is being played; then the call ends."""
    ELSEWHERE = auto()
    """A number outside is being rung."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """Where a call is in its script, and what it was given on the way."""

    script: str
    step: str
    flow: str
    priority: Priority = Priority.PX
    skills: tuple[str, ...] = ()
    tries: int = 0
    moves: int = 0
    hearing: Hearing = Hearing.LISTENING
    deadline: datetime | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class RoomFigures:
    """What a caller may be told of a room. ``ahead``: waiting callers, by rank of priority."""

    ahead: Mapping[int, int] = field(default_factory=dict)
    seconds_each: float | None = None
    """How long the room takes for one caller, of late; ``None``: not known."""

    def rank(self, priority: Priority) -> int:
        """The place that a new caller of that priority would have."""
        return 1 + sum(count for rank, count in self.ahead.items() if rank <= priority.rank)

    def wait(self, priority: Priority) -> float | None:
        """How long such a caller may expect to wait, in seconds."""
        return None if self.seconds_each is None else self.rank(priority) * self.seconds_each


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What a script may ask about."""

    now: datetime
    line: str
    number: str | None
    called_before: datetime | None = None
    """When the same number called last, before this call."""
    state: CentreState = CentreState.NORMAL
    room: Callable[[QueueId], RoomFigures] = lambda queue: RoomFigures()


# --- what happens to a call --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """What was played is over; not ``ok``: it could not be played."""

    ok: bool = True


@dataclass(frozen=True, slots=True)
class NotReached:
    """The number outside did not answer."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Happening = Key | Played | NotReached | Tick


# --- what is to be done ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """Play these, one after the other."""

    sounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enter:
    """The call goes to a waiting room."""

    queue: QueueId
    front_office: FrontOffice
    keys: Mapping[str, Priority] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ring:
    """Pass the call on to a number outside, rung until then."""

    number: str
    until: datetime


@dataclass(frozen=True, slots=True)
class CallBack:
    """The caller wants to be called back."""

    number: str


@dataclass(frozen=True, slots=True)
class Finish:
    """End the call, with that outcome."""

    outcome: Outcome


Action = Play | Enter | Ring | CallBack | Finish


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows. ``route``: as in ``ScriptAdvanced``, from the call's step on; empty: it did not move."""

    walk: Walk
    route: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    hush: bool = False
    """Whether what is being played is to be cut short."""
