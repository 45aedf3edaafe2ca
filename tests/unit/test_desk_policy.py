"""What counts as lost, as short, and who works what in which order: tables."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from core.desk import AtPosition, LostItem
from core.ids import AgentId, ItemId, PositionId
from core.words import LossPlace, Outcome, Priority, Role
from desk.policy import (
    SAID_AGAIN_AFTER,
    DeskRules,
    expires_at,
    group_of,
    is_short,
    may_work,
    place_of,
    sort_key,
)
from tests.support.events import NOON

pytestmark = pytest.mark.unit

ITEM = LostItem(
    item_id=ItemId("i"),
    number="+33199000001",
    line="15",
    flow="15",
    priority=Priority.PX,
    place=LossPlace.QUEUE,
    waited_seconds=30,
    short=False,
    first_lost_at=NOON,
    last_lost_at=NOON,
)


@pytest.mark.parametrize(
    ("outcome", "answered", "left_alone", "place"),
    [
        (Outcome.ABANDONED_SVI, False, False, LossPlace.SVI),
        (Outcome.ABANDONED_QUEUE, False, True, LossPlace.QUEUE),
        (Outcome.ABANDONED_RINGING, False, True, LossPlace.RINGING),
        (Outcome.TECHNICAL_FAILURE, False, False, LossPlace.FAILURE),
        (Outcome.TECHNICAL_FAILURE, True, False, LossPlace.FAILURE),
        (Outcome.CALLBACK_ASKED, False, False, LossPlace.CALLBACK_ASKED),
        (Outcome.ANSWERED, True, False, None),
        (Outcome.ANSWERED, True, True, LossPlace.PARKED),
        (Outcome.ABANDONED_QUEUE, True, True, LossPlace.PARKED),
        (Outcome.ABANDONED_RINGING, True, False, LossPlace.PARKED),
        (Outcome.OVERFLOWED, False, True, None),
        (Outcome.REFUSED, False, False, None),
        (Outcome.FALLBACK, False, True, None),
        (Outcome.NOT_REACHED, False, False, None),
    ],
)
def test_where_a_call_was_lost(
    outcome: Outcome, answered: bool, left_alone: bool, place: LossPlace | None
) -> None:
    assert place_of(outcome, answered=answered, left_alone=left_alone) is place


@pytest.mark.parametrize(
    ("place", "priority", "seconds", "short"),
    [
        (LossPlace.QUEUE, Priority.PX, 14.9, True),
        (LossPlace.QUEUE, Priority.PX, 15.0, False),
        (LossPlace.QUEUE, Priority.PX, 15.1, False),
        (LossPlace.SVI, Priority.PX, 1.0, True),
        (LossPlace.RINGING, Priority.P1, 14.9, True),
        (LossPlace.QUEUE, Priority.UV, 2.0, False),
        (LossPlace.FAILURE, Priority.PX, 2.0, False),
        (LossPlace.CALLBACK_ASKED, Priority.PX, 2.0, False),
        (LossPlace.PARKED, Priority.PX, 2.0, False),
    ],
)
def test_what_is_too_short_to_be_a_call_for_help(
    place: LossPlace, priority: Priority, seconds: float, short: bool
) -> None:
    assert is_short(DeskRules(), place, priority, seconds) is short


def test_the_order_of_work_is_priority_then_age_with_the_uncallable_last() -> None:
    later = NOON + timedelta(minutes=5)
    wanted = [
        replace(ITEM, item_id=ItemId("vital"), priority=Priority.UV, first_lost_at=later),
        replace(ITEM, item_id=ItemId("old")),
        replace(ITEM, item_id=ItemId("new"), first_lost_at=later),
        replace(ITEM, item_id=ItemId("short"), short=True, priority=Priority.P0),
        replace(ITEM, item_id=ItemId("hidden"), number=None, priority=Priority.UV),
    ]
    for before, after in pairwise(wanted):
        assert sort_key(before) < sort_key(after)
    assert [group_of(item).value for item in wanted] == ["call", "call", "call", "short", "hidden"]


@pytest.mark.parametrize(
    ("owner", "role", "may"),
    [
        (None, Role.ARM, True),
        ("me", Role.ARM, True),
        ("somebody", Role.ARM, False),
        ("somebody", Role.PHYSICIAN_MU, False),
        ("somebody", Role.SUPERVISOR, True),
    ],
)
def test_who_may_work_an_item(owner: str | None, role: Role, may: bool) -> None:
    item = ITEM
    if owner is not None:
        agent = AtPosition(position_id=PositionId(owner), agent_id=AgentId(owner), name=owner)
        item = replace(item, owner=agent)
    assert may_work(item, "me", role) is may


def test_items_that_nobody_ought_to_call_leave_first() -> None:
    rules = DeskRules(uncallable_hours=24, open_days=7)
    assert expires_at(rules, ITEM) == NOON + timedelta(days=7)
    assert expires_at(rules, replace(ITEM, number=None)) == NOON + timedelta(hours=24)
    assert expires_at(rules, replace(ITEM, short=True)) == NOON + timedelta(hours=24)
    again = replace(ITEM, last_lost_at=NOON + timedelta(days=1))
    assert expires_at(rules, again) == NOON + timedelta(days=8)


def test_an_open_item_is_said_again_well_within_what_a_start_looks_back() -> None:
    from app.core_process import LOOK_BACK

    assert SAID_AGAIN_AFTER * 2 < LOOK_BACK
