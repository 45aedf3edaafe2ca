"""How long a caller will wait: said only where there is something to say it from."""

from collections.abc import Sequence
from datetime import datetime

LEAST_ANSWERS = 3
"""Fewer answers say nothing of the pace."""

WINDOW_S = 900.0
"""Answers older than this say nothing of the present."""


def estimated_wait(
    answers: Sequence[datetime], now: datetime, ahead: int, ready: int, logged_in: int
) -> float | None:
    """Seconds until a call is taken, from the pace of the last answers; none: unknown.

    Args:
        answers: when the last calls of the room were taken, the oldest first.
        now: the present.
        ahead: calls to be served before this one.
        ready: positions that could take a call of the room at once.
        logged_in: positions that serve the room, whatever they do.
    """
    if not logged_in:
        return None
    if ready > ahead:
        return 0.0
    recent = [at for at in answers if (now - at).total_seconds() <= WINDOW_S]
    if len(recent) < LEAST_ANSWERS:
        return None
    pace = (now - recent[0]).total_seconds() / len(recent)
    return pace * (ahead + 1)
