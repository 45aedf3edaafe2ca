"""Where the people of each live call are, as screens show it, folded from events. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from core.events import (
    CallArrived,
    CallEnded,
    CallerLocated,
    CallEvent,
    CallPlaced,
    CallsMerged,
    Envelope,
    LocationAsked,
    LocationMissing,
)
from core.ids import CallId
from core.location import LocationSource
from web.live import View, instant


@dataclass(slots=True)
class PlaceSeen:
    """All that was told of one call's place: the best, and the last of each source."""

    best: CallerLocated | None = None
    told: dict[LocationSource, CallerLocated] = field(default_factory=dict)
    asked_until: datetime | None = None
    missing: tuple[LocationMissing, datetime] | None = None

    def view(self) -> View:
        """As the strips of who has the call read it."""
        view: View = {}
        if self.best is not None:
            view |= _position(self.best)
        beside = {
            source.value: _position(event) for source, event in self.told.items() if event is not self.best
        }
        if beside:
            view["beside"] = beside
        if self.asked_until is not None:
            view["askedUntil"] = instant(self.asked_until)
        if self.missing is not None:
            event, at = self.missing
            view["missing"] = {"source": event.source.value, "reason": event.reason.value, "at": instant(at)}
        return view


class PlacesSeen:
    """The places of every live call of a centre."""

    def __init__(self) -> None:
        self._places: dict[CallId, PlaceSeen] = {}

    def of(self, call_id: CallId) -> View | None:
        """A call's place; ``None``: nobody told anything."""
        place = self._places.get(call_id)
        return (place.view() or None) if place is not None else None

    def commune(self, call_id: CallId) -> str:
        """The commune a call is from; empty: not known."""
        place = self._places.get(call_id)
        return place.best.commune if place is not None and place.best is not None else ""

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if not isinstance(event, CallEvent):
            return
        if isinstance(event, CallArrived | CallPlaced):
            self._places.setdefault(event.call_id, PlaceSeen())
        elif isinstance(event, CallEnded):
            self._places.pop(event.call_id, None)
        elif (place := self._places.get(event.call_id)) is not None:
            self._fold(place, event, envelope.occurred_at)

    def _fold(self, place: PlaceSeen, event: CallEvent, now: datetime) -> None:
        match event:
            case CallerLocated():
                place.told[event.location.source] = event
                place.asked_until = None
                if event.best:
                    place.best, place.missing = event, None
            case LocationAsked():
                place.asked_until, place.missing = event.until, None
            case LocationMissing():
                place.asked_until, place.missing = None, (event, now)
            case CallsMerged():
                merged = self._places.get(event.merged_id)
                if merged is not None and place.best is None:
                    self._places[event.call_id] = replace(merged, told=dict(merged.told))
            case _:
                pass


def _position(event: CallerLocated) -> View:
    location = event.location
    view: View = {"source": location.source.value, "at": instant(location.at)}
    if location.point is not None:
        view["latitude"], view["longitude"] = (round(degrees, 6) for degrees in location.point)
    for name, value in (("radius", location.radius_m), ("altitude", location.altitude_m)):
        if value is not None:
            view[name] = round(value)
    if location.confidence is not None:
        view["confidence"] = location.confidence
    if location.civic:
        view["civic"] = location.civic
    if event.commune:
        view["commune"] = event.commune
    return view
