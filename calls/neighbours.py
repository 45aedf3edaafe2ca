"""Mutual aid (entraide): which calls may go to a neighbour, what it is told, whose calls we take. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from calls.call import Call
from core.ids import CentreId, QueueId
from core.switch import CallerChannel, Entrusted
from core.words import CallTag, FrontOffice, Origin, Priority

OURS: Final = CentreId("FR751")
"""A centre with no settings of its own."""
MOST_HOPS: Final = 2
"""How many centres a call may cross before the one that takes it."""
LONGEST_WAIT: Final = timedelta(hours=12)
"""What a neighbour says of a longer wait is not believed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AidRules:
    """Who we are, and our neighbours with the lines whose calls may go to and come from them (none: all)."""

    centre: CentreId = OURS
    answer_seconds: float = 30
    """How long a neighbour may take to answer."""
    lines: Mapping[CentreId, frozenset[str]] = field(default_factory=dict)


def path_of(rules: AidRules, call: Call) -> tuple[CentreId, ...]:
    """The centres that a call has crossed, ours the last."""
    return (*(call.origin.path if call.origin else ()), rules.centre)


def refusal_to_send(rules: AidRules, call: Call, centre: CentreId) -> str | None:
    """Why a call may not go to a centre."""
    path = path_of(rules, call)
    if centre not in rules.lines:
        return "unknown_centre"
    if centre in path:
        return "crossed_already"
    if len(path) > MOST_HOPS:
        return "too_many_hops"
    lines = rules.lines[centre]
    return "line_not_allowed" if lines and call.line not in lines else None


def refusal_to_take(rules: AidRules, channel: CallerChannel) -> str | None:
    """Why a neighbour's call is not taken: it then stays where it was."""
    origin = channel.origin
    if origin is None or origin.sender not in rules.lines:
        return "unknown_centre"
    if rules.centre in origin.path:
        return "crossed_already"
    if len(origin.path) > MOST_HOPS:
        return "too_many_hops"
    lines = rules.lines[origin.sender]
    return "line_not_allowed" if lines and channel.line not in lines else None


def believed(origin: Origin, now: datetime) -> Origin:
    """What a neighbour tells, with a wait that may be: it began neither in the future nor days ago."""
    return replace(origin, since=min(max(origin.since, now - LONGEST_WAIT), now))


def entrusted(rules: AidRules, call: Call, now: datetime) -> Entrusted:
    """What a neighbour is told of a call."""
    origin, queued = call.origin, call.queued
    tags = {*(origin.tags if origin else ())}
    if call.silent:
        tags.add(CallTag.OPEN_LINE)
    if queued is not None and queued.repeat_of is not None:
        tags.add(CallTag.REPEAT)
    told = Origin(
        path=path_of(rules, call),
        flow=queued.flow if queued else "15",
        queue=queued.queue if queued else QueueId("15"),
        priority=call.priority or Priority.PX,
        front_office=queued.front_office if queued else FrontOffice.FO1,
        since=call.waits_since or now,
        skills=queued.skills if queued else (),
        tags=tuple(sorted(tags)),
        location=call.location,
    )
    return Entrusted(call_id=call.call_id, line=call.line, caller=call.caller, origin=told)
