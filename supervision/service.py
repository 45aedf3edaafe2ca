"""Keeps the wallboard live, and counts for the metrics."""

from collections.abc import Iterable
from datetime import datetime

from core.events import Envelope
from core.ids import QueueId
from core.ports import Bus, Clock
from core.rooms import RoomCard
from supervision.metrics import Gauge, Metrics
from supervision.model import BoardModel
from web.live import Close, LiveHub
from web.socket import LiveSocket
from web.turns import TurnTeller


class BoardService:
    """The wallboard of one centre. ``model.fold`` rebuilds the state from the journal before :meth:`start`."""

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        epoch: str,
        gauges: dict[str, tuple[str, Gauge]] | None = None,
        rooms: Iterable[RoomCard] = (),
        queue: QueueId = QueueId("15"),  # noqa: B008 - a NewType call is the plain text
    ) -> None:
        self.model = BoardModel(queue, clock.now(), rooms)
        self.hub = LiveHub(epoch)
        self.metrics = Metrics(
            self.model.room,
            {"wallboards": ("Wallboards connected", lambda: len(self.hub)), **(gauges or {})},
        )
        self._clock = clock
        self._screens: set[LiveSocket] = set()
        self._turns = TurnTeller(self.model, self.hub, watched=lambda: bool(self._screens))
        bus.subscribe(None, self._show)

    async def start(self) -> None:
        """Show what the journal says."""
        self.model.roll(self._clock.now())
        self._show_all()

    def use_rooms(self, cards: Iterable[RoomCard]) -> None:
        """Show these waiting rooms from here on."""
        self.model.rooms.use(cards)
        self._show_all()

    async def close(self) -> None:
        """Tell every wallboard that the core restarts: they come back by themselves."""
        for screen in self._screens:
            screen.bye("restarting", Close.RESTARTING)

    def tick(self, now: datetime) -> None:
        """Begin a new day at midnight, Paris time."""
        if self.model.roll(now):
            self._show_all()

    def opened(self, screen: LiveSocket) -> None:
        """A wallboard is about to join."""
        self._turns.tell()
        self._screens.add(screen)

    def closed(self, screen: LiveSocket) -> None:
        """A wallboard is gone."""
        self._screens.discard(screen)

    def _show(self, envelope: Envelope) -> None:
        self._turns.show(envelope)
        self.metrics.count(envelope)

    def _show_all(self) -> None:
        self._turns.forget()
        self.hub.reset(self.model.room.seq, self.model.sections(), self._clock.now())
