"""How often somebody may try to log in. Pure: instants are monotonic seconds, given."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

MAX_KEYS = 10_000
"""Failures remembered at most, the oldest forgotten first: memory is bounded whatever is tried."""

FORGET_AFTER_S = 900.0


@dataclass(frozen=True, slots=True)
class Rule:
    """After ``free`` failures each further one doubles the wait, from 1 s up to ``longest`` seconds."""

    free: int
    longest: float


BY_LOGIN_AND_ADDRESS = Rule(free=5, longest=60)
BY_ADDRESS = Rule(free=30, longest=60)
BY_LOGIN = Rule(free=50, longest=10)
"""Short, so that nobody can keep an agent out by trying their login from elsewhere."""


@dataclass(slots=True)
class _Failures:
    count: int
    last: float
    until: float


class LoginThrottle:
    """Failures by login and address, by address, and by login."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], _Failures] = OrderedDict()

    def wait(self, login: str, address: str, now: float) -> float:
        """Seconds until the next try is looked at; 0: now."""
        waits = [found.until - now for key, _ in _keys(login, address) if (found := self._failures.get(key))]
        return max(0.0, *waits) if waits else 0.0

    def failed(self, login: str, address: str, now: float) -> None:
        """A try failed."""
        for key, rule in _keys(login, address):
            found = self._failures.pop(key, None)
            if found is None or now - found.last > FORGET_AFTER_S:
                found = _Failures(0, now, now)
            found.count += 1
            found.last = now
            if found.count > rule.free:
                found.until = now + min(rule.longest, 2.0 ** min(found.count - rule.free - 1, 16))
            self._failures[key] = found
        while len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        """The right password came: this login from this address starts anew."""
        self._failures.pop(("both", login, address), None)


def _keys(login: str, address: str) -> Iterator[tuple[tuple[str, ...], Rule]]:
    yield ("both", login, address), BY_LOGIN_AND_ADDRESS
    yield ("address", address), BY_ADDRESS
    yield ("login", login), BY_LOGIN
