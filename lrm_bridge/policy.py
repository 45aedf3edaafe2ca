"""When to try again, and when to stop."""

from dataclasses import dataclass

USELESS_AFTER_S = 60.0
"""A window that opens a minute after the voice helps nobody."""
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
TRY_TIMEOUT_S = 5.0
_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """How one try went. ``status`` is ``None`` where no answer came."""

    status: int | None
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """A 2xx is a receipt: the LRM has the call."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether trying again would get the same answer: the LRM refuses what it was told."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in _TRY_AGAIN


def unwell(answer: Answer) -> bool:
    """Whether the LRM itself does not work: it took no note of the call, and did not refuse it either."""
    return not answer.accepted and not answer.final


def too_late(age_s: float) -> bool:
    """Whether telling the LRM would help nobody any more."""
    return age_s > USELESS_AFTER_S


def next_delay(attempts: int, age_s: float, answer: Answer, *, newer: bool = False) -> float | None:
    """Seconds to wait before the next try, or ``None`` to stop.

    Args:
        attempts: tries made so far.
        age_s: seconds since the agent took the call.
        answer: to the last try.
        newer: whether the agent has taken another call since: it must not wait behind this one.
    """
    if newer:
        return None
    delay = min(FIRST_DELAY_S * float(2 ** (attempts - 1)), LONGEST_DELAY_S)
    if answer.accepted or answer.final or age_s + delay > USELESS_AFTER_S:
        return None
    return delay
