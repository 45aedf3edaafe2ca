"""The lease that a core needs to be at work: of its machine, and of the database where that is shared."""

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn

import structlog

from core.errors import LeaseLost, StorageUnavailable
from core.ids import CentreId, new_id
from core.ports import Lease
from storage.database import Database
from storage.lease import FileLease
from storage.shared_lease import SharedLease

log = structlog.get_logger(__name__)

STEPPED_DOWN: Final = 75
"""Exit status of a core that another one has replaced; its keeper starts it again, as a standby."""
_ASK_SECONDS: Final = 0.25
"""How often a site that has not the lease asks the database for it."""


class CentreLease:
    """Implements ``Lease``: first the lock of this machine, then the database's row.

    Args:
        file: decides between the cores of this data folder.
        shared: decides between data folders; none: there is no other.
    """

    def __init__(self, file: FileLease, shared: SharedLease | None) -> None:
        self._file = file
        self._shared = shared
        self._ask_again = 0.0

    @property
    def epoch(self) -> int:
        """Which holding this is; 0: it is not ours."""
        return self._shared.epoch if self._shared else self._file.epoch

    def held(self) -> bool:
        """Whether it is surely ours at this instant."""
        return self._file.held() and (self._shared is None or self._shared.held())

    async def take(self) -> bool:
        """Take both, or none."""
        if monotonic() < self._ask_again or not self._file.lock():
            return False
        if self._shared is None or await self._take_shared(self._shared):
            await self._file.renew()
            return True
        self._ask_again = monotonic() + _ASK_SECONDS
        self._file.unlock()
        return False

    async def _take_shared(self, shared: SharedLease) -> bool:
        try:
            taken = await shared.take()
        except StorageUnavailable:
            # Nobody else can take it while the database is away: the cores of the site that had it go on.
            if not self._file.shared_epoch:
                return False
            shared.keep(self._file.shared_epoch)
            return True
        self._file.shared_epoch = shared.epoch if taken else 0
        return taken

    async def renew(self) -> None:
        """Give a sign of life.

        Raises:
            LeaseLost: another core has it.
        """
        await self._file.renew()
        if self._shared is None:
            return
        try:
            await self._shared.renew()
        except LeaseLost:
            self._file.shared_epoch = 0
            await self._file.renew()
            raise

    async def release(self) -> None:
        """Let another core have it at once: the one of this machine first."""
        await self._file.release()
        if self._shared is not None:
            await self._shared.release()


def lease_of(folder: Path, core: str, database: Database, centre: CentreId) -> CentreLease:
    """The lease of a core. SQLite is of one machine: there the lock is all there is.

    Args:
        folder: of the cores' signs of life.
        core: our name.
        database: the centre's.
        centre: whose lease it is.
    """
    shared = None
    if database.engine.dialect.name != "sqlite":
        shared = SharedLease(database, centre, site_of(folder), core)
    return CentreLease(FileLease(folder, core), shared)


def site_of(folder: Path) -> str:
    """The name of a data folder, made the first time."""
    file = folder / "site"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with file.open("x") as fresh:
            fresh.write(new_id())
    except FileExistsError:
        pass
    return file.read_text()


class Guard:
    """Asked before each order and each event written: a core that was replaced does neither, and ends.

    It ends at once, in the middle of whatever it was doing: everything it knew is in the journal, and whoever
    replaced it knows it too.
    """

    def __init__(self, lease: Lease, leave: Callable[[int], NoReturn] = os._exit) -> None:
        self._lease = lease
        self._leave = leave
        self._retired = False

    def __call__(self) -> bool:
        """Whether we may: true, or this does not come back; false where we left of our own accord."""
        if self._retired:
            return False
        if not self._lease.held():
            self.step_down("the lease was not renewed in time")
        return True

    def retire(self) -> None:
        """Order and write nothing from here on: the place is about to be another core's."""
        self._retired = True

    def step_down(self, reason: str) -> NoReturn:
        """Leave the place to another core."""
        log.error("core_stepped_down", reason=reason)
        self._leave(STEPPED_DOWN)
