"""Parked callers: somebody must look after them in time."""

from datetime import datetime

from acd.model.calls import WaitingCall
from acd.model.rules import RoomRule
from core.words import Priority


def longest_silence(rule: RoomRule, priority: Priority) -> float | None:
    """For how many seconds a caller of that priority may be left alone; none: the room is not watched."""
    return rule.check_back.get(priority)


def check_back_due(rule: RoomRule, call: WaitingCall, now: datetime) -> bool:
    """Whether somebody must look after the caller now, and has not been told yet."""
    if call.check_due or call.accepted_by is not None:
        return False
    silence = longest_silence(rule, call.priority)
    return silence is not None and (now - call.checked_at).total_seconds() >= silence
