"""The bridge's figures for Prometheus. No label ever holds a number, a name, an agent or a call."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lrm_bridge.outbox import Notice, Outbox
from lrm_bridge.policy import Answer, Breaker

_DELAY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60)


class LrmMetrics:
    """Counts what happens from now on; a restart counts nothing twice."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._messages = Counter(
            "bandeau15_lrm_messages",
            "What the LRM was to be told, and whether it was",
            ["message", "outcome"],
            registry=registry,
        )
        self._delay = Histogram(
            "bandeau15_lrm_told_seconds",
            "From the call being taken to the LRM's receipt",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        self._requests = Counter(
            "bandeau15_lrm_requests",
            "Requests of the LRM, by operation and status",
            ["operation", "status"],
            registry=registry,
        )
        self._pending = Gauge("bandeau15_lrm_pending", "What the LRM is still to be told", registry=registry)
        self._open = Gauge("bandeau15_lrm_spared", "Whether the LRM is tried once at a time", registry=registry)

    def watch(self, outbox: Outbox, breaker: Breaker) -> None:
        """Show how much is pending, and whether the LRM is spared."""
        self._pending.set_function(lambda: len(outbox))
        self._open.set_function(lambda: breaker.open_since is not None)

    def settled(self, notice: Notice, answer: Answer, seconds: float) -> None:
        """A message was taken by the LRM, or given up."""
        outcome = "told" if answer.accepted else "refused" if answer.final else "given_up"
        self._messages.labels(notice.message.value, outcome).inc()
        if answer.accepted:
            self._delay.observe(seconds)

    def asked(self, operation: str, status: int) -> None:
        """The LRM asked for something, and was answered."""
        self._requests.labels(operation, str(status)).inc()
