"""Where a call goes, by the line it came in on."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.ids import QueueId
from core.words import FrontOffice, Priority


@dataclass(frozen=True, slots=True)
class Orientation:
    """What a call hears first, and the flow, waiting room and priority it is given."""

    flow: str
    queue: QueueId
    priority: Priority = Priority.PX
    front_office: FrontOffice = FrontOffice.FO1
    welcome: str = "welcome"
    """Name of the announcement; empty: straight to the waiting room."""


DEFAULT = Orientation(flow="15", queue=QueueId("15"))


def orient(line: str, lines: Mapping[str, Orientation]) -> Orientation:
    """Orientation of a call that came in on ``line``; an unknown line is an emergency line like any other."""
    return lines.get(line, DEFAULT)
