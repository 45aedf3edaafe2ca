"""The desk's figures for Prometheus. No label ever holds a number, a name, an agent or an item."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from core.desk import LostItem
from core.words import ItemOutcome, LossPlace
from desk.policy import Group, group_of

_DELAY_BUCKETS = (15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)


class DeskMetrics:
    """Counts what happens from now on; a restart counts nothing twice."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._filed = Counter(
            "bandeau15_desk_lost_calls", "Lost calls filed, by place", ["place"], registry=registry
        )
        self._closed = Counter(
            "bandeau15_desk_items_closed", "Items closed, by outcome", ["outcome"], registry=registry
        )
        self._attempt = Histogram(
            "bandeau15_desk_first_attempt_seconds",
            "From the first loss to the first call back",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        self._closing = Histogram(
            "bandeau15_desk_closing_seconds",
            "From the first loss to the closing, of items to call back",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )

    def filed(self, place: LossPlace) -> None:
        """A loss was filed."""
        self._filed.labels(place.value).inc()

    def tried(self, item: LostItem) -> None:
        """An item was called back for the first time."""
        if item.first_attempt_at is not None:
            self._attempt.observe((item.first_attempt_at - item.first_lost_at).total_seconds())

    def closed(self, item: LostItem, outcome: ItemOutcome, seconds: float) -> None:
        """An item was closed, so many seconds after its first loss."""
        self._closed.labels(outcome.value).inc()
        if group_of(item) is Group.CALL:
            self._closing.observe(seconds)
