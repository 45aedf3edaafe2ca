"""When a waiting call is sent elsewhere: looked at again and again while it waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from acd.model.calls import WaitingCall
from acd.model.rules import OverflowRule, RoomRule
from core.words import OverflowCause, Priority, TargetKind

LONGEST_AWAY_S = 120.0
"""How long reaching somebody elsewhere may take: longer than any invitation rings."""

_VITAL = frozenset({Priority.UV, Priority.P0})


@dataclass(frozen=True, slots=True)
class Pressure:
    """How a room fares. ``estimate`` gives the estimated wait of the call at a place; none: unknown."""

    waiting: int
    serving: int
    """Positions logged in that serve it, whatever they do."""
    estimate: Callable[[int], float | None]


def due(
    rule: RoomRule, call: WaitingCall, place: int, pressure: Pressure, now: datetime
) -> OverflowRule | None:
    """The first of the room's rules that applies to a call now. ``place``: how many are served before it."""
    for each in rule.overflows:
        if each.ends and not may_be_ended(call):
            continue
        if each.on and not _spent(each, rule, call, now) and _applies(each, rule, call, place, pressure, now):
            return each
    return None


def may_be_ended(call: WaitingCall) -> bool:
    """Whether a rule may end the call with a message.

    Never where a life may be in danger, nor where an agent told the caller to wait, nor a neighbour's call.
    """
    return call.priority not in _VITAL and call.by is None and not call.entrusted


def away_for_too_long(call: WaitingCall, now: datetime) -> bool:
    """Whether nobody has said what became of a call that was sent elsewhere."""
    last = max(call.overflowed.values(), default=None)
    return call.away and last is not None and (now - last).total_seconds() > LONGEST_AWAY_S


def _spent(each: OverflowRule, rule: RoomRule, call: WaitingCall, now: datetime) -> bool:
    """Whether the rule had its turn with this call; and no call goes back to a room it was sent from."""
    been = {rule.queue, *(queue for queue, _ in call.overflowed)}
    if each.target.kind is TargetKind.ROOM and each.target.value in been:
        return True
    last = call.overflowed.get((rule.queue, each.name))
    return last is not None and (each.every == 0 or (now - last).total_seconds() < each.every)


def _applies(
    each: OverflowRule, rule: RoomRule, call: WaitingCall, place: int, pressure: Pressure, now: datetime
) -> bool:
    match each.cause:
        case OverflowCause.WAIT:
            return (now - call.entered_at).total_seconds() >= each.limit
        case OverflowCause.LENGTH:
            return place >= each.limit
        case OverflowCause.ESTIMATE:
            estimate = pressure.estimate(place)
            return estimate is not None and estimate > each.limit
        case OverflowCause.CLOSED:
            return rule.closed
        case OverflowCause.NOBODY:
            return pressure.serving == 0 and (now - call.entered_at).total_seconds() >= each.limit
