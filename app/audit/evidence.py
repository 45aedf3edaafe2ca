"""What the checker is given, and when the core was away: then it could not act, and is not held to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from acd.model.rules import RoomPlan
from core.events import CoreStarted, Envelope, SwitchConnected, SwitchLost
from core.ids import EventId
from storage.ledger import LedgerEntry

Span = tuple[datetime, datetime]
"""From, to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessedCall:
    """One call as its caller saw it. ``status``: the final SIP status, 0: none came.

    ``number`` in E.164, as the centre was shown it. A call refused (status from 400 on) was not accepted.
    """

    number: str
    sent_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    status: int = 0

    @property
    def refused(self) -> bool:
        """Whether the centre took no care of it, and said so."""
        return self.status >= 400 and self.answered_at is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What is known of a centre over a time.

    ``envelopes`` are in order and may begin before ``begin``: what is older prepares, and is not judged.
    ``until``: what should have happened by then has. ``over``: no call may be going on at the end.
    ``kept``: places and events that were seen in the journal before (nothing may take them away).
    ``screens``: by name, what a screen came to show, and what a fresh one shows.
    ``counters``: the wallboard's figures of the day. ``plans``: version and surge → the rooms' rules.
    ``absences``: when the core is known to have been away or frozen, besides what the journal tells.
    ``clocks_apart``: how far the witness's clock may be from the centre's. ``recordings_short_by``: by how many
    seconds a recording may be shorter than its call, as the journal and the sound begin and end apart.
    """

    envelopes: Sequence[Envelope]
    ledger: Sequence[LedgerEntry]
    until: datetime
    begin: datetime | None = None
    over: bool = False
    witness: Sequence[WitnessedCall] | None = None
    kept: Iterable[tuple[int, EventId]] = ()
    screens: Mapping[str, tuple[Any, Any]] | None = None
    counters: Mapping[str, int] | None = None
    plans: Callable[[int, str], RoomPlan | None] | None = None
    absences: Sequence[Span] = ()
    clocks_apart: timedelta = timedelta(seconds=2)
    recordings_short_by: float = 2.0

    def judges(self, at: datetime) -> bool:
        """Whether what happened then is to be judged."""
        return self.begin is None or at >= self.begin


class Presence:
    """When the core commanded the switch, told by its journal."""

    def __init__(self, evidence: Evidence) -> None:
        self._away = sorted([*evidence.absences, *_told(evidence)])

    def seconds(self, begin: datetime, end: datetime) -> float:
        """How long of that time the core was there."""
        away, reached = 0.0, begin
        for start, stop in self._away:
            start, stop = max(start, reached), min(stop, end)
            if stop > start:
                away += (stop - start).total_seconds()
                reached = stop
        return (end - begin).total_seconds() - away


def _told(evidence: Evidence) -> list[Span]:
    """Absences told by the journal: a core that started anew was away since the last thing it wrote."""
    spans: list[Span] = []
    since: datetime | None = None
    before: datetime | None = None
    for envelope in evidence.envelopes:
        at = envelope.occurred_at
        if isinstance(envelope.event, CoreStarted):
            since = since or before or at
        elif isinstance(envelope.event, SwitchLost):
            since = since or at
        elif isinstance(envelope.event, SwitchConnected) and since is not None:
            spans.append((since, at))
            since = None
        before = at
    if since is not None:
        spans.append((since, evidence.until))
    return spans


class Lasting:
    """Conditions that may hold for a moment, not for long."""

    def __init__(self, presence: Presence, limits: Mapping[str, float]) -> None:
        """``limits``: kind of condition → seconds."""
        self._presence = presence
        self._limits = limits
        self._since: dict[tuple[str, str], datetime] = {}
        self._told: set[tuple[str, str]] = set()

    def too_long(self, now: datetime) -> list[tuple[str, str, float]]:
        """The conditions that have now held for too long: kind, subject, seconds. Each once."""
        found = []
        for key, since in self._since.items():
            if key in self._told or (now - since).total_seconds() <= self._limits[key[0]]:
                continue
            lasted = self._presence.seconds(since, now)
            if lasted > self._limits[key[0]]:
                self._told.add(key)
                found.append((*key, lasted))
        return found

    def hold(self, conditions: Iterable[tuple[str, str, datetime]]) -> None:
        """These conditions hold, and no others: kind, subject, and the instant from which, if newly."""
        holding = {(kind, subject): since for kind, subject, since in conditions}
        for gone in self._since.keys() - holding.keys():
            del self._since[gone]
            self._told.discard(gone)
        for key, since in holding.items():
            self._since.setdefault(key, since)
