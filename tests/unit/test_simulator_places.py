"""Robot callers say where they are as handsets and networks do."""

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from location import aml_https
from simulator.places import form, place_of

pytestmark = pytest.mark.unit

NUMBERS = [f"+3319900{n:04d}" for n in range(300)]


def test_a_number_is_always_at_the_same_place() -> None:
    assert place_of(NUMBERS[0]) == place_of(NUMBERS[0])
    assert {place_of(number).road for number in NUMBERS} == {"handset", "network", "none"}


def test_what_their_handsets_send_is_what_the_centre_reads() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    place = place_of(NUMBERS[0])
    read = aml_https.fields(urlencode(form(place, NUMBERS[0], 25, now)).encode())
    location = aml_https.read(read, now)

    assert location is not None
    assert location.point == (place.latitude, place.longitude)
    assert (location.radius_m, location.confidence, location.at) == (25, 68, now)
    assert aml_https.number(read) == NUMBERS[0]


def test_only_who_speaks_by_the_network_says_it_in_the_call() -> None:
    for number in NUMBERS[:40]:
        place = place_of(number)
        assert bool(place.pidf) is (place.road == "network")
