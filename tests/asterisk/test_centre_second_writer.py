"""A whole centre with a second writer of recordings: carried away, and listed beside the first."""

from pathlib import Path

import pytest

from app.settings import RecorderSettings, RoomSettings
from core.events import RecordingEnded
from tests.support.audio import RATE, contains_tone, read_wav, tone
from tests.support.centre_process import TONES, CentreProcess, new_number

pytestmark = pytest.mark.asterisk

CALLER_HZ = 1300.0


async def test_a_second_writer_is_carried_away_and_listed(asterisk_root: Path | None, tmp_path: Path) -> None:
    second = tmp_path / "second"
    recorder = RecorderSettings(second_dir=second, second_memory=tmp_path / "memory")
    async with CentreProcess(room=RoomSettings(), launched=True, patience=90, recorder=recorder) as centre:
        witness = centre.witness()
        async with centre.caller() as caller:
            number = new_number()
            caller.call("15", number=number)
            await caller.answered(60)
            caller.say(tone(CALLER_HZ, 30, level=0.2))
            call_id = await witness.call_of(number)
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["welcome"], seconds=3), 60, 4)
            caller.hang_up()
        ended = await witness.next(RecordingEnded, seconds=60)
        assert ended.second is not None
        assert abs(ended.second - ended.seconds) < 0.05
        for which, track in zip(("caller", "centre"), centre.tracks(call_id), strict=True):
            [carried] = list_of(second, f"*/{call_id}-{which}.wav")
            assert abs(len(read_wav(carried)) - len(track)) < 0.05 * RATE
        assert list_of(tmp_path / "memory", "*/*.wav") == []


def list_of(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))
