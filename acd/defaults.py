"""The waiting rooms of both levels as a centre has them that declares none."""

from collections.abc import Iterable

from acd.model.rules import Mode, RoomPlan, RoomRule
from core.ids import QueueId
from core.words import FrontOffice, Priority, Role

ARM = frozenset({Role.ARM, Role.SUPERVISOR})
MU = frozenset({Role.PHYSICIAN_MU})
ML = frozenset({Role.PHYSICIAN_ML})

PARKING = QueueId("park")
"""The room where any agent leaves a call for a while, for any other to take up."""

WATCH = {
    Priority.P0: 60.0,
    Priority.P1: 120.0,
    Priority.NR: 120.0,
    Priority.P2: 300.0,
    Priority.P3: 300.0,
}
"""Seconds for which a caller waiting for a physician may be left alone."""


def default_plan(offer_seconds: float = 20, wrap_up_seconds: float = 15) -> RoomPlan:
    """The rooms of FO1, served automatically, those of FO2, where physicians choose, and the parking."""

    def first(queue: str, name: str, roles: frozenset[Role] = ARM, weight: float = 1) -> RoomRule:
        return RoomRule(
            queue=QueueId(queue),
            name=name,
            roles=roles,
            weight=weight,
            offer_seconds=offer_seconds,
            wrap_up_seconds=wrap_up_seconds,
        )

    def second(queue: str, name: str, roles: frozenset[Role]) -> RoomRule:
        return RoomRule(
            queue=QueueId(queue),
            name=name,
            front_office=FrontOffice.FO2,
            roles=roles,
            mode=Mode.MANUAL,
            offer_seconds=offer_seconds,
            wrap_up_seconds=wrap_up_seconds,
            check_back=WATCH,
        )

    parking = RoomRule(
        queue=PARKING,
        name="Parcage",
        roles=ARM | MU | ML,
        mode=Mode.MANUAL,
        offer_seconds=offer_seconds,
        wrap_up_seconds=wrap_up_seconds,
        check_back=dict.fromkeys((Priority.UV, Priority.PX), 120.0),
    )
    rooms = (
        first("15", "15"),
        first("Samu", "SAMU"),
        first("CoordAmb", "Coordination ambulancière"),
        first("Crise", "Crise", weight=2),
        first("Malv", "Malveillants", weight=0.5),
        first("SuiviOp", "Suivi opérationnel"),
        second("ML", "Médecin libéral", ML),
        second("MU", "Médecin urgentiste", MU),
        second("MUCrise", "Médecin urgentiste, crise", MU),
        second("T2", "Second niveau", MU | ML),
        parking,
    )
    return plan_of(rooms)


def plan_of(rooms: Iterable[RoomRule]) -> RoomPlan:
    """A plan of some rooms; one nobody declared works as the first of them."""
    found = tuple(rooms)
    return RoomPlan(rooms={rule.queue: rule for rule in found}, fallback=found[0])
