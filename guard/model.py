"""Who is banned, folded from the journal."""

from datetime import datetime

from core.events import Envelope, SourceBanned, SourceReleased
from guard.policy import Ban

REMEMBERED = 4096
"""Sources whose number of bans is remembered; beyond, the longest untouched is forgotten."""


class BanList:
    """The bans in force, and how many each source had before."""

    def __init__(self) -> None:
        self.bans: dict[str, Ban] = {}
        self._times: dict[str, int] = {}

    def times(self, source: str) -> int:
        """How many bans a source has had."""
        return self._times.get(source, 0)

    def due(self, now: datetime) -> list[str]:
        """The sources whose time is over."""
        return [ban.source for ban in self.bans.values() if ban.until <= now]

    def soonest(self) -> str:
        """The source whose ban ends first. ValueError: nobody is banned."""
        return min(self.bans.values(), key=lambda ban: ban.until).source

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        match envelope.event:
            case SourceBanned(source=source, until=until):
                times = self._times.pop(source, 0) + 1
                self._times[source] = times
                self.bans[source] = Ban(source, until, times)
                while len(self._times) > REMEMBERED:
                    del self._times[next(iter(self._times))]
            case SourceReleased(source=source):
                self.bans.pop(source, None)
