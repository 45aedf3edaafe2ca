"""Excerpts of a track that is being written: the right seconds, the right speed, the same pitch."""

from pathlib import Path

import numpy as np
import pytest

from recorder.excerpt import NothingToHear, make_excerpt
from recorder.policy import excerpt_range, recall_allowed
from tests.support.audio import RATE, contains_tone, read_wav, tone, write_wav

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("size", "seconds", "expected"),
    [
        (44 + 320_000, 10, (44 + 160_000, 160_000)),
        (44 + 320_001, 10, (44 + 160_000, 160_000)),
        (44 + 16_000, 10, (44, 16_000)),
        (44, 10, (44, 0)),
        (0, 10, (44, 0)),
    ],
)
def test_where_the_last_seconds_are(size: int, seconds: float, expected: tuple[int, int]) -> None:
    assert excerpt_range(size, seconds, header=44, rate=RATE) == expected


@pytest.mark.parametrize(
    ("seconds", "speed", "allowed"),
    [(10, 100, True), (60, 70, True), (9, 100, False), (61, 100, False), (20, 50, False), (20, 200, False)],
)
def test_what_may_be_asked(seconds: float, speed: int, allowed: bool) -> None:
    assert recall_allowed(seconds, speed) is allowed


def growing(path: Path) -> Path:
    """As Asterisk leaves it while it writes: a header that promises nothing."""
    write_wav(path, np.concatenate([tone(500, 15), tone(1300, 12)]))
    octets = bytearray(path.read_bytes())
    octets[4:8] = octets[40:44] = b"\0\0\0\0"
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("speed", [100, 85, 70])
def test_the_last_seconds_of_a_growing_track(tmp_path: Path, speed: int) -> None:
    track, excerpt = growing(tmp_path / "track.wav"), tmp_path / "recall" / "one.wav"
    lasts = make_excerpt(track, excerpt, 10, speed)
    heard = read_wav(excerpt)
    assert lasts == pytest.approx(10 * 100 / speed, abs=0.15)
    assert len(heard) / RATE == pytest.approx(lasts)
    assert contains_tone(heard, 1300, seconds=lasts - 0.6)
    assert not contains_tone(heard, 500, seconds=0.25)


def test_a_track_with_no_sound_yet(tmp_path: Path) -> None:
    track = tmp_path / "track.wav"
    write_wav(track, tone(500, 0))
    with pytest.raises(NothingToHear):
        make_excerpt(track, tmp_path / "one.wav", 10, 100)
