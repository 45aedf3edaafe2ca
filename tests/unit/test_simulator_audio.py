"""The tone detector finds what is there and nothing else: other tests lean on it."""

from pathlib import Path

import numpy as np
import pytest

from simulator.sound import decode_alaw, encode_alaw
from tests.support.audio import (
    RATE,
    Pcm,
    contains_tone,
    read_wav,
    silence,
    snr_db,
    tone,
    write_wav,
)

pytestmark = pytest.mark.unit

TONES = (400.0, 1000.0, 1500.0, 2600.0)


def noise(seconds: float, level: float = 0.3, rate: int = RATE) -> Pcm:
    generator = np.random.default_rng(15)
    return (generator.normal(0, level / 3, round(seconds * rate)) * 32767).clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize("hz", TONES)
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_tone_is_found_at_its_frequency_only(hz: float, rate: int) -> None:
    sound = tone(hz, 2, rate)
    assert snr_db(sound, hz, rate) > 30
    for other in TONES:
        assert contains_tone(sound, other, rate) == (other == hz)


@pytest.mark.parametrize("hz", TONES)
def test_noise_and_silence_hold_no_tone(hz: float) -> None:
    assert snr_db(noise(3), hz) < -10
    assert not contains_tone(noise(3), hz)
    assert not contains_tone(silence(3), hz)
    assert not contains_tone(silence(0), hz)


@pytest.mark.parametrize("hz", TONES)
def test_a_tone_survives_the_telephone_and_noise(hz: float) -> None:
    mixed = tone(hz, 2, level=0.3).astype(np.int32) + noise(2, 0.1)
    heard = decode_alaw(encode_alaw(mixed.clip(-32768, 32767).astype(np.int16)))
    assert contains_tone(heard, hz)


def test_two_tones_mixed_are_both_found() -> None:
    mixed = tone(400, 2, level=0.4) + tone(1500, 2, level=0.4)
    assert contains_tone(mixed, 400)
    assert contains_tone(mixed, 1500)
    assert not contains_tone(mixed, 1000)


def test_a_tone_too_short_or_too_faint_is_not_found() -> None:
    late = np.concatenate([silence(2), tone(1000, 0.2), silence(2)])
    assert not contains_tone(late, 1000)
    assert contains_tone(late, 1000, seconds=0.25)
    assert not contains_tone(tone(1000, 2, level=0.002), 1000)


def test_alaw_keeps_a_tone_and_is_an_exact_inverse_on_its_own_values() -> None:
    octets = bytes(range(256))
    assert encode_alaw(decode_alaw(octets)) == octets
    assert snr_db(decode_alaw(encode_alaw(tone(1000, 1))), 1000) > 30


def test_wav_files_round_trip_and_are_resampled(tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, tone(1000, 1, 48000), 48000)
    assert len(read_wav(file, 48000)) == 48000
    at_8k = read_wav(file)
    assert len(at_8k) == RATE
    assert snr_db(at_8k, 1000) > 30
