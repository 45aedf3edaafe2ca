"""In which order calls are served: priority, made up for by waiting where the room says so.

A call's order in its room never changes while it waits, so nothing is sorted again as time passes: a step of
priority is worth a fixed number of seconds of waiting, and is counted as if the call had arrived that much
earlier. ``UV`` and ``P0`` stand apart: no waiting of others ever passes them.
"""

from datetime import datetime

from acd.model.rules import RoomRule
from core.words import Priority

Urgency = tuple[int, float, int]
"""Band (0: UV, 1: P0, 2: all others), POSIX instant from which its waiting counts, journal order."""

NEVER = 1e6
"""Seconds of waiting that a step of priority is worth where waiting makes up for none: longer than any wait."""

_COMMON_BAND = 2
_LEAST = max(priority.rank for priority in Priority)


def urgency(rule: RoomRule, priority: Priority, since: datetime, seq: int, *, repeat: bool = False) -> Urgency:
    """Where a call stands in its room: the smaller, the sooner."""
    band = min(priority.rank, _COMMON_BAND)
    instant = since.timestamp()
    if band == _COMMON_BAND:
        worth = NEVER if rule.ageing_seconds is None else rule.ageing_seconds
        instant -= (_LEAST - priority.rank) * worth / rule.weight
    if repeat:
        instant -= rule.repeat_advance_seconds
    return band, instant, seq


def beside_others(rule: RoomRule, at: Urgency, now: float) -> Urgency:
    """Where the first call of a room stands beside those of other rooms, by the rooms' weights.

    ``now`` is a POSIX instant. Comparable between rooms, at one same instant.
    """
    band, instant, seq = at
    return band, -rule.weight * (now - instant), seq
