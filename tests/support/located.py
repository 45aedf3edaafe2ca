"""A centre on a fake switch that knows where its callers are."""

from collections.abc import Iterable
from datetime import timedelta

from prometheus_client import CollectorRegistry

from core.errors import LocatorUnavailable
from core.events import CallerLocated, Envelope
from core.ids import CallId
from core.location import Location, LocationSource
from core.ports import Locator
from core.switch import SwitchEvent
from location.service import LocationRules, LocationService
from tests.support.centre import START, FakeCentre

ROUEN = (49.4431, 1.0993)


def at_rouen(
    radius: float | None = 25, *, seconds: float = 0, source: LocationSource = LocationSource.AML_HTTPS
) -> Location:
    """A position in Rouen, taken so many seconds after the centre's clock began."""
    return Location(
        source=source,
        at=START + timedelta(seconds=seconds),
        latitude=ROUEN[0],
        longitude=ROUEN[1],
        radius_m=radius,
    )


class HeldLocator:
    """A platform that answers what the test says; an exception is raised."""

    def __init__(self, *answers: Location | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def locate(self, number: str) -> Location | None:
        self.asked.append(number)
        answer = self.answers.pop(0) if self.answers else LocatorUnavailable("nothing left")
        if isinstance(answer, Exception):
            raise answer
        return answer


class LocatedCentre(FakeCentre):
    """A centre with its location service, as ``app/`` wires it."""

    def __init__(
        self,
        past: Iterable[Envelope] = (),
        *,
        locator: Locator | None = None,
        rules: LocationRules | None = None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        past = list(past)
        super().__init__(past)
        self.location = LocationService(self.bus, self.clock, locator, rules or LocationRules(), registry)
        for envelope in past:
            self.location.places.fold(envelope)

    def _on_switch(self, event: SwitchEvent) -> None:
        self.calls.before_switch(event)
        self.calls.on_switch(event)
        self.location.on_switch(event)
        self.ivr.on_switch(event)
        self.acd.on_switch(event)
        self.calls.after_switch(event)

    def located(self, call_id: CallId) -> list[CallerLocated]:
        """What was told of a call's place, in order."""
        return [event for event in self.journal.events(CallerLocated) if event.call_id == call_id]
