"""Reads a running centre's journal from outside, and waits for what must be in it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from core.events import CallArrived, CallEnded, CallEvent, Envelope, Event
from core.ids import CallId
from storage.reader import Reader

E = TypeVar("E", bound=Event)

_LOOK_EVERY = 0.1


class Story:
    """Everything that happened to one call."""

    def __init__(self, envelopes: list[Envelope]) -> None:
        self.envelopes = envelopes

    @property
    def names(self) -> list[str]:
        """The types of its events, in order."""
        return [type(envelope.event).__name__ for envelope in self.envelopes]

    def all(self, kind: type[E]) -> list[E]:
        """Its events of a type, in order."""
        return [envelope.event for envelope in self.envelopes if isinstance(envelope.event, kind)]

    def only(self, kind: type[E]) -> E:
        """Its one event of a type: none or two is a failure."""
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} {kind.__name__} in {self.names}"
        return found[0]

    def at(self, kind: type[Event]) -> datetime:
        """When its first event of a type happened."""
        return next(envelope.occurred_at for envelope in self.envelopes if isinstance(envelope.event, kind))

    def assert_order(self, *kinds: type[Event]) -> None:
        """These types happened in this order, other events between them or not."""
        names = iter(self.names)
        for kind in kinds:
            assert kind.__name__ in names, f"no {kind.__name__} in its place: {self.names}"

    @property
    def ended(self) -> CallEnded:
        """Its one end, with its one outcome."""
        return self.only(CallEnded)


class Witness:
    """What the journal says since this witness was made."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._since = datetime.now(UTC)

    async def events(self) -> list[Envelope]:
        """Everything since."""
        return await self._reader.since(self._since - timedelta(milliseconds=1))

    async def next(
        self, kind: type[E], test: Callable[[E], bool] = lambda event: True, seconds: float = 20
    ) -> E:
        """The first event of a type that passes the test, there already or in time."""
        found: list[E] = []

        def look(envelopes: list[Envelope]) -> bool:
            found[:] = [e.event for e in envelopes if isinstance(e.event, kind) and test(e.event)]
            return bool(found)

        await self.until(look, f"{kind.__name__} in the journal", seconds)
        return found[0]

    async def until(self, test: Callable[[list[Envelope]], bool], what: str, seconds: float = 60) -> None:
        """Wait until the journal passes the test."""
        end = time.monotonic() + seconds
        while not test(envelopes := await self.events()):
            told = [type(envelope.event).__name__ for envelope in envelopes]
            assert time.monotonic() < end, f"not within {seconds} s: {what}; the journal has {told}"
            await asyncio.sleep(_LOOK_EVERY)

    async def call_of(self, number: str | None, seconds: float = 60) -> CallId:
        """The id of the call that came from a number (``None``: hidden)."""
        return (await self.next(CallArrived, lambda event: event.caller.e164 == number, seconds)).call_id

    async def story(self, call_id: CallId) -> Story:
        """Everything about one call so far."""
        return Story(await self._reader.of_call(call_id))

    async def until_told(
        self, call_id: CallId, kind: type[CallEvent], seconds: float = 60, count: int = 1
    ) -> Story:
        """The story of a call, once it has so many events of a type."""
        end = time.monotonic() + seconds
        while len((story := await self.story(call_id)).all(kind)) < count:
            assert time.monotonic() < end, f"not within {seconds} s: {kind.__name__} in {story.names}"
            await asyncio.sleep(_LOOK_EVERY)
        return story
