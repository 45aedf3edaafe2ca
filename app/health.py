"""Whether this core can serve: what ``/healthz`` tells a watchdog or a load balancer."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

GRACE = timedelta(seconds=5)
"""A part that fails for less than this recovers by itself: nobody need know."""


class Health:
    """Looks at each part as time passes. Knows no clock: the ticker gives ``now``.

    Args:
        parts: name → whether this part is well now; without any of them a core cannot serve.
    """

    def __init__(self, parts: Mapping[str, Callable[[], bool]]) -> None:
        self._parts = parts
        self._failing_since: dict[str, datetime] = {}

    def tick(self, now: datetime) -> None:
        """Look at every part."""
        for name, well in self._parts.items():
            if well():
                self._failing_since.pop(name, None)
            else:
                self._failing_since.setdefault(name, now)

    def failing(self, now: datetime) -> list[str]:
        """The parts that have not been well for longer than the grace, in their order."""
        since = self._failing_since
        return [name for name in self._parts if name in since and now - since[name] > GRACE]

    def states(self) -> dict[str, str]:
        """Each part as it is at this instant: ``up`` or ``down``."""
        return {name: "up" if well() else "down" for name, well in self._parts.items()}
