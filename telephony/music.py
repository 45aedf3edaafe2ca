"""The music callers hear while they wait: composed here, so that it belongs to nobody else. Pure."""

import math
from array import array
from typing import Final

RATE: Final = 8000
"""Samples a second, as on the telephone."""
SECONDS: Final = 32
_CHORDS: Final = (
    (261.63, 329.63, 392.00),  # C
    (220.00, 261.63, 329.63),  # A minor
    (174.61, 261.63, 349.23),  # F
    (196.00, 246.94, 392.00),  # G
)
_CHORD_SECONDS: Final = 4.0
_NOTE_SECONDS: Final = 0.5
_PEAK: Final = 0.22
"""Share of full scale: clearly under a voice."""


def waiting_music() -> bytes:
    """Make the loop: slow chords, a quiet arpeggio over them; 16-bit samples, little end first.

    It begins and ends in silence, so that it follows itself, or an announcement, without a click.
    """
    mix = [0.0] * (RATE * SECONDS)
    for number in range(int(SECONDS / _CHORD_SECONDS)):
        chord = _CHORDS[number % len(_CHORDS)]
        start = number * _CHORD_SECONDS
        for hz in chord:
            _pad(mix, start, hz)
        for step in range(int(_CHORD_SECONDS / _NOTE_SECONDS)):
            # up and down the chord, an octave above
            place = (0, 1, 2, 1)[step % 4]
            _bell(mix, start + step * _NOTE_SECONDS, chord[place] * 2)
    peak = max(map(abs, mix))
    samples = array("h", (round(sample / peak * _PEAK * 32767) for sample in mix))
    if samples.itemsize == 2 and array("H", [1]).tobytes() != b"\x01\x00":
        samples.byteswap()
    return samples.tobytes()


def _pad(mix: list[float], start: float, hz: float) -> None:
    """Add a soft, swelling note with two harmonics, which telephones need to render its pitch."""
    first, count = round(start * RATE), round(_CHORD_SECONDS * RATE)
    turn = 2 * math.pi * hz / RATE
    for n in range(count):
        swell = math.sin(math.pi * n / count) ** 2
        phase = turn * n
        mix[first + n] += swell * (math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.25 * math.sin(3 * phase))


def _bell(mix: list[float], start: float, hz: float) -> None:
    """Add a struck note that fades away."""
    first, count = round(start * RATE), round(_NOTE_SECONDS * RATE)
    turn = 2 * math.pi * hz / RATE
    for n in range(count):
        fade = min(1.0, n / 80) * math.exp(-5 * n / count) * min(1.0, (count - n) / 80)
        mix[first + n] += 0.6 * fade * math.sin(turn * n)
