"""How waiting rooms work, as data: what a centre's plan declares, and what a supervisor changed since."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.events import RoomRuleChanged
from core.ids import PositionId, QueueId
from core.words import FrontOffice, OverflowCause, Priority, Role, RoomSetting, Target


class Mode(StrEnum):
    """Who chooses: the policy, or the agents, who see every waiting call and take the one they want."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Strategy(StrEnum):
    """Which of the ready positions is offered a call first."""

    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    """The fewest calls taken since login; among equals the longest idle."""
    SEQUENTIAL = "sequential"
    """Always in the same order: the named agents as declared, then the others by position."""
    RING_ALL = "ring_all"
    """Every one at once; the first to accept has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Widening:
    """After so many seconds of waiting, fewer skills are asked for, or more roles may serve."""

    after: float
    drops: frozenset[str] | None = frozenset()
    """The skills no longer asked for; ``None``: all."""
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class OverflowRule:
    """When a waiting call is sent elsewhere, and where. ``limit``: seconds or calls, by ``cause``.

    It applies to a call once in this room; with ``every``, again after so many seconds (a message, say).
    ``ends``: after the message the call is over.
    """

    name: str
    cause: OverflowCause
    target: Target
    limit: float = 0
    every: float = 0
    on: bool = True
    ends: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomRule:
    """How one waiting room works. Durations in seconds unless said otherwise."""

    queue: QueueId
    name: str
    front_office: FrontOffice = FrontOffice.FO1
    roles: frozenset[Role] = frozenset({Role.ARM})
    agents: tuple[PositionId, ...] = ()
    """Who serves it by name, whatever their role, in their order for the sequential strategy."""
    skills: frozenset[str] = frozenset()
    """What each of its calls asks of an agent, besides the call's own skills."""
    mode: Mode = Mode.AUTOMATIC
    strategy: Strategy = Strategy.LONGEST_IDLE
    offer_seconds: float = 20
    wrap_up_seconds: float = 15
    weight: float = 1
    """How much a second of waiting here counts, beside the other rooms of the same agents."""
    ageing_seconds: float | None = None
    """How much waiting makes up for one step of priority; ``None``: none ever does."""
    widenings: tuple[Widening, ...] = ()
    """In order of time."""
    repeat_seconds: float = 900
    """Within how long the same number again is a repeat caller."""
    repeat_advance_seconds: float = 120
    """How much earlier than its arrival a repeat call counts as having arrived."""
    affinity_seconds: float = 0
    """Within how long the same number is given back to the agent who had it last, if free."""
    overflows: tuple[OverflowRule, ...] = ()
    check_back: Mapping[Priority, float] = field(default_factory=dict)
    """By priority, the longest that a parked caller may be left without somebody looking after them."""
    closed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomPlan:
    """All waiting rooms of a centre, the skills of its agents, and the wrap-up after calls of their own."""

    rooms: Mapping[QueueId, RoomRule]
    agent_skills: Mapping[PositionId, frozenset[str]] = field(default_factory=dict)
    outgoing_wrap_up_seconds: float = 0
    fallback: RoomRule
    """How a room that nobody declared works: calls sent there by mistake are served all the same."""

    def rule(self, queue: QueueId) -> RoomRule:
        """How a room works."""
        return self.rooms.get(queue) or replace(self.fallback, queue=queue, name=queue)


def changed(rule: RoomRule, change: RoomRuleChanged) -> RoomRule:
    """The rule with a supervisor's change. A change that no longer fits (its overflow rule is gone) is none.

    Raises:
        ValueError: the value is not one of this setting.
    """
    value = change.value
    match change.setting:
        case RoomSetting.CLOSED:
            return replace(rule, closed=_yes(value))
        case RoomSetting.MODE:
            return replace(rule, mode=Mode(value))
        case RoomSetting.OFFER_SECONDS:
            return replace(rule, offer_seconds=_number(value, 3, 120))
        case RoomSetting.WRAP_UP_SECONDS:
            return replace(rule, wrap_up_seconds=_number(value, 0, 600))
        case RoomSetting.WEIGHT:
            return replace(rule, weight=_number(value, 0.1, 100))
        case RoomSetting.OVERFLOW_LIMIT:
            limit = _number(value, 0, 7200)
            return _with_overflow(rule, change.rule, lambda found: replace(found, limit=limit))
        case RoomSetting.OVERFLOW_ON:
            on = _yes(value)
            return _with_overflow(rule, change.rule, lambda found: replace(found, on=on))


def present(rule: RoomRule, setting: RoomSetting, overflow: str) -> str:
    """What a setting is now, written as the value of a change. ``KeyError``: there is no such overflow rule."""
    if setting in (RoomSetting.OVERFLOW_LIMIT, RoomSetting.OVERFLOW_ON):
        found = {each.name: each for each in rule.overflows}[overflow]
        return f"{found.limit:g}" if setting is RoomSetting.OVERFLOW_LIMIT else _written(found.on)
    if setting is RoomSetting.CLOSED:
        return _written(rule.closed)
    if setting is RoomSetting.MODE:
        return rule.mode.value
    values = {
        RoomSetting.OFFER_SECONDS: rule.offer_seconds,
        RoomSetting.WRAP_UP_SECONDS: rule.wrap_up_seconds,
        RoomSetting.WEIGHT: rule.weight,
    }
    return f"{values[setting]:g}"


def _with_overflow(rule: RoomRule, name: str, change: Callable[[OverflowRule], OverflowRule]) -> RoomRule:
    rules = tuple(change(each) if each.name == name else each for each in rule.overflows)
    return replace(rule, overflows=rules)


def _yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise ValueError(value)
    return value == "yes"


def _written(value: bool) -> str:
    return "yes" if value else "no"


def _number(value: str, least: float, most: float) -> float:
    number = float(value)
    if not least <= number <= most:
        raise ValueError(value)
    return number
