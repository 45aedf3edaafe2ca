"""The interpreter: tables for each kind of step, and what holds for any flow and any caller."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.plan import read_plan
from core.ids import QueueId
from core.plan import Problems
from core.words import Priority
from ivr.calendar import MIDNIGHT, PARIS, Calendar, Opening, opening
from ivr.checks import check_scripts
from ivr.policy import MOST_MOVES, begin, proceed, resume, retrace
from ivr.script import (
    Announce,
    Assign,
    ByCaller,
    ByHours,
    ByLine,
    ByState,
    Callback,
    CallFlows,
    CentreState,
    HangUp,
    Line,
    Menu,
    NumberList,
    SayQueue,
    Script,
    Step,
    Transfer,
    Wait,
)
from ivr.speech import say_rank, say_wait
from ivr.trial import play
from ivr.walk import (
    Action,
    CallBack,
    Circumstances,
    Enter,
    Finish,
    Happening,
    Key,
    NotReached,
    Play,
    Played,
    Ring,
    RoomFigures,
    ScriptBroken,
    Tick,
    Walk,
)
from tests.support.plan import ROOMS

pytestmark = pytest.mark.unit

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # a Monday, noon in Paris
Q15 = QueueId("15")
END = Wait(queue=Q15)
HERE = Circumstances(now=NOON, line="15", number="+33612345678")


def flows_of(steps: Mapping[str, Step], **more: object) -> CallFlows:
    whole = CallFlows(
        lines={},
        other_lines=Line("15", "s"),
        scripts={"s": Script(next(iter(steps)), {**steps, "end": END, "other": Wait(queue=QueueId("MU"))})},
        rescue=Q15,
        rooms=ROOMS,
        calendars={"week": Calendar(week=(((8 * 60, 20 * 60),),) * 5 + ((), ()))},
        lists={"pro": NumberList(frozenset({"+33612345678"})), "bad": NumberList(prefixes=("+3380",))},
    )
    return replace(whole, **more)  # type: ignore[arg-type]


CHOOSE = [
    (ByHours(calendar="week", open="end", closed="other", holiday="other"), HERE, "open", "15"),
    (
        ByHours(calendar="week", open="end", closed="other", holiday="other"),
        replace(HERE, now=NOON + timedelta(hours=9)),
        "closed",
        "MU",
    ),
    (
        ByHours(calendar="week", open="end", closed="end", holiday="other"),
        replace(HERE, now=datetime(2026, 7, 14, 10, tzinfo=UTC)),
        "holiday",
        "MU",
    ),
    (ByLine(lines={"15": "other"}, default="end"), HERE, "line", "MU"),
    (ByLine(lines={"112": "other"}, default="end"), HERE, "line", "15"),
    (ByCaller(lists={"bad": "end", "pro": "other"}, default="end"), HERE, "list pro", "MU"),
    (ByCaller(lists={"pro": "other"}, default="end"), replace(HERE, number=None), "else", "15"),
    (ByCaller(lists={}, hidden="other", default="end"), replace(HERE, number=None), "hidden", "MU"),
    (
        ByCaller(lists={}, repeat="other", repeat_minutes=30, default="end"),
        replace(HERE, called_before=NOON - timedelta(minutes=30)),
        "repeat",
        "MU",
    ),
    (
        ByCaller(lists={}, repeat="other", repeat_minutes=30, default="end"),
        replace(HERE, called_before=NOON - timedelta(minutes=30, seconds=1)),
        "else",
        "15",
    ),
    *(
        (
            ByState(normal="end", saturated="other", crisis="other"),
            replace(HERE, state=state),
            state.value,
            queue,
        )
        for state, queue in (
            (CentreState.NORMAL, "15"),
            (CentreState.SATURATED, "MU"),
            (CentreState.CRISIS, "MU"),
        )
    ),
]


@pytest.mark.parametrize(("step", "here", "why", "queue"), CHOOSE)
def test_branches(step: Step, here: Circumstances, why: str, queue: str) -> None:
    turn = begin(flows_of({"choice": step}), here)
    [enter] = turn.actions
    assert isinstance(enter, Enter)
    assert enter.queue == queue
    assert turn.route[0] == f"choice:{why}"


MENU = Menu(sounds=("menu",), keys={"1": "end"}, invalid_sounds=("bad",), default="other", timeout_s=5, tries=2)
LATE = replace(HERE, now=NOON + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("menu", "happenings", "heard", "queue"),
    [
        (MENU, [Key("1")], [("menu",)], "15"),
        (MENU, [Played(), Key("1")], [("menu",)], "15"),
        (MENU, [Key("9"), Key("1")], [("menu",), ("bad", "menu")], "15"),
        (MENU, [Key("9"), Key("8")], [("menu",), ("bad", "menu")], "MU"),
        (MENU, [Played(), "late", Played(), "late"], [("menu",), ("menu",)], "MU"),
        (MENU, [Played(), "late", Key("7")], [("menu",), ("menu",)], "MU"),
        (MENU, [Tick(), Played(), Tick(), Tick(), NotReached(), Key("1")], [("menu",)], "15"),
        (replace(MENU, other="end"), [Key("#")], [("menu",)], "15"),
        (replace(MENU, timeout_s=0, tries=1), [Played()], [("menu",)], "MU"),
    ],
)
def test_menus(menu: Menu, happenings: list[Happening | str], heard: list[tuple[str, ...]], queue: str) -> None:
    flows = flows_of({"ask": menu})
    here, turn = HERE, begin(flows_of({"ask": menu}), HERE)
    played: list[tuple[str, ...]] = []
    entered: list[Enter] = []

    def take(actions: tuple[Action, ...]) -> None:
        played.extend(action.sounds for action in actions if isinstance(action, Play))
        entered.extend(action for action in actions if isinstance(action, Enter))

    take(turn.actions)
    walk = turn.walk
    for happening in happenings:
        assert not entered
        if isinstance(happening, str):
            here = replace(here, now=here.now + timedelta(seconds=5))
            happening = Tick()
        turn = proceed(flows, here, walk, happening)
        walk = turn.walk
        take(turn.actions)
    assert played == heard
    assert [enter.queue for enter in entered] == [queue]


def test_an_announcement_is_skipped_only_where_it_may_be() -> None:
    for skippable in (True, False):
        flows = flows_of({"say": Announce(sounds=("welcome",), next="end", skippable=skippable)})
        turn = proceed(flows, HERE, begin(flows, HERE).walk, Key("5"))
        assert bool(turn.actions) is skippable
        assert turn.hush is skippable
        assert proceed(flows, HERE, begin(flows, HERE).walk, Played()).route == ("say:end", "end")


def test_what_is_given_on_the_way_goes_with_the_call() -> None:
    flows = flows_of(
        {"a": Assign(flow="PRO", skills=("x",), next="b"), "b": Assign(priority=Priority.UV, next="end")}
    )
    walk = begin(flows, HERE).walk
    assert (walk.flow, walk.priority, walk.skills) == ("PRO", Priority.UV, ("x",))


def test_place_and_wait_are_said_where_they_are_known() -> None:
    flows = flows_of({"say": SayQueue(queue=Q15, rank=True, wait=True, next="end")})
    known = replace(HERE, room=lambda queue: RoomFigures({Priority.UV.rank: 1, Priority.PX.rank: 2}, 50))
    [heard] = begin(flows, known).actions
    assert heard == Play(("rang", "nombre-4", "attente", "nombre-4", "minutes"))
    unsaid = replace(
        flows,
        scripts={
            "s": Script("say", {"say": SayQueue(queue=Q15, rank=False, wait=True, next="end"), "end": END})
        },
    )
    assert begin(unsaid, HERE).route == ("say:nothing to say", "end")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ()),
        (0, ("attente-courte",)),
        (60, ("attente-courte",)),
        (61, ("attente", "nombre-2", "minutes")),
        (3600, ("attente", "nombre-60", "minutes")),
        (3601, ("attente-longue",)),
    ],
)
def test_waits_are_rounded_up(seconds: float | None, said: tuple[str, ...]) -> None:
    assert say_wait(seconds) == said
    assert say_rank(61) == ()


def test_a_transfer_that_fails_goes_on() -> None:
    flows = flows_of({"out": Transfer(number="+33140000000", otherwise="end", ring_s=20)})
    turn = begin(flows, HERE)
    assert turn.actions == (Ring("+33140000000", NOON + timedelta(seconds=20)),)
    assert proceed(flows, HERE, turn.walk, Key("1")).actions == ()
    assert proceed(flows, HERE, turn.walk, NotReached()).route == ("out:not reached", "end")


def test_a_last_message_is_heard_before_the_end_and_a_failed_one_keeps_the_caller() -> None:
    flows = flows_of({"bye": HangUp(sounds=("bye",))})
    turn = begin(flows, HERE)
    assert turn.actions == (Play(("bye",)),)
    assert proceed(flows, HERE, turn.walk, Key("1")).actions == ()
    [finish] = proceed(flows, HERE, turn.walk, Played()).actions
    assert isinstance(finish, Finish)
    with pytest.raises(ScriptBroken):
        proceed(flows, HERE, turn.walk, Played(ok=False))


def test_a_wish_to_be_called_back_needs_a_number() -> None:
    flows = flows_of({"wish": Callback(sounds=("noted",), otherwise="end")})
    assert begin(flows, HERE).actions == (CallBack("+33612345678"), Play(("noted",)))
    assert begin(flows, replace(HERE, number=None)).route == ("wish:hidden", "end")


@pytest.mark.parametrize(
    ("at", "region", "expected"),
    [
        (datetime(2026, 5, 1, 10, tzinfo=PARIS), "", Opening.HOLIDAY),
        (datetime(2026, 4, 3, 10, tzinfo=PARIS), "", Opening.OPEN),  # Good Friday
        (datetime(2026, 4, 3, 10, tzinfo=PARIS), "57", Opening.HOLIDAY),
        (datetime(2026, 12, 24, 10, tzinfo=PARIS), "", Opening.CLOSED),  # an exception
        (datetime(2026, 3, 2, 7, 59, tzinfo=PARIS), "", Opening.CLOSED),
        (datetime(2026, 3, 2, 8, 0, tzinfo=PARIS), "", Opening.OPEN),
        (datetime(2026, 3, 2, 19, 59, 59, tzinfo=PARIS), "", Opening.OPEN),
        (datetime(2026, 3, 2, 20, 0, tzinfo=PARIS), "", Opening.CLOSED),
        (
            datetime(2026, 3, 30, 6, 0, tzinfo=UTC),
            "",
            Opening.OPEN,
        ),  # 8 h on the Monday after the change to summer
        (datetime(2026, 3, 27, 6, 0, tzinfo=UTC), "", Opening.CLOSED),  # 7 h on the Friday before
    ],
)
def test_calendars(at: datetime, region: str, expected: Opening) -> None:
    calendar = Calendar(week=(((8 * 60, 20 * 60),),) * 7, exceptions={date(2026, 12, 24): ()}, region=region)
    assert opening(calendar, at) is expected
    assert (
        opening(replace(calendar, week=(((0, MIDNIGHT),),) * 7, holidays_as=None, exceptions={}), at)
        is Opening.OPEN
    )


# --- any flow, any caller ------------------------------------------------------------------------------------

NAMES = [f"s{i}" for i in range(6)]
names = st.sampled_from(NAMES)
some_sounds = st.tuples(st.sampled_from(["a", "b"]))
keys = st.dictionaries(st.sampled_from("0123456789*#"), names, max_size=3)
steps = st.one_of(
    st.builds(Announce, sounds=some_sounds, next=names, skippable=st.booleans()),
    st.builds(
        Menu,
        sounds=some_sounds,
        keys=keys,
        default=names,
        other=st.one_of(st.just(""), names),
        timeout_s=st.sampled_from([0.0, 5.0]),
        tries=st.integers(1, 3),
    ),
    st.builds(SayQueue, queue=st.just(Q15), rank=st.booleans(), wait=st.booleans(), next=names),
    st.builds(ByHours, calendar=st.just("week"), open=names, closed=names, holiday=names),
    st.builds(ByLine, lines=st.dictionaries(st.just("15"), names), default=names),
    st.builds(ByCaller, lists=st.dictionaries(st.just("pro"), names), default=names, hidden=names),
    st.builds(ByState, normal=names, saturated=names, crisis=names),
    st.builds(Assign, next=names, priority=st.sampled_from(Priority)),
    st.builds(Wait, queue=st.sampled_from([Q15, QueueId("Samu")])),
    st.builds(Wait, queue=st.just(Q15)),
    st.builds(Transfer, number=st.just("18"), otherwise=names),
    st.builds(HangUp, sounds=some_sounds),
    st.builds(Callback, sounds=some_sounds, otherwise=names),
)
happenings = st.one_of(
    st.builds(Key, st.sampled_from("0123456789*#")),
    st.builds(Played, st.sampled_from([True, True, True, False])),
    st.just(Tick()),
    st.just(NotReached()),
)


@given(
    given_steps=st.lists(steps, min_size=6, max_size=6),
    what=st.lists(happenings, max_size=30),
    here=st.builds(
        replace,
        st.just(HERE),
        number=st.sampled_from([None, "+33612345678"]),
        state=st.sampled_from(CentreState),
    ),
)
@settings(max_examples=600, deadline=None)
def test_any_flow_that_passes_the_check_leads_every_caller_out(
    given_steps: list[Step], what: list[Happening], here: Circumstances
) -> None:
    reached = Script(NAMES[0], dict(zip(NAMES, given_steps, strict=True)))
    flows = replace(flows_of({"x": END}), scripts={"s": reached})
    problems = Problems()
    check_scripts(flows, problems)
    if any("revient" in p.what or "aboutit" in p.what for p in problems.errors):
        return
    # A caller who does anything, then nothing more: announcements end, time passes, nobody answers outside.
    silent: list[Happening] = [Played(), Tick(), NotReached()] * (MOST_MOVES + 2)
    out: Enter | Finish | None = None
    walk: Walk | None = None
    try:
        turn = begin(flows, here)
        for happening in (None, *what, *silent):
            if happening is not None:
                here = replace(here, now=here.now + timedelta(seconds=6))
                turn = proceed(flows, here, turn.walk, happening)
            walk = turn.walk
            assert walk.moves <= MOST_MOVES + 1
            ended = [action for action in turn.actions if isinstance(action, Enter | Finish)]
            if ended:
                out = ended[0]
                break
            assert resume(flows, here, walk).walk.step is not None
    except ScriptBroken:
        return  # to the emergency room
    assert out is not None, walk


AGAIN_BY_KEY = Menu(sounds=("a",), keys={"0": "s0"}, default="s1", other="", timeout_s=0, tries=2)
"""A menu with a key that begins it anew: what was tried before counts no more."""


@example(given_steps=[AGAIN_BY_KEY, *[Announce(sounds=("a",), next="s0")] * 5], what=[Key("1"), Key("0")])
@given(given_steps=st.lists(steps, min_size=6, max_size=6), what=st.lists(happenings, max_size=10))
@settings(max_examples=300, deadline=None)
def test_the_journalled_route_leads_back_to_the_same_place(
    given_steps: list[Step], what: list[Happening]
) -> None:
    flows = replace(
        flows_of({"x": END}), scripts={"s": Script(NAMES[0], dict(zip(NAMES, given_steps, strict=True)))}
    )
    retraced: Walk | None = None
    try:
        turn = begin(flows, HERE)
        for happening in (None, *what):
            if happening is not None:
                turn = proceed(flows, HERE, turn.walk, happening)
            if turn.route:
                retraced = retrace(flows, retraced, "s", turn.route, "15")
            assert retraced is not None
            walk = turn.walk
            assert (retraced.step, retraced.flow, retraced.priority, retraced.skills) == (
                walk.step,
                walk.flow,
                walk.priority,
                walk.skills,
            )
            assert retraced.tries == walk.tries or not isinstance(flows.scripts["s"].steps[walk.step], Menu)
            if any(isinstance(action, Enter | Finish) for action in turn.actions):
                return
    except ScriptBroken:
        return


def test_a_trial_is_what_the_caller_gets() -> None:
    text = b"""
salle de secours: "15"
salles: {"15": {niveau: FO1, r\xc3\xb4les: [arm]}}
lignes: {autres: {flux: "15", parcours: p}}
parcours:
  p:
    \xc3\xa9tapes:
      a: {menu: hello, touches: {"1": b}, d\xc3\xa9lai: 3, sinon: c}
      b: {affecter: {priorit\xc3\xa9: UV}, puis: c}
      c: {salle: "15"}
"""
    flows = read_plan(text, {"hello": "Bonjour."}).plans[""].flows
    trial = play(flows, HERE, ["fin", "1"], {"hello": "Bonjour."})
    assert trial.over
    assert [seen.heard for seen in trial.seen] == [("Bonjour.",), (), ()]
    assert trial.seen[-1].route == ("a:key 1", "b:set", "c")
    assert "priorité UV" in trial.seen[-1].result
    waiting = play(flows, HERE, ["fin"], {})
    assert (waiting.step, waiting.acts[-1], waiting.seen[0].heard) == ("a", "temps", ("[hello]",))
    assert play(flows, HERE, ["fin", "temps", "fin", "temps"], {}).over
