"""A core that is not at work: it follows the journal, ready to take over, until the lease is its own."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

import structlog

from core.errors import LeaseLost
from core.events import Envelope
from core.ports import Lease
from storage.lease import DRAINED, LEASE, STANDING_BY, Roster, Sign, born, read_sign

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.025
"""How often the lease is tried: a core that died is replaced that soon."""
FOLLOW_SECONDS: Final = 0.2
RENEW_SECONDS: Final = 0.5


class Follower(Protocol):
    """What reads the journal on."""

    seq: int

    async def more(self) -> list[Envelope]:
        """What was written since the last reading."""

    async def rest(self) -> list[Envelope]:
        """All that is left, where nobody writes any more."""


class Silence:
    """For how long the core at work has given no sign of life, as watched from here.

    Time in which we did not look ourselves does not count: the machine as a whole may have stood still.
    """

    def __init__(self) -> None:
        self._said: tuple[int, float] | None = None
        self._since = self._looked = 0.0

    def seconds(self, sign: Sign | None, now: float) -> float:
        """Look once more."""
        said = None if sign is None else (sign.pid, sign.beat)
        if said != self._said or now - self._looked > RENEW_SECONDS:
            self._said, self._since = said, now
        self._looked = now
        return now - self._since


class Standby:
    """Waits for the lease.

    Args:
        lease: what it waits for.
        roster: where it says how it is.
        folder: of the signs of life.
        silence_seconds: after how long a core at work that lives, but is silent, is ended.
    """

    def __init__(self, lease: Lease, roster: Roster, folder: Path, silence_seconds: float) -> None:
        self._lease = lease
        self._roster = roster
        self._folder = folder
        self._silence_seconds = silence_seconds
        self._silence = Silence()

    async def until_ours(
        self, follower: Follower, take_in: Callable[[list[Envelope]], None], stop: asyncio.Event
    ) -> bool:
        """Follow until the lease is ours; false: asked to stop before.

        Raises:
            StorageUnavailable: the journal cannot be followed from here: begin anew.
        """
        follow_at, drained = 0.0, is_drained(self._folder, self._roster.core)
        while not stop.is_set():
            if not drained and await self._lease.take():
                take_in(await follower.rest())  # nobody else writes from here on
                return True
            if monotonic() >= follow_at:
                take_in(await follower.more())
                follow_at = monotonic() + FOLLOW_SECONDS
                drained = is_drained(self._folder, self._roster.core)
                self._roster.say(DRAINED if drained else STANDING_BY, seq=follower.seq)
                self._look_for_frozen()
            await asyncio.sleep(LOOK_SECONDS)
        return False

    def _look_for_frozen(self) -> None:
        sign = read_sign(self._folder / LEASE)
        silent = self._silence.seconds(sign, monotonic()) > self._silence_seconds
        if sign is not None and silent and end(sign):
            log.error("frozen_core_ended", core=sign.core, epoch=sign.epoch)


def end(sign: Sign, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal to the very process that gave a sign, frozen or not; false: it is gone."""
    try:
        process = os.pidfd_open(sign.pid)
    except ProcessLookupError:
        return False
    try:
        if born(sign.pid) != sign.born:
            return False
        signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(process)
    return True


def is_drained(folder: Path, core: str) -> bool:
    """Whether a core is not to take the lease (``bandeau15 drain``)."""
    return _drained(folder, core).exists()


def drain(folder: Path, core: str, *, out: bool) -> None:
    """Keep a core from taking the lease, or let it again."""
    if out:
        _drained(folder, core).touch()
    else:
        _drained(folder, core).unlink(missing_ok=True)


def _drained(folder: Path, core: str) -> Path:
    return folder / f"{core}.drained"


async def keep(lease: Lease, step_down: Callable[[str], None], say: Callable[[], None]) -> None:
    """Renew the lease until cancelled; ``step_down`` where it is lost."""
    while True:
        try:
            await lease.renew()
        except LeaseLost as error:
            step_down(str(error))
        say()
        await asyncio.sleep(RENEW_SECONDS)
