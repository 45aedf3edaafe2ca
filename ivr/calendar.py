"""Opening hours: weekly hours, French public holidays, exceptions. Pure; days are those of Europe/Paris."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

PARIS: Final = ZoneInfo("Europe/Paris")
Minutes = tuple[int, int]
"""From, until: minutes since midnight, the end not included; ``(0, 1440)`` is all day."""

MIDNIGHT: Final = 24 * 60


def _france() -> Any:
    """The package's France alone: by its name, 150 other countries would be loaded at each start of a core."""
    file = Path(holidays.__file__).parent / "countries" / "france.py"
    spec = importlib.util.spec_from_file_location("holidays_of_france", file)
    assert spec is not None  # noqa: S101 - by the file's suffix
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.France


_FRANCE: Final = _france()


class Opening(StrEnum):
    """What a calendar says of an instant."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    """Closed because it is a public holiday."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When something is open.

    An exception is stronger than a public holiday, which is stronger than the week. ``holidays_as``: the hours
    of public holidays; ``None``: they are days like any other.
    """

    week: tuple[tuple[Minutes, ...], ...]
    """Seven days, Monday first."""
    holidays_as: tuple[Minutes, ...] | None = ()
    exceptions: Mapping[date, tuple[Minutes, ...]] | None = None
    region: str = ""
    """Where public holidays differ: ``57`` (Alsace, Moselle), ``971``… as the holidays package names them."""


def opening(calendar: Calendar, now: datetime) -> Opening:
    """What a calendar says of an instant. The hours are clock hours: a clock change moves nothing."""
    local = now.astimezone(PARIS)
    day, minute = local.date(), local.hour * 60 + local.minute
    hours, holiday = _hours(calendar, day)
    if any(start <= minute < end for start, end in hours):
        return Opening.OPEN
    return Opening.HOLIDAY if holiday else Opening.CLOSED


def _hours(calendar: Calendar, day: date) -> tuple[tuple[Minutes, ...], bool]:
    """The hours of a day, and whether they are those of a public holiday."""
    if calendar.exceptions is not None and day in calendar.exceptions:
        return calendar.exceptions[day], False
    if calendar.holidays_as is not None and is_holiday(day, calendar.region):
        return calendar.holidays_as, True
    return calendar.week[day.weekday()], False


def is_holiday(day: date, region: str = "") -> bool:
    """Whether it is a public holiday in France (in that region, where they differ)."""
    return day in _holidays(day.year, region)


def regions() -> tuple[str, ...]:
    """The regions whose public holidays differ."""
    return tuple(_FRANCE.subdivisions)


@lru_cache(maxsize=64)
def _holidays(year: int, region: str) -> frozenset[date]:
    return frozenset(_FRANCE(subdiv=region or None, years=year))
