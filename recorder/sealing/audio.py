"""Codes a recording: bit-exact (FLAC), for listening (Ogg Opus), as a picture (peaks). In memory."""

from collections.abc import Iterable, Iterator
from io import BytesIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from recorder.sealing.loudness import levelled
from recorder.sealing.tracks import Samples, together

FLAC_LEVEL = "3"
"""As small as 5 on two tracks of a call, and no dearer; 8 costs twice as much for half a percent."""
OPUS = {"application": "audio", "compression_level": "2", "vbr": "on", "frame_duration": "20"}
"""Measured on calls: nearer to the original than ``voip``, at a half of its cost; above 2 nothing is gained."""
OPUS_BITS = 32_000
"""For both channels."""
PEAKS_A_SECOND = 50
_SAME = {"fflags": "+bitexact"}
"""No random numbers, no version: the same sound always makes the same file."""
_A_MINUTE = 60


def original_flac(both: Samples, rate: int) -> bytes:
    """Code two channels so that every sample comes back."""
    return _coded("flac", "flac", _minutes(both, rate), rate, {"compression_level": FLAC_LEVEL})


def decoded_flac(file: bytes) -> Samples:
    """Decode what :func:`original_flac` made."""
    return np.concatenate([np.zeros((0, 2), np.int16), *_decoded(file)])


def holds_exactly(file: bytes, both: Samples) -> bool:
    """Whether a FLAC file decodes to these samples, and to no other."""
    at = 0
    for part in _decoded(file):
        if not np.array_equal(part, both[at : at + len(part)]):
            return False
        at += len(part)
    return at == len(both)


def _decoded(file: bytes) -> Iterator[Samples]:
    with av.open(BytesIO(file), "r") as container:
        for frame in container.decode(audio=0):
            samples: Samples = frame.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False)
            yield samples


def for_listening(left: Samples, right: Samples, rate: int) -> tuple[bytes, bytes]:
    """Level both tracks, and code them; their peaks are those of what is heard.

    Returns:
        the Ogg Opus file, and for every 20 ms the highest sample of each track, in 128ths of full scale.
    """
    length = max(len(left), len(right))
    peaks: list[bytes] = []

    def parts() -> Iterator[Samples]:
        for part in zip_levelled(left, right, length, rate):
            peaks.append(_peaks(part, rate // PEAKS_A_SECOND))
            yield part

    opus = _coded("ogg", "libopus", parts(), rate, OPUS, bits=OPUS_BITS)
    return opus, b"".join(peaks)


def zip_levelled(left: Samples, right: Samples, length: int, rate: int) -> Iterator[Samples]:
    """Both tracks levelled, as one sound of two channels, a minute at a time."""
    lefts, rights = levelled(left, rate), levelled(right, rate)
    nothing = np.zeros(0, np.int16)
    for first in range(0, length, _A_MINUTE * rate):
        both = together(next(lefts, nothing), next(rights, nothing))
        wanted = min(_A_MINUTE * rate, length - first)
        yield both if len(both) == wanted else together(*np.pad(both, ((0, wanted - len(both)), (0, 0))).T)


def _coded(
    form: str, codec: str, parts: Iterable[Samples], rate: int, options: dict[str, str], bits: int | None = None
) -> bytes:
    file = BytesIO()
    with av.open(file, "w", format=form, container_options=_SAME) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo", options=options)
        assert isinstance(stream, AudioStream)  # noqa: S101 - by the codec
        stream.codec_context.thread_count = 1
        if bits is not None:
            stream.bit_rate = bits
        at = 0
        for part in parts:
            frame = AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = rate
            frame.pts = at
            at += len(part)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _minutes(both: Samples, rate: int) -> Iterator[Samples]:
    for first in range(0, len(both), _A_MINUTE * rate):
        yield both[first : first + _A_MINUTE * rate]


def _peaks(both: Samples, step: int) -> bytes:
    blocks = np.zeros((-(-len(both) // step), step, 2), np.int16)
    blocks.reshape(-1, 2)[: len(both)] = both
    highest: NDArray[np.int32] = np.maximum(
        blocks.max(axis=1).astype(np.int32), -blocks.min(axis=1).astype(np.int32)
    )
    peaks: NDArray[np.int8] = np.minimum(highest >> 8, 127).astype(np.int8)
    return peaks.tobytes()
