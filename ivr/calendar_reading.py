"""Reads the opening hours of a plan: weeks, holidays, exceptions. Pure."""

import re
from datetime import date
from typing import Final

from core.plan import Section
from ivr.calendar import MIDNIGHT, Calendar, Minutes, regions

_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_HOURS: Final = re.compile(r"(\d{1,2})[:h](\d{2})?\s*-\s*(\d{1,2})[:h](\d{2})?")


def read_calendar(section: Section) -> Calendar:
    """One calendar."""
    week = tuple(_hours(section, day, ()) for day in _DAYS)
    every = _hours(section, "tous les jours", None)
    holidays_as: tuple[Minutes, ...] | None = None
    if section.text("jours fériés", "fermé") != "comme les autres jours":
        holidays_as = _hours(section, "jours fériés", ())
    region = section.text("région", "")
    if region and region not in regions():
        section.error(
            f"la région « {region} » est inconnue", f"Écrivez une de : {', '.join(regions())}", "région"
        )
    exceptions = section.section("exceptions", required=False)
    special: dict[date, tuple[Minutes, ...]] = {}
    for day in exceptions or ():
        assert exceptions is not None  # noqa: S101 - iterated
        try:
            special[date.fromisoformat(day)] = _hours(exceptions, day, ()) or ()
        except ValueError:
            exceptions.error(f"« {day} » n'est pas une date", "Écrivez 2026-12-24", day)
            exceptions.texts(day)
    section.close()
    return Calendar(
        week=tuple(hours or every or () for hours in week),
        holidays_as=holidays_as,
        exceptions=special,
        region=region,
    )


def _hours(section: Section, key: str, default: tuple[Minutes, ...] | None) -> tuple[Minutes, ...] | None:
    if key not in section:
        section.text(key, "")
        return default
    found: list[Minutes] = []
    for text in section.texts(key):
        if text == "fermé":
            continue
        if text == "ouvert":
            found.append((0, MIDNIGHT))
            continue
        match = _HOURS.fullmatch(text)
        start, end = _minutes(match, 1), _minutes(match, 3)
        if match is None or not 0 <= start < end <= MIDNIGHT:
            section.error(
                f"« {text[:40]} » n'est pas un horaire",
                "Écrivez « 8:00-18:30 », « ouvert », « fermé », ou une liste : [0:00-8:00, 20:00-24:00]",
                key,
            )
        else:
            found.append((start, end))
    return tuple(found)


def _minutes(match: "re.Match[str] | None", first: int) -> int:
    if match is None:
        return -1
    hour, minute = int(match[first]), int(match[first + 1] or 0)
    return hour * 60 + minute if minute < 60 else -1
