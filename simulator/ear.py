"""What a robot hears, as far as it matters most: how long it heard nothing."""

from collections.abc import Callable

_QUIET = bytes((0xD5, 0x55, 0xD4, 0x54, 0xD7, 0x57, 0xD6, 0x56))
"""A-law octets of silence and of the faintest noise."""
_LOUD_OCTETS = 16
"""A packet with fewer octets of sound is silence."""


class Ear:
    """Notes each silence. ``clock``: seconds, of any origin. Packets that do not come are silence too."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sound_at: float | None = None
        self._longest = 0.0

    def listen(self) -> None:
        """Begin, or begin anew: what was before does not count."""
        self._sound_at, self._longest = self._clock(), 0.0

    def hear(self, payload: bytes) -> None:
        """Take a packet of G.711 A-law sound."""
        if self._sound_at is not None and len(payload.translate(None, _QUIET)) >= _LOUD_OCTETS:
            now = self._clock()
            self._longest = max(self._longest, now - self._sound_at)
            self._sound_at = now

    def stop(self) -> None:
        """The call is over: what comes now is no silence."""
        self._longest, self._sound_at = self.longest, None

    @property
    def present(self) -> float:
        """Seconds since anything was heard; 0 once stopped."""
        return 0.0 if self._sound_at is None else self._clock() - self._sound_at

    @property
    def longest(self) -> float:
        """Seconds of the longest silence so far, the present one included."""
        return max(self._longest, self.present)
