"""The waiting rooms of a plan, as other parts are told of them."""

from acd.model.rules import Mode, RoomPlan
from core.rooms import RoomCard


def cards(plan: RoomPlan) -> tuple[RoomCard, ...]:
    """One card a room, in the plan's order."""
    return tuple(
        RoomCard(
            queue=rule.queue,
            name=rule.name,
            front_office=rule.front_office,
            manual=rule.mode is Mode.MANUAL,
            roles=rule.roles.union(*(widening.roles for widening in rule.widenings)),
            agents=frozenset(rule.agents),
        )
        for rule in plan.rooms.values()
    )
