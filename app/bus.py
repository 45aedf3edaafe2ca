"""The in-process bus: one thread, one order, the journal first."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog

from core.commands import Command
from core.errors import CommandRefused
from core.events import Envelope, Event
from core.ids import CentreId, EventId, new_id
from core.ports import Clock, JournalWriter

C = TypeVar("C", bound=Command)
Listener = Callable[[Envelope], None]

log = structlog.get_logger(__name__)


class InProcessBus:
    """Implements :class:`core.ports.Bus`.

    ``on_failure`` is told of each listener that raised, after the event has reached the others.
    """

    def __init__(
        self,
        journal: JournalWriter,
        clock: Clock,
        centre_id: CentreId,
        on_failure: Callable[[Envelope, Exception], None] | None = None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._centre_id = centre_id
        self._on_failure = on_failure
        self._folds: list[Listener] = []
        self._subscriptions: list[tuple[frozenset[type[Event]] | None, Listener]] = []
        self._routes: dict[type[Event], list[Listener]] = {}
        self._handlers: dict[type[Command], Callable[[Any], None]] = {}
        self._pending: deque[Envelope] = deque()
        self._delivering = False

    def project(self, fold: Listener) -> None:
        """See :meth:`core.ports.Bus.project`."""
        self._folds.append(fold)

    def subscribe(self, types: Iterable[type[Event]] | None, listener: Listener) -> None:
        """See :meth:`core.ports.Bus.subscribe`."""
        self._subscriptions.append((None if types is None else frozenset(types), listener))
        self._routes.clear()

    def handle(self, command: type[C], handler: Callable[[C], None]) -> None:
        """See :meth:`core.ports.Bus.handle`."""
        if command in self._handlers:
            raise ValueError(f"{command.__name__} already has a handler")
        self._handlers[command] = handler

    def execute(self, command: Command) -> None:
        """See :meth:`core.ports.Bus.execute`."""
        handler = self._handlers.get(type(command))
        if handler is None:
            raise CommandRefused("unknown_command", type(command).__name__)
        handler(command)

    def publish(self, event: Event, cause: Envelope | None = None) -> Envelope:
        """See :meth:`core.ports.Bus.publish`."""
        envelope = Envelope(
            event_id=EventId(new_id()),
            seq=self._journal.next_seq,
            occurred_at=self._clock.now(),
            centre_id=self._centre_id,
            event=event,
            cause_id=cause.event_id if cause else None,
        )
        self._journal.append(envelope)
        for fold in self._folds:
            self._tell(fold, envelope)
        self._pending.append(envelope)
        if not self._delivering:
            self._deliver()
        return envelope

    def replay(self, envelope: Envelope) -> None:
        """Fold an envelope read back from the journal; nobody reacts to it."""
        for fold in self._folds:
            self._tell(fold, envelope)

    def _deliver(self) -> None:
        self._delivering = True
        try:
            while self._pending:
                envelope = self._pending.popleft()
                for listener in self._route(type(envelope.event)):
                    self._tell(listener, envelope)
        finally:
            self._delivering = False

    def _tell(self, listener: Listener, envelope: Envelope) -> None:
        try:
            listener(envelope)
        except Exception as error:
            log.exception(
                "listener_failed",
                listener=getattr(listener, "__qualname__", repr(listener)),
                event_type=type(envelope.event).__name__,
                seq=envelope.seq,
            )
            if self._on_failure:
                self._on_failure(envelope, error)

    def _route(self, event_type: type[Event]) -> list[Listener]:
        route = self._routes.get(event_type)
        if route is None:
            route = [
                listener for types, listener in self._subscriptions if types is None or event_type in types
            ]
            self._routes[event_type] = route
        return route
