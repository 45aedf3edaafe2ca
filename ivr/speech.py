"""What is said of a place in a queue and of a wait, as a sequence of announcements. Pure."""

from typing import Final

MOST: Final = 60
"""The highest number that can be said: each has an announcement of its own, ``nombre-1`` to ``nombre-60``."""

SPOKEN: Final = (
    "rang",
    "attente",
    "attente-courte",
    "attente-longue",
    "minutes",
    *(f"nombre-{number}" for number in range(1, MOST + 1)),
)
"""Every announcement that these sequences are made of."""


def say_rank(rank: int) -> tuple[str, ...]:
    """« Vous êtes en position … »; nothing beyond what can be said: the wait tells more then."""
    return ("rang", f"nombre-{rank}") if 1 <= rank <= MOST else ()


def say_wait(seconds: float | None) -> tuple[str, ...]:
    """« L'attente estimée est de … minutes », rounded up; nothing where it is not known."""
    if seconds is None:
        return ()
    minutes = int(-(-seconds // 60))
    if minutes <= 1:
        return ("attente-courte",)
    if minutes > MOST:
        return ("attente-longue",)
    return ("attente", f"nombre-{minutes}", "minutes")
