"""Robot callers drawn from a seed: the same day again, as mixed and as frequent as asked."""

import re
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.population import Mix, Population
from simulator.voices import CALLERS, hum, voices
from tests.support.audio import RATE, tone, write_wav

pytestmark = pytest.mark.unit


@given(st.integers(), st.floats(1, 120))
def test_the_same_seed_gives_the_same_callers(seed: int, every: float) -> None:
    population = Population(seed=seed, every=every, closest=every / 2)
    assert list(islice(population.callers(), 20)) == list(islice(population.callers(), 20))


def test_other_seeds_give_others() -> None:
    assert next(Population(seed=1).callers()) != next(Population(seed=2).callers())


def test_callers_come_as_often_as_asked_and_never_too_close() -> None:
    population = Population(seed=15, every=30, closest=5)
    arrivals = [caller.at for caller in islice(population.callers(), 2_000)]
    gaps = [after - before for before, after in pairwise(arrivals)]
    assert min(gaps) >= 5
    assert 28 < sum(gaps) / len(gaps) < 32


def test_callers_are_mixed_as_asked() -> None:
    mix = Mix(hidden=0.2, skips_welcome=0.5, leaves_in_svi=0.1, leaves_in_queue=0.2, pyvoip=0.1)
    callers = list(islice(Population(seed=15, mix=mix).callers(), 2_000))

    def share(test: list[bool]) -> float:
        return sum(test) / len(callers)

    assert share([caller.hidden for caller in callers]) == pytest.approx(0.2 * 0.9, abs=0.03)
    assert share([caller.skip_after is not None for caller in callers]) == pytest.approx(0.5 * 0.9, abs=0.03)
    assert share([caller.leaves_after <= 6 for caller in callers]) == pytest.approx(0.1, abs=0.03)
    assert share([12 <= caller.leaves_after <= 45 for caller in callers]) == pytest.approx(0.2, abs=0.03)
    assert share([caller.pyvoip for caller in callers]) == pytest.approx(0.1, abs=0.03)
    assert not any(caller.pyvoip and (caller.hidden or caller.skip_after) for caller in callers)
    assert share([caller.line == "15" for caller in callers]) == pytest.approx(0.85, abs=0.03)


def test_numbers_are_those_that_belong_to_nobody() -> None:
    fictional = re.compile(r"\+33(19900|26191|35301|46571|53649|63998)[0-9]{4}")
    assert all(fictional.fullmatch(caller.number) for caller in islice(Population().callers(), 200))


def test_robots_hum_without_a_voice_and_speak_with_one(tmp_path: Path) -> None:
    hummed = voices(CALLERS, None)
    assert len(hummed) == len(CALLERS)
    assert not np.array_equal(hummed[0], hummed[1])
    assert all(len(sound) > 2 * RATE for sound in hummed)
    script = tmp_path / "speak"
    write_wav(tmp_path / "said.wav", tone(1000, 1, 16000), 16000)
    script.write_text(f'#!/bin/sh\ncp {tmp_path}/said.wav "$2"\n')
    script.chmod(0o755)
    spoken = voices(CALLERS[:1], tmp_path / "kept", str(script))
    assert len(spoken[0]) == RATE
    script.unlink()
    assert np.array_equal(voices(CALLERS[:1], tmp_path / "kept", str(script))[0], spoken[0])


def test_a_voice_that_fails_leaves_the_hum(tmp_path: Path) -> None:
    assert np.array_equal(voices(CALLERS[:1], tmp_path, "false")[0], hum(0))
    assert np.array_equal(voices(CALLERS[:1], tmp_path, str(tmp_path / "absent"))[0], hum(0))
