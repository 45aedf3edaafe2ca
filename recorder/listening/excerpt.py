"""Cuts a part out of a sealed original, as WAV or MP3. Blocking; nothing readable touches the disk."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from recorder.listening.sound import Readable
from recorder.sealing.layout import KEPT, ORIGINAL

Samples = NDArray[np.int16]
Progress = Callable[[float], None]
"""Told how much is done: 0 to 1."""

_MP3_RATE: Final = 16_000
"""Of the original's 8 kHz: some players know no MP3 below."""
_MP3_BITS_A_LANE: Final = 32_000
_BLOCK_S: Final = 30


@dataclass(frozen=True, slots=True)
class Cut:
    """What is wanted: seconds from the first sound; ``form``: wav, mp3; ``tracks``: both, caller, centre."""

    begins: float
    ends: float
    form: str
    tracks: str


class SealedFile(io.RawIOBase):
    """An object of a sealed recording as a file that is read from anywhere."""

    def __init__(self, readable: Readable, name: str) -> None:
        super().__init__()
        self._readable = readable
        self._name = name
        self._size = readable.size(name)
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next octet is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Read on."""
        length = min(len(buffer), max(0, self._size - self._at))
        piece = self._readable.read(self._name, self._at, length) if length else b""
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def cut_out(readable: Readable, cut: Cut, kept_as_wav: bool, progress: Progress) -> bytes:
    """Make the file.

    Args:
        readable: the recording.
        cut: what is wanted of it.
        kept_as_wav: whether its original is two WAV files rather than one FLAC.
        progress: told how far it is.

    Raises:
        As ``readable.read``; ValueError: there is no sound there.
    """
    rate, blocks = _kept_wav(readable, cut) if kept_as_wav else _flac(readable, cut)
    total = max(1, round((cut.ends - cut.begins) * rate))
    lanes = 2 if cut.tracks == "both" else 1
    lane = {"both": slice(0, 2), "caller": slice(0, 1), "centre": slice(1, 2)}[cut.tracks]

    def chosen() -> Iterator[Samples]:
        done = 0
        for block in blocks:
            yield np.ascontiguousarray(block[:, lane])
            done += len(block)
            progress(min(1.0, done / total))
        if not done:
            raise ValueError("no sound there")

    return (_wav if cut.form == "wav" else _mp3)(chosen(), rate, lanes)


def _flac(readable: Readable, cut: Cut) -> tuple[int, Iterator[Samples]]:
    """The rate, and both lanes of what is wanted, block by block: only what is needed is decrypted."""
    container = av.open(io.BufferedReader(SealedFile(readable, ORIGINAL), 1 << 16), "r", format="flac")
    stream = container.streams.audio[0]
    rate = stream.rate
    first, last = round(cut.begins * rate), round(cut.ends * rate)

    def blocks() -> Iterator[Samples]:
        with container:
            base = stream.time_base
            if base is None:
                raise ValueError("no sound there")
            container.seek(int(first / rate / base), stream=stream)  # to the frame that holds it, or one before
            for frame in container.decode(stream):
                at = round((frame.pts or 0) * base * rate)
                if at >= last:
                    return
                both = np.asarray(frame.to_ndarray(), np.int16).reshape(-1, 2)
                block = both[max(0, first - at) : last - at]
                if len(block):
                    yield block

    return rate, blocks()


_WAV_HEADER: Final = 44
_LANES: Final = (KEPT["caller"], KEPT["centre"])


def _kept_wav(readable: Readable, cut: Cut) -> tuple[int, Iterator[Samples]]:
    head = readable.read(_LANES[0], 0, _WAV_HEADER)
    rate = int.from_bytes(head[24:28], "little")
    first, last = round(cut.begins * rate), round(cut.ends * rate)

    def lane(name: str, at: int, count: int) -> Samples:
        have = (readable.size(name) - _WAV_HEADER) // 2
        there = max(0, min(count, have - at))
        octets = readable.read(name, _WAV_HEADER + 2 * at, 2 * there) if there else b""
        return np.pad(np.frombuffer(octets, "<i2"), (0, count - there))

    def blocks() -> Iterator[Samples]:
        end = min(last, max((readable.size(name) - _WAV_HEADER) // 2 for name in _LANES))
        for at in range(first, end, _BLOCK_S * rate):
            count = min(_BLOCK_S * rate, end - at)
            yield np.stack([lane(name, at, count) for name in _LANES], axis=1)

    return rate, blocks()


def _wav(blocks: Iterator[Samples], rate: int, lanes: int) -> bytes:
    sound = b"".join(block.astype("<i2").tobytes() for block in blocks)
    head = io.BytesIO()
    head.write(b"RIFF" + (36 + len(sound)).to_bytes(4, "little") + b"WAVEfmt ")
    head.write((16).to_bytes(4, "little") + (1).to_bytes(2, "little") + lanes.to_bytes(2, "little"))
    head.write(rate.to_bytes(4, "little") + (rate * lanes * 2).to_bytes(4, "little"))
    head.write((lanes * 2).to_bytes(2, "little") + (16).to_bytes(2, "little"))
    head.write(b"data" + len(sound).to_bytes(4, "little"))
    return head.getvalue() + sound


def _mp3(blocks: Iterator[Samples], rate: int, lanes: int) -> bytes:
    file = io.BytesIO()
    layout = "stereo" if lanes == 2 else "mono"
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=_MP3_RATE, layout=layout)
        assert isinstance(stream, AudioStream)  # noqa: S101 - by the codec
        stream.bit_rate = _MP3_BITS_A_LANE * lanes
        resampler = AudioResampler(format=stream.format, layout=layout, rate=_MP3_RATE)
        at = 0
        for block in blocks:
            frame = AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts = rate, at
            at += len(block)
            for made in resampler.resample(frame):
                container.mux(stream.encode(made))
        for made in resampler.resample(None):
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    return file.getvalue()
