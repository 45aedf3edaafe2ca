"""The head of a room: for a caller whom a person has already answered, and whom a fault sent back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from acd.model.calls import WaitingCall
from acd.model.rules import RoomRule
from core.words import Priority

BEFORE: Final = timedelta(milliseconds=1)


def head_of(rule: RoomRule, priority: Priority, since: datetime, waiting: Iterable[WaitingCall]) -> datetime:
    """Since when a call must be said to wait, so as to be the first of its priority in a room.

    Args:
        since: when its own wait began: never later than this.
    """
    advance = timedelta(seconds=rule.repeat_advance_seconds)
    others = [
        call.since - (advance if call.repeat_of is not None else timedelta())
        for call in waiting
        if call.queue == rule.queue and call.priority is priority
    ]
    return min([since, *(other - BEFORE for other in others)])
