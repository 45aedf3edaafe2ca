"""When a channel may be listened to: between announcements only.

Asterisk sets a variable between announcements, and hears and says nothing on its whole socket until then.
"""

import asyncio
from collections.abc import Awaitable, Callable

from core.ids import ChannelId, PlaybackId


class Listening:
    """Puts off what would wait for an announcement's end. ``listen``: begins or stops it at once."""

    def __init__(self, listen: Callable[[ChannelId, bool], Awaitable[None]]) -> None:
        self._listen = listen
        self._playing: dict[ChannelId, PlaybackId] = {}
        """Channels that hear an announcement, with the latest."""
        self._deferred: dict[ChannelId, tuple[bool, asyncio.Future[None]]] = {}
        """Listening to begin or to stop at the end of the announcement."""

    def playing(self, channel: ChannelId, playback: PlaybackId) -> None:
        """An announcement begins."""
        self._playing[channel] = playback

    def heard(self, channel: ChannelId) -> PlaybackId | None:
        """The announcement that a channel hears, if any."""
        return self._playing.get(channel)

    def listen(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        """Begin or stop listening, now or at the end of what the channel hears."""
        if channel not in self._playing:
            return self._listen(channel, on)
        self._forget(channel)
        later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._deferred[channel] = (on, later)
        return later

    def quiet_again(self, channel: ChannelId, playback: PlaybackId) -> None:
        """An announcement is over: what waited for it is done now, before the next one can begin."""
        if self._playing.get(channel) != playback:
            return  # it was cut short for another one
        del self._playing[channel]
        if channel in self._deferred:
            on, later = self._deferred.pop(channel)
            self._listen(channel, on)
            if not later.done():
                later.set_result(None)

    def gone(self, channel: ChannelId) -> None:
        """A channel ended."""
        self._playing.pop(channel, None)
        self._forget(channel)

    def _forget(self, channel: ChannelId) -> None:
        if channel in self._deferred:
            self._deferred.pop(channel)[1].cancel()
