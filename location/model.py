"""Where callers are, folded from events: live calls by number, and positions kept for later. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.events import (
    CallArrived,
    CallEnded,
    CallerLocated,
    CallEvent,
    CallPlaced,
    CallsMerged,
    Envelope,
    LocationAsked,
    LocationKept,
    LocationMissing,
)
from core.ids import CallId
from core.location import Location, LocationSource
from core.numbers import bare, e164
from core.words import TargetKind
from location.policy import BY_NUMBER, better

MOST_KEPT = 2000
"""Numbers whose position is kept at once; beyond, the one kept first goes."""


@dataclass(slots=True)
class LiveCall:
    """A call and where its other end is. ``numbers``: of who is there, as E.164; none where they are hidden."""

    call_id: CallId
    numbers: set[str] = field(default_factory=set)
    told: dict[LocationSource, Location] = field(default_factory=dict)
    best: Location | None = None
    asked_until: datetime | None = None


class Places:
    """Live calls, and the positions of numbers that have none.

    Args:
        keep: how long a position is kept for the call to come, or for the caller who calls again.
    """

    def __init__(self, keep: timedelta) -> None:
        self.live: dict[CallId, LiveCall] = {}
        self._keep = keep
        self._of_number: dict[str, set[CallId]] = {}
        self._kept: dict[str, tuple[Location, datetime]] = {}

    # --- questions --------------------------------------------------------------------------------------

    def calls_of(self, number: str) -> list[LiveCall]:
        """The live calls of a number: one, or several where it called twice."""
        return [self.live[call_id] for call_id in sorted(self._of_number.get(number, ()))]

    def kept(self, number: str, now: datetime) -> Location | None:
        """The position kept for a number."""
        location, since = self._kept.get(number, (None, now))
        return location if now - since <= self._keep else None

    @property
    def numbers_kept(self) -> int:
        """For how many numbers a position is kept."""
        return len(self._kept)

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event, now = envelope.event, envelope.occurred_at
        match event:
            case LocationKept():
                self._put_by(event.number, event.location, now)
            case CallArrived():
                self._open(event.call_id, event.caller.e164)
            case CallPlaced() if event.target.kind is TargetKind.NUMBER:
                self._open(event.call_id, e164(bare(event.target.value)))
            case CallEvent() if (call := self.live.get(event.call_id)) is not None:
                self._fold_call(call, event, now)
            case _:
                pass

    def _fold_call(self, call: LiveCall, event: CallEvent, now: datetime) -> None:
        match event:
            case CallerLocated():
                call.told[event.location.source] = event.location
                call.asked_until = None
                if event.best:
                    call.best = event.location
            case LocationAsked():
                call.asked_until = event.until
            case LocationMissing():
                call.asked_until = None
            case CallsMerged():
                self._merge(call, event.merged_id)
            case CallEnded():
                self._close(call, now)
            case _:
                pass

    def _open(self, call_id: CallId, number: str | None) -> None:
        call = self.live.setdefault(call_id, LiveCall(call_id))
        if number is not None:
            call.numbers.add(number)
            self._of_number.setdefault(number, set()).add(call_id)

    def _merge(self, call: LiveCall, merged_id: CallId) -> None:
        """The people of another call are in this one: what comes for them is for this one too."""
        merged = self.live.get(merged_id)
        if merged is None or merged is call:
            return
        for number in merged.numbers:
            self._open(call.call_id, number)
        if call.best is None:
            call.told, call.best = dict(merged.told), merged.best

    def _close(self, call: LiveCall, now: datetime) -> None:
        del self.live[call.call_id]
        for number in call.numbers:
            calls = self._of_number[number]
            calls.discard(call.call_id)
            if not calls:
                del self._of_number[number]
        if len(call.numbers) == 1:  # of a conference nobody can tell whose it is
            (number,) = call.numbers
            for location in call.told.values():
                if location.source in BY_NUMBER:
                    self._put_by(number, location, now)

    def _put_by(self, number: str, location: Location, now: datetime) -> None:
        before = self.kept(number, now)
        if not better(location, before, now):
            return
        self._kept.pop(number, None)
        self._kept[number] = (location, now)
        while self._kept and (
            len(self._kept) > MOST_KEPT or now - next(iter(self._kept.values()))[1] > self._keep
        ):
            del self._kept[next(iter(self._kept))]
