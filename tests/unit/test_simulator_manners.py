"""What a robot ARM does next, as a table."""

from random import Random
from typing import Any

import pytest

from simulator.manners import Manners, plan, situation

pytestmark = pytest.mark.unit

MANNERS = Manners(
    answer=(1, 2),
    talk=(10, 20),
    wrap_up=(3, 4),
    pause_share=0,
    pause=(30, 40),
    return_after=(5, 6),
    take=(50, 60),
)
OFFER = {"id": "o1"}
TALKING = {"id": "c1", "state": "talking"}
PARKED = {
    "MU": {"p1": {"rank": 2, "queuedAt": "10:00"}, "p2": {"rank": 1, "queuedAt": "10:05"}},
    "T2": {"p3": {"rank": 1, "queuedAt": "10:06"}},
}
WATCHED = {"agent": {"role": "physician_mu"}, "waiting": PARKED}


def view(state: str, **more: Any) -> dict[str, Any]:
    reason = {"pauseReason": more.pop("reason")} if "reason" in more else {}
    return {"position": {"state": state, "since": "t"} | reason} | more


@pytest.mark.parametrize(
    ("shown", "command", "args", "between"),
    [
        (view("offered", offer=OFFER), "accept_offer", {"offerId": "o1"}, (1, 2)),
        (view("on_call", call=TALKING), "hang_up", {}, (10, 20)),
        (view("on_call", call=TALKING | {"state": "held"}), "resume", {}, (5, 6)),
        (view("ready", **WATCHED), "take_call", {"callId": "p2"}, (50, 60)),
        (view("wrap_up"), "ready", {}, (3, 4)),
        (view("paused", reason="break"), "ready", {}, (30, 40)),
        (view("paused", reason="no_answer"), "ready", {}, (5, 6)),
    ],
)
def test_each_situation_has_its_step(
    shown: dict[str, Any], command: str, args: dict[str, object], between: tuple[float, float]
) -> None:
    step = plan(shown, MANNERS, Random(15))
    assert step is not None
    assert (step.command, step.args) == (command, args)
    assert between[0] <= step.after <= between[1]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        view("ready"),
        view("ready", agent={"role": "arm"}, waiting=PARKED),  # physicians take them
        view("ready", agent={"role": "physician_mu"}, waiting={"MU": {}}),
        view("unready"),
        view("on_call", call=TALKING | {"state": "connecting"}),
        view("offered"),
    ],
)
def test_otherwise_it_waits(shown: dict[str, Any]) -> None:
    assert plan(shown, MANNERS, Random(15)) is None


def test_it_pauses_as_often_as_its_manners_say() -> None:
    manners = Manners(pause_share=0.25)
    chance = Random(15)
    steps = [plan(view("wrap_up"), manners, chance) for _ in range(1000)]
    pauses = [step for step in steps if step and step.command == "pause"]
    assert 200 < len(pauses) < 300
    assert pauses[0].args == {"reason": "break"}


def test_the_same_seed_draws_the_same() -> None:
    shown = view("offered", offer=OFFER)
    assert plan(shown, MANNERS, Random(7)) == plan(shown, MANNERS, Random(7))


def test_a_situation_changes_with_offer_call_and_state_only() -> None:
    base = situation(view("ready", room={"waiting": 1}))
    assert situation(view("ready", room={"waiting": 5})) == base
    assert situation(view("paused")) != base
    assert situation(view("ready", offer=OFFER)) != base
    assert situation(view("on_call", call=TALKING)) != situation(
        view("on_call", call=TALKING | {"state": "held"})
    )


@pytest.mark.parametrize(
    ("role", "kind", "rooms", "parks", "passes", "command", "room"),
    [
        ("arm", "incoming", ("MU", "Samu"), 1.0, 0.0, "transfer", "MU"),
        ("arm", "incoming", ("MU", "Samu"), 0.0, 1.0, "transfer", "Samu"),
        ("arm", "incoming", ("Samu",), 1.0, 0.0, "hang_up", None),  # nobody there: the caller is not left
        ("arm", "outgoing", ("MU", "Samu"), 1.0, 0.0, "hang_up", None),
        ("physician_mu", "incoming", ("MU", "Samu"), 1.0, 0.0, "hang_up", None),
    ],
)
def test_a_talk_may_end_with_a_physician_or_in_another_room(
    role: str, kind: str, rooms: tuple[str, ...], parks: float, passes: float, command: str, room: str | None
) -> None:
    shown = view(
        "on_call",
        call=TALKING | {"kind": kind},
        agent={"role": role},
        rooms={name: {"closed": name not in rooms} for name in ("MU", "Samu")},
    )
    step = plan(shown, Manners(park_share=parks, hand_on_share=passes), Random(15))
    assert step is not None
    assert (step.command, step.args.get("value")) == (command, room)
