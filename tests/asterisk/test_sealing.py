"""What Asterisk wrote of a call, sealed: each octet comes back, and a soft caller is as loud as the rest."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from core.ids import CallId, CentreId, RecordingId
from recorder.sealing.archive import LocalArchive
from recorder.sealing.keys import KeyRing
from recorder.sealing.layout import LISTEN, ORIGINAL
from recorder.sealing.loudness import loudness
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import SealJob, seal
from recorder.sealing.tracks import Samples, TrackPair, read_track
from recorder.sealing.verify import originals
from simulator.callers import Caller
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.audio import RATE, contains_tone, tone

pytestmark = pytest.mark.asterisk

CALLER_HZ = 1300.0
SOFT = 0.01
"""Level of the caller: 30 dB under the music."""


async def test_a_recorded_call_is_sealed_bit_by_bit_and_heard_evenly(
    centre_asterisk: CentreAsterisk, switch: WatchedSwitch, tmp_path: Path
) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        caller.say(tone(CALLER_HZ, 60, level=SOFT))
        await switch.start_music(channel, "hold")
        caller.forget()
        await caller.hears(lambda pcm: len(pcm) >= 6 * RATE, 30, 7)
        caller.hang_up()
        await caller.ended()
    await centre_asterisk.tracks(channel)  # once they are closed
    (said,) = centre_asterisk.recordings.glob(f"*/{channel}-caller.wav")
    given = said.with_name(said.name.replace("-caller", "-centre"))
    job = SealJob(
        recording_id=RecordingId(channel),
        call_id=CallId(channel),
        centre_id=CentreId("FR751"),
        day=datetime.now(UTC).date(),
        tracks=(TrackPair(said, given),),
        index=b"{}",
    )
    archive, keys = LocalArchive(tmp_path / "archive"), KeyRing(tmp_path / "keys", "FR751")
    seal(job, archive, keys)
    reader = SealedReader.open(archive, keys, job.prefix)
    assert ORIGINAL in reader.manifest.objects
    assert originals(reader) == {"caller": said.read_bytes(), "centre": given.read_bytes()}
    before = [loudness(read_track(path, "track").samples, RATE) for path in (said, given)]
    heard = _decoded(reader.read(LISTEN))
    after = [loudness(channel, RATE) for channel in heard]
    assert before[1] - before[0] > 15
    assert abs(after[1] - after[0]) < 4
    assert contains_tone(heard[0], CALLER_HZ, seconds=1)
    assert contains_tone(heard[1], TONES["music"], seconds=1)


def _decoded(file: bytes) -> list[Samples]:
    """Both channels, at the tracks' own rate."""
    resampler = av.AudioResampler("s16p", "stereo", RATE)
    with av.open(BytesIO(file), "r") as container:
        frames = [again for frame in container.decode(audio=0) for again in resampler.resample(frame)]
    return list(np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.int16))
