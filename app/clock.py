"""The real clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements :class:`core.ports.Clock` with the machine's clocks."""

    def now(self) -> datetime:
        """See :meth:`core.ports.Clock.now`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See :meth:`core.ports.Clock.monotonic`."""
        return time.monotonic()
