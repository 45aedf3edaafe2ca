"""Writes entries into the chain and folds them into the tables: the chain first, always."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date

import structlog

from core.custody import ENTRY_TYPES, JSON, Chained, CustodyEntry
from core.ports import Clock
from recorder.custody.alone import Alone
from recorder.custody.errors import ChainAway
from recorder.custody.ports import ChainOfCustody, Line, Store
from recorder.sealing.errors import SealingError

log = structlog.get_logger(__name__)

_TOGETHER = 500
"""Entries folded in one transaction when catching up."""


class CustodyLedger:
    """The only way an act of custody is written down.

    An entry that is in the chain and not yet in the tables (the program was killed, the database was away) is
    folded before the next act looks at them.
    """

    def __init__(self, chain: ChainOfCustody, store: Store, clock: Clock, alone: Alone) -> None:
        self._chain = chain
        self._store = store
        self._clock = clock
        self._alone = alone
        self._folded: int | None = None
        """The last entry that is in the tables for sure; ``None``: to be asked."""

    @asynccontextmanager
    async def act(self) -> AsyncIterator[None]:
        """One act: nobody else's comes between what it looks at and what it writes.

        Raises:
            StorageUnavailable: the database does not answer.
            ChainAway: the chain cannot be read.
        """
        async with self._alone.act():
            if self._folded is None:
                await self.catch_up()
            yield

    async def write(self, entry: CustodyEntry) -> Chained:
        """Add an entry: it is durable, and in the tables, when this returns. Within :meth:`act`.

        Raises:
            ChainAway: it was not added.
            StorageUnavailable: it was, and will be in the tables before the next act.
        """
        return await self._written(lambda: self._chain.append(entry.KIND, entry.body(), self._clock.now()))

    async def publish(self, body: Mapping[str, JSON], day: date) -> Chained:
        """Add the entry of a sealed recording of that day; once, however often. Within :meth:`act`.

        Raises:
            As :meth:`write`.
        """
        return await self._written(lambda: self._chain.publish(body, day, self._clock.now()))

    async def _written(self, append: Callable[[], Line]) -> Chained:
        try:
            line = await asyncio.to_thread(append)
        except (OSError, SealingError) as error:
            log.critical("chain_takes_nothing", error=type(error).__name__)
            raise ChainAway(type(error).__name__) from error
        before, self._folded = self._folded, None
        if before is None or line.n != before + 1:
            await self.catch_up()  # another program wrote, or a day was closed, in between
        else:
            await self._store.fold([chained(line)])
            self._folded = line.n
        return chained(line)

    async def catch_up(self) -> None:
        """Fold what is in the chain and not in the tables.

        Raises:
            As :meth:`act`.
        """
        place = (await self._store.places()).chain
        try:
            missing = await asyncio.to_thread(lambda: list(entries_after(self._chain, place)))
        except (OSError, SealingError) as error:
            raise ChainAway(type(error).__name__) from error
        for begin in range(0, len(missing), _TOGETHER):
            part = missing[begin : begin + _TOGETHER]
            await self._store.fold(part)
            place = part[-1].n
        self._folded = place


def chained(line: Line) -> Chained:
    """A line of the chain, read; a kind without meaning for the tables is kept as a place alone."""
    kind = ENTRY_TYPES.get(line.kind)
    return Chained(n=line.n, at=line.at, entry=None if kind is None else kind.read(line.body))


def entries_after(chain: ChainOfCustody, place: int) -> Iterator[Chained]:
    """What follows an entry, in order. Blocking."""
    days = chain.days()
    first = len(days)
    while first > 0:
        first -= 1
        head = next(chain.entries(days[first]), None)
        if head is not None and head.n <= place + 1:
            break
    for day in days[first:]:
        for line in chain.entries(day):
            if line.n > place:
                yield chained(line)
