"""Makes an excerpt of a track that is being written, slowed down if wished at the same pitch. Blocking."""

import wave
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

from recorder.policy import excerpt_range

RATE = 8000
_FRAME = 1600
_HEADER = 44
"""Octets before the sound, in the files Asterisk writes. Its lengths are only right once it is closed."""


class NothingToHear(Exception):
    """The track has no sound yet."""


def make_excerpt(track: Path, excerpt: Path, seconds: float, speed: int) -> float:
    """Write the last seconds of a track as a file of its own.

    Args:
        track: being written by Asterisk: 16 bits, 8 kHz, one channel. It writes some 2 s at a time.
        excerpt: the file to write.
        seconds: how much of its end.
        speed: in percent of the true one.

    Returns:
        how long the excerpt lasts, in seconds.

    Raises:
        NothingToHear: the track has no sound yet.
        OSError: it cannot be read, or the excerpt not be written.
    """
    with track.open("rb") as file:
        size = file.seek(0, 2)
        offset, length = excerpt_range(size, seconds, header=_HEADER, rate=RATE)
        file.seek(offset)
        sound = file.read(length)
    if not sound:
        raise NothingToHear
    slowed = sound if speed == 100 else stretched(sound, speed / 100)
    excerpt.parent.mkdir(parents=True, exist_ok=True)
    draft = excerpt.with_suffix(".draft")
    with wave.open(str(draft), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(slowed)
    draft.replace(excerpt)
    return len(slowed) / 2 / RATE


def stretched(sound: bytes, tempo: float) -> bytes:
    """The same sound at another tempo (0.5 to 2) and the same pitch."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="s16", layout="mono")
    change = graph.add("atempo", str(tempo))
    sink = graph.add("abuffersink")
    source.link_to(change)
    change.link_to(sink)
    graph.configure()
    out = bytearray()
    for at in range(0, len(sound), 2 * _FRAME):
        source.push(_frame(sound[at : at + 2 * _FRAME], at // 2))
        out += _drained(sink)
    source.push(None)
    return bytes(out + _drained(sink))


def _frame(part: bytes, pts: int) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=len(part) // 2)
    frame.planes[0].update(part.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts = RATE, pts
    return frame


def _drained(sink: "av.filter.context.FilterContext") -> bytes:
    out = bytearray()
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return bytes(out)
        if isinstance(frame, AudioFrame):
            out += bytes(frame.planes[0])[: frame.samples * 2]
