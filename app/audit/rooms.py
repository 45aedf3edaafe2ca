"""I6: a queue is served by priority, then arrival. I10: no call waits while somebody who suits it is free.

Both by the rules of the plan in force, over plain lists: not by the index that distribution itself searches.
"""

from collections.abc import Iterator
from datetime import datetime

from acd.model.calls import WaitingCall
from acd.model.positions import Position
from acd.model.room import Room
from acd.model.rules import Mode
from acd.policy.ageing import Urgency, urgency
from acd.policy.serving import serves, step_at, wanted_at
from app.audit.evidence import Evidence, Lasting, Presence
from app.audit.findings import Finding, Invariant
from core.events import CallOffered, Envelope, PlanActivated
from core.words import OfferKind

FREE_S = 1.0
"""For how long somebody may be free while a call waits."""
_WAITS = "waits though somebody is free"


def check_rooms(evidence: Evidence, presence: Presence, room: Room) -> Iterator[Finding]:
    """I6 and I10. ``room``: as it is before the first event."""
    lasting = Lasting(presence, {_WAITS: FREE_S})
    for envelope in evidence.envelopes:
        now, judged = envelope.occurred_at, evidence.judges(envelope.occurred_at)
        for finding in _overlooked(lasting, now):
            if judged:
                yield finding
        if judged:
            yield from _out_of_order(room, envelope)
        _take_plan(evidence, room, envelope)
        room.fold(envelope)
        lasting.hold((_WAITS, call.call_id, now) for call in _could_be_served(room, now))
    yield from _overlooked(lasting, evidence.until)


def _take_plan(evidence: Evidence, room: Room, envelope: Envelope) -> None:
    event = envelope.event
    if isinstance(event, PlanActivated) and evidence.plans is not None:
        plan = evidence.plans(event.version, event.surge)
        if plan is not None:
            room.use(plan)


def _overlooked(lasting: Lasting, now: datetime) -> Iterator[Finding]:
    for _, call_id, seconds in lasting.too_long(now):
        what = f"it waited {seconds:.1f} s while somebody who may serve it was free"
        yield Finding(Invariant.NOBODY_WAITS, call_id, what)


def _could_be_served(room: Room, now: datetime) -> list[WaitingCall]:
    """The waiting calls that a free position may serve now."""
    free = [position for position in room.positions.values() if position.free]
    if not free:
        return []
    return [
        call
        for call in room.waiting.values()
        if call.free
        and room.rule(call.queue).mode is Mode.AUTOMATIC
        and any(_may_serve(room, position, call, now) for position in free)
    ]


def _may_serve(room: Room, position: Position, call: WaitingCall, now: datetime) -> bool:
    rule = room.rule(call.queue)
    step = step_at(rule, (now - call.since).total_seconds())
    return serves(rule, position.profile, step, wanted_at(rule, call.skills, step))


def _out_of_order(room: Room, envelope: Envelope) -> Iterator[Finding]:
    """An offer of the room passes nobody over who comes first and whom the same agent may serve."""
    event, now = envelope.event, envelope.occurred_at
    if not isinstance(event, CallOffered) or event.kind is not OfferKind.DISTRIBUTED:
        return
    call, position = room.waiting.get(event.call_id), room.positions.get(event.position_id)
    if call is None or position is None:
        return
    place = _place(room, call)
    for other in room.waiting.values():
        first = other.free and other.queue == call.queue and _place(room, other) < place
        if first and _may_serve(room, position, other, now):
            what = f"offered before {other.call_id}, which comes first"
            yield Finding(Invariant.ORDER, call.call_id, what)
            return


def _place(room: Room, call: WaitingCall) -> Urgency:
    rule = room.rule(call.queue)
    return urgency(rule, call.priority, call.since, call.seq, repeat=call.repeat_of is not None)
