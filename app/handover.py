"""Moves a centre from the core at work to another, on purpose: for upgrades and maintenance."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.standby import drain, end
from core.errors import BandeauError
from storage.lease import STANDING_BY, Sign, holder, is_alive, living

_LOOK_SECONDS: Final = 0.02
_READY_SECONDS: Final = 60.0
_MOVE_SECONDS: Final = 15.0


class HandoverFailed(BandeauError):
    """The centre was not moved. The text says why, and what to do."""

    code = "handover_failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A handover that was done. ``seconds``: from the order to the new core at work."""

    before: str
    after: str
    seconds: float


def hand_over(folder: Path, *, fresh: bool) -> Moved:
    """Move the centre to the standby.

    Args:
        folder: of the cores' signs of life.
        fresh: whether the standby is started again first, by whoever keeps it running.

    Raises:
        HandoverFailed: nobody is at work, or nobody stands by; nothing was changed.
    """
    at_work = holder(folder)
    if at_work is None:
        raise HandoverFailed("no core is at work: start one (bandeau15 core)")
    if fresh:
        _renew(folder, _standby(folder))
    _standby(folder)
    began = time.monotonic()
    end(at_work, signal.SIGTERM)
    after = _next_holder(folder, at_work)
    return Moved(before=at_work.core, after=after.core, seconds=time.monotonic() - began)


def take_out(folder: Path, core: str) -> None:
    """Keep a core from being at work; if it is, it hands over first.

    Raises:
        HandoverFailed: it is at work and nobody stands by; nothing was changed.
    """
    at_work = holder(folder)
    if at_work is None or at_work.core != core:
        drain(folder, core, out=True)
        return
    _standby(folder)
    drain(folder, core, out=True)
    end(at_work, signal.SIGTERM)
    _next_holder(folder, at_work)


def _standby(folder: Path) -> Sign:
    found = next((sign for sign in living(folder) if sign.state == STANDING_BY), None)
    if found is None:
        raise HandoverFailed("no core stands by: start one (bandeau15 core --name core-b), then try again")
    return found


def _renew(folder: Path, old: Sign) -> None:
    """End the standby and wait until its keeper has started it again."""
    end(old, signal.SIGTERM)
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        if any(s.state == STANDING_BY and (s.pid, s.born) != (old.pid, old.born) for s in living(folder)):
            return
        time.sleep(_LOOK_SECONDS)
    raise HandoverFailed(
        f"{old.core} was ended and nobody started it again: start it (bandeau15 core --name {old.core}),"
        " then hand over with --no-fresh"
    )


def _next_holder(folder: Path, before: Sign) -> Sign:
    give_up = time.monotonic() + _MOVE_SECONDS
    while time.monotonic() < give_up:
        after = holder(folder)
        if after is not None and after.epoch > before.epoch:
            return after
        time.sleep(_LOOK_SECONDS)
    still = "is still there" if is_alive(before) else "has ended"
    raise HandoverFailed(f"{before.core} {still} and no other core is at work: look at the cores' logs")
