"""Reads the tracks of a recording as they are on the disk. Blocking."""

import struct
import wave
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.sealing.errors import NotSealable
from recorder.store import measure

Samples = NDArray[np.int16]

RATES = frozenset({8000, 12000, 16000, 24000, 48000})
"""Samples a second that the listening copy's coder takes."""
_HEADER = 44


@dataclass(frozen=True, slots=True)
class TrackPair:
    """Both tracks that one writer made of a recording: the caller, and all the caller heard."""

    caller: Path
    centre: Path


@dataclass(frozen=True, slots=True)
class Track:
    """A track that was read: its file, octet by octet, and its sound. No ``rate``: it has no sound."""

    name: str
    file: bytes
    samples: Samples
    rate: int | None

    @property
    def rebuilt(self) -> bool:
        """Whether the file can be made again from its samples."""
        return _is_shortest(self.file)


def read_pair(pairs: tuple[TrackPair, ...]) -> tuple[Track, Track]:
    """Read the longest pair of which both tracks can be read; or else the first that has one.

    Raises:
        NotSealable: no track of any pair can be read.
    """
    halves = []
    for pair in sorted(pairs, key=_seconds, reverse=True):  # as long as each other: the first writer's
        tracks = read_track(pair.caller, "caller"), read_track(pair.centre, "centre")
        if all(track.rate for track in tracks) and tracks[0].rate == tracks[1].rate:
            return tracks
        if any(track.rate for track in tracks):
            halves.append(tracks)
    if not halves:
        raise NotSealable("no track can be read")
    return halves[0]


def _seconds(pair: TrackPair) -> float:
    """How long both tracks of a pair are, to a tenth of a second: two writers end a moment apart."""
    seconds = [measure(track).seconds or 0.0 for track in (pair.caller, pair.centre)]
    return round(min(seconds), 1)


def read_track(path: Path, name: str) -> Track:
    """Read a WAV file of 16 bits and one channel; what is none has no sound.

    Raises:
        OSError: the disk does not give it, though it is there.
    """
    try:
        file = path.read_bytes()
    except FileNotFoundError:
        return Track(name, b"", np.zeros(0, np.int16), None)
    if _is_shortest(file):  # as Asterisk writes them: the samples are used where they are
        return Track(name, file, np.frombuffer(file, "<i2", offset=_HEADER), _rate_in(file))
    try:
        with wave.open(BytesIO(file)) as sound:
            shape = sound.getnchannels(), sound.getsampwidth()
            rate, frames = sound.getframerate(), sound.getnframes()
            samples = np.frombuffer(sound.readframes(frames), "<i2") if shape == (1, 2) else None
    except (wave.Error, EOFError, struct.error, ValueError):
        samples = None
    if samples is None or not len(samples) or rate not in RATES:
        return Track(name, file, np.zeros(0, np.int16), None)
    return Track(name, file, samples.astype(np.int16, copy=False), rate)


def wav_of(samples: Samples, rate: int) -> bytes:
    """Write a WAV file as Asterisk does: the shortest header, then the samples."""
    return _header(len(samples), rate) + samples.astype("<i2", copy=False).tobytes()


def _is_shortest(file: bytes) -> bool:
    """Whether a file is the shortest header, and its samples to the end: at least one."""
    count, odd = divmod(len(file) - _HEADER, 2)
    rate = _rate_in(file)
    return count > 0 and not odd and rate in RATES and file[:_HEADER] == _header(count, rate)


def _rate_in(file: bytes) -> int:
    return int.from_bytes(file[24:28], "little")


def _header(count: int, rate: int) -> bytes:
    octets = count * 2
    return struct.pack(
        "<4sI8sIHHIIHH4sI",
        b"RIFF",
        octets + _HEADER - 8,
        b"WAVEfmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        octets,
    )


def together(left: Samples, right: Samples) -> NDArray[np.int16]:
    """Both tracks as one sound of two channels; the shorter one goes on in silence."""
    both = np.zeros((max(len(left), len(right)), 2), np.int16)
    both[: len(left), 0] = left
    both[: len(right), 1] = right
    return both
