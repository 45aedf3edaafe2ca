"""A number that calls again: it moves up, and its agent is preferred."""

from datetime import datetime

from acd.model.history import LastCall
from acd.model.rules import RoomRule
from core.ids import AgentId, CallId


def repeat_of(rule: RoomRule, before: LastCall | None, now: datetime) -> CallId | None:
    """The call that this one repeats, if the number called shortly before."""
    return before.call_id if before and _within(rule.repeat_seconds, before, now) else None


def preferred(rule: RoomRule, before: LastCall | None, now: datetime) -> AgentId | None:
    """The agent to be chosen first: who had that number last, lately enough."""
    window = max(rule.repeat_seconds, rule.affinity_seconds)
    return before.agent_id if before and _within(window, before, now) else None


def _within(seconds: float, before: LastCall, now: datetime) -> bool:
    return (now - before.at).total_seconds() <= seconds
