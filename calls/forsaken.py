"""Ends the calls among colleagues that nobody is in any more: all their pages are gone, nobody can hang up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from calls.call import Call
from calls.hands import Hands
from core.events import AgentLoggedIn, AgentLoggedOut, Envelope, PositionReadinessChanged
from core.ids import PositionId
from core.words import EndedBy

GRACE: Final = timedelta(seconds=30)
"""How long the last of them may take to come back: a page that is loaded again, a browser started again."""


class Forsaken:
    """Watches the positions whose page and sound are both gone."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._gone: dict[PositionId, datetime] = {}
        hands.bus.project(self.fold)

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if isinstance(event, PositionReadinessChanged) and not event.leg and not event.strip:
            self._gone.setdefault(event.position_id, envelope.occurred_at)
        elif isinstance(event, PositionReadinessChanged | AgentLoggedIn | AgentLoggedOut):
            self._gone.pop(event.position_id, None)

    def tick(self, now: datetime) -> None:
        """End what is forsaken."""
        if not self._gone:
            return
        for call in {c.call_id: c for p in self._gone for c in self._hands.calls.calls_of(p)}.values():
            if is_forsaken(call, self._gone, now):
                self._hands.end(call, EndedBy.SYSTEM, detail="nobody is there any more")


def is_forsaken(call: Call, gone: Mapping[PositionId, datetime], now: datetime) -> bool:
    """Whether a call has nobody outside, and everybody inside has been gone for longer than the grace.

    One with somebody outside is never ended so: they are there.
    """
    if call.outside() or call.ringing():
        return False
    since = [gone.get(p.position_id) for p in call.positions() if p.position_id is not None]
    return bool(since) and all(each is not None and each + GRACE <= now for each in since)
