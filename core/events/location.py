"""Where callers are: what was told of a call's place, asked for, or kept until its call comes."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import CallEvent, Event
from core.ids import PositionId
from core.location import Location, LocationFailure, LocationSource

__all__ = ["CallerLocated", "LocationAsked", "LocationKept", "LocationMissing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerLocated(CallEvent):
    """Somebody told where the caller is.

    ``best``: it is from here on the position of the caller; a screen with room for one shows the last such one.
    Else it stands beside that: it is coarser, but says something more. ``commune``: the nearest one, with its
    department (``Rouen (76)``); empty: not known.
    """

    location: Location
    commune: str = ""
    best: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationAsked(CallEvent):
    """An agent asked the operators' platform again; CallerLocated or LocationMissing follows by ``until``."""

    by: PositionId
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationMissing(CallEvent):
    """What was asked for did not come."""

    source: LocationSource
    reason: LocationFailure


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationKept(Event):
    """A position came for a number (E.164) that has no call here: kept for a while, should it come."""

    number: str
    location: Location
