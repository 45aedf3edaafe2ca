"""What counts as lost, what is too short to be a call for help, in which order items are worked, by whom."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.desk import LostItem
from core.words import ItemOutcome, LossPlace, Outcome, Priority, Role

CHOSEN_OUTCOMES = frozenset(ItemOutcome) - {ItemOutcome.CALLED_AGAIN, ItemOutcome.EXPIRED}
"""How an agent may close an item; the others are set by the system."""

SAID_AGAIN_AFTER = timedelta(hours=12)
"""An open item is written again in full after this: less than half of what a start looks back."""

ITEM_NOTE_LENGTH = 500
"""Characters of the longest note on an item: a page is told of several on each of hundreds of items."""

_PLACES = {
    Outcome.ABANDONED_SVI: LossPlace.SVI,
    Outcome.ABANDONED_QUEUE: LossPlace.QUEUE,
    Outcome.ABANDONED_RINGING: LossPlace.RINGING,
    Outcome.TECHNICAL_FAILURE: LossPlace.FAILURE,
    Outcome.CALLBACK_ASKED: LossPlace.CALLBACK_ASKED,
}
_BY_CALLERS = frozenset({LossPlace.SVI, LossPlace.QUEUE, LossPlace.RINGING})


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskRules:
    """How the desk works."""

    short_seconds: float = 15
    """A caller who leaves sooner is shown apart."""
    uncallable_hours: float = 24
    """How long an item stays that nobody ought to call back: hidden number, short abandon."""
    open_days: float = 7
    """How long any other item stays."""


class Group(StrEnum):
    """Where an item is shown, in this order."""

    CALL = "call"
    SHORT = "short"
    HIDDEN = "hidden"


_GROUPS = {group: rank for rank, group in enumerate(Group)}

SortKey = tuple[int, bool, int, datetime, str]


def place_of(outcome: Outcome, *, answered: bool, left_alone: bool) -> LossPlace | None:
    """Where a call with this outcome was lost; ``None``: it was not.

    Args:
        outcome: the call's one outcome.
        answered: a person has spoken to the caller.
        left_alone: since then the call was parked or passed on, and nobody had taken it yet.
    """
    place = _PLACES.get(outcome)
    if answered and (place in _BY_CALLERS or (left_alone and outcome is Outcome.ANSWERED)):
        return LossPlace.PARKED
    return place


def is_short(rules: DeskRules, place: LossPlace, priority: Priority, waited_seconds: float) -> bool:
    """Whether a loss came too soon to be taken for a call for help: a pocket call, a wrong number.

    Never where the caller asked for something, or said that a life is in danger.
    """
    return place in _BY_CALLERS and priority is not Priority.UV and waited_seconds < rules.short_seconds


def group_of(item: LostItem) -> Group:
    """Where an item is shown."""
    if item.number is None:
        return Group.HIDDEN
    return Group.SHORT if item.short else Group.CALL


def sort_key(item: LostItem) -> SortKey:
    """Order of work: those to call back; first whom a fault of ours cut, by priority, then lost for longest."""
    return _GROUPS[group_of(item)], not item.cut, item.priority.rank, item.first_lost_at, item.item_id


def most_urgent(one: Priority, other: Priority) -> Priority:
    """The more urgent of two priorities."""
    return min(one, other, key=lambda priority: priority.rank)


def expires_at(rules: DeskRules, item: LostItem) -> datetime:
    """When an item that nobody closes is closed by itself."""
    if item.to_call:
        return item.last_lost_at + timedelta(days=rules.open_days)
    return item.last_lost_at + timedelta(hours=rules.uncallable_hours)


def may_work(item: LostItem, agent_id: str, role: Role) -> bool:
    """Whether this agent may act on the item: it is theirs or nobody's, or they lead the room."""
    return item.owner is None or item.owner.agent_id == agent_id or role is Role.SUPERVISOR
