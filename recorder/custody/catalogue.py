"""Keeps the catalogue up to the journal, wherever it was left and however long ago."""

from datetime import timedelta
from typing import Final

from core.errors import StorageUnavailable
from recorder.custody.fold import CatalogueFold
from recorder.custody.ports import Store, Tail

LOOK_BACK: Final = timedelta(hours=26)
"""How much of the journal before a place is read to know the calls in progress there: as a core does."""


class Catalogue:
    """The catalogue's end of the journal."""

    def __init__(self, store: Store, tail: Tail) -> None:
        self._store = store
        self._tail = tail
        self._fold: CatalogueFold | None = None
        """``None``: to be begun, or begun anew."""

    async def follow(self) -> bool:
        """Take in one portion of what was written since; whether there was any.

        Raises:
            StorageUnavailable: the database does not answer; the next call begins anew where it was left.
        """
        try:
            fold = self._fold or await self._begin()
            read = await self._tail.more()
            if read.at is not None:
                await self._store.take(fold.changes(read.envelopes), read.place, read.at)
        except StorageUnavailable:
            self._fold = None
            raise
        self._fold = fold
        return read.at is not None

    async def _begin(self) -> CatalogueFold:
        places = await self._store.places()
        fold = CatalogueFold()
        fold.remember(await self._tail.begin(places.journal, places.journal_at, LOOK_BACK))
        return fold
