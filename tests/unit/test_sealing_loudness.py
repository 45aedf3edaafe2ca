"""Levelling: as loud as each other, never clipped, and measured as the standard tells."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recorder.sealing.loudness import CEILING, MOST_DB, TARGET_LUFS, levelled, loudness
from recorder.sealing.tracks import Samples
from tests.support.sealing import voice

pytestmark = pytest.mark.unit

RATE = 8000


def whole(samples: Samples, rate: int = RATE) -> Samples:
    return np.concatenate([np.zeros(0, np.int16), *levelled(samples, rate)])


def tone(db: float, hertz: float = 997.0, seconds: float = 5.0, rate: int = RATE) -> Samples:
    time = np.arange(int(seconds * rate)) / rate
    sound: Samples = np.rint(np.sin(2 * np.pi * hertz * time) * 10 ** (db / 20) * 32767).astype(np.int16)
    return sound


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("db", [-6.0, -23.0, -40.0])
def test_a_tone_is_as_loud_as_the_standard_says(db: float, rate: int) -> None:
    """BS.1770: a full-scale sine of 997 Hz in one channel is -3.01 LUFS."""
    assert loudness(tone(db, rate=rate), rate) == pytest.approx(db - 3.01, abs=0.1)


def test_silence_between_words_does_not_count() -> None:
    words = tone(-20.0, seconds=3)
    pauses = np.concatenate([words, np.zeros(20 * RATE, np.int16), words])
    assert loudness(pauses, RATE) == pytest.approx(loudness(words, RATE), abs=0.4)
    assert loudness(np.zeros(RATE, np.int16), RATE) == float("-inf")


@pytest.mark.parametrize("db", [-45.0, -35.0, -25.0, -15.0, -8.0])
def test_every_voice_is_brought_to_the_same_loudness(db: float) -> None:
    assert loudness(whole(voice(20, db=db)), RATE) == pytest.approx(TARGET_LUFS, abs=1.5)


def test_a_soft_caller_is_as_loud_as_the_agent() -> None:
    caller, agent = voice(20, db=-42.0), voice(20, db=-14.0, seed=2)
    assert loudness(agent, RATE) - loudness(caller, RATE) > 20
    assert abs(loudness(whole(agent), RATE) - loudness(whole(caller), RATE)) < 2


def test_a_voice_that_becomes_soft_is_followed() -> None:
    both = np.concatenate([voice(20, db=-12.0), voice(20, db=-32.0, seed=2)])
    level = whole(both)
    before, after = level[5 * RATE : 15 * RATE], level[25 * RATE : 35 * RATE]
    assert abs(loudness(before, RATE) - loudness(after, RATE)) < 7  # of 20


def test_the_noise_of_an_empty_line_is_not_raised_without_end() -> None:
    noise = np.random.default_rng(1).integers(-3, 4, 10 * RATE).astype(np.int16)
    assert np.abs(whole(noise)).max() <= 3 * 10 ** (MOST_DB / 20) + 1


def test_silence_stays_silence() -> None:
    assert not whole(np.zeros(3 * RATE, np.int16)).any()
    assert len(whole(np.zeros(0, np.int16))) == 0


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 3000),
            st.sampled_from(["silence", "full", "square", "click", "soft", "lowest"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_nothing_is_ever_clipped_and_no_sample_is_lost(parts: list[tuple[int, str]]) -> None:
    chance = np.random.default_rng(3)
    sounds: dict[str, Callable[[int], NDArray[Any]]] = {
        "silence": lambda n: np.zeros(n),
        "full": lambda n: chance.integers(-32768, 32768, n),
        "square": lambda n: np.where(np.arange(n) % 40 < 20, 32767, -32768),
        "click": lambda n: np.where(np.arange(n) == n // 2, -32768, 0),
        "soft": lambda n: chance.integers(-40, 41, n),
        "lowest": lambda n: np.full(n, -32768),
    }
    samples = np.concatenate([sounds[kind](count) for count, kind in parts]).astype(np.int16)
    level = whole(samples)
    assert len(level) == len(samples)
    assert np.abs(level.astype(np.int32)).max() <= CEILING * 32768 + 1


def test_an_hour_is_levelled_a_minute_at_a_time() -> None:
    parts = list(levelled(np.resize(voice(10), 3 * 60 * RATE + 100), RATE))
    assert [len(part) for part in parts] == [60 * RATE] * 3 + [100]
