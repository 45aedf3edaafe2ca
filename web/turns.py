"""What happens in one turn of the loop is told to screens once, at its end."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from core.events import Envelope
from web.live import LiveHub, Section, View


class ScreenModel(Protocol):
    """What screens show, folded from events."""

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""

    def changed(self) -> Mapping[Section, View | None]:
        """The sections touched since the last time, as they are now."""


class TurnTeller:
    """Folds events into a model, and tells a hub of them: many events of one turn cost one change.

    ``watched``: whether anybody looks; while nobody does, nothing is computed.
    """

    def __init__(self, model: ScreenModel, hub: LiveHub, watched: Callable[[], bool] = lambda: True) -> None:
        self._model = model
        self._hub = hub
        self._watched = watched
        self._untold: Envelope | None = None
        """The newest event that the screens have not been told of."""

    def show(self, envelope: Envelope) -> None:
        """Fold an event; screens are told at the end of the turn of all that happened in it."""
        self._model.fold(envelope)
        if self._untold is None and self._watched():
            asyncio.get_running_loop().call_soon(self.tell)
        self._untold = envelope

    def tell(self) -> None:
        """Tell the screens now."""
        envelope, self._untold = self._untold, None
        if envelope is not None:
            self._hub.publish(envelope.seq, type(envelope.event).__name__, self._model.changed())

    def forget(self) -> None:
        """All of it is about to be told by other means: a fresh snapshot."""
        self._untold = None
