"""The simulated telephone network: what each number does, and that a centre's own operator stays."""

from pathlib import Path

import pytest

from app.demo_network import network_parts, with_demo_network
from app.settings import OutgoingSettings, Settings, StorageSettings
from simulator.telephone_network import Habit, habit_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("number", "habit"),
    [
        ("+33199000815", Habit.ANSWERS),
        ("+33199000817", Habit.UNKNOWN),
        ("18", Habit.BUSY),
        ("+33199000819", Habit.AWAY),
        ("", Habit.ANSWERS),
    ],
)
def test_the_last_figure_says_what_a_number_does(number: str, habit: Habit) -> None:
    assert habit_of(number) is habit


def test_a_demonstration_can_call_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = StorageSettings(data_dir=tmp_path)
    settings, environment = with_demo_network(Settings(storage=storage))
    (part,) = network_parts(settings)
    assert [use.port for use in part.ports] == [settings.outgoing.port]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings(storage=storage).outgoing == settings.outgoing, "the centre's programs read the same"


def test_a_centre_s_own_operator_stays() -> None:
    settings = Settings(outgoing=OutgoingSettings(host="192.0.2.4"))
    assert with_demo_network(settings) == (settings, {})
    assert network_parts(settings) == []
