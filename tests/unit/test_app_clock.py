"""The centre's time goes on whatever is done to the machine's clock, and finds back to it slowly."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli_support import centre_now
from app.clock import FOLLOWS, SystemClock
from app.settings import Settings, StorageSettings
from app.watches import CLOCK_OFF, clock_watch

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NS = 10**9
HOUR = timedelta(hours=1)


class Machine:
    """A machine's two clocks. ``wall`` and ``run`` in nanoseconds."""

    def __init__(self) -> None:
        self.wall = int(NOON.timestamp()) * _NS
        self.run = 5 * _NS
        self.clock = self.core()

    def core(self, file: Path | None = None) -> SystemClock:
        """Another program's clock."""
        return SystemClock(file, machine=lambda: self.wall, since_boot=lambda: self.run)

    def passes(self, seconds: float) -> datetime:
        self.wall += int(seconds * _NS)
        self.run += int(seconds * _NS)
        return self.clock.now()

    def is_set(self, by: timedelta) -> None:
        self.wall += int(by.total_seconds() * _NS)


def test_it_is_the_machines_time_where_nobody_sets_it() -> None:
    machine = Machine()
    assert machine.clock.now() == NOON
    assert machine.passes(90) == NOON + timedelta(seconds=90)
    assert machine.clock.machine_ahead == timedelta(0)


@pytest.mark.parametrize("by", [HOUR, -HOUR, timedelta(days=400), timedelta(days=-400)])
def test_a_clock_that_is_set_changes_no_duration_by_more_than_a_hundredth(by: timedelta) -> None:
    machine = Machine()
    machine.is_set(by)
    assert machine.clock.now() == NOON
    passed = [machine.passes(1) for _ in range(100)][-1] - NOON
    assert abs(passed - timedelta(seconds=100)) <= timedelta(seconds=100 / FOLLOWS)
    assert abs(machine.clock.machine_ahead) < abs(by), "it comes nearer"


def test_who_looks_seldom_sees_no_jump_either() -> None:
    machine = Machine()
    machine.is_set(HOUR)
    machine.passes(36_000)
    assert machine.clock.machine_ahead > HOUR - timedelta(seconds=1)


@pytest.mark.parametrize("by", [timedelta(milliseconds=-700), timedelta(milliseconds=700)])
def test_small_corrections_are_followed_to_the_end(by: timedelta) -> None:
    machine = Machine()
    machine.is_set(by)
    for _ in range(100_000):  # looked at far more often than an instant can be told
        machine.passes(0.001)
    assert abs(machine.clock.machine_ahead) < timedelta(microseconds=2)


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(-7200, 7200)),
        max_size=40,
    )
)
def test_it_never_goes_back(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    before = machine.clock.now()
    for seconds, by in steps:
        machine.is_set(timedelta(seconds=by))
        now = machine.passes(seconds)
        assert before <= now <= before + timedelta(seconds=seconds * (1 + 1 / FOLLOWS) + 1e-5)
        before = now


def test_the_next_core_goes_on_with_the_time_though_the_clock_was_set_meanwhile(tmp_path: Path) -> None:
    machine, file = Machine(), tmp_path / "clock"
    machine.core(file).hand_on()
    machine.is_set(-HOUR)
    machine.passes(9)
    again = machine.core(file)
    assert again.now() == NOON - HOUR + timedelta(seconds=9)
    again.take_up()
    assert again.now() == NOON + timedelta(seconds=9), "its absence counts"


@pytest.mark.parametrize("left", ["", "nothing to read", "another start", "long ago"])
def test_a_core_that_nobody_left_the_time_to_has_the_machines(tmp_path: Path, left: str) -> None:
    machine, file = Machine(), tmp_path / "clock"
    if left == "nothing to read":
        file.write_text("{")
    elif left:
        machine.core(file).hand_on()
    if left == "another start":
        file.write_bytes(file.read_bytes().replace(b'"boot":"', b'"boot":"x'))
    elif left == "long ago":
        machine.passes(3600)
    machine.is_set(HOUR)
    again = machine.core(file)
    before = again.now()
    again.take_up()
    assert again.now() == before


def test_a_disk_that_is_full_stops_nobody(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.core(tmp_path / "gone" / "clock")
    clock.hand_on()
    clock.take_up()
    assert clock.now() == NOON


def test_a_clock_that_was_set_is_told_and_a_small_correction_is_not() -> None:
    machine = Machine()
    look = clock_watch(machine.clock)
    machine.is_set(CLOCK_OFF)
    assert look() is None
    machine.is_set(-HOUR - CLOCK_OFF)
    assert look() == "-3600 s"


def test_a_command_given_now_takes_effect_now_though_the_machines_clock_is_ahead(tmp_path: Path) -> None:
    settings = Settings(storage=StorageSettings(data_dir=tmp_path))
    settings.storage.cores_dir.mkdir()
    core = SystemClock(settings.storage.clock_file, machine=lambda: time.time_ns() - 3600 * _NS)
    core.hand_on()
    before, now, after = core.now(), centre_now(settings), core.now()
    assert before - timedelta(seconds=1) <= now <= after + timedelta(seconds=1)
