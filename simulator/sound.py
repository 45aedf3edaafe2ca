"""Sound of telephones: 8 kHz, 16-bit, one channel; G.711 A-law; tones; WAV files. No I/O but the files."""

import wave
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

RATE = 8000
"""Samples per second of everything in this module unless said otherwise."""

Pcm: TypeAlias = npt.NDArray[np.int16]
"""Signed 16-bit samples of one channel."""


def tone(hz: float, seconds: float, rate: int = RATE, level: float = 0.5) -> Pcm:
    """A sine; ``level`` is its peak as a share of full scale. Its ends are faded so that it does not click."""
    count = round(seconds * rate)
    wave_ = np.sin(2 * np.pi * hz * np.arange(count) / rate) * level * 32767
    fade = min(count // 2, rate // 200)
    if fade:
        ramp = np.linspace(0, 1, fade)
        wave_[:fade] *= ramp
        wave_[-fade:] *= ramp[::-1]
    return wave_.astype(np.int16)


def silence(seconds: float, rate: int = RATE) -> Pcm:
    """Nothing, for so long."""
    return np.zeros(round(seconds * rate), np.int16)


def repeated(words: Pcm, seconds: float, gap: float = 2.0) -> Pcm:
    """The same words again and again, with a breath of ``gap`` seconds after each, for about so long."""
    once = np.concatenate([words, silence(gap)])
    return np.tile(once, max(1, round(seconds * RATE / len(once))))


def read_wav(path: Path, rate: int = RATE) -> Pcm:
    """The sound of a 16-bit PCM WAV file as one channel at ``rate``.

    Raises:
        ValueError: another width than 16 bits.
        wave.Error: not a WAV file.
    """
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path.name} is not 16-bit PCM")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
        mono = samples.reshape(-1, file.getnchannels()).mean(axis=1)
        return resample(mono, file.getframerate(), rate)


def write_wav(path: Path, pcm: Pcm, rate: int = RATE) -> None:
    """Write one channel of 16-bit samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())


def resample(samples: npt.NDArray[np.float64], source: int, rate: int) -> Pcm:
    """The same sound at another rate, band-limited (by Fourier, on the whole length)."""
    if source != rate and len(samples):
        count = max(1, round(len(samples) * rate / source))
        spectrum = np.fft.rfft(samples)
        kept = spectrum[: count // 2 + 1]
        padded = np.zeros(count // 2 + 1, complex)
        padded[: len(kept)] = kept
        samples = np.fft.irfft(padded, count) * (count / len(samples))
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


def encode_alaw(pcm: Pcm) -> bytes:
    """G.711 A-law octets."""
    index = (pcm.astype(np.int32) + 32768) >> 3
    octets: bytes = _encoder()[index].tobytes()
    return octets


def decode_alaw(octets: bytes) -> Pcm:
    """Samples of G.711 A-law octets."""
    return _decoder()[np.frombuffer(octets, np.uint8)]


@cache
def _decoder() -> Pcm:
    code = np.arange(256) ^ 0x55
    segment, mantissa = (code >> 4) & 7, (code & 15) << 4
    value = np.where(segment == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, value, -value).astype(np.int16)


@cache
def _encoder() -> npt.NDArray[np.uint8]:
    """For each 13-bit sample, the code whose value is nearest."""
    values = _decoder().astype(np.int32)
    order = np.argsort(values)
    centres = ((np.arange(8192) << 3) - 32768) + 4
    edges = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(edges, centres)].astype(np.uint8)
