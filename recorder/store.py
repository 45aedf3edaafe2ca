"""Reads the tracks that Asterisk wrote. Blocking: called in a thread."""

import wave
from pathlib import Path

from recorder.policy import Measured


def measure(track: Path) -> Measured:
    """Size and length of a closed track; while Asterisk still writes it, its header promises no sound yet."""
    try:
        octets = track.stat().st_size
        with wave.open(str(track), "rb") as sound:
            frames, rate = sound.getnframes(), sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return Measured()
    return Measured(octets, frames / rate) if frames and rate else Measured(octets)
