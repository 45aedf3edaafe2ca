"""The rules of distribution, one table a subject."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acd.defaults import plan_of
from acd.model.calls import WaitingCall
from acd.model.history import LastCall
from acd.model.rules import OverflowRule, RoomRule, Widening, changed, present
from acd.policy.ageing import beside_others, urgency
from acd.policy.estimate import estimated_wait
from acd.policy.levels import carried
from acd.policy.overflow import Pressure, due
from acd.policy.repeat import preferred, repeat_of
from acd.policy.serving import Profile, serves, step_at, wanted_at
from acd.policy.watch import check_back_due
from core.events import RoomRuleChanged
from core.ids import AgentId, CallId, PositionId, QueueId
from core.words import (
    FrontOffice,
    OverflowCause,
    Priority,
    Role,
    RoomSetting,
    Target,
    TargetKind,
)

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOM = RoomRule(queue=QueueId("15"), name="15")
AGEING = replace(ROOM, ageing_seconds=60)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("rule", "calls", "order"),
    [
        pytest.param(ROOM, [("Px", 10), ("Px", 20)], [1, 0], id="the first come"),
        pytest.param(ROOM, [("Px", 3600), ("P3", 0)], [1, 0], id="waiting makes up for no priority"),
        pytest.param(
            ROOM, [("P2", 0), ("NR", 0), ("P1", 0), ("P0", 0), ("UV", 0)], [4, 3, 2, 1, 0], id="ranks"
        ),
        pytest.param(AGEING, [("P3", 0), ("Px", 61)], [1, 0], id="a step is worth a minute"),
        pytest.param(AGEING, [("P3", 0), ("Px", 59)], [0, 1], id="no less than a minute"),
        pytest.param(AGEING, [("P0", 0), ("P1", 3600)], [0, 1], id="nothing ages past a vital emergency"),
        pytest.param(AGEING, [("P0", 3600), ("UV", 0)], [1, 0], id="nor P0 past UV"),
    ],
)
def test_order_in_a_room(rule: RoomRule, calls: list[tuple[str, float]], order: list[int]) -> None:
    at = [urgency(rule, Priority(p), ago(s), seq) for seq, (p, s) in enumerate(calls)]
    assert sorted(range(len(at)), key=at.__getitem__) == order


def test_a_repeat_call_counts_as_come_earlier() -> None:
    first = urgency(ROOM, Priority.PX, ago(100), 1)
    repeat = urgency(ROOM, Priority.PX, ago(0), 2, repeat=True)
    assert repeat < first
    assert urgency(ROOM, Priority.UV, ago(0), 3) < repeat


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [
        pytest.param((1, "Px", 50), (1, "Px", 40), 0, id="the longer wait"),
        pytest.param((1, "Px", 50), (2, "Px", 40), 1, id="a second counts double"),
        pytest.param((2, "Px", 40), (1, "UV", 0), 1, id="never before a vital emergency"),
        pytest.param((5, "Px", 300), (1, "P1", 0), 1, id="nor before a priority, where nothing ages"),
    ],
)
def test_order_between_rooms(
    one: tuple[float, str, float], other: tuple[float, str, float], first: int
) -> None:
    at = []
    for seq, (weight, priority, waited) in enumerate((one, other)):
        rule = replace(ROOM, weight=weight)
        at.append(beside_others(rule, urgency(rule, Priority(priority), ago(waited), seq), NOW.timestamp()))
    assert at.index(min(at)) == first


WIDENS = replace(
    ROOM,
    skills=frozenset({"gestes"}),
    widenings=(
        Widening(after=30, drops=frozenset({"anglais"})),
        Widening(after=60, roles=frozenset({Role.SUPERVISOR})),
        Widening(after=90, drops=None),
    ),
)


@pytest.mark.parametrize(
    ("waited", "role", "skills", "served"),
    [
        (0, Role.ARM, {"anglais", "gestes"}, True),
        (0, Role.ARM, {"gestes"}, False),
        (0, Role.ARM, {"anglais"}, False),
        (0, Role.PHYSICIAN_MU, {"anglais", "gestes"}, False),
        (29.9, Role.ARM, {"gestes"}, False),
        (30, Role.ARM, {"gestes"}, True),
        (30, Role.SUPERVISOR, {"gestes"}, False),
        (60, Role.SUPERVISOR, {"gestes"}, True),
        (60, Role.ARM, set(), False),
        (90, Role.ARM, set(), True),
        (90, Role.PHYSICIAN_MU, set(), False),
    ],
)
def test_who_serves(waited: float, role: Role, skills: set[str], served: bool) -> None:
    step = step_at(WIDENS, waited)
    wanted = wanted_at(WIDENS, frozenset({"anglais"}), step)
    assert serves(WIDENS, Profile(role, frozenset(skills), frozenset()), step, wanted) is served


def test_a_named_agent_serves_whatever_their_role() -> None:
    named = Profile(Role.PHYSICIAN_ML, frozenset(), frozenset({QueueId("15")}))
    assert serves(ROOM, named, 0, frozenset())


def waiting(seconds: float, **changes: object) -> WaitingCall:
    call = WaitingCall(
        call_id=CallId("c"),
        queue=QueueId("15"),
        flow="15",
        priority=Priority.PX,
        front_office=FrontOffice.FO1,
        skills=frozenset(),
        since=ago(seconds),
        entered_at=ago(seconds),
        seq=1,
        checked_at=ago(seconds),
    )
    for name, value in changes.items():
        setattr(call, name, value)
    return call


def overflowing(cause: OverflowCause, limit: float, **more: float) -> RoomRule:
    target = Target(TargetKind.ROOM, "Samu")
    rule = OverflowRule(name="d", cause=cause, target=target, limit=limit, every=more.get("every", 0))
    return replace(ROOM, overflows=(rule,))


QUIET = Pressure(waiting=1, serving=2, estimate=lambda place: None)


@pytest.mark.parametrize(
    ("rule", "call", "place", "pressure", "applies"),
    [
        (overflowing(OverflowCause.WAIT, 60), waiting(59.9), 0, QUIET, False),
        (overflowing(OverflowCause.WAIT, 60), waiting(60), 0, QUIET, True),
        (overflowing(OverflowCause.LENGTH, 5), waiting(0), 4, QUIET, False),
        (overflowing(OverflowCause.LENGTH, 5), waiting(0), 5, QUIET, True),
        (overflowing(OverflowCause.ESTIMATE, 60), waiting(0), 0, QUIET, False),
        (overflowing(OverflowCause.ESTIMATE, 60), waiting(0), 3, Pressure(4, 2, lambda p: 61.0), True),
        (overflowing(OverflowCause.ESTIMATE, 60), waiting(0), 3, Pressure(4, 2, lambda p: 60.0), False),
        (overflowing(OverflowCause.CLOSED, 0), waiting(0), 0, QUIET, False),
        (replace(overflowing(OverflowCause.CLOSED, 0), closed=True), waiting(0), 0, QUIET, True),
        (overflowing(OverflowCause.NOBODY, 0), waiting(0), 0, QUIET, False),
        (overflowing(OverflowCause.NOBODY, 10), waiting(9), 0, Pressure(1, 0, lambda p: None), False),
        (overflowing(OverflowCause.NOBODY, 10), waiting(10), 0, Pressure(1, 0, lambda p: None), True),
        (
            overflowing(OverflowCause.WAIT, 60),
            waiting(70, overflowed={(QueueId("15"), "d"): ago(5)}),
            0,
            QUIET,
            False,
        ),
        (
            overflowing(OverflowCause.WAIT, 60),
            waiting(70, overflowed={(QueueId("Samu"), "x"): ago(5)}),
            0,
            QUIET,
            False,
        ),
    ],
)
def test_overflow(rule: RoomRule, call: WaitingCall, place: int, pressure: Pressure, applies: bool) -> None:
    assert (due(rule, call, place, pressure, NOW) is not None) is applies


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"priority": Priority.P3}, True),
        ({"priority": Priority.UV}, False),
        ({"priority": Priority.P0}, False),
        ({"by": PositionId("arm1")}, False),
        ({"entrusted": True}, False),
    ],
)
def test_whose_call_a_message_may_end(changes: dict[str, Any], applies: bool) -> None:
    target = Target(TargetKind.MESSAGE, "m")
    last = OverflowRule(name="d", cause=OverflowCause.WAIT, target=target, limit=60, ends=True)
    found = due(replace(ROOM, overflows=(last,)), waiting(60, **changes), 0, QUIET, NOW)
    assert (found is last) is applies


def test_a_message_may_be_said_again() -> None:
    message = OverflowRule(
        name="d", cause=OverflowCause.WAIT, target=Target(TargetKind.MESSAGE, "m"), limit=60, every=30
    )
    rule = replace(ROOM, overflows=(message,))
    assert due(rule, waiting(100, overflowed={(QueueId("15"), "d"): ago(29)}), 0, QUIET, NOW) is None
    assert due(rule, waiting(100, overflowed={(QueueId("15"), "d"): ago(30)}), 0, QUIET, NOW) is message


@pytest.mark.parametrize(
    ("answers", "ahead", "ready", "logged_in", "expected"),
    [
        pytest.param([], 0, 1, 1, 0.0, id="somebody is ready"),
        pytest.param([40, 30, 20, 10], 0, 0, 0, None, id="nobody is there"),
        pytest.param([40, 30], 0, 0, 2, None, id="too few answers to say"),
        pytest.param([4000, 3000, 2000, 1000], 0, 0, 2, None, id="too long ago to say"),
        pytest.param([40, 30, 20, 10], 0, 0, 2, 10.0, id="the next"),
        pytest.param([40, 30, 20, 10], 4, 0, 2, 50.0, id="the fifth"),
        pytest.param([40, 30, 20, 10], 4, 2, 2, 50.0, id="more callers before than ready agents"),
    ],
)
def test_estimated_wait(
    answers: list[float], ahead: int, ready: int, logged_in: int, expected: float | None
) -> None:
    assert estimated_wait([ago(s) for s in answers], NOW, ahead, ready, logged_in) == expected


@pytest.mark.parametrize(
    ("before_s", "repeats", "prefers"),
    [(None, False, False), (0, True, True), (900, True, True), (901, False, True), (3601, False, False)],
)
def test_repeat_and_affinity(before_s: float | None, repeats: bool, prefers: bool) -> None:
    rule = replace(ROOM, affinity_seconds=3600)
    before = LastCall(CallId("c0"), ago(before_s), AgentId("a")) if before_s is not None else None
    assert (repeat_of(rule, before, NOW) is not None) is repeats
    assert (preferred(rule, before, NOW) is not None) is prefers


@pytest.mark.parametrize(
    ("given", "to", "becomes"),
    [
        ("UV", FrontOffice.FO2, "P0"),
        ("Px", FrontOffice.FO2, "NR"),
        ("P2", FrontOffice.FO2, "P2"),
        ("UV", FrontOffice.FO1, "UV"),
        ("P0", FrontOffice.FO1, "UV"),
        ("P1", FrontOffice.FO1, "Px"),
        ("NR", FrontOffice.FO1, "Px"),
    ],
)
def test_priority_from_one_level_to_the_other(given: str, to: FrontOffice, becomes: str) -> None:
    assert carried(Priority(given), to) is Priority(becomes)


@pytest.mark.parametrize(
    ("priority", "alone_s", "told", "expected"),
    [("P0", 59, False, False), ("P0", 60, False, True), ("P0", 60, True, False), ("P2", 60, False, False)],
)
def test_check_back(priority: str, alone_s: float, told: bool, expected: bool) -> None:
    rule = replace(ROOM, check_back={Priority.P0: 60.0})
    call = waiting(500, priority=Priority(priority), checked_at=ago(alone_s), check_due=told)
    assert check_back_due(rule, call, NOW) is expected


OVERFLOW = overflowing(OverflowCause.WAIT, 60)


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        (RoomSetting.CLOSED, "yes", ""),
        (RoomSetting.MODE, "manual", ""),
        (RoomSetting.OFFER_SECONDS, "30", ""),
        (RoomSetting.WRAP_UP_SECONDS, "0", ""),
        (RoomSetting.WEIGHT, "2.5", ""),
        (RoomSetting.OVERFLOW_LIMIT, "90", "d"),
        (RoomSetting.OVERFLOW_ON, "no", "d"),
    ],
)
def test_a_setting_is_changed_and_told(setting: RoomSetting, value: str, rule: str) -> None:
    change = RoomRuleChanged(queue=OVERFLOW.queue, setting=setting, value=value, before="", rule=rule)
    assert present(OVERFLOW, setting, rule) != value
    assert present(changed(OVERFLOW, change), setting, rule) == value


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (RoomSetting.CLOSED, "oui"),
        (RoomSetting.MODE, "les deux"),
        (RoomSetting.OFFER_SECONDS, "0"),
        (RoomSetting.WEIGHT, "nan"),
        (RoomSetting.WRAP_UP_SECONDS, "inf"),
        (RoomSetting.OVERFLOW_LIMIT, "-1"),
    ],
)
def test_a_wrong_setting_is_refused(setting: RoomSetting, value: str) -> None:
    change = RoomRuleChanged(queue=OVERFLOW.queue, setting=setting, value=value, before="", rule="d")
    with pytest.raises(ValueError, match=value):
        changed(OVERFLOW, change)


def test_a_room_nobody_declared_is_served_like_the_first() -> None:
    plan = plan_of([replace(ROOM, offer_seconds=7)])
    unknown = plan.rule(QueueId("inconnue"))
    assert (unknown.queue, unknown.offer_seconds, unknown.roles) == ("inconnue", 7, ROOM.roles)
    assert PositionId("x") not in unknown.agents
