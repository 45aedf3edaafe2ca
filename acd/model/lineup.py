"""How rooms work now, and where each waiting call and each position stands by that."""

from contextlib import suppress
from datetime import datetime
from heapq import heappop, heappush

from acd.model.calls import WaitingCall
from acd.model.index import Index
from acd.model.positions import Position
from acd.model.rules import RoomPlan, RoomRule, changed
from acd.policy.ageing import urgency
from acd.policy.serving import Profile, step_at, wanted_at
from core.events import Envelope, RoomRuleChanged
from core.ids import CallId, ChannelId, PositionId, QueueId
from core.nodes import ONE_NODE, Nodes
from core.words import Role, RoomSetting

RuleKey = tuple[QueueId, RoomSetting, str]

CLOCK_GRAIN = 0.001
"""Seconds that two roads to the same instant may differ by, in floating point."""


class Lineup:
    """The rules in force, the calls and positions under them, and the index of who could serve whom.

    ``use`` gives the first plan: before it, nothing may be asked.
    """

    plan: RoomPlan

    def __init__(self, nodes: Nodes = ONE_NODE) -> None:
        self.nodes = nodes
        self.channels: dict[CallId, ChannelId] = {}
        """The callers' channels, of the calls that live."""
        self.changes: dict[RuleKey, RoomRuleChanged] = {}
        """What supervisors have changed of the plan."""
        self.waiting: dict[CallId, WaitingCall] = {}
        self.positions: dict[PositionId, Position] = {}
        self.index = Index()
        self._rules: dict[QueueId, RoomRule] = {}
        self._widen_at: list[tuple[float, int, CallId]] = []

    def node_of(self, call_id: CallId) -> str:
        """The Asterisk that a call is on."""
        return self.nodes.of(self.channels.get(call_id, call_id))

    # --- rules ------------------------------------------------------------------------------------------

    def rule(self, queue: QueueId) -> RoomRule:
        """How a room works now."""
        return self._rules.get(queue) or self._know(queue)

    def use(self, plan: RoomPlan) -> None:
        """Work by another plan from here on; what supervisors had changed of the former is put back."""
        self.plan = plan
        self.changes.clear()
        for position in self.positions.values():
            before = position.profile
            position.profile = self._profile(position.position_id, before.role, before.nodes)
        self._rebuild()

    def _rule_changed(self, event: RoomRuleChanged, envelope: Envelope) -> None:
        key = (event.queue, event.setting, event.rule)
        if event.value:
            self.changes[key] = event
        else:
            self.changes.pop(key, None)
        self._rebuild()

    def _rebuild(self) -> None:
        """Make the index again: how rooms work has changed."""
        queues = {*self.plan.rooms, *(call.queue for call in self.waiting.values())}
        self._rules.clear()
        self.index = Index()
        for queue in queues:
            self._know(queue)
        for call in self.waiting.values():
            self._stand(call, call.since)
        for position in self.positions.values():
            self.index.join(position)

    def _know(self, queue: QueueId) -> RoomRule:
        rule = self.plan.rule(queue)
        for (of, _, _), change in self.changes.items():
            if of == queue:
                with suppress(ValueError):  # what another version of the program took for a value
                    rule = changed(rule, change)
        self._rules[queue] = rule
        self.index.know(rule)
        return rule

    def _profile(self, position_id: PositionId, role: Role, nodes: frozenset[str] = frozenset()) -> Profile:
        return Profile(
            nodes=nodes,
            role=role,
            skills=self.plan.agent_skills.get(position_id, frozenset()),
            named=frozenset(q for q, rule in self.plan.rooms.items() if position_id in rule.agents),
        )

    # --- lines ------------------------------------------------------------------------------------------

    def catch_up(self, now: datetime) -> None:
        """Widen what waiting widens: who may serve the calls that have waited for long."""
        instant = now.timestamp()
        while self._widen_at and self._widen_at[0][0] <= instant:
            _, _, call_id = heappop(self._widen_at)
            if (call := self.waiting.get(call_id)) is not None and call.free:
                self._stand(call, now)

    def _stand(self, call: WaitingCall, now: datetime) -> None:
        """Put a call in the line where it belongs now, if it may be offered."""
        rule = self.rule(call.queue)
        self.index.take(call.call_id)
        if not call.free:
            return
        step = step_at(rule, now.timestamp() - call.since.timestamp() + CLOCK_GRAIN)
        at = urgency(rule, call.priority, call.since, call.seq, repeat=call.repeat_of is not None)
        wanted = wanted_at(rule, call.skills, step)
        self.index.put(call, (at, call.call_id), step, wanted, self.node_of(call.call_id))
        if step < len(rule.widenings):
            due = call.since.timestamp() + rule.widenings[step].after
            heappush(self._widen_at, (due, call.seq, call.call_id))
