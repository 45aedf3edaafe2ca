"""Words of a call flow, as the centre's plan gives it: lines, scripts made of steps, lists. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.ids import QueueId
from core.words import FrontOffice, Priority
from ivr.calendar import Calendar


class CentreState(StrEnum):
    """How the centre is doing, by its figures or because a surge says so."""

    NORMAL = "normal"
    SATURATED = "saturated"
    CRISIS = "crisis"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that a script does. ``line`` is where the plan says so."""

    line: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Announce(Step):
    """Say something. Any key skips it where it is ``skippable``."""

    sounds: tuple[str, ...]
    next: str
    skippable: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu(Step):
    """Say something and wait for a key, up to ``timeout_s`` after its end, ``tries`` times in all.

    A key that is not in ``keys`` leads to ``other`` where there is one; else it counts as a try. After the last
    try: ``default``.
    """

    sounds: tuple[str, ...]
    keys: Mapping[str, str]
    default: str
    other: str = ""
    invalid_sounds: tuple[str, ...] = ()
    timeout_s: float = 5
    tries: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class SayQueue(Step):
    """Say the place the caller would have in a room, the wait to expect there, or both. Any key skips it."""

    queue: QueueId
    rank: bool
    wait: bool
    next: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByHours(Step):
    """Branch on a calendar."""

    calendar: str
    open: str
    closed: str
    holiday: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByLine(Step):
    """Branch on the number dialled."""

    lines: Mapping[str, str]
    default: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByCaller(Step):
    """Branch on who calls: the first list that holds the number, a number withheld, a repeat caller."""

    lists: Mapping[str, str]
    default: str
    hidden: str = ""
    repeat: str = ""
    repeat_minutes: float = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ByState(Step):
    """Branch on how the centre is doing."""

    normal: str
    saturated: str
    crisis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Assign(Step):
    """Give the call a flow, a priority, skills. What is ``None`` stays as it is."""

    next: str
    flow: str | None = None
    priority: Priority | None = None
    skills: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait(Step):
    """Go to a waiting room; there, a key may still raise the call's priority."""

    queue: QueueId
    keys: Mapping[str, Priority] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer(Step):
    """Pass the call on to a number outside; where nobody answers there, go on."""

    number: str
    otherwise: str
    ring_s: float = 25


@dataclass(frozen=True, kw_only=True, slots=True)
class HangUp(Step):
    """Say a last message and end the call."""

    sounds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Callback(Step):
    """Note that the caller wants to be called back, say so, and end the call. A withheld number goes on."""

    sounds: tuple[str, ...]
    otherwise: str


def successors(step: Step) -> tuple[str, ...]:
    """The steps that may follow."""
    match step:
        case Announce() | SayQueue() | Assign():
            return (step.next,)
        case Menu():
            return tuple(dict.fromkeys(s for s in (*step.keys.values(), step.other, step.default) if s))
        case ByHours():
            return tuple(dict.fromkeys((step.open, step.closed, step.holiday)))
        case ByLine():
            return tuple(dict.fromkeys((*step.lines.values(), step.default)))
        case ByCaller():
            following = (*step.lists.values(), step.hidden, step.repeat, step.default)
            return tuple(dict.fromkeys(s for s in following if s))
        case ByState():
            return tuple(dict.fromkeys((step.normal, step.saturated, step.crisis)))
        case Transfer() | Callback():
            return (step.otherwise,)
    return ()


def sounds_of(step: Step) -> tuple[str, ...]:
    """The announcements a step names."""
    match step:
        case Announce() | HangUp() | Callback():
            return step.sounds
        case Menu():
            return (*step.sounds, *step.invalid_sounds)
    return ()


def takes_time(step: Step) -> bool:
    """Whether the caller hears something there, or is asked something."""
    return isinstance(step, Announce | Menu | SayQueue | Transfer)


def is_end(step: Step) -> bool:
    """Whether a call may leave the SVI there."""
    return isinstance(step, Wait | Transfer | HangUp | Callback)


@dataclass(frozen=True, slots=True)
class Script:
    """Steps by name, and the one to begin with."""

    start: str
    steps: Mapping[str, Step]


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of calls that dial one number."""

    flow: str
    script: str
    priority: Priority = Priority.PX


@dataclass(frozen=True, slots=True)
class NumberList:
    """Callers' numbers, E.164; and beginnings of numbers."""

    numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and (number in self.numbers or number.startswith(self.prefixes))


@dataclass(frozen=True, slots=True)
class Saturation:
    """From how many waiting callers, or from how long a wait in seconds, the centre is saturated."""

    waiting: int = 10
    wait_s: float = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFlows:
    """All that the SVI takes from a plan. Checked: every name in it leads somewhere."""

    lines: Mapping[str, Line]
    other_lines: Line
    scripts: Mapping[str, Script]
    rescue: QueueId
    """The emergency room where a call goes at once when anything fails."""
    rooms: Mapping[QueueId, FrontOffice]
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    lists: Mapping[str, NumberList] = field(default_factory=dict)
    saturation: Saturation = Saturation()
    state: CentreState | None = None
    """The centre's state where the plan forces it; else its figures say."""
    silence_s: float = 20
    """A caller who has said nothing for so long is marked as an open line; 0: never."""

    def line(self, number: str) -> Line:
        """What becomes of a call to that number: an unknown one is an emergency line like any other."""
        return self.lines.get(number, self.other_lines)
