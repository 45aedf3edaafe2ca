"""When a webhook is tried again, and when what it says is given up. Pure."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

USELESS_AFTER_S: Final = 3600.0
"""An event of an hour ago helps no dispatch software: it has read the calls themselves since."""
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
MOST_REFUSALS: Final = 3
"""Tries of an event that the receiver itself refuses: the next ones wait behind it."""
BREAKS_AFTER: Final = 5
"""Failures in a row, after which a receiver is shown as away."""
_BUSY = frozenset({408, 425, 429})
_GONE = 410


class Next(Enum):
    """What becomes of an event after a try."""

    DONE = auto()
    AGAIN = auto()
    GIVE_UP = auto()
    STOP = auto()
    """The receiver wants nothing any more."""


@dataclass(frozen=True, slots=True)
class Try:
    """How one try went. ``status`` 0: no answer came."""

    status: int
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it."""
        return 200 <= self.status < 300

    @property
    def away(self) -> bool:
        """Whether the receiver itself does not work: the same event may go through later."""
        return self.status == 0 or self.status >= 500 or self.status in _BUSY


def after_try(tried: Try, attempts: int, age_s: float) -> Next:
    """What to do after a try.

    Args:
        tried: the last one.
        attempts: tries made of this event, this one included.
        age_s: seconds since it happened.
    """
    if tried.accepted:
        return Next.DONE
    if tried.status == _GONE:
        return Next.STOP
    if age_s > USELESS_AFTER_S or (not tried.away and attempts >= MOST_REFUSALS):
        return Next.GIVE_UP
    return Next.AGAIN


def delay(failures: int) -> float:
    """Seconds to wait after so many failures in a row, of whatever events."""
    return min(FIRST_DELAY_S * 2.0 ** min(failures - 1, 16), LONGEST_DELAY_S)
