"""Announcements made with the real voice and tools of the private root."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.prompts import MUSIC, PromptsFailed, catalogue, make, tools_of
from simulator.sound import RATE, tone
from tests.support.audio import Pcm, contains_tone, read_wav, write_wav

pytestmark = pytest.mark.component


def level_db(pcm: Pcm) -> float:
    """Effective level of what is not silence, in dB below full scale."""
    samples = pcm[np.abs(pcm) > 100].astype(float) / 32768
    return 10 * float(np.log10(np.mean(samples**2)))


@pytest.fixture(scope="module")
def made(callers_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prompts")
    assert set(make(out, tools_of(callers_root))) == {MUSIC, *catalogue()}
    return out


def test_every_announcement_is_there_in_the_telephone_s_format(made: Path) -> None:
    for name in (MUSIC, *catalogue()):
        with wave.open(str(made / f"{name}.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)


PADDING = 0.5
"""Seconds of silence around each."""


def test_the_voice_speaks_as_long_as_its_text_asks(made: Path) -> None:
    for name, text in catalogue().items():
        seconds = len(read_wav(made / f"{name}.wav")) / RATE
        assert 0.04 * len(text) < seconds < PADDING + 0.12 * len(text), name


def test_all_voices_are_as_loud_and_music_is_lower(made: Path) -> None:
    # of a word alone, the silence around it weighs
    sentences = [name for name, text in catalogue().items() if len(text) > 60]
    voices = [level_db(read_wav(made / f"{name}.wav")) for name in sentences]
    assert max(voices) - min(voices) < 2.5
    assert -24 < min(voices) < -14
    assert level_db(read_wav(made / f"{MUSIC}.wav")) < min(voices) - 4


def test_a_second_run_makes_nothing(made: Path) -> None:
    def no_tool(words: Sequence[str | Path], writes: Path, reads: Sequence[Path]) -> None:
        raise AssertionError(f"{words[0]} was run")

    assert make(made, no_tool) == []


def test_a_recording_replaces_the_voice_and_its_absence_brings_it_back(
    callers_root: Path, made: Path, tmp_path: Path
) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    write_wav(recorded / "welcome.wav", tone(1000, 2, 16000), 16000)
    tools = tools_of(callers_root)
    assert make(made, tools, recorded) == ["welcome"]
    assert contains_tone(read_wav(made / "welcome.wav"), 1000, seconds=1.5)
    assert make(made, tools, recorded) == []
    assert make(made, tools) == ["welcome"]
    assert not contains_tone(read_wav(made / "welcome.wav"), 1000, seconds=1.5)


def test_a_recording_that_is_no_sound_is_refused_by_name(
    callers_root: Path, made: Path, tmp_path: Path
) -> None:
    (tmp_path / "welcome.wav").write_text("not a sound")
    with pytest.raises(PromptsFailed, match="sox failed"):
        make(made, tools_of(callers_root), tmp_path)
    assert len(read_wav(made / "welcome.wav")) > RATE
