"""Puts calls into waiting rooms: from the SVI, from agents who pass them on, and back where they came from."""

from acd.model.room import Room
from acd.policy.head import head_of
from acd.policy.levels import carried
from acd.policy.repeat import preferred, repeat_of
from acd.policy.who_may import refusal_to_change
from acd.states import States
from core.commands import ChangePriority
from core.errors import CommandRefused
from core.events import (
    CallOriented,
    CallPrioritised,
    CallQueued,
    CallReturned,
    DossierCorrelated,
    Envelope,
)
from core.ids import CallId, PositionId, QueueId
from core.ports import Bus, Clock, Switch
from core.words import FrontOffice, Priority

WAITING_MUSIC = "waiting"
UNKNOWN_FLOW = "15"
"""Flow of a call that agents placed and put into a room: it never came in by one."""


class Queueing:
    """The ways into the waiting rooms of one centre."""

    def __init__(self, bus: Bus, switch: Switch, clock: Clock, room: Room, states: States) -> None:
        self._bus = bus
        self._switch = switch
        self._clock = clock
        self._room = room
        self._states = states

    def oriented(self, event: CallOriented, envelope: Envelope) -> None:
        """The SVI sends a call to its room."""
        channel = self._room.channel_of(event.call_id)
        if channel is None:
            return  # the caller left while being oriented
        rule, before, now = (
            self._room.rule(event.queue),
            self._room.callers.before(event.call_id),
            self._clock.now(),
        )
        self._bus.publish(
            CallQueued(
                call_id=event.call_id,
                flow=event.flow,
                queue=event.queue,
                priority=event.priority,
                front_office=event.front_office,
                skills=event.skills,
                since=self._room.waited_since(event.call_id),
                repeat_of=repeat_of(rule, before, now),
                prefers=preferred(rule, before, now),
            ),
            envelope,
        )

    def pass_on(
        self,
        call_id: CallId,
        queue: QueueId,
        envelope: Envelope | None,
        *,
        by: PositionId | None = None,
        priority: Priority | None = None,
        keep_place: bool = False,
    ) -> None:
        """Put a call into another room. ``keep_place``: it has waited already, and that counts there."""
        rule, before = self._room.rule(queue), self._room.last_queued.get(call_id)
        regulated = self._room.regulation.get(call_id) if rule.front_office is FrontOffice.FO2 else None
        given = priority or regulated or (before.priority if before else Priority.PX)
        self._bus.publish(
            CallQueued(
                call_id=call_id,
                flow=before.flow if before else UNKNOWN_FLOW,
                queue=queue,
                priority=carried(given, rule.front_office),
                front_office=rule.front_office,
                skills=before.skills if before and keep_place else (),
                since=before.since if before and keep_place else None,
                by=by,
                repeat_of=before.repeat_of if before and keep_place else None,
                prefers=before.prefers if before and keep_place else None,
            ),
            envelope,
        )

    def come_back(self, call_id: CallId, envelope: Envelope | None = None) -> None:
        """A call that reached nobody waits again in the room it came from, as if it had never left it."""
        before = self._room.last_queued.get(call_id)
        queue = before.queue if before else self._room.plan.fallback.queue
        self.pass_on(call_id, queue, envelope, by=before.by if before else None, keep_place=True)

    def give_back(self, event: CallReturned, envelope: Envelope) -> None:
        """Who had the call is lost: it is served before all others of its room and priority."""
        before = self._room.last_queued.get(event.call_id)
        rule = self._room.rule(before.queue if before else self._room.plan.fallback.queue)
        priority = before.priority if before else carried(Priority.PX, rule.front_office)
        since = (before.since if before else None) or self._clock.now()
        self._bus.publish(
            CallQueued(
                call_id=event.call_id,
                flow=before.flow if before else UNKNOWN_FLOW,
                queue=rule.queue,
                priority=priority,
                front_office=rule.front_office,
                skills=before.skills if before else (),
                since=head_of(rule, priority, since, self._room.waiting.values()),
                repeat_of=before.repeat_of if before else None,
                prefers=event.agent_id,
                was_with=event.name,
            ),
            envelope,
        )

    def correlated(self, event: DossierCorrelated, envelope: Envelope) -> None:
        """The LRM gives a call that waits for a physician its priority: it takes its new place at once."""
        call = self._room.waiting.get(event.call_id)
        if call is None or event.priority is None or call.front_office is not FrontOffice.FO2:
            return
        if call.priority is not event.priority:
            self._bus.publish(CallPrioritised(call_id=call.call_id, priority=event.priority), envelope)

    def change_priority(self, command: ChangePriority) -> None:
        """Give a waiting call another priority: it takes its new place at once."""
        position = self._states.of(command)
        call = self._room.waiting.get(command.call_id)
        rule = self._room.rule(call.queue) if call is not None else None
        if refusal := refusal_to_change(position, call, rule):
            raise CommandRefused(refusal)
        if call is not None and rule is not None and call.priority is not command.priority:
            if carried(command.priority, rule.front_office) is not command.priority:
                raise CommandRefused("priority_of_other_level")
            self._bus.publish(
                CallPrioritised(call_id=command.call_id, priority=command.priority, by=command.position_id)
            )
