"""How often something may happen, by whoever does it. Pure: instants are arguments."""

from collections import OrderedDict


class Rate:
    """How often something may happen: ``per_second`` on average, ``burst`` at once. Seconds are monotonic."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def allow(self, now: float) -> bool:
        """Whether it may happen once more now."""
        if self._at is not None:
            self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Rates:
    """One rate for each of many names. ``now`` is in seconds and never goes back."""

    def __init__(self, per_second: float, burst: float, remembered: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._remembered = remembered
        self._rates: OrderedDict[str, Rate] = OrderedDict()

    def allow(self, name: str, now: float) -> bool:
        """Whether one more may be done by that name now; it counts if so."""
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = Rate(self._per_second, self._burst)
            if len(self._rates) > self._remembered:
                self._rates.popitem(last=False)
        self._rates.move_to_end(name)
        return rate.allow(now)
