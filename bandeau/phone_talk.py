"""What is said to the telephones that are called for a position, and what they answer by keys."""

from core.ids import ChannelId, PlaybackId, new_id
from core.ports import Switch


class PhoneTalk:
    """Announcements under way and keys pressed, by call."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._saying: dict[PlaybackId, ChannelId] = {}
        self._last: dict[ChannelId, PlaybackId] = {}
        self._typed: dict[ChannelId, str] = {}

    def say(self, channel_id: ChannelId, sound: str, *, last: bool = False) -> None:
        """Say something; ``last``: the call is hung up after it."""
        playback_id = PlaybackId(new_id())
        self._saying[playback_id] = channel_id
        if last:
            self._last[channel_id] = playback_id
        self._switch.play(channel_id, playback_id, sound)

    def ended(self, playback_id: PlaybackId) -> ChannelId | None:
        """Take note that an announcement ended; return to whom it was said, where more may be."""
        channel_id = self._saying.pop(playback_id, None)
        if channel_id is not None and self._last.get(channel_id) == playback_id:
            self._switch.hang_up(channel_id)
            return None
        return channel_id

    def ends(self, channel_id: ChannelId | None) -> bool:
        """Whether a call hears its last words."""
        return channel_id in self._last

    def pressed(self, channel_id: ChannelId, digit: str) -> str:
        """Return all the keys pressed in a call, with this one."""
        typed = self._typed[channel_id] = self._typed.get(channel_id, "") + digit
        return typed

    def quiet(self, channel_id: ChannelId) -> None:
        """Say no more, and begin to count keys anew."""
        self._typed.pop(channel_id, None)
        for playback_id in [p for p, of in self._saying.items() if of == channel_id]:
            del self._saying[playback_id]
            self._switch.stop_playback(playback_id)

    def forget(self, channel_id: ChannelId) -> None:
        """The call is over, or is hung up."""
        self.quiet(channel_id)
        self._last.pop(channel_id, None)

    def clear(self) -> None:
        """Forget what was said: the Asterisk that said it may have restarted."""
        self._saying.clear()
        self._last.clear()
