"""The second writer: tracks grow in memory, and are carried to a place that may be slow, full, hung or gone."""

import os
import threading
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from recorder.carrier import CUT_AFTER_S, Carrier
from recorder.store import carried_seconds, measure
from simulator.sound import read_wav

pytestmark = pytest.mark.component

RATE = 8000
NAME = "2026-11-22/FR751-asterisk-a-1795310037.0-caller.wav"


class Growing:
    """A track as Asterisk writes it: in pieces, its header's lengths last."""

    def __init__(self, memory: Path, name: str = NAME) -> None:
        self.path = memory / name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self.path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
        self.said = np.zeros(0, dtype=np.int16)

    def grow(self, seconds: float) -> None:
        more = np.arange(len(self.said), len(self.said) + round(seconds * RATE), dtype=np.int16)
        self.said = np.concatenate([self.said, more])
        with self.path.open("ab") as file:
            file.write(more.tobytes())

    def close(self) -> None:
        octets = self.said.nbytes
        with self.path.open("r+b") as file:
            for at, length in ((4, octets + 36), (40, octets)):
                file.seek(at)
                file.write(length.to_bytes(4, "little"))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def test_a_track_is_carried_while_it_grows_and_forgotten_when_it_is_whole(memory: Path, place: Path) -> None:
    track, target = Growing(memory), place / NAME
    for _ in range(3):
        track.grow(1)
        Carrier(memory, place, 10**9).carry()  # a new one each time: it may be killed at any instant
        assert target.read_bytes() == track.path.read_bytes()
    track.grow(0.5)
    track.close()
    Carrier(memory, place, 10**9).carry()
    assert not track.path.exists()
    assert (measure(target).seconds, carried_seconds(track.path)) == (3.5, 3.5)
    assert np.array_equal(read_wav(target), track.said)


def test_a_track_that_asterisk_never_closed_is_closed_in_the_other_place(
    memory: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track, carrier = Growing(memory), Carrier(memory, place, 10**9)
    track.grow(2)
    seconds = time.monotonic()
    monkeypatch.setattr("recorder.carrier.time.monotonic", lambda: seconds)
    carrier.carry()
    seconds += CUT_AFTER_S + 1
    carrier.carry()
    assert measure(place / NAME).seconds == 2
    assert not track.path.exists()


def test_a_track_that_grows_is_not_cut_though_the_clock_was_set(memory: Path, place: Path) -> None:
    track, carrier = Growing(memory), Carrier(memory, place, 10**9)
    track.grow(2)
    carrier.carry()
    before = time.time() - 3600
    os.utime(track.path, (before, before))  # written an hour ago, by the clock as it is now
    carrier.carry()
    assert track.path.exists()
    track.grow(1)
    track.close()
    carrier.carry()
    assert np.array_equal(read_wav(place / NAME), track.said)


def test_a_place_that_refuses_loses_nothing_of_what_memory_may_hold(memory: Path, place: Path) -> None:
    track = Growing(memory)
    track.grow(1)
    track.close()
    place.write_text("not a folder")
    carrier = Carrier(memory, place, 10**9)
    with pytest.raises(OSError, match=r".*"):
        carrier.carry()
    place.unlink()
    carrier.carry()
    assert np.array_equal(read_wav(place / NAME), track.said)


def test_memory_is_bounded_while_the_place_hangs(
    memory: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing there waits, as on a disk that does not answer, until the test is over."""
    answers = threading.Event()
    monkeypatch.setattr("recorder.carrier._carry", lambda *_, **__: answers.wait())
    first = Growing(memory)
    first.grow(1)
    first.close()
    stop = threading.Event()
    carrier = Carrier(memory, place, most_octets=40_000)
    later = [Growing(memory, f"2026-11-22/z{number}-caller.wav") for number in range(4)]
    for age, track in enumerate(later):
        track.grow(1)
        track.close()
        os.utime(track.path, (time.time() + age, time.time() + age))
    still = Growing(memory, "2026-11-22/live-caller.wav")
    still.grow(4)
    kept = {track.path for track in (*later[2:], still)}
    running = threading.Thread(target=carrier.run, args=(stop,))
    running.start()
    deadline = time.monotonic() + 20
    while set(memory.glob("*/*.wav")) != kept and time.monotonic() < deadline:
        stop.wait(0.05)
    stop.set()
    running.join(5)
    assert not running.is_alive()
    assert set(memory.glob("*/*.wav")) == kept  # the newest that there is room for, and what is being written
    answers.set()
