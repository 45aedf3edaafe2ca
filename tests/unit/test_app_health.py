"""When a core says that it cannot serve."""

from datetime import UTC, datetime, timedelta

import pytest

from app.health import GRACE, Health

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MOMENT = timedelta(milliseconds=100)


class Parts:
    """Two parts whose state the test sets."""

    def __init__(self) -> None:
        self.switch = self.journal = True
        self.health = Health({"switch": lambda: self.switch, "journal": lambda: self.journal})

    def failing(self, now: datetime) -> list[str]:
        """Look, and say what fails."""
        self.health.tick(now)
        return self.health.failing(now)


def test_all_is_well() -> None:
    parts = Parts()
    assert parts.failing(START) == []
    assert parts.health.states() == {"switch": "up", "journal": "up"}


@pytest.mark.parametrize("part", ["switch", "journal"])
def test_a_part_down_for_longer_than_the_grace_is_told_until_it_is_back(part: str) -> None:
    parts = Parts()
    setattr(parts, part, False)
    assert parts.failing(START) == []
    assert parts.health.states()[part] == "down"
    assert parts.failing(START + GRACE) == []
    assert parts.failing(START + GRACE + MOMENT) == [part]
    setattr(parts, part, True)
    assert parts.failing(START + GRACE + 2 * MOMENT) == []


def test_each_new_failure_has_its_own_grace() -> None:
    parts = Parts()
    parts.switch = False
    parts.failing(START)
    parts.switch = True
    parts.failing(START + GRACE)
    parts.switch = False
    assert parts.failing(START + 2 * GRACE) == []
    assert parts.failing(START + 3 * GRACE + MOMENT) == ["switch"]


def test_every_failing_part_is_named() -> None:
    parts = Parts()
    parts.switch = parts.journal = False
    parts.failing(START)
    assert parts.failing(START + GRACE + MOMENT) == ["switch", "journal"]
