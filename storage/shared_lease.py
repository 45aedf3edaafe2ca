"""Which of several sites' cores is at work for a centre, where they share one database: a row that expires.

A site is a data folder; within it the kernel's lock decides (``storage/lease.py``). Time is the database's.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, Float, and_, func, literal_column, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import LeaseLost, StorageUnavailable
from core.ids import CentreId
from storage.database import Database
from storage.tables import core_lease

log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 2.0
"""A holder silent for longer may be replaced."""
_ANSWER_SECONDS: Final = 1.0
"""A database that takes longer counts as away."""
_CLOCK: Final[dict[str, ColumnElement[Any]]] = {
    "postgresql": func.extract("epoch", func.clock_timestamp()),
    "sqlite": literal_column("(julianday('now') - 2440587.5) * 86400.0", Float),
}


class SharedLease:
    """Implements ``Lease`` on a row of the database, for one site.

    With the database away its holder goes on: nobody else can take the lease there, and calls come first.

    Args:
        database: where the row is.
        centre: whose lease it is.
        site: the name of this data folder.
        core: our name.
        seconds: how long it lasts after the last sign of life.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        database: Database,
        centre: CentreId,
        site: str,
        core: str,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._centre = centre
        self._site = site
        self._core = core
        self._seconds = seconds
        self._clock = clock
        self._epoch = 0
        self._sure_until = 0.0
        self.away = False
        """Whether the database did not answer the last time."""

    @property
    def epoch(self) -> int:
        """Which holding this is; 0: it is not ours."""
        return self._epoch

    def held(self) -> bool:
        """Whether it is ours: said again by the database within the lease's time, or the database is away."""
        return self._epoch > 0 and (self.away or self._clock() < self._sure_until)

    async def take(self) -> bool:
        """Take it if nobody has it, or it expired, or a core of this site had it.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        asked = self._clock()
        epoch = await self._asked(self._take)
        if epoch is None:
            return False
        self._epoch, self._sure_until, self.away = epoch, asked + self._seconds, False
        return True

    def keep(self, epoch: int) -> None:
        """Take it unasked, with the database away: a core of this site had it just before."""
        self._epoch, self.away = epoch, True

    async def renew(self) -> None:
        """Give a sign of life; with the database away, wait until it is back.

        Raises:
            LeaseLost: another site has it.
        """
        asked = self._clock()
        try:
            ours = await self._asked(self._renew)
        except StorageUnavailable:
            if not self.away:
                log.warning("lease_not_renewed", advice="the database does not answer: this core goes on")
            self.away = True
            return
        if not ours:
            self._epoch = 0
            raise LeaseLost("another site has the lease")
        self._sure_until, self.away = asked + self._seconds, False

    async def release(self) -> None:
        """Let anybody have it at once."""
        epoch, self._epoch = self._epoch, 0
        if not epoch:
            return
        try:
            await self._asked(lambda: self._expire(epoch))
        except StorageUnavailable:
            log.warning("lease_not_released", advice="it expires by itself")

    async def _asked(self, work: Callable[[], Any]) -> Any:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await work()
        except TimeoutError:
            raise StorageUnavailable("the database takes too long") from None

    async def _take(self) -> int | None:
        dialect = self._database.engine.dialect.name
        now = _CLOCK[dialect]
        make = sqlite.insert if dialect == "sqlite" else postgresql.insert
        insert = make(core_lease).values(
            centre_id=self._centre, site=self._site, core=self._core, epoch=1, renewed_at=now
        )
        free = or_(core_lease.c.site == self._site, core_lease.c.renewed_at < now - self._seconds)
        statement = insert.on_conflict_do_update(
            index_elements=["centre_id"],
            set_={
                "site": self._site,
                "core": self._core,
                "epoch": core_lease.c.epoch + 1,
                "renewed_at": now,
            },
            where=free,
        ).returning(core_lease.c.epoch)
        async with self._database.writing() as connection:
            epoch: int | None = (await connection.execute(statement)).scalar()
            return epoch

    def _mine(self, epoch: int) -> ColumnElement[bool]:
        return and_(
            core_lease.c.centre_id == self._centre,
            core_lease.c.site == self._site,
            core_lease.c.epoch == epoch,
        )

    async def _renew(self) -> bool:
        now = _CLOCK[self._database.engine.dialect.name]
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(core_lease).where(self._mine(self._epoch)).values(renewed_at=now)
            )
            return done.rowcount == 1

    async def _expire(self, epoch: int) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(core_lease).where(self._mine(epoch)).values(renewed_at=0.0))
