"""Where a caller is, as its INVITE says (PIDF-LO): what Asterisk read of the document, made one position. Pure.

The dialplan passes on Asterisk's words (``GEOLOC_PROFILE(effective_location)``), percent-encoded:
``shape="Circle",crs="2d",pos="49.44 1.1",radius="25"``, or the elements of an address. Every shape of RFC 5491
becomes a point and the radius around it that covers the shape.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from math import asin, cos, degrees, hypot, radians, sin
from typing import Final
from urllib.parse import unquote

from core.location import LONGEST_CIVIC, Location, LocationSource

LONGEST: Final = 1500
"""Characters of what the dialplan passes on."""
_PAIR: Final = re.compile(r'([A-Za-z][A-Za-z0-9]{0,19})="(.*?)"(?=,[A-Za-z][A-Za-z0-9]{0,19}="|$)', re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,17})?")
_MOST_CORNERS: Final = 64
_EARTH_M: Final = 6_371_000.0

Point = tuple[float, float]
Words = dict[str, list[str]]


def read(text: str, at: datetime) -> Location | None:
    """Read a position. Every value is hostile until it fits; what does not is as if nothing were said.

    Args:
        text: what the dialplan passed on.
        at: when it came: Asterisk does not pass on the document's own instant.
    """
    words: Words = {}
    for name, value in _PAIR.findall(unquote(text[:LONGEST])):
        words.setdefault(name, []).append(value)
    point, radius, altitude = _centre(words)
    try:
        return Location(
            source=LocationSource.PIDF_LO,
            at=at,
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            radius_m=radius,
            altitude_m=altitude,
            civic=_address(words),
        )
    except ValueError:
        return None


# --- shapes ---------------------------------------------------------------------------------------------------


def _centre(words: Words) -> tuple[Point | None, float | None, float | None]:
    """The point, radius and altitude of a shape; a point of another system of coordinates is none."""
    if _word(words, "crs") not in ("", "2d", "3d"):
        return None, None, None
    corners = _corners(words)
    if not corners:
        return None, None, None
    places = [(latitude, longitude) for latitude, longitude, *_ in corners]
    altitude = corners[0][2] if len(corners[0]) > 2 else None
    if len(places) > 1:
        return *_polygon(places), altitude
    return *_SHAPES.get(_word(words, "shape"), _circle)(words, places[0]), altitude


def _circle(words: Words, centre: Point) -> tuple[Point, float | None]:
    """A point, a circle or a sphere."""
    return centre, _number(words, "radius")


def _ellipse(words: Words, centre: Point) -> tuple[Point, float | None]:
    return centre, _number(words, "semiMajorAxis")


def _arc_band(words: Words, centre: Point) -> tuple[Point, float | None]:
    """A part of a ring, as antennas see a handset: by its middle."""
    inner, outer = _number(words, "innerRadius") or 0.0, _number(words, "outerRadius")
    begin, opening = _angle(words, "startAngle"), _angle(words, "openingAngle")
    if outer is None or begin is None or opening is None or not 0 <= inner <= outer:
        return centre, outer
    if opening >= 180:
        return centre, outer
    middle = _moved(centre, begin + opening / 2, (inner + outer) / 2)
    edges = [
        _moved(centre, begin + part * opening, distance) for part in (0, 0.5, 1) for distance in (inner, outer)
    ]
    return middle, max(_distance(middle, edge) for edge in edges)


def _polygon(corners: Sequence[Point]) -> tuple[Point, float]:
    """The middle of its corners, and how far the farthest is. No shape reaches across the date line."""
    latitudes, longitudes = zip(*corners, strict=True)
    middle = (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
    return middle, max(_distance(middle, corner) for corner in corners)


_SHAPES: Final[dict[str, Callable[[Words, Point], tuple[Point, float | None]]]] = {
    "Ellipse": _ellipse,
    "Ellipsoid": _ellipse,
    "ArcBand": _arc_band,
}


def _corners(words: Words) -> list[list[float]]:
    """Positions of two or three numbers each."""
    size = 3 if _word(words, "crs") == "3d" else 2
    said = words.get("pos") or _chunks(_word(words, "posList").split(), size)
    corners = [[float(each) for each in pos.split() if _NUMBER.fullmatch(each)] for pos in said[:_MOST_CORNERS]]
    return corners if all(2 <= len(corner) <= 3 for corner in corners) else []


def _chunks(numbers: list[str], size: int) -> list[str]:
    return [" ".join(numbers[first : first + size]) for first in range(0, len(numbers) - size + 1, size)]


def _distance(one: Point, other: Point) -> float:
    """Metres between two points that are not far apart."""
    north = radians(other[0] - one[0]) * _EARTH_M
    east = radians(other[1] - one[1]) * _EARTH_M * cos(radians((one[0] + other[0]) / 2))
    return hypot(north, east)


def _moved(point: Point, bearing: float, metres: float) -> Point:
    """A point so far from another, in degrees from north, clockwise."""
    angle = min(metres / _EARTH_M, 1.0)
    latitude = point[0] + degrees(asin(sin(angle) * cos(radians(bearing))))
    slant = max(cos(radians(point[0])), 0.01)
    return latitude, point[1] + degrees(asin(max(-1.0, min(1.0, sin(angle) * sin(radians(bearing)) / slant))))


def _word(words: Words, name: str) -> str:
    return words.get(name, [""])[0]


def _number(words: Words, name: str) -> float | None:
    said = _word(words, name)
    return float(said) if _NUMBER.fullmatch(said) else None


def _angle(words: Words, name: str) -> float | None:
    """Degrees: ``20 degrees``, ``0.35 radians``."""
    said, _, unit = _word(words, name).partition(" ")
    if not _NUMBER.fullmatch(said):
        return None
    return degrees(float(said)) if unit == "radians" else float(said)


# --- addresses (RFC 4119, RFC 5139) ---------------------------------------------------------------------------

_STREET: Final = ("HNO", "HNS", "PRD", "STS", "A6", "RD", "POD")
_TOWN: Final = ("PC", "A3", "A4")


def _address(words: Words) -> str:
    """An address in one line: ``Gare, étage 3, 12 rue Jeanne-d'Arc, 76000 Rouen``."""
    place = [_clean(_word(words, name)) for name in ("NAM", "LMK", "BLD", "LOC")]
    inside = [
        f"{label} {said}"
        for name, label in (("FLR", "étage"), ("UNIT", "unité"), ("ROOM", "salle"))
        if (said := _clean(_word(words, name)))
    ]
    lines = [
        " ".join(filter(None, (_clean(_word(words, name)) for name in names))) for names in (_STREET, _TOWN)
    ]
    return ", ".join(filter(None, (*place, *inside, *lines)))[:LONGEST_CIVIC]


def _clean(value: str) -> str:
    return " ".join("".join(letter for letter in value if letter.isprintable()).split())
