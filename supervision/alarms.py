"""The alarms of a centre: what is reported becomes ``AlarmRaised`` and ``AlarmCleared``, once per cause."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from core.alarms import CARDS, AlarmKind, StuckKind
from core.events import (
    AlarmCleared,
    AlarmRaised,
    Envelope,
    RecordingMissing,
    StuckStateHealed,
    SwitchConnected,
    SwitchLost,
)
from core.ports import Bus, Clock
from supervision.policy import Alarm, AlarmBook, AlarmKey, Due

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=0.5)
"""How often what is watched is looked at."""


_ORDINARY = frozenset({StuckKind.LEG_SILENT})
"""A browser that was closed, or lost its network, is no fault of the platform."""


@dataclass(frozen=True, slots=True)
class _Watch:
    key: AlarmKey
    look: Callable[[], str | None]


class AlarmService:
    """Implements :class:`core.ports.Alarms`; looks besides at what nobody reports."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._book = AlarmBook(clock.now())
        self._watches: list[_Watch] = []
        self._look_at = clock.now()
        bus.project(self._book.fold)
        bus.subscribe((SwitchLost, SwitchConnected), self._on_switch)
        bus.subscribe((StuckStateHealed,), self._on_stuck)
        bus.subscribe((RecordingMissing,), self._on_unrecorded)

    @property
    def raised(self) -> dict[AlarmKey, Alarm]:
        """The alarms that hold."""
        return self._book.raised

    def begin(self) -> None:
        """Look from now on: until here, another core did."""
        self._book.begin(self._clock.now())

    def raise_alarm(self, kind: AlarmKind, subject: str = "", detail: str = "") -> None:
        """See :meth:`core.ports.Alarms.raise_alarm`."""
        now = self._clock.now()
        self._book.wrong((kind, subject), detail, now)
        self._say((kind, subject), self._book.due_of((kind, subject), now))

    def clear_alarm(self, kind: AlarmKind, subject: str = "") -> None:
        """See :meth:`core.ports.Alarms.clear_alarm`."""
        now = self._clock.now()
        self._book.well((kind, subject), now)
        self._say((kind, subject), self._book.due_of((kind, subject), now))

    def watch(self, kind: AlarmKind, look: Callable[[], str | None], subject: str = "") -> None:
        """Look at something from here on. ``look`` says what is wrong, or ``None``; it does not block."""
        self._watches.append(_Watch((kind, subject), look))

    def tick(self, now: datetime) -> None:
        """Look at what is watched; say what has lasted long enough."""
        if self._look_at <= now <= self._look_at + LOOK_EVERY:
            return
        self._look_at = now
        for watch in self._watches:
            self._look(watch, now)
        for key, due in self._book.due(now):
            self._say(key, due)

    def _on_switch(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, SwitchLost):
            self.raise_alarm(AlarmKind.SWITCH_SILENT, event.switch, event.detail)
        elif isinstance(event, SwitchConnected):
            self.clear_alarm(AlarmKind.SWITCH_SILENT, event.switch)

    def _on_stuck(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, StuckStateHealed) and event.kind not in _ORDINARY:
            self.raise_alarm(AlarmKind.STUCK_STATES, detail=event.kind.value)

    def _on_unrecorded(self, envelope: Envelope) -> None:
        self.raise_alarm(AlarmKind.RECORDING_MISSING)

    def _look(self, watch: _Watch, now: datetime) -> None:
        try:
            wrong = watch.look()
        except Exception:  # one look that fails must not blind the others
            log.exception("alarm_look_failed", kind=watch.key[0].value)
            return
        if wrong is None:
            self._book.well(watch.key, now)
        else:
            self._book.wrong(watch.key, wrong, now)

    def _say(self, key: AlarmKey, due: Due | None) -> None:
        kind, subject = key
        if due is Due.RAISE:
            severity, detail = CARDS[kind].severity, self._book.detail(key)
            log.error("alarm_raised", kind=kind.value, subject=subject, detail=detail, severity=severity.value)
            self._bus.publish(AlarmRaised(kind=kind, subject=subject, severity=severity, detail=detail))
        elif due is Due.CLEAR:
            log.info("alarm_cleared", kind=kind.value, subject=subject)
            self._bus.publish(AlarmCleared(kind=kind, subject=subject))
