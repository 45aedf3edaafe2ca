"""Welcomes callers, then sends them to their waiting room."""

from collections.abc import Mapping

from core.events import CallOriented, Envelope, LineOpened, WelcomeEnded
from core.ports import Bus, Switch
from core.switch import DigitPressed, PlaybackEnded, SwitchEvent, SwitchUp
from ivr.model import Greeting, Greetings
from ivr.policy import Orientation, orient


class IvrService:
    """The SVI of one centre. Any key skips the welcome: a caller in danger never has to listen to the end."""

    def __init__(self, bus: Bus, switch: Switch, lines: Mapping[str, Orientation]) -> None:
        self.greetings = Greetings()
        self._bus = bus
        self._switch = switch
        self._lines = lines
        bus.project(self.greetings.fold)
        bus.subscribe((LineOpened,), self._on_line_opened)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event. After a restart, whoever was being welcomed goes on to wait."""
        if isinstance(event, DigitPressed):
            greeting = self.greetings.by_channel.get(event.channel_id)
            if greeting is not None:
                self._switch.stop_playback(greeting.playback_id)
                self._end(greeting, skipped=True)
        elif isinstance(event, PlaybackEnded):
            greeting = self.greetings.by_playback.get(event.playback_id)
            if greeting is not None:
                self._end(greeting, skipped=False)
        elif isinstance(event, SwitchUp):
            present = {channel.channel_id for channel in event.truth.channels}
            for greeting in list(self.greetings.by_call.values()):
                if greeting.channel_id in present:
                    self._switch.stop_playback(greeting.playback_id)
                    self._end(greeting, skipped=False)

    def _on_line_opened(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, LineOpened)  # noqa: S101 - by subscription
        greeting = self.greetings.by_call.get(envelope.event.call_id)
        if greeting is None:
            return
        welcome = orient(greeting.line, self._lines).welcome
        if welcome:
            self._switch.play(greeting.channel_id, greeting.playback_id, welcome)
        else:
            self._orient(greeting, envelope)

    def _end(self, greeting: Greeting, *, skipped: bool) -> None:
        ended = self._bus.publish(WelcomeEnded(call_id=greeting.call_id, skipped=skipped))
        self._orient(greeting, ended)

    def _orient(self, greeting: Greeting, cause: Envelope) -> None:
        to = orient(greeting.line, self._lines)
        self._bus.publish(
            CallOriented(
                call_id=greeting.call_id,
                flow=to.flow,
                queue=to.queue,
                priority=to.priority,
                front_office=to.front_office,
            ),
            cause,
        )
