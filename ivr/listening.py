"""Hears whether anybody speaks on a caller's line. A line that stays silent is marked; it is never hung up on.

Asterisk is asked to listen only to callers whom nobody has answered after a few seconds: an answer at once, the
usual case, costs nothing. It stops listening at the first sound.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.events import CallAnswered, CallArrived, CallEnded, CallerSilent, CallerSpoke, Envelope, LineOpened
from core.ids import CallId, ChannelId
from core.ports import Bus, Switch
from core.switch import SpeechHeard, SwitchEvent, SwitchUp

LISTEN_AFTER: Final = timedelta(seconds=3)


@dataclass(slots=True)
class _Line:
    """A line on which nobody has been heard yet. ``listening_since``: when Asterisk began to listen."""

    call_id: CallId
    channel_id: ChannelId
    opened_at: datetime | None = None
    asked: bool = False
    begun: bool = False
    listening_since: datetime | None = None
    silent: bool = False


class Listening:
    """The lines listened to. ``patience``: seconds of silence before a line is marked; 0: never."""

    def __init__(self, bus: Bus, switch: Switch, patience: Callable[[], float]) -> None:
        self._lines: dict[CallId, _Line] = {}
        self._by_channel: dict[ChannelId, _Line] = {}
        self._bus = bus
        self._switch = switch
        self._patience = patience
        bus.project(self._fold)
        bus.subscribe((CallAnswered,), self._on_answered)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        if isinstance(event, SpeechHeard):
            line = self._by_channel.get(event.channel_id)
            if line is not None:
                self._switch.listen_for_speech(line.channel_id, False)
                self._forget(line.call_id)
                if line.silent:
                    self._bus.publish(CallerSpoke(call_id=line.call_id))
        elif isinstance(event, SwitchUp):
            for line in self._lines.values():
                # whether Asterisk still listens is not known: it is asked again
                line.asked, line.begun, line.listening_since = False, False, None

    def tick(self, now: datetime) -> None:
        """Begin to listen, and mark the lines that stayed silent."""
        patience = self._patience()
        if patience <= 0:
            return
        for line in list(self._lines.values()):
            if not line.asked:
                if line.opened_at is not None and now - line.opened_at >= LISTEN_AFTER:
                    self._ask(line)
            elif line.listening_since is None:
                line.listening_since = now if line.begun else None
            elif not line.silent and (now - line.listening_since).total_seconds() >= patience:
                self._bus.publish(CallerSilent(call_id=line.call_id, seconds=patience))

    def _ask(self, line: _Line) -> None:
        """Ask Asterisk to listen: it begins at once, or after the announcement."""
        line.asked = True
        order = asyncio.ensure_future(self._switch.listen_for_speech(line.channel_id, True))

        def answered(future: "asyncio.Future[None]") -> None:
            line.begun = not future.cancelled() and future.exception() is None

        order.add_done_callback(answered)

    def _on_answered(self, envelope: Envelope) -> None:
        """Stop listening once somebody answered, unless the line is marked: then its first sound is told."""
        assert isinstance(envelope.event, CallAnswered)  # noqa: S101 - by subscription
        line = self._lines.get(envelope.event.call_id)
        if line is not None and not line.silent:
            if line.asked:
                self._switch.listen_for_speech(line.channel_id, False)
            self._forget(line.call_id)

    def _fold(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, CallArrived):
            line = _Line(event.call_id, event.channel_id)
            self._lines[event.call_id] = self._by_channel[event.channel_id] = line
        elif isinstance(event, LineOpened):
            if event.call_id in self._lines:
                self._lines[event.call_id].opened_at = envelope.occurred_at
        elif isinstance(event, CallerSilent):
            if event.call_id in self._lines:
                self._lines[event.call_id].silent = True
        elif isinstance(event, CallEnded | CallerSpoke):
            self._forget(event.call_id)

    def _forget(self, call_id: CallId) -> None:
        line = self._lines.pop(call_id, None)
        if line is not None:
            self._by_channel.pop(line.channel_id, None)
