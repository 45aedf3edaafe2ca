"""Who could serve whom: waiting calls in lines, ready positions in pools; nothing is ever searched in full.

A *line* holds the waiting calls that the same agents may serve: same room, same step of widening, same skills
still asked for, same Asterisk. A *pool* holds the ready positions whose agents may serve the same calls: same
profile. What one position's change costs depends on the rooms of that agent that have callers waiting, not on
how many rooms and agents there are (docs/adr/0011).

Lines and pools that changed are remembered: between the others no call can be offered, or it would have been.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from acd.model.calls import Place, WaitingCall
from acd.model.positions import Position
from acd.model.rules import Mode, RoomRule, Strategy
from acd.policy.ageing import Urgency
from acd.policy.serving import Profile, may_ever_serve, serves, serves_room
from core.ids import CallId, PositionId, QueueId

Standing: TypeAlias = "tuple[Urgency, CallId, Line]"
"""A call's place among all those of its room, and its line."""

Turn = tuple[int, int, PositionId]
"""A ready position's turn in a strategy: the smallest is first."""


@dataclass(eq=False, slots=True)
class Line:
    """Waiting calls that the same agents may serve, in order of service."""

    rule: RoomRule
    step: int
    wanted: frozenset[str]
    node: str
    places: list[Place] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Pool:
    """Ready positions of one profile, in the order of each strategy that is asked of them."""

    profile: Profile
    queues: dict[QueueId, None] = field(default_factory=dict)
    """The rooms they may ever serve."""
    members: int = 0
    """Positions logged in, whatever they do."""
    orders: dict[Strategy, list[Turn]] = field(default_factory=lambda: {Strategy.LONGEST_IDLE: []})
    turns: dict[PositionId, dict[Strategy, Turn]] = field(default_factory=dict)
    suits: dict[Line, bool] = field(default_factory=dict)
    """What has been found out of lines so far."""

    def may_serve(self, line: Line) -> bool:
        """Whether the calls of that line may be offered to these positions."""
        known = self.suits.get(line)
        if known is None:
            known = self.suits[line] = serves(line.rule, self.profile, line.step, line.wanted, line.node)
        return known

    def add(self, position: Position) -> None:
        """A position is ready."""
        turns: dict[Strategy, Turn] = {}
        for strategy, order in self.orders.items():
            turns[strategy] = turn = turn_of(strategy, position)
            insort(order, turn)
        self.turns[position.position_id] = turns

    def remove(self, position_id: PositionId) -> bool:
        """A position is not ready any more; whether it was."""
        turns = self.turns.pop(position_id, None)
        for strategy, turn in (turns or {}).items():
            order = self.orders[strategy]
            del order[bisect_left(order, turn)]
        return turns is not None

    def first(self, strategy: Strategy) -> Turn:
        """Whose turn it is. IndexError: nobody is ready."""
        return self.orders[strategy][0]


def turn_of(strategy: Strategy, position: Position) -> Turn:
    """A position's turn in a strategy. For RING_ALL, as for the longest idle."""
    match strategy:
        case Strategy.FEWEST_CALLS:
            return position.taken, position.idle_order, position.position_id
        case Strategy.SEQUENTIAL:
            return 0, 0, position.position_id
        case _:
            return position.idle_order, 0, position.position_id


class Index:
    """All lines and pools of a centre."""

    def __init__(self) -> None:
        self.rules: dict[QueueId, RoomRule] = {}
        self.waiting: dict[QueueId, list[Standing]] = {}
        """The automatic rooms that have callers: all of them in order, whatever line they stand in."""
        self.changed_lines: dict[Line, None] = {}
        self.changed_pools: dict[Pool, None] = {}
        self._lines: dict[QueueId, dict[tuple[int, frozenset[str], str], Line]] = {}
        self._orders: dict[QueueId, list[Standing]] = {}
        self._line_of: dict[CallId, tuple[Line, Place]] = {}
        self._pools: dict[Profile, Pool] = {}
        self._pools_of: dict[QueueId, list[Pool]] = {}

    # --- rooms ------------------------------------------------------------------------------------------

    def know(self, rule: RoomRule) -> None:
        """Take a new room in. One that changes how it works needs a new index."""
        self.rules[rule.queue] = rule
        self._lines[rule.queue] = {}
        self._orders[rule.queue] = []
        self._pools_of[rule.queue] = []
        for pool in self._pools.values():
            self._relate(pool, rule)

    def _relate(self, pool: Pool, rule: RoomRule) -> None:
        if not may_ever_serve(rule, pool.profile):
            return
        pool.queues[rule.queue] = None
        self._pools_of[rule.queue].append(pool)
        if rule.strategy not in pool.orders and rule.strategy is not Strategy.RING_ALL:
            pool.orders[rule.strategy] = []

    # --- calls ------------------------------------------------------------------------------------------

    def put(self, call: WaitingCall, place: Place, step: int, wanted: frozenset[str], node: str) -> None:
        """Let a call wait in line; it leaves the one where it was."""
        self.take(call.call_id)
        lines = self._lines[call.queue]
        line = lines.get((step, wanted, node))
        if line is None:
            line = lines[step, wanted, node] = Line(self.rules[call.queue], step, wanted, node)
        insort(line.places, place)
        order = self._orders[call.queue]
        insort(order, (*place, line))  # no two urgencies are equal: lines are never compared
        self._line_of[call.call_id] = (line, place)
        if line.rule.mode is Mode.AUTOMATIC:
            self.waiting[call.queue] = order
            self.changed_lines[line] = None

    def take(self, call_id: CallId) -> None:
        """Take a call out of its line; one that is in none is no error."""
        found = self._line_of.pop(call_id, None)
        if found is None:
            return
        line, place = found
        del line.places[bisect_left(line.places, place)]
        order = self._orders[line.rule.queue]
        del order[bisect_left(order, place)]  # a place sorts before the standing that it begins
        if not order:
            self.waiting.pop(line.rule.queue, None)

    def places(self, queue: QueueId | None = None) -> list[Place]:
        """The calls waiting in line, in order; of one room, or of all."""
        orders = self._orders.values() if queue is None else [self._orders.get(queue, [])]
        return sorted((at, call_id) for order in orders for at, call_id, _ in order)

    def length(self, queue: QueueId) -> int:
        """How many calls wait in line in a room."""
        return len(self._orders.get(queue, ()))

    def line_of(self, call_id: CallId) -> Line | None:
        """The line a call waits in."""
        found = self._line_of.get(call_id)
        return found[0] if found else None

    # --- positions --------------------------------------------------------------------------------------

    def pool(self, profile: Profile) -> Pool:
        """The pool of a profile, made at its first use."""
        pool = self._pools.get(profile)
        if pool is None:
            pool = self._pools[profile] = Pool(profile)
            for rule in self.rules.values():
                self._relate(pool, rule)
        return pool

    def join(self, position: Position) -> None:
        """A position is logged in."""
        self.pool(position.profile).members += 1
        self.reconsider(position)

    def reconsider(self, position: Position) -> None:
        """Put a position in its pool, out of it, or at its turn there."""
        pool = self.pool(position.profile)
        pool.remove(position.position_id)
        if position.free:
            pool.add(position)
            self.changed_pools[pool] = None

    def forget(self, position: Position) -> None:
        """A position is gone."""
        pool = self.pool(position.profile)
        pool.members -= 1
        pool.remove(position.position_id)

    # --- questions --------------------------------------------------------------------------------------

    def ready_pools(self, line: Line, among: Iterable[Pool] | None = None) -> Iterator[Pool]:
        """The pools with somebody ready who may serve the line."""
        for pool in self._pools_of[line.rule.queue] if among is None else among:
            if pool.turns and pool.may_serve(line):
                yield pool

    def serving(self, queue: QueueId) -> tuple[int, int]:
        """How many positions logged in serve a room from a call's first second on, and how many are ready."""
        rule = self.rules[queue]
        pools = [
            pool
            for pool in self._pools_of[queue]
            if serves_room(rule, pool.profile, 0) and not pool.profile.tests
        ]
        return sum(pool.members for pool in pools), sum(len(pool.turns) for pool in pools)

    def lines_for(self, pool: Pool) -> Iterator[Line]:
        """In each room that a pool may ever serve, the line of the first caller whom it may serve now."""
        if len(pool.queues) <= len(self.waiting):
            orders = [order for queue in pool.queues if (order := self.waiting.get(queue))]
        else:
            orders = [order for queue, order in self.waiting.items() if queue in pool.queues]
        for order in orders:
            for _, _, line in order:
                if pool.may_serve(line):
                    yield line
                    break
