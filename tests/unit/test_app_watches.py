"""What the core's alarms read of the archive's own words."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from app.watches import archive_watch, trouble_told
from tests.support.centre import HeldClock

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"failing": [], "failed": 0}, None),
        ({"failing": [], "failed": 3}, "3 not sealed"),
        ({"failing": ["house", "sealing"], "failed": 3}, "house, sealing"),
        ({"failing": [], "failed": 0, "ago": 91}, "does not run"),
        ({"failing": []}, "its state cannot be read"),
    ],
)
def test_what_is_wrong(tmp_path: Path, said: dict[str, object], told: str | None) -> None:
    clock, file = HeldClock(), tmp_path / "state.json"
    at = clock.now() - timedelta(seconds=float(str(said.pop("ago", 0))))
    file.write_text(json.dumps({"at": at.isoformat(), **said}))
    assert trouble_told(file, clock.now()) == told


def test_an_archive_that_never_ran_is_no_alarm_one_that_ended_is(tmp_path: Path) -> None:
    clock, file = HeldClock(), tmp_path / "state.json"
    look = archive_watch(file, clock)
    assert look() is None
    file.write_text(json.dumps({"at": clock.now().isoformat(), "failing": [], "failed": 0}))
    clock.advance(6)
    assert look() is None
    clock.advance(90)
    assert look() == "does not run"
    file.write_text("{")
    assert look() == "does not run"  # read every few seconds only
    clock.advance(6)
    assert look() == "its state cannot be read"
