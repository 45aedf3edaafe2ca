"""What an event holds of the persons who called, and the same event without it. Pure.

An event that has forgotten is still of its type: whatever folds it folds it as before, and every count stays
right. An empty number is one that was known once; a withheld one stays ``None``.
"""

from collections.abc import Callable, Mapping
from typing import Any

Body = dict[str, Any]

SOMEWHERE = "-"
"""Stands for an address: a position has a point, or words."""


def _emptied(*path: str) -> Callable[[Body], None]:
    """Empty a text, where there is one."""
    *way, last = path

    def empty(body: Body) -> None:
        for step in way:
            body = body.get(step) or {}
        if body.get(last):
            body[last] = ""

    return empty


def _target(body: Body) -> None:
    """Empty a number called; rooms, positions and centres are no persons."""
    if body["target"]["kind"] == "number":
        body["target"]["value"] = ""


def _location(body: Body) -> None:
    kept = {name: body["location"][name] for name in ("source", "at")}
    body["location"] = {**kept, "civic": SOMEWHERE}


def _item(body: Body) -> None:
    _emptied("item", "number")(body)
    for note in body["item"].get("notes", ()):
        _emptied("text")(note)


HOLDING: Mapping[str, tuple[Callable[[Body], None], ...]] = {
    "CallArrived": (_emptied("caller", "e164"),),
    "CallNoted": (_emptied("text"),),
    "CallPlaced": (_target, _emptied("asked")),
    "CallbackRequested": (_emptied("number"),),
    "CallerLocated": (_location, _emptied("commune")),
    "DossierCorrelated": (_emptied("dossier_id"),),
    "FallbackCallEnded": (_emptied("caller", "e164"),),
    "ItemKept": (_item,),
    "ItemNoted": (_emptied("text"),),
    "LocationKept": (_emptied("number"), _location),
    "LostCallFiled": (_emptied("number"),),
    "LrmNotificationFailed": (_emptied("dossier_id"),),
    "LrmNotified": (_emptied("dossier_id"),),
    "PartyInvited": (_target,),
    "PhoneChosen": (_emptied("number"),),
    "TransferFailed": (_target,),
    "TransferStarted": (_target,),
}
"""The types of events that hold something, and what empties it."""


def forgotten(kind: str, body: Body) -> None:
    """Empty what an event of that type holds; the same again changes nothing."""
    for empty in HOLDING[kind]:
        empty(body)
