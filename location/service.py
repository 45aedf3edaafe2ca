"""Gives each live call the positions told for it, asks the operators' platform, keeps what comes too early."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from prometheus_client import CollectorRegistry, Counter

from core.commands import LocateCaller
from core.errors import CommandRefused, LocatorUnavailable
from core.events import (
    CallArrived,
    CallerLocated,
    CallPlaced,
    Envelope,
    LocationAsked,
    LocationKept,
    LocationMissing,
)
from core.ids import CallId, PositionId
from core.location import Location, LocationFailure, LocationSource
from core.numbers import bare, e164
from core.ports import Bus, Clock, Locator
from core.switch import CallerArrived, CallerChannel, SwitchEvent, SwitchUp
from location.communes import communes
from location.model import LiveCall, Places
from location.policy import believed, better
from web.rates import Rates

log = structlog.get_logger(__name__)

QUESTIONS_AT_ONCE = 8
MOST_QUESTIONS = 200
"""Asked or waiting to be; beyond, a call that arrives is not asked about."""
TOLD_PER_SECOND = 0.5
TOLD_AT_ONCE = 10
"""Positions taken for one number: a handset sends a handful in a call."""


class Taken(StrEnum):
    """What became of a position that somebody sent."""

    MATCHED = "matched"
    """A live call has it."""
    KEPT = "kept"
    """There is no call of that number yet."""
    NO_BETTER = "no_better"
    """What is known already is better, or the same."""
    NOT_BELIEVED = "not_believed"
    """It is too old, or of no number that can call, or one of too many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationRules:
    """Seconds: how long a position is kept for its call, how long the platform may take."""

    keep_seconds: float = 600
    locator_seconds: float = 5


class LocationService:
    """Where the callers of one centre are. ``locator`` none: nobody is asked."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        locator: Locator | None,
        rules: LocationRules,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.places = Places(timedelta(seconds=rules.keep_seconds))
        self._bus = bus
        self._clock = clock
        self._locator = locator
        self._communes = communes()  # read now: no call waits for a file
        self._patience = rules.locator_seconds
        self._turn = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._rates = Rates(TOLD_PER_SECOND, TOLD_AT_ONCE, remembered=4096)
        self.received = Counter(
            "location_messages",
            "Messages about where somebody is, by the door they came by and what became of them",
            ("door", "result"),
            registry=registry,
        )
        bus.project(self.places.fold)
        bus.subscribe((CallArrived, CallPlaced), self._on_call)
        bus.handle(LocateCaller, self._locate)

    @property
    def may_ask(self) -> bool:
        """Whether there is a platform to ask."""
        return self._locator is not None

    # --- life -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Give the live calls what the core before us had no time to give."""
        for call in list(self.places.live.values()):
            self._give_kept(call)

    async def close(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what is told -----------------------------------------------------------------------------------

    def take(self, number: str, location: Location) -> Taken:
        """Take in the position of a number, as somebody outside wrote both."""
        now = self._clock.now()
        caller, position = e164(bare(number)), believed(location, now)
        if caller is None or position is None or not self._rates.allow(caller, self._clock.monotonic()):
            return Taken.NOT_BELIEVED
        calls = self.places.calls_of(caller)
        if calls:
            news = [self._tell(call, position, now) for call in calls]
            return Taken.MATCHED if any(news) else Taken.NO_BETTER
        if not better(position, self.places.kept(caller, now), now):
            return Taken.NO_BETTER
        self._bus.publish(LocationKept(number=caller, location=position))
        return Taken.KEPT

    def on_switch(self, event: SwitchEvent) -> None:
        """Take in what a call brought with it (PIDF-LO)."""
        if isinstance(event, CallerArrived):
            self._brought(event.channel)
        elif isinstance(event, SwitchUp):
            for truth in event.truth.channels:
                if truth.caller is not None:
                    self._brought(truth.caller)

    def _brought(self, channel: CallerChannel) -> None:
        call = self.places.live.get(channel.call_id)
        if channel.location is None or call is None or channel.location.source in call.told:
            return
        self._tell(call, channel.location, self._clock.now())

    def _on_call(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, CallArrived | CallPlaced)  # noqa: S101 - by subscription
        call = self.places.live.get(event.call_id)
        if call is None:
            return
        self._give_kept(call)
        if isinstance(event, CallPlaced):
            return
        if event.origin is not None and event.origin.location is not None:
            self._tell(call, event.origin.location, envelope.occurred_at)
            return
        if self._locator is not None and not event.caller.test and len(self._tasks) < MOST_QUESTIONS:
            for number in call.numbers:
                self._ask(self._locator, call.call_id, number, told=False)

    def _give_kept(self, call: LiveCall) -> None:
        now = self._clock.now()
        for number in call.numbers:
            kept = self.places.kept(number, now)
            if kept is not None and kept.source not in call.told:
                self._tell(call, kept, now)

    def _tell(self, call: LiveCall, location: Location, now: datetime) -> bool:
        """Say where a caller is, unless that is no news."""
        before = call.told.get(location.source)
        if before == location or not better(location, before, now):
            return False
        nearest = self._communes.nearest(*location.point) if location.point is not None else None
        self._bus.publish(
            CallerLocated(
                call_id=call.call_id,
                location=location,
                commune=nearest.label if nearest is not None else "",
                best=better(location, call.best, now),
            )
        )
        return True

    # --- what is asked ----------------------------------------------------------------------------------

    def _locate(self, command: LocateCaller) -> None:
        """Ask for one call, as an agent wishes.

        Raises:
            CommandRefused: ``locator_off``, ``unknown_call``, ``hidden_caller``, ``asked_already``.
        """
        call, now = self.places.live.get(command.call_id), self._clock.now()
        if self._locator is None:
            raise CommandRefused("locator_off")
        if call is None:
            raise CommandRefused("unknown_call")
        if not call.numbers:
            raise CommandRefused("hidden_caller")
        if call.asked_until is not None and call.asked_until > now:
            raise CommandRefused("asked_already")
        self._asked(call.call_id, command.position_id, now)
        for number in call.numbers:
            self._ask(self._locator, call.call_id, number, told=True)

    def _asked(self, call_id: CallId, by: PositionId, now: datetime) -> None:
        until = now + timedelta(seconds=self._patience)
        self._bus.publish(LocationAsked(call_id=call_id, by=by, until=until))

    def _ask(self, locator: Locator, call_id: CallId, number: str, *, told: bool) -> None:
        task = asyncio.get_running_loop().create_task(
            self._answered(locator, call_id, number, told=told), name="locator"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answered(self, locator: Locator, call_id: CallId, number: str, *, told: bool) -> None:
        """Ask, and pass on the answer; ``told``: somebody waits for it, whatever it is."""
        location, failure = None, LocationFailure.UNKNOWN
        try:
            async with asyncio.timeout(self._patience), self._turn:
                location = await locator.locate(number)
        except (LocatorUnavailable, TimeoutError) as error:
            failure = LocationFailure.UNAVAILABLE
            log.warning("locator_unavailable", reason=type(error).__name__)
        result = "located" if location is not None else failure.value
        self.received.labels("locator", result).inc()
        call, now = self.places.live.get(call_id), self._clock.now()
        if call is None:
            return
        position = believed(location, now) if location is not None else None
        news = position is not None and self._tell(call, position, now)
        if told and not news:
            if position is not None:
                failure = LocationFailure.NO_NEWS
            self._bus.publish(LocationMissing(call_id=call_id, source=LocationSource.PFLAU, reason=failure))
