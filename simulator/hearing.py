"""Proving sound by its content: is this tone in that recording, in what that robot heard?

A tone is found where its power stands out of everything else around the same instant by :data:`MIN_SNR_DB`, and
where it is loud enough to be heard. Measured (test_simulator_audio): a G.711 tone alone gives more than 30 dB,
mixed with another as loud 0 dB; white noise gives less than -10 dB.
"""

import numpy as np
import numpy.typing as npt

from simulator.sound import RATE, Pcm

MIN_SNR_DB = -3.0
"""A tone mixed with one other tone as loud is still found; noise is not."""
MIN_LEVEL = 0.005
"""The least effective value of the tone, as a share of full scale (-46 dBFS)."""
_BAND_HZ = 12.0
"""Half of the width taken as "the tone" around its frequency."""
_WINDOW_SECONDS = 0.25


def contains_tone(
    pcm: Pcm, hz: float, rate: int = RATE, *, seconds: float = 0.5, min_snr_db: float = MIN_SNR_DB
) -> bool:
    """Whether a tone is heard for at least so many seconds in all (in windows of 0.25 s)."""
    need = max(1, round(seconds / _WINDOW_SECONDS))
    return sum(snr >= min_snr_db and level >= MIN_LEVEL for snr, level in _windows(pcm, hz, rate)) >= need


def is_sound(pcm: Pcm) -> bool:
    """Whether anything loud enough to be heard is in it, for a quarter of a second at least."""
    size = round(_WINDOW_SECONDS * RATE)
    parts = (pcm[at : at + size].astype(np.float64) / 32768 for at in range(0, len(pcm) - size + 1, size))
    return any(float(np.sqrt(np.mean(part**2))) >= MIN_LEVEL for part in parts)


def snr_db(pcm: Pcm, hz: float, rate: int = RATE) -> float:
    """Power of the tone against all the rest, in dB, over the whole sound; -inf when there is none."""
    return _measure(pcm, hz, rate)[0]


def _windows(pcm: Pcm, hz: float, rate: int) -> list[tuple[float, float]]:
    size = round(_WINDOW_SECONDS * rate)
    return [_measure(pcm[at : at + size], hz, rate) for at in range(0, len(pcm) - size + 1, size)]


def _measure(pcm: Pcm, hz: float, rate: int) -> tuple[float, float]:
    """SNR in dB, and effective value of the tone as a share of full scale."""
    if len(pcm) < rate // 20:
        return -np.inf, 0.0
    power = _spectrum(pcm)
    width = rate / len(pcm)
    around = np.abs(np.arange(len(power)) * width - hz) <= max(_BAND_HZ, 3 * width)
    wanted, rest = float(power[around].sum()), float(power[~around].sum())
    level = float(np.sqrt(wanted))
    if wanted <= 0:
        return -np.inf, 0.0
    return (10 * float(np.log10(wanted / rest)) if rest > 0 else np.inf), level


def _spectrum(pcm: Pcm) -> npt.NDArray[np.float64]:
    """Power by frequency, such that the sum is the mean square of the sound (full scale = 1)."""
    samples = pcm.astype(np.float64) / 32768
    samples -= samples.mean()
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window)) ** 2
    return 2 * spectrum / (len(samples) * float((window**2).sum()))
