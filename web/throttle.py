"""How fast passwords may be tried. Pure: instants are arguments.

A login is never locked for everybody, which would let a stranger keep the room out: what waits is one source
trying one login, and one source trying many.
"""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ThrottleLimits:
    """From how many failures one waits, and how long (seconds)."""

    failures_of_login: int = 5
    """Of one source on one login."""
    failures_of_source: int = 30
    """Of one source on any login: a whole room may share an address."""
    first_wait: float = 30
    longest_wait: float = 900
    forgotten_after: float = 3600
    remembered: int = 10_000
    """Sources and logins remembered at once; beyond, the longest untouched is forgotten."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0
    until: float = 0


class LoginThrottle:
    """Counts failures. Each wait is twice the one before. ``now`` is in seconds and never goes back."""

    def __init__(self, limits: ThrottleLimits | None = None) -> None:
        self._limits = limits or ThrottleLimits()
        self._failures: OrderedDict[tuple[str, ...], _Failures] = OrderedDict()

    def wait(self, login: str, source: str, now: float) -> float:
        """Seconds before this source may try this login; 0: at once."""
        return max(0.0, *(self._until(key, now) - now for key, _ in self._scopes(login, source)))

    def failed(self, login: str, source: str, now: float) -> None:
        """Note a wrong login or password."""
        for key, allowed in self._scopes(login, source):
            self._count(key, allowed, now)
        while len(self._failures) > self._limits.remembered:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, source: str) -> None:
        """Forget this source's failures on this login; its others are kept."""
        self._failures.pop((source, login), None)

    def _scopes(self, login: str, source: str) -> tuple[tuple[tuple[str, ...], int], ...]:
        limits = self._limits
        return ((source, login), limits.failures_of_login), ((source,), limits.failures_of_source)

    def _until(self, key: tuple[str, ...], now: float) -> float:
        failures = self._failures.get(key)
        return now if failures is None else failures.until

    def _count(self, key: tuple[str, ...], allowed: int, now: float) -> None:
        limits = self._limits
        failures = self._failures.get(key)
        if failures is None or now - failures.last > limits.forgotten_after:
            failures = self._failures[key] = _Failures()
        self._failures.move_to_end(key)
        failures.count += 1
        failures.last = now
        excess = failures.count - allowed
        if excess >= 0:
            failures.until = now + min(limits.first_wait * 2 ** min(excess, 30), limits.longest_wait)
