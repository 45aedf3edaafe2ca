"""The last public events, in order, for whoever wants them: streams that come back, and webhooks.

Every reader holds its own place in it, so a slow one costs nothing and keeps nobody waiting.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator

import msgspec

from core.events import Envelope
from lrm_bridge.api.model import PublicModel
from lrm_bridge.api.shown import PublicEvent

KEPT = 20_000
"""How many events are kept: a busy day of a middling centre."""

_encode = msgspec.json.Encoder().encode


class Entry:
    """One event, encoded when somebody first wants it."""

    __slots__ = ("_body", "event")

    def __init__(self, event: PublicEvent) -> None:
        self.event = event
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        """The event as JSON."""
        if self._body is None:
            self._body = _encode(self.event)
        return self._body


class EventLog:
    """The public model, and the events that led to what it is."""

    def __init__(self, keep: int = KEPT) -> None:
        self.model = PublicModel()
        self._keep = keep
        self._entries: deque[Entry] = deque()
        self._floor: int | None = None
        self._news = asyncio.Event()

    def fold(self, envelope: Envelope) -> None:
        """Apply one event of the journal."""
        if self._floor is None:
            self._floor = envelope.seq - 1
        event = self.model.fold(envelope)
        if event is None:
            return
        self._entries.append(Entry(event))
        if len(self._entries) > self._keep:
            self._floor = self._entries.popleft().event.seq
        self._news.set()

    @property
    def seq(self) -> int:
        """The last event folded, public or not."""
        return self.model.seq

    @property
    def floor(self) -> int:
        """The place from which on every event is here."""
        return self._floor if self._floor is not None else 0

    def has(self, after: int) -> bool:
        """Whether everything after that place is here, and the place is one of this journal's."""
        return self.floor <= after <= self.seq

    def at(self, seq: int) -> Entry | None:
        """The event at a place, if it is public and still here."""
        index = self._index(seq - 1)
        if index < len(self._entries) and self._entries[index].event.seq == seq:
            return self._entries[index]
        return None

    def after(self, seq: int, most: int = 256) -> list[Entry]:
        """The next events after a place, so many at most."""
        index = self._index(seq)
        return [self._entries[at] for at in range(index, min(index + most, len(self._entries)))]

    async def news(self) -> None:
        """Wait until there is one more event."""
        self._news.clear()
        await self._news.wait()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def _index(self, seq: int) -> int:
        """Where the first event after a place is."""
        if not self._entries or seq >= self._entries[-1].event.seq:
            return len(self._entries)
        return bisect_right(self._entries, seq, key=lambda entry: entry.event.seq)
