"""Who is banned from the SIP door, when, and for how long. Pure: instants are arguments.

A trunk, a neighbour or a place where agents work is never banned, whatever comes from there: a forged source
address would else shut out the very callers and agents we are here for. What comes from them is told all the
same.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.switch import SecurityIncident
from web.rates import Rates

QUIET: Final = timedelta(seconds=10)
"""A scanner makes hundreds of refusals a second: of each kind and source, one is told in this time."""
_REMEMBERED: Final = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class BanRules:
    """When a source is banned, and for how long. Seconds."""

    refusals: int = 20
    """More than so many…"""
    window: float = 60
    """…within so long."""
    first_ban: float = 600
    """The first time; each further one of the same source is twice as long…"""
    longest_ban: float = 86_400
    """…up to this."""
    banned_at_once: int = 256
    """Each message of anybody is held against them all. Beyond, the one that ends soonest is let in again."""
    trusted: tuple[str, ...] = ()
    """Addresses and networks that are never banned."""


@dataclass(frozen=True, slots=True)
class Ban:
    """A source that is kept out."""

    source: str
    until: datetime
    times: int
    """How many times it was banned so far, this one included."""


class Damper:
    """Lets through the first incident of each kind and source, then one in :data:`QUIET`."""

    def __init__(self) -> None:
        self._told: OrderedDict[SecurityIncident, datetime] = OrderedDict()

    def passes(self, incident: SecurityIncident, now: datetime) -> bool:
        """Whether to tell it."""
        last = self._told.get(incident)
        if last is not None and now - last < QUIET:
            return False
        self._told[incident] = now
        self._told.move_to_end(incident)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return True


class Trusted:
    """The networks that are never banned."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in networks]

    def __contains__(self, address: str) -> bool:
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return True  # no address: nothing that could be kept out
        return any(known in network for network in self._networks)


class Refusals:
    """Counts refusals by source, forgotten evenly over the window."""

    def __init__(self, rules: BanRules) -> None:
        self._borne = Rates(rules.refusals / rules.window, rules.refusals, _REMEMBERED)

    def too_many(self, source: str, now: datetime) -> bool:
        """Count one more; whether it is one too many."""
        return not self._borne.allow(source, now.timestamp())


def ban_seconds(rules: BanRules, times: int) -> float:
    """How long the ``times``-th ban of a source lasts; ``times`` ≥ 1."""
    return min(rules.first_ban * 2.0 ** min(times - 1, 30), rules.longest_ban)
