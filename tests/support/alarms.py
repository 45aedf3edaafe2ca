"""Alarms over a bus of their own, on a held clock: what is wrong with the storage, as the room would see it."""

import errno
import os
from pathlib import Path

from app.bus import InProcessBus
from app.watches import journal_watches
from core.alarms import AlarmKind
from core.events import AlarmCleared, AlarmRaised, CoreStarted
from core.ids import CentreId
from storage.database import Database
from storage.journal import Journal, JournalPace
from storage.spool import Spool, SpoolLimits
from supervision.alarms import AlarmService
from tests.support.centre import HeldClock
from tests.support.waiting import until

PACE = JournalPace(
    gather_seconds=0.005,
    first_retry_seconds=0.02,
    last_retry_seconds=0.1,
    idle_seconds=0.05,
    answer_seconds=0.5,
    start_patience_seconds=60,  # the places of events are told from the journal's beginning
)


class WatchedStorage:
    """Bus, spool, journal and database, wired as in a core, with the alarms that watch them.

    Time passes only in :meth:`look`: so an alarm's delays are exact, however slow the machine is.
    """

    def __init__(
        self, spool: Path, url: str, timeout_seconds: float = 1, limits: SpoolLimits | None = None
    ) -> None:
        self.clock = HeldClock()
        self.database = Database(url, timeout_seconds)
        self.disk_full = False
        limits = limits or SpoolLimits(retry_seconds=0.02)
        self.spool = Spool(spool, limits=limits, write=self._write)
        self.journal = Journal(self.spool, self.database, spool / "refused.jsonl", PACE)
        self.bus = InProcessBus(self.spool, self.clock, CentreId("FR751"))
        self.alarms = AlarmService(self.bus, self.clock)
        for kind, look in journal_watches(self.journal, self.clock).items():
            self.alarms.watch(kind, look)
        self.told: list[tuple[str, str, str]] = []
        self.bus.subscribe((AlarmRaised, AlarmCleared), lambda envelope: self._told(envelope.event))

    async def __aenter__(self) -> "WatchedStorage":
        await self.journal.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.journal.close()
        await self.database.close()

    def _write(self, descriptor: int, octets: bytes) -> int:
        if self.disk_full:
            raise OSError(errno.ENOSPC, "no space left on device")
        return os.write(descriptor, octets)

    def happen(self, number: int) -> None:
        """Publish some events, as calls do."""
        for _ in range(number):
            self.bus.publish(CoreStarted(core="core-a"))

    def look(self, seconds: float = 0.6) -> None:
        """Let time pass for the alarms."""
        self.alarms.tick(self.clock.advance(seconds))

    async def raised(self, kind: AlarmKind, detail: str | None = None) -> float:
        """Look until an alarm of that kind is raised; how many seconds of the held clock that took."""
        began = self.clock.monotonic()

        def is_raised() -> bool:
            self.look(0.6)
            return any(key[0] is kind for key in self.alarms.raised)

        await until(is_raised, f"{kind} is raised", 30)
        if detail is not None:
            assert ("raised", kind.value, detail) in self.told
        return self.clock.monotonic() - began

    async def cleared(self) -> None:
        """Look until no alarm holds."""

        def none_holds() -> bool:
            self.look(0.6)
            return not self.alarms.raised

        await until(none_holds, "all alarms are cleared", 30)

    def _told(self, event: object) -> None:
        if isinstance(event, AlarmRaised):
            self.told.append(("raised", event.kind.value, event.detail))
        elif isinstance(event, AlarmCleared):
            self.told.append(("cleared", event.kind.value, ""))
