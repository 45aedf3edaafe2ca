"""The nearest commune, offline; and a stand-in for the operators' platform that never passes for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from location.communes import communes
from location.pflau_simulated import SimulatedPflau
from tests.support.centre import HeldClock

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("latitude", "longitude", "label"),
    [
        (49.4431, 1.0993, "Rouen (76)"),
        (48.8534, 2.3488, "Paris (75)"),
        (41.9192, 8.7386, "Ajaccio (2A)"),
        (-20.8789, 55.4481, "Saint-Denis (974)"),
        (48.9356, 2.3539, "Saint-Denis (93)"),
        (4.9346, -52.3303, "Cayenne (973)"),
        (-22.2763, 166.4572, "Nouméa (988)"),
        (50.72, 1.61, "Boulogne-sur-Mer (62)"),
    ],
)
def test_the_nearest_commune(latitude: float, longitude: float, label: str) -> None:
    found = communes().nearest(latitude, longitude)
    assert found is not None
    assert found.label == label


@pytest.mark.parametrize(("latitude", "longitude"), [(45, -30), (0, 0), (90, 0), (-90, 180), (40.4, -3.7)])
def test_at_sea_or_abroad_there_is_none(latitude: float, longitude: float) -> None:
    assert communes().nearest(latitude, longitude) is None


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_no_point_of_the_earth_is_a_failure(latitude: float, longitude: float) -> None:
    found = communes().nearest(latitude, longitude)
    assert found is None or abs(found.latitude - latitude) < 0.25


async def test_the_stand_in_is_labelled_and_always_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("location.pflau_simulated._ANSWER_S", 0)
    platform = SimulatedPflau(HeldClock())

    told = [await platform.locate(f"+336000000{n:02d}") for n in range(60)]

    assert {location.source.value for location in told if location} == {"pflau_simulated"}
    assert None in told, "some numbers are nowhere"
    assert await platform.locate("+33600000000") == told[0]
