"""Tickets: one session may hear one recording, for a while, having said why. Pure: instants are arguments."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_Thing = TypeVar("_Thing")

AT_MOST = 2048


@dataclass(frozen=True, slots=True)
class _Issued(Generic[_Thing]):
    thing: _Thing
    session: bytes
    until: datetime


class Tickets(Generic[_Thing]):
    """The tickets in force, each for one thing and one session. They are gone when the program ends.

    Args:
        lasts: how long a ticket is good for.
        make: makes a ticket's name: nobody can guess one.
        at_most: beyond, the oldest is forgotten.
    """

    def __init__(self, lasts: timedelta, make: Callable[[], str], at_most: int = AT_MOST) -> None:
        self.lasts = lasts
        self._make = make
        self._at_most = at_most
        self._issued: OrderedDict[str, _Issued[_Thing]] = OrderedDict()

    def issue(self, session: str, thing: _Thing, now: datetime) -> str:
        """Make one. ``session``: the token of its cookie, of which only the digest is kept."""
        while self._issued and next(iter(self._issued.values())).until <= now:
            self._issued.popitem(last=False)
        while len(self._issued) >= self._at_most:
            self._issued.popitem(last=False)
        ticket = self._make()
        self._issued[ticket] = _Issued(thing, _digest(session), now + self.lasts)
        return ticket

    def find(self, ticket: str, session: str, now: datetime) -> _Thing | None:
        """What a ticket is for; ``None``: it is none, no more, or another session's."""
        issued = self._issued.get(ticket)
        if issued is None or issued.until <= now or not hmac.compare_digest(issued.session, _digest(session)):
            return None
        return issued.thing


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
