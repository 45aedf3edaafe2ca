"""The plan that ships with the program, and what a centre without one works by."""

import pytest

from acd.defaults import default_plan
from app.plan import SHIPPED, read_plan
from app.prompts import catalogue
from ivr.speech import SPOKEN

pytestmark = pytest.mark.unit


def test_the_shipped_plan_is_sound_alone_and_under_its_surges() -> None:
    reading = read_plan(SHIPPED.read_bytes(), catalogue())
    assert [str(problem) for problem in reading.errors + reading.problems.warnings] == []
    assert set(reading.plans) == {"", "afflux"}


def test_the_shipped_plan_has_the_usual_rooms() -> None:
    assert read_plan(SHIPPED.read_bytes(), catalogue()).plans[""].rooms == default_plan()


def test_every_word_of_a_number_has_an_announcement() -> None:
    assert set(SPOKEN) <= catalogue().keys()
