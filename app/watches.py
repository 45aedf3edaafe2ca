"""What the alarms look at by themselves, twice a second: where no part says so, somebody must see it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from app.clock import SystemClock
from core.alarms import AlarmKind
from core.ports import Clock
from storage.journal import Journal
from storage.lease import STANDING_BY, Sign

Look = Callable[[], str | None]
"""What is wrong now, in a few words without personal data; ``None``: it is well. It does not block."""

READ_EVERY_S = 5.0
ARCHIVE_SILENT = timedelta(seconds=90)
"""An archive that has said nothing for so long does not run."""
CLOCK_OFF = timedelta(seconds=2)
"""A machine whose clock is kept is never that far from the centre's time."""
SLOW_AFTER = timedelta(seconds=5)
"""A database that has not taken an event of so long ago is as good as away."""


def journal_watches(journal: Journal, clock: Clock) -> Mapping[AlarmKind, Look]:
    """The spool and the database."""
    lost = 0

    def database() -> str | None:
        state = journal.state()
        if not state.database_up:
            return "no answer"
        oldest = state.oldest_unsaved_at
        return "slow" if oldest is not None and clock.now() - oldest > SLOW_AFTER else None

    def disk() -> str | None:
        return journal.disk_trouble or None

    def losses() -> str | None:
        nonlocal lost
        before, lost = lost, journal.state().lost
        return f"{lost} since the start" if lost > before else None

    return {
        AlarmKind.DATABASE_AWAY: database,
        AlarmKind.JOURNAL_DISK_FULL: disk,
        AlarmKind.JOURNAL_EVENTS_LOST: losses,
    }


def clock_watch(clock: SystemClock) -> Look:
    """A machine whose clock is not the centre's time."""

    def look() -> str | None:
        ahead = clock.machine_ahead
        return None if abs(ahead) <= CLOCK_OFF else f"{ahead.total_seconds():+.0f} s"

    return look


def standby_watch(others: Callable[[], Sequence[Sign]]) -> Look:
    """A core at work with nobody ready to take over from it."""

    def look() -> str | None:
        states = [sign.state for sign in others()]
        return None if STANDING_BY in states else ", ".join(states) or "none runs"

    return look


def archive_watch(file: Path, clock: Clock) -> Look:
    """An archive that ran once, and does not any more, or says that something is wrong with it.

    Its file is read every few seconds: it is on the disk of the spool.
    """
    looked_at = -READ_EVERY_S
    told: str | None = None

    def look() -> str | None:
        nonlocal looked_at, told
        if clock.monotonic() - looked_at >= READ_EVERY_S:
            looked_at, told = clock.monotonic(), trouble_told(file, clock.now())
        return told

    return look


def trouble_told(file: Path, now: datetime) -> str | None:
    """What an archive's own words say is wrong; ``None``: nothing, or it never ran here."""
    try:
        said = json.loads(file.read_bytes())
        silent = now - datetime.fromisoformat(said["at"]) > ARCHIVE_SILENT
        failing, failed = ", ".join(said["failing"]), int(said["failed"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "its state cannot be read"
    if silent:
        return "does not run"
    return failing or (f"{failed} not sealed" if failed else None)


def switch_watch(up: Callable[[], bool], clock: Clock) -> Look:
    """An Asterisk that has never been heard since the first look; later silences are told by an event."""
    started: float | None = None
    ever = False

    def look() -> str | None:
        nonlocal started, ever
        started = clock.monotonic() if started is None else started
        ever = ever or up()
        if ever or clock.monotonic() - started < _FIRST_WORD_S:
            return None
        return "not heard since the core started"

    return look


_FIRST_WORD_S = 10
"""How long Asterisk may take to dial a core that starts."""
