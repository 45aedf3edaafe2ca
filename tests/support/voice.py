"""A sound that is both a known tone and a voice for whoever filters noise out: a browser's microphone does."""

import numpy as np

from simulator.sound import RATE
from tests.support.audio import Pcm

SYLLABLES_PER_SECOND = 4.0


def voice(hz: float, seconds: float, rate: int = RATE, level: float = 0.5) -> Pcm:
    """A tone that swells and fades as syllables do. Steady tones are taken for noise and removed."""
    at = np.arange(round(seconds * rate)) / rate
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * SYLLABLES_PER_SECOND * at)
    samples: Pcm = (np.sin(2 * np.pi * hz * at) * swell * level * 32767).astype(np.int16)
    return samples
