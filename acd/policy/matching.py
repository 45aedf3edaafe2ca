"""Which waiting call is offered next, to whom, and why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from acd.model.calls import WaitingCall
from acd.model.index import Index, Line, Pool
from acd.model.positions import Position
from acd.model.room import Room
from acd.policy.ageing import beside_others
from acd.policy.strategies import choose


@dataclass(frozen=True, slots=True)
class Match:
    """A call, the positions it is to be offered to (several to ring at once), and the reasons as codes."""

    call: WaitingCall
    positions: tuple[Position, ...]
    reasons: tuple[str, ...]


def next_match(room: Room, now: datetime) -> Match | None:
    """The most urgent call that somebody ready may serve, and whom to offer it to; none: nobody can be helped.

    Only lines and pools that changed are looked at: the others were without a match the last time.
    """
    room.catch_up(now)
    index = room.index
    if not index.changed_lines and not index.changed_pools:
        return None
    best = _best_line(index, now.timestamp())
    if best is None:
        index.changed_lines.clear()
        index.changed_pools.clear()
        return None
    line, pools, compared = best
    call = room.waiting[line.places[0][1]]
    chosen, why = choose(room, call, line, pools)
    length = index.length(call.queue)
    return Match(call, chosen, (*_why_this_call(call, line, length, compared, now), *why, *_why_skills(line)))


def _best_line(index: Index, now: float) -> tuple[Line, list[Pool], int] | None:
    """The line to serve next, the pools that may, and how many lines were beside it."""
    best: tuple[tuple[int, float, int], Line] | None = None
    compared = 0
    for line in _lines_to_look_at(index):
        at = beside_others(line.rule, line.places[0][0], now)
        compared += 1
        if best is None or at < best[0]:
            best = at, line
    if best is None:
        return None
    return best[1], list(index.ready_pools(best[1])), compared


def _lines_to_look_at(index: Index) -> Iterator[Line]:
    """The lines with callers whom somebody ready may serve, once each."""
    seen: set[Line] = set()
    for line in index.changed_lines:
        if line.places and _any(index.ready_pools(line)):
            seen.add(line)
            yield line
    for pool in index.changed_pools:
        if not pool.turns:
            continue
        for line in index.lines_for(pool):
            if line not in seen:
                seen.add(line)
                yield line


def _any(pools: Iterable[Pool]) -> bool:
    return next(iter(pools), None) is not None


def _why_this_call(call: WaitingCall, line: Line, length: int, compared: int, now: datetime) -> Iterator[str]:
    yield f"room:{call.queue}"
    yield f"priority:{call.priority}"
    yield f"waited:{max(0, int((now - call.since).total_seconds()))}s"
    if length > 1:
        yield f"first_of:{length}"
    if compared > 1:
        yield f"before_rooms:{compared - 1}"
        yield f"weight:{line.rule.weight:g}"
    if call.repeat_of is not None:
        yield "repeat_caller"


def _why_skills(line: Line) -> Iterator[str]:
    for skill in sorted(line.wanted):
        yield f"skill:{skill}"
    if line.step:
        yield f"widened:{line.step}"
