"""The centre's time: that of the machine, without its jumps (ADR 38)."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from app.private_files import write_private

FOLLOWS = 100
"""The centre's time comes nearer to the machine's by one second in so many."""
_NS = 10**9
_LOOK_NS = _NS
"""Who looks more seldom comes nearer no faster."""
_WORTH_NS = _NS // 1000
"""By how much the time must have come nearer for the next core to be told."""
_SAID_NS = 60 * _NS
"""How often it is told in any case."""
_HELD_NS = 600 * _NS
"""A centre that was off for longer begins with the machine's time: nobody has waited for so long."""


class _Kept(msgspec.Struct, frozen=True):
    """What one core leaves to the next: valid as long as the machine runs."""

    boot: str
    begun: int
    """As in :class:`SystemClock`."""
    at: int
    """When this was said: nanoseconds since the machine's start."""


class SystemClock:
    """Implements :class:`core.ports.Clock` with the machine's clocks.

    A machine's clock may be set, by an hour too many: every deadline is an instant, and would be over at once,
    or not for an hour. Here it goes on as it did, and comes nearer so slowly that no duration is 1 % wrong.

    Args:
        file: where the time is handed from one core to the next; none: it is this program's own.
        machine: nanoseconds since 1970, as the machine has them.
        since_boot: nanoseconds since the machine's start, its sleep included; nobody sets them.
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        machine: Callable[[], int] = time.time_ns,
        since_boot: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    ) -> None:
        self._machine, self._since_boot = machine, since_boot
        self._file = file
        self._kept: _Kept | None = None
        self._looked = since_boot()
        self._begun = machine() - self._looked
        """What is added to the time since the machine's start."""

    def now(self) -> datetime:
        """See :meth:`core.ports.Clock.now`. It never goes back."""
        looked = self._since_boot()
        most = max(0, min(looked - self._looked, _LOOK_NS)) // FOLLOWS
        self._begun += max(-most, min(most, self._machine() - looked - self._begun))
        self._looked = looked
        return datetime.fromtimestamp((looked + self._begun) / _NS, UTC)

    def monotonic(self) -> float:
        """See :meth:`core.ports.Clock.monotonic`."""
        return time.monotonic()

    @property
    def machine_ahead(self) -> timedelta:
        """By how much the machine's clock is ahead; negative: behind."""
        off = self._machine() - self._since_boot() - self._begun
        return timedelta(microseconds=off // 1000)

    def take_up(self) -> None:
        """Go on with the time of the core before, where there was one a moment ago."""
        if self._file is None:
            return
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return  # the first core, or nothing that can be read: the machine's time
        if kept.boot == _boot() and self._since_boot() - kept.at <= _HELD_NS:
            self._begun = kept.begun

    def hand_on(self) -> None:
        """Let the next core go on with this time. To be called now and then by the core at work."""
        now, kept = _Kept(_boot(), self._begun, self._since_boot()), self._kept
        if self._file is None:
            return
        if kept and abs(now.begun - kept.begun) < _WORTH_NS and now.at - kept.at < _SAID_NS:
            return
        self._kept = now
        with suppress(OSError):  # a full disk: the next core has the time of a minute ago, or the machine's
            write_private(self._file, msgspec.json.encode(now))


def centre_clock(file: Path) -> SystemClock:
    """The centre's time, as its cores leave it in this file; the machine's, where none did a moment ago."""
    clock = SystemClock(file)
    clock.take_up()
    return clock


@cache
def _boot() -> str:
    """Which start of the machine this is."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
