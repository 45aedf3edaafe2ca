"""Calls that neighbouring centres entrust to ours: no welcome, straight to the right room, or refused. Pure."""

from collections.abc import Mapping

from core.events import CallOriented
from core.ids import CallId, QueueId
from core.words import FrontOffice, Origin
from ivr.script import CallFlows, CentreState


def has_room(state: CentreState) -> bool:
    """Whether we may take the call of another centre: not while our own callers wait too long."""
    return state is CentreState.NORMAL


def oriented(call_id: CallId, origin: Origin, flows: CallFlows, rooms: Mapping[str, str]) -> CallOriented:
    """Where the call goes: the room of the same name and level, or the one meant for it, else the rescue room.

    Args:
        call_id: the call.
        origin: what the neighbour tells of it.
        flows: the plan in force.
        rooms: the neighbour's rooms and ours, where the names differ.
    """
    queue = QueueId(rooms.get(origin.queue, origin.queue))
    if flows.rooms.get(queue) is not origin.front_office and origin.queue not in rooms:
        queue = flows.rescue
    return CallOriented(
        call_id=call_id,
        flow=origin.flow,
        queue=queue,
        priority=origin.priority,
        front_office=flows.rooms.get(queue, FrontOffice.FO1),
        skills=origin.skills,
    )
