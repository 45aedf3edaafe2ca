"""Forgets who called, in journal and ledger, once a centre's delay is over and an archivist gives the visa."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from core.accounts import Account
from core.custody import Forgotten
from core.ports import Clock
from recorder.custody.errors import CustodyRefused, NotEntitled
from recorder.custody.ledger import CustodyLedger
from recorder.custody.policy import Act, Relation, verdict

log = structlog.get_logger(__name__)


class Forgetting:
    """What becomes of callers' numbers and of notes.

    Args:
        ledger: writes into the chain.
        clock: tells the time.
        keep: for how long they are kept at least.
        forget: forgets all before an instant, but what a recording keeps; how many events it rewrote.
    """

    def __init__(
        self,
        ledger: CustodyLedger,
        clock: Clock,
        keep: timedelta,
        forget: Callable[[datetime], Awaitable[int]],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._keep = keep
        self._forget = forget

    async def forget(self, account: Account, until: datetime | None = None) -> int:
        """Forget who called before an instant (the latest that may be, if none is given); how many events.

        The chain says so beforehand. Ended in the middle: to be done again.

        Raises:
            NotEntitled: only an archivist may. CustodyRefused: ``too_early``.
            StorageUnavailable: the database does not answer. ChainAway: the chain takes nothing.
        """
        if not (said := verdict(account.role, Act.GRANT_ERASURE, Relation())).allowed:
            raise NotEntitled(said.code)
        latest = self._clock.now() - self._keep
        until = latest if until is None else until
        if until > latest:
            raise CustodyRefused("too_early")
        async with self._ledger.act():
            await self._ledger.write(Forgotten(until=until, by=account.agent_id))
        count = await self._forget(until)
        log.info("callers_forgotten", events=count)
        return count
