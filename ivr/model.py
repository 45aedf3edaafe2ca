"""The calls the SVI is speaking to."""

from dataclasses import dataclass

from core.events import CallArrived, CallEnded, CallOriented, Envelope
from core.ids import CallId, ChannelId, PlaybackId


@dataclass(frozen=True, slots=True)
class Greeting:
    """One call in the SVI. Its welcome's playback is named after the call, so a restart finds it again."""

    call_id: CallId
    channel_id: ChannelId
    line: str

    @property
    def playback_id(self) -> PlaybackId:
        """The welcome being played to it."""
        return PlaybackId(f"welcome-{self.call_id}")


class Greetings:
    """Every call that has arrived and is not oriented yet, by channel and by playback."""

    def __init__(self) -> None:
        self.by_call: dict[CallId, Greeting] = {}
        self.by_channel: dict[ChannelId, Greeting] = {}
        self.by_playback: dict[PlaybackId, Greeting] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if isinstance(event, CallArrived):
            greeting = Greeting(event.call_id, event.channel_id, event.line)
            self.by_call[greeting.call_id] = greeting
            self.by_channel[greeting.channel_id] = greeting
            self.by_playback[greeting.playback_id] = greeting
        elif isinstance(event, CallOriented | CallEnded):
            done = self.by_call.pop(event.call_id, None)
            if done is not None:
                del self.by_channel[done.channel_id]
                del self.by_playback[done.playback_id]
