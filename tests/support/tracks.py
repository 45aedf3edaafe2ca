"""Where a tone begins, ends and is heard in a track, to a few milliseconds."""

import numpy as np
import numpy.typing as npt

from simulator.sound import RATE, Pcm

_WINDOW, _STEP = RATE // 50, RATE // 200
"""20 ms, every 5 ms."""


def loudness(pcm: Pcm, hz: float) -> npt.NDArray[np.float64]:
    """How loud a tone is, every 5 ms: 0 to about 1, of full scale."""
    at = np.arange(_WINDOW)
    wave = np.exp(-2j * np.pi * hz * at / RATE) * np.hanning(_WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float64) / 32768, _WINDOW)[::_STEP]
    heard: npt.NDArray[np.float64] = np.abs(frames @ wave) * 4 / _WINDOW
    return heard


def share_heard(pcm: Pcm, hz: float, begins: float, ends: float) -> float:
    """Of the time between two offsets in seconds, in how much of it a tone is heard: 0 to 1."""
    heard = loudness(pcm[round(begins * RATE) : round(ends * RATE)], hz)
    return float(np.mean(heard > 0.02)) if heard.size else 0.0


def edge_near(pcm: Pcm, hz: float, offset: float, within: float = 0.6) -> float:
    """Where a tone begins or ends, nearest to an offset; both in seconds.

    Raises:
        AssertionError: it does neither, that near.
    """
    first = max(0.0, offset - within)
    heard = loudness(pcm[round(first * RATE) : round((offset + within) * RATE)], hz)
    on = heard > heard.max() / 2 if heard.size and heard.max() > 0.02 else np.zeros(0, dtype=bool)
    edges = np.flatnonzero(np.diff(on.astype(np.int8)))
    assert edges.size, f"{hz} Hz neither begins nor ends within {within} s of {offset:.2f} s"
    seconds = first + (edges * _STEP + _WINDOW / 2) / RATE
    return float(seconds[np.argmin(np.abs(seconds - offset))])
