"""Figures for Prometheus. No label ever holds a number, a name, an agent or a call."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.alarms import AlarmKind, StuckKind
from core.events import (
    EVENT_TYPES,
    CallAnswered,
    CallArrived,
    CallEnded,
    Envelope,
    FallbackCallEnded,
    NetworkMeasured,
    StuckStateHealed,
)
from core.ids import CallId
from core.words import PositionState
from web.room import RoomState

PREFIX = "bandeau15"

Gauge = Callable[[], float]

_MOS_BUCKETS = (2.58, 3.1, 3.6, 4.03, 4.34, 4.5)
"""Steps of users' satisfaction of ITU-T G.107, table B.1."""
_WAIT_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)


class _Now(Collector):
    """What is so at the instant of the scrape."""

    def __init__(self, room: RoomState, gauges: dict[str, tuple[str, Gauge]]) -> None:
        self._room = room
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        room = self._room
        yield _gauge("calls_waiting", "Callers in the waiting room", room.waiting)
        yield _gauge("calls_in_svi", "Callers in the SVI", room.in_svi)
        yield _gauge("calls_in_progress", "Callers taken by an agent", room.in_progress)
        yield _gauge("switch_up", "Whether Asterisk is under command", room.switch_up)
        states = GaugeMetricFamily(f"{PREFIX}_positions", "Positions by state", labels=["state"])
        for state in PositionState:
            states.add_metric([state.value], room.in_state(state))
        yield states
        alarms = GaugeMetricFamily(f"{PREFIX}_alarms", "Alarms that hold, by kind", labels=["kind"])
        for kind in AlarmKind:
            alarms.add_metric([kind.value], sum(raised is kind for raised, _ in room.alarms))
        yield alarms
        for name, (meaning, read) in self._gauges.items():
            yield _gauge(name, meaning, read())


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", meaning, value=float(value))


class Metrics:
    """Counts events, and reads ``gauges`` (name → meaning, value) at each scrape."""

    def __init__(self, room: RoomState, gauges: dict[str, tuple[str, Gauge]]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Now(room, gauges))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._events = Counter(
            f"{PREFIX}_events", "Events published, by type", ["type"], registry=self.registry
        )
        self._of_type = {name: self._events.labels(name) for name in EVENT_TYPES}
        self._ended = Counter(
            f"{PREFIX}_calls_ended", "Calls ended, by outcome", ["outcome"], registry=self.registry
        )
        self._waits = Histogram(
            f"{PREFIX}_answer_wait_seconds",
            "From entry in the waiting room to the answer by a person",
            buckets=_WAIT_BUCKETS,
            registry=self.registry,
        )
        self._networks = Histogram(
            f"{PREFIX}_network_mos",
            "Quality of strips' networks, as a mean opinion score estimated by the E-model",
            ["phase"],
            buckets=_MOS_BUCKETS,
            registry=self.registry,
        )
        healed = Counter(
            f"{PREFIX}_stuck_states_healed",
            "States that agreed with nothing, found and put right, by kind",
            ["kind"],
            registry=self.registry,
        )
        self._healed = {kind: healed.labels(kind.value) for kind in StuckKind}
        self._room = room
        self._tests: set[CallId] = set()

    def count(self, envelope: Envelope) -> None:
        """Take note of one event, already folded in the room. Test calls are in no figure of calls."""
        event = envelope.event
        self._of_type[type(event).__name__].inc()
        if isinstance(event, CallArrived) and event.caller.test:
            self._tests.add(event.call_id)
        elif isinstance(event, CallEnded):
            if event.call_id in self._tests:
                self._tests.discard(event.call_id)
            else:
                self._ended.labels(event.outcome.value).inc()
        elif isinstance(event, FallbackCallEnded) and not event.caller.test:
            self._ended.labels(event.outcome.value).inc()
        elif isinstance(event, NetworkMeasured):
            self._networks.labels(event.phase.value).observe(event.mos)
        elif isinstance(event, StuckStateHealed):
            self._healed[event.kind].inc()
        elif isinstance(event, CallAnswered) and event.call_id not in self._tests:
            self._answered(event.call_id)

    def _answered(self, call_id: CallId) -> None:
        call = self._room.calls.get(call_id)
        if call is None or call.aid is not None:
            return  # that wait began elsewhere
        if call.queued_at is not None and call.answered_at is not None:
            self._waits.observe(max(0.0, (call.answered_at - call.queued_at).total_seconds()))

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)
