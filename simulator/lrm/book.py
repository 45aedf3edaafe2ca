"""What an LRM was told, kept in memory: the last calls, the dossiers shown, and who watches."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from simulator.lrm.contract import AffichageDossier, AppelEntrant, Flow, flow_of

KEPT = 200


@dataclass(frozen=True, slots=True)
class Received:
    """One call told to the LRM, with what was made of it."""

    number: int
    at: datetime
    centre: str
    agent: str
    body: AppelEntrant
    dossier: str | None = None

    @property
    def flow(self) -> Flow | None:
        """Where the call came from, taken apart."""
        return flow_of(self.body.idFlux)

    @property
    def caller(self) -> str:
        """The caller's number as one reads it in France, or that it is hidden."""
        return readable(self.body.numTel)


@dataclass(frozen=True, slots=True)
class Shown:
    """A dossier that the LRM was asked to show."""

    at: datetime
    centre: str
    dossier: str
    body: AffichageDossier


@dataclass(slots=True)
class Book:
    """The memory of an LRM. ``agents``: the ids it knows; empty: any."""

    agents: frozenset[str] = frozenset()
    _received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))
    _shown: deque[Shown] = field(default_factory=lambda: deque(maxlen=KEPT))
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _watchers: set[asyncio.Event] = field(default_factory=set)

    def calls(self, agent: str | None = None) -> list[Received]:
        """The calls kept, latest first; of one agent, or of all."""
        return [call for call in reversed(self._received) if agent is None or call.agent == agent]

    def shown(self, agent: str | None = None) -> list[Shown]:
        """The dossiers asked for, latest first."""
        return [one for one in reversed(self._shown) if agent is None or one.body.idNatPs == agent]

    def take_call(self, at: datetime, centre: str, agent: str, body: AppelEntrant) -> Received:
        """Note a call. The same call told again to the same agent (a retry) is the same entry."""
        known = self._find(lambda one: one.body.idAppel == body.idAppel and one.agent == agent)
        if known is not None:
            return self._received[known]
        call = Received(next(self._numbers), at, centre, agent, body)
        self._received.append(call)
        self.tell()
        return call

    def take_shown(self, at: datetime, centre: str, dossier: str, body: AffichageDossier) -> None:
        """Note a dossier to show."""
        self._shown.append(Shown(at, centre, dossier, body))
        self.tell()

    def open_dossier(self, number: int, at: datetime) -> str | None:
        """Open a dossier for a call, once; its number, or ``None`` for an unknown call."""
        index = self._find(lambda one: one.number == number)
        if index is None:
            return None
        call = self._received[index]
        if call.dossier is None:
            call = replace(call, dossier=f"D{at:%y%m%d}-{number:04d}")
            self._received[index] = call
            self.tell()
        return call.dossier

    def find(self, number: int) -> Received | None:
        """A call by its number here."""
        index = self._find(lambda one: one.number == number)
        return None if index is None else self._received[index]

    def tell(self) -> None:
        """Something changed: wake those who watch."""
        for watcher in self._watchers:
            watcher.set()

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """An event that is set at each change, for as long as one watches."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def _find(self, test: Callable[[Received], bool]) -> int | None:
        return next((index for index, one in enumerate(self._received) if test(one)), None)


def readable(number: str) -> str:
    """``+33612345678`` as ``06 12 34 56 78``; ``***`` as hidden; others as they are."""
    if number == "***":
        return "Numéro masqué"
    if number.startswith("+33") and len(number) == 12:
        number = "0" + number[3:]
    if len(number) == 10 and number.startswith("0"):
        return " ".join(number[at : at + 2] for at in range(0, 10, 2))
    return number
