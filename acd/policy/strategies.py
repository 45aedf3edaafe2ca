"""Whom a call is offered to among those who are ready and may serve it."""

from acd.model.calls import WaitingCall
from acd.model.index import Line, Pool
from acd.model.positions import Position
from acd.model.room import Room
from acd.model.rules import Strategy

Choice = tuple[tuple[Position, ...], tuple[str, ...]]
"""Positions, and why they."""


def choose(room: Room, call: WaitingCall, line: Line, pools: list[Pool]) -> Choice:
    """Who is offered the call: its own agent if free, else by the room's strategy. ``pools`` may serve it."""
    if preferred := _preferred(room, call, pools):
        reason = "agent_of_first_call" if call.repeat_of is not None else "last_agent"
        return (preferred,), (reason,)
    strategy = line.rule.strategy
    if strategy is Strategy.RING_ALL:
        turns = sorted(turn for pool in pools for turn in pool.orders[Strategy.LONGEST_IDLE])
        return tuple(room.positions[turn[2]] for turn in turns), (f"ring_all:{len(turns)}",)
    if strategy is Strategy.SEQUENTIAL and (named := _named(room, line, pools)):
        return named
    position = room.positions[min(pool.first(strategy) for pool in pools)[2]]
    ready = sum(len(pool.turns) for pool in pools)
    return (position,), (f"{strategy}:{_value(strategy, position)}", f"ready:{ready}")


def _preferred(room: Room, call: WaitingCall, pools: list[Pool]) -> Position | None:
    if call.prefers is None:
        return None
    position = room.position_of_agent(call.prefers)
    if position is None or not position.free:
        return None
    return position if any(position.position_id in pool.turns for pool in pools) else None


def _named(room: Room, line: Line, pools: list[Pool]) -> Choice | None:
    for rank, position_id in enumerate(line.rule.agents, 1):
        if any(position_id in pool.turns for pool in pools):
            return (room.positions[position_id],), (f"{Strategy.SEQUENTIAL}:{rank}",)
    return None


def _value(strategy: Strategy, position: Position) -> str:
    """What the reason says of the chosen position."""
    if strategy is Strategy.FEWEST_CALLS:
        return str(position.taken)
    if strategy is Strategy.SEQUENTIAL:
        return position.position_id
    return position.idle_since.strftime("%Y-%m-%dT%H:%M:%SZ")
