"""Makes a soft voice as loud as a strong one, and never clips. Pure arithmetic on samples.

Loudness as ITU-R BS.1770 and EBU R 128 tell it: energy weighted as the ear hears, in blocks of 100 ms,
silence left out by an absolute and a relative gate. The gain follows the voice over some seconds, at most by
:data:`MOST_DB`; a limiter that looks ahead keeps every sample under :data:`CEILING`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recorder.sealing.tracks import Samples

Floats = NDArray[np.float32]

TARGET_LUFS = -19.0
"""Where each voice is brought: for one channel, what -16 is for two."""
CEILING = 0.79
"""Of full scale: -2 dB, room for what the coder adds."""
MOST_DB, LEAST_DB = 30.0, -20.0
"""The most that a voice is raised, and lowered."""

_BLOCKS_A_SECOND = 10
_STEPS_A_SECOND = 100
_WINDOW = 81
"""Over how many blocks the voice's loudness is heard: 8 s."""
_INERTIA = 2.0
"""How many blocks of the whole recording's loudness count beside those of the window."""
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
"""LUFS, and dB under the mean of what is around: what lies below is silence."""
_FLOOR = -25.0
"""dB under the whole recording: a voice so soft is still brought up, what lies below is the line's noise."""
_ATTACK_DB, _RELEASE_DB = 6.0, 0.4
"""How much the gain may fall and rise within 10 ms."""
_AT_ONCE = 600
"""Blocks, or seconds, worked on at a time: an hour's recording must not take an hour's memory many times."""


def levelled(samples: Samples, rate: int) -> Iterator[Samples]:
    """Give a track levelled, a minute at a time."""
    gain = _gains(samples, rate)
    step = rate // _STEPS_A_SECOND
    ramp = np.linspace(0.0, 1.0, step, endpoint=False, dtype=np.float32)
    at_once = 60 * _STEPS_A_SECOND
    for first in range(0, len(gain) - 1, at_once):
        bounds = gain[first : first + at_once + 1]
        sound = samples[first * step : (first + len(bounds) - 1) * step]
        curve = (bounds[:-1, None] + np.diff(bounds)[:, None] * ramp).reshape(-1)[: len(sound)]
        yield np.rint(sound * curve).astype(np.int16)


def loudness(samples: Samples, rate: int) -> float:
    """Integrated loudness of a track, LUFS; minus infinity where there is nothing but silence."""
    energy = _gated(_energies(samples, rate))
    return float(_lufs(np.array(energy))) if energy else float("-inf")


def _gains(samples: Samples, rate: int) -> Floats:
    """The gain at each bound of the 10 ms steps: in between, it is a straight line."""
    wanted = _wanted_db(_energies(samples, rate))
    highest = _highest(samples, rate // _STEPS_A_SECOND)
    with np.errstate(divide="ignore"):
        allowed = 20 * np.log10(CEILING * 32768 / highest)
    allowed = np.concatenate(([np.inf], allowed, [np.inf]))
    steps = np.arange(len(highest) + 1)
    centres = (np.arange(len(wanted)) + 0.5) * (_STEPS_A_SECOND // _BLOCKS_A_SECOND)
    gain = np.minimum(np.interp(steps, centres, wanted), np.minimum(allowed[:-1], allowed[1:]))
    gain = np.minimum.accumulate(gain - steps * _RELEASE_DB) + steps * _RELEASE_DB
    backwards = (gain + steps * _ATTACK_DB)[::-1]
    gain = np.minimum.accumulate(backwards)[::-1] - steps * _ATTACK_DB
    factors: Floats = np.power(10.0, gain / 20).astype(np.float32)
    return factors


def _wanted_db(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """What would bring the voice, as heard over some seconds around each block, to the target."""
    whole = _gated(energies)
    if not whole:
        return np.zeros(len(energies))
    sound = energies > max(_energy(_ABSOLUTE_GATE), whole * _ratio(_FLOOR))
    mean = _moving_sum(np.where(sound, energies, 0.0)) / np.maximum(_moving_sum(sound.astype(np.float64)), 1.0)
    speech = sound & (energies > mean * _ratio(_RELATIVE_GATE))
    heard = _moving_sum(np.where(speech, energies, 0.0)) + _INERTIA * whole
    local = heard / (_moving_sum(speech.astype(np.float64)) + _INERTIA)
    return np.clip(TARGET_LUFS - _lufs(local), LEAST_DB, MOST_DB)


def _gated(energies: NDArray[np.float64]) -> float:
    """The mean energy of what is not silence, as the standard has it; 0 where all is."""
    sound = energies[energies > _energy(_ABSOLUTE_GATE)]
    return float(sound[sound > sound.mean() * _ratio(_RELATIVE_GATE)].mean()) if len(sound) else 0.0


def _moving_sum(values: NDArray[np.float64], width: int = _WINDOW) -> NDArray[np.float64]:
    """Sum of the ``width`` values around each."""
    before = width // 2
    total = np.concatenate(([0.0], np.cumsum(np.pad(values, (before, width - 1 - before)))))
    sums: NDArray[np.float64] = total[width:] - total[:-width]
    return np.maximum(sums, 0.0)  # of rounding, nothing below zero


def _energies(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Energy of the 400 ms around each 100 ms as the ear weighs it (full scale is 1), from its spectrum."""
    size = rate // _BLOCKS_A_SECOND
    weights = _weights(size, rate)
    energies = []
    for first in range(0, len(samples), size * _AT_ONCE):
        sound = samples[first : first + size * _AT_ONCE]
        blocks = np.zeros((-(-len(sound) // size), size), np.float32)
        blocks.reshape(-1)[: len(sound)] = sound
        spectrum = np.fft.rfft(blocks, axis=1)
        energies.append((spectrum.real**2 + spectrum.imag**2) @ weights)
    return _moving_sum(np.concatenate(energies).astype(np.float64), 4) / 4 if energies else np.zeros(1)


def _weights(size: int, rate: int) -> Floats:
    """What each line of a spectrum adds to the energy: BS.1770's two filters, told there for 48 kHz."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size, 1 / rate) / 48000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    both_sides = np.full(len(z), 2.0)
    both_sides[0] = both_sides[-1] = 1.0
    weights: Floats = (both_sides * np.abs(shelf * high_pass) ** 2 / size**2 / 32768.0**2).astype(np.float32)
    return weights


def _highest(samples: Samples, step: int) -> NDArray[np.float64]:
    """The highest sample of each step, without its sign; at least 1."""
    whole = len(samples) // step * step
    blocks = samples[:whole].reshape(-1, step)
    highest = np.maximum(blocks.max(axis=1).astype(np.int32), -blocks.min(axis=1).astype(np.int32))
    if whole < len(samples):
        rest = samples[whole:].astype(np.int32)
        highest = np.append(highest, np.abs(rest).max())
    sound: NDArray[np.float64] = highest.astype(np.float64)
    return np.maximum(sound, 1.0)


def _ratio(db: float) -> float:
    return float(10 ** (db / 10))


def _energy(lufs: float) -> float:
    return _ratio(lufs + 0.691)


def _lufs(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    lufs: NDArray[np.float64] = 10 * np.log10(energies) - 0.691
    return lufs
