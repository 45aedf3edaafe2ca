"""What a robot ARM does next, as a table."""

from random import Random
from typing import Any

import pytest

from simulator.manners import Manners, plan, situation

pytestmark = pytest.mark.unit

MANNERS = Manners(
    answer=(1, 2), talk=(10, 20), wrap_up=(3, 4), pause_share=0, pause=(30, 40), return_after=(5, 6)
)
OFFER = {"id": "o1"}
TALKING = {"id": "c1", "state": "talking"}


def view(state: str, **more: Any) -> dict[str, Any]:
    reason = {"pauseReason": more.pop("reason")} if "reason" in more else {}
    return {"position": {"state": state, "since": "t"} | reason} | more


@pytest.mark.parametrize(
    ("shown", "command", "args", "between"),
    [
        (view("offered", offer=OFFER), "accept_offer", {"offerId": "o1"}, (1, 2)),
        (view("on_call", call=TALKING), "hang_up", {}, (10, 20)),
        (view("on_call", call=TALKING | {"state": "held"}), "resume", {}, (5, 6)),
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
