"""How a robot agent behaves: what it does next, and after how long. Pure; chance is given as an argument."""

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
    park_share: float = 0.0
    """How often an ARM's talk ends in parking the caller for a physician."""
    park_room: str = "MU"
    hand_on_share: float = 0.0
    """How often it ends in passing the caller on to another room."""
    hand_on_room: str = "Samu"
    take: Span = (12.0, 45.0)
    """From seeing a parked caller to taking them, for a physician."""


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
        _to_take(view) or "",
    )


def plan(view: dict[str, Any], manners: Manners, chance: Random) -> Step | None:
    """The next step in this situation; ``None``: wait for it to change."""
    position, offer, call = view.get("position", {}), view.get("offer"), view.get("call")
    state = position.get("state")
    if state == "offered" and offer:
        return Step(chance.uniform(*manners.answer), "accept_offer", {"offerId": offer["id"]})
    if state == "on_call" and call and call.get("state") == "talking":
        return _end_of_talk(view, call, manners, chance)
    if state == "on_call" and call and call.get("state") == "held":
        return Step(chance.uniform(*manners.return_after), "resume")
    if state == "ready" and (waiting := _to_take(view)):
        return Step(chance.uniform(*manners.take), "take_call", {"callId": waiting})
    if state == "wrap_up":
        after = chance.uniform(*manners.wrap_up)
        if chance.random() < manners.pause_share:
            return Step(after, "pause", {"reason": "break"})
        return Step(after, "ready")
    if state == "paused":
        chosen = position.get("pauseReason") == "break"
        return Step(chance.uniform(*(manners.pause if chosen else manners.return_after)), "ready")
    return None


def _is_physician(view: dict[str, Any]) -> bool:
    return str(view.get("agent", {}).get("role", "")).startswith("physician")


def _to_take(view: dict[str, Any]) -> str | None:
    """The caller a physician would take now: the most urgent, then who has waited for longest."""
    if not _is_physician(view):
        return None
    lists = view.get("waiting", {}).values()
    calls = [
        (call["rank"], call["queuedAt"], str(call_id)) for calls in lists for call_id, call in calls.items()
    ]
    return min(calls)[2] if calls else None


def _end_of_talk(view: dict[str, Any], call: dict[str, Any], manners: Manners, chance: Random) -> Step:
    """How a talk ends: parked for a physician, passed on to a room, or over."""
    after, drawn = chance.uniform(*manners.talk), chance.random()
    ends = ((manners.park_share, manners.park_room, "P2"), (manners.hand_on_share, manners.hand_on_room, ""))
    for share, room, priority in ends:
        if drawn < share:
            theirs = call.get("kind") == "incoming" and not _is_physician(view)
            if theirs and not view.get("rooms", {}).get(room, {}).get("closed", True):
                args = {"callId": call["id"], "kind": "room", "value": room, "priority": priority}
                return Step(after, "transfer", args)
            break
        drawn -= share
    return Step(after, "hang_up")
