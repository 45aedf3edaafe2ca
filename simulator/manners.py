"""How a robot ARM behaves: what it does next, and after how long. Pure; chance is given as an argument."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

Span = tuple[float, float]
"""Shortest and longest, in seconds; drawn evenly between."""


@dataclass(frozen=True, slots=True)
class Manners:
    """The habits of one robot."""

    answer: Span = (1.0, 4.0)
    """From the offer to Décrocher."""
    talk: Span = (20.0, 70.0)
    wrap_up: Span = (2.0, 8.0)
    pause_share: float = 0.08
    """How often a wrap-up is followed by a pause."""
    pause: Span = (20.0, 60.0)
    return_after: Span = (3.0, 6.0)
    """From a pause that it did not choose (an offer left unanswered) to ready."""


@dataclass(frozen=True, slots=True)
class Step:
    """What to do: a command of the strip, so many seconds after the situation began."""

    after: float
    command: str
    args: dict[str, object] = field(default_factory=dict)


def situation(view: dict[str, Any]) -> tuple[str, ...]:
    """What the next step depends on: while it does not change, one step is planned and no other."""
    position, offer, call = view.get("position", {}), view.get("offer", {}), view.get("call", {})
    return (
        str(position.get("state", "")),
        str(position.get("since", "")),
        str(offer.get("id", "")),
        str(call.get("id", "")),
        str(call.get("state", "")),
    )


def plan(view: dict[str, Any], manners: Manners, chance: Random) -> Step | None:
    """The next step in this situation; ``None``: wait for it to change."""
    position, offer, call = view.get("position", {}), view.get("offer"), view.get("call")
    state = position.get("state")
    if state == "offered" and offer:
        return Step(chance.uniform(*manners.answer), "accept_offer", {"offerId": offer["id"]})
    if state == "on_call" and call and call.get("state") == "talking":
        return Step(chance.uniform(*manners.talk), "hang_up")
    if state == "on_call" and call and call.get("state") == "held":
        return Step(chance.uniform(*manners.return_after), "resume")
    if state == "wrap_up":
        after = chance.uniform(*manners.wrap_up)
        if chance.random() < manners.pause_share:
            return Step(after, "pause", {"reason": "break"})
        return Step(after, "ready")
    if state == "paused":
        chosen = position.get("pauseReason") == "break"
        return Step(chance.uniform(*(manners.pause if chosen else manners.return_after)), "ready")
    return None
