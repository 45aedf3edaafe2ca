"""Small plans for tests, as data and as files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from app.plan_store import PlanOrder, PlanStore
from core.ids import QueueId
from core.words import FrontOffice
from ivr.script import Announce, CallFlows, Line, Script, Wait

WELCOME = """
salle de secours: "15"
salles: {"15": {niveau: FO1, rôles: [arm, superviseur]}, Samu: {niveau: FO1, rôles: [arm, superviseur]}}
lignes: {"2": {flux: "15", parcours: direct}, autres: {flux: "15", parcours: accueil}}
parcours:
  accueil: {étapes: {accueil: {annonce: welcome, puis: attente}, attente: {salle: "15"}}}
  direct: {étapes: {attente: {salle: "15"}}}
"""
"""One welcome, then the room 15; the line 2 goes straight there."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ROOMS = {QueueId("15"): FrontOffice.FO1, QueueId("Samu"): FrontOffice.FO1, QueueId("MU"): FrontOffice.FO2}


def simple_flows(
    lines: Mapping[str, Line] | None = None, scripts: Mapping[str, Script] | None = None
) -> CallFlows:
    """A welcome, then the room 15, for every line but those given."""
    welcome = Script(
        "welcome", {"welcome": Announce(sounds=("welcome",), next="wait"), "wait": Wait(queue=QueueId("15"))}
    )
    return CallFlows(
        lines=lines or {},
        other_lines=Line("15", "welcome"),
        scripts={"welcome": welcome, **(scripts or {})},
        rescue=QueueId("15"),
        rooms=ROOMS,
    )


def put_in_force(data_dir: Path, text: str, at: datetime = LONG_AGO) -> int:
    """Publish a plan in a centre's folder and let it be in force; give its version."""
    store = PlanStore(data_dir / "plans")
    version = store.publish(text.encode())
    store.order(PlanOrder(at=at, version=version, by="tests"))
    return version
