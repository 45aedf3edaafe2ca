"""Everything that can happen at a centre, in the past tense: the journal's only words.

Each event is a frozen dataclass with a version; an :class:`Envelope` says when, where and in what order it
happened. From a sequence of envelopes every state, screen and indicator can be recomputed. The list is closed:
``EVENT_TYPES`` names every type that may be written or read.

The types are in one module for each area, whose ``__all__`` names them; everybody imports them from here.
"""

from core.events import (
    alarms,
    calls,
    desk,
    fallback,
    location,
    parties,
    platform,
    positions,
    records,
    rooms,
    svi,
)
from core.events.alarms import *  # noqa: F403
from core.events.base import CallEvent as CallEvent
from core.events.base import Envelope as Envelope
from core.events.base import Event as Event
from core.events.base import ItemEvent as ItemEvent
from core.events.base import PositionEvent as PositionEvent
from core.events.calls import *  # noqa: F403
from core.events.desk import *  # noqa: F403
from core.events.fallback import *  # noqa: F403
from core.events.location import *  # noqa: F403
from core.events.parties import *  # noqa: F403
from core.events.platform import *  # noqa: F403
from core.events.positions import *  # noqa: F403
from core.events.records import *  # noqa: F403
from core.events.rooms import *  # noqa: F403
from core.events.svi import *  # noqa: F403

EVENT_TYPES: dict[str, type[Event]] = {
    name: getattr(area, name)
    for area in (svi, rooms, calls, parties, positions, records, desk, platform, alarms, fallback, location)
    for name in area.__all__
}
