"""Keeps the centre on the plan it should be on: reads orders, checks plans, journals what comes into force."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from acd.model.rules import RoomRule
from app.plan import CentrePlan, Reading, read_plan
from app.plan_store import PlanError, PlanOrder, PlanStore
from core.events import Envelope, PlanActivated, PlanRefused
from core.plan import Difference
from core.ports import Bus, Clock
from ivr.script import CallFlows

log = structlog.get_logger(__name__)

_LOOK_EVERY: Final = timedelta(seconds=1)


class PlanKeeper:
    """The plans of a running core.

    What is in force is told by the journal (:class:`PlanActivated`), folded; what should be is told by the
    store's orders, looked at once a second. A plan that cannot be used leaves the last good one in force.

    Args:
        bus: for journalling and folding.
        clock: the instant of orders given here.
        store: versions and orders.
        announcements: those that exist, with their texts.
        usual: what a waiting room is where a plan does not say otherwise.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        store: PlanStore,
        announcements: Mapping[str, str],
        usual: RoomRule | None = None,
    ) -> None:
        self.store = store
        self._usual = usual
        self.announcements = announcements
        self._bus = bus
        self._clock = clock
        self._readings: dict[int, Reading] = {}
        self._refused: PlanOrder | None = None
        self._stamp: tuple[int, int] | None = None
        self._next_look: datetime | None = None
        self._orders: list[PlanOrder] = []
        self._damaged = False
        """Whether the orders could not be read: what is in force stays."""
        self.version, self.surge = 0, ""
        """What is in force."""
        self._activated = False
        self.trouble = ""
        """Why the plan that should be in force is not; empty: all is well. Shown as an alarm."""
        self.reading(0)
        bus.project(self._fold)

    @property
    def current(self) -> CentrePlan:
        """The plan in force."""
        found = self.plan((self.version, self.surge))
        if found is None:
            found = self.plan((0, ""))
        if found is None:
            raise LookupError("the plan that ships with the program cannot be used")
        return found

    def plan(self, key: tuple[int, str]) -> CentrePlan | None:
        """A plan by version and surge, read the first time; ``None``: it is gone, or cannot be used."""
        version, surge = key
        reading = self._readings.get(version)
        if reading is None:
            try:
                reading = self.reading(version)
            except PlanError:
                return None
        return reading.plans.get(surge)

    def reading(self, version: int) -> Reading:
        """A version, read and checked; once, as versions never change.

        Raises:
            PlanError: it is gone.
        """
        found = self._readings.get(version)
        if found is None:
            found = self._readings[version] = read_plan(
                self.store.text(version), self.announcements, self._usual
            )
        return found

    def preload(self) -> None:
        """Read every version there is, before the journal is folded."""
        for stored in self.store.versions():
            self.plan((stored.version, ""))

    def start(self) -> None:
        """Put in force what should be, and journal it where the journal does not say it."""
        self.look(self._clock.now())
        if not self._activated:
            self._activate(PlanOrder(at=self._clock.now(), version=self.version, surge=self.surge))

    def tick(self, now: datetime) -> None:
        """Look at the orders, once a second."""
        if self._next_look is None or now >= self._next_look or now < self._next_look - 2 * _LOOK_EVERY:
            self._next_look = now + _LOOK_EVERY
            self.look(now)

    def look(self, now: datetime) -> None:
        """Put in force what should be at this instant."""
        stamp = self.store.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._orders = self.store.orders()
                self._damaged = False
            except PlanError as error:
                self._damaged = True
                self._refuse(PlanOrder(at=now, version=self.version), str(error))
        if self._damaged:
            return
        due = [order for order in self._orders if order.at <= now]
        wanted = max(enumerate(due), key=lambda each: (each[1].at, each[0]))[1] if due else None
        if wanted is None or wanted == self._refused:
            return
        same = (wanted.version, wanted.surge) == (self.version, self.surge)
        if self._activated and same and not self.trouble:
            return
        self._activate(wanted)

    # --- for the pages ----------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Of the plan in force."""
        return self.current.title

    @property
    def surges(self) -> Mapping[str, str]:
        """The surges of the version in force → their titles."""
        found = self._readings.get(self.version)
        return found.surges if found is not None else {}

    def flows(self, surge: str) -> CallFlows | None:
        """The call flows of the version in force under a surge; ``None``: it has no such surge."""
        plan = self.plan((self.version, surge))
        return plan.flows if plan is not None else None

    def changes(self, surge: str) -> list[Difference]:
        """What a surge changes of the version in force. ``KeyError``: there is no such surge."""
        if surge not in self.surges:
            raise KeyError(surge)
        return self.reading(self.version).changes(surge)

    async def surge_to(self, surge: str, by: str) -> None:
        """Give the order to lay a surge over the plan in force, or to take it off (empty).

        Raises:
            KeyError: the plan has no such surge.
        """
        if surge and surge not in self.surges:
            raise KeyError(surge)
        order = PlanOrder(at=self._clock.now(), version=self.version, surge=surge, by=by)
        await asyncio.to_thread(self.store.order, order)
        self.look(self._clock.now())

    # --- within -----------------------------------------------------------------------------------------

    def _activate(self, order: PlanOrder) -> None:
        plan = self.plan((order.version, order.surge))
        if plan is None:
            self._refuse(order, self._why_not(order))
            return
        self._refused = None
        self.trouble = ""
        log.info("plan_activated", version=order.version, surge=order.surge)
        self._bus.publish(
            PlanActivated(version=order.version, digest=plan.digest, surge=order.surge, by=order.by)
        )

    def _refuse(self, order: PlanOrder, detail: str) -> None:
        refused = replace(order, by="")
        self._refused = order
        self.trouble = detail
        log.error("plan_refused", version=refused.version, surge=refused.surge, detail=detail)
        self._bus.publish(PlanRefused(version=refused.version, detail=detail))

    def _why_not(self, order: PlanOrder) -> str:
        try:
            reading = self.reading(order.version)
        except PlanError as error:
            return str(error)
        if reading.errors:
            return str(reading.errors[0])
        return f"le renfort « {order.surge} » n'existe pas dans la version {order.version}"

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, PlanActivated):
            self._activated = True
            if self.plan((event.version, event.surge)) is not None:
                self.version, self.surge = event.version, event.surge
