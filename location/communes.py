"""The commune nearest to a point, from a file (``communes.tsv``, see ``communes.md``): with no network."""

from functools import cache
from math import cos, floor, hypot, radians
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).with_name("communes.tsv")
FARTHEST_KM: Final = 25.0
"""A point farther from any commune is at sea, or abroad: it has none."""
_KM_PER_DEGREE: Final = 111.2
_CELLS_PER_DEGREE: Final = 4


class Commune(NamedTuple):
    """A commune, by a point in its middle."""

    name: str
    department: str
    latitude: float
    longitude: float

    @property
    def label(self) -> str:
        """As screens show it."""
        return f"{self.name} ({self.department})"


class Communes:
    """All communes in cells of a quarter of a degree, so that a look costs a few dozen comparisons."""

    def __init__(self, file: Path = FILE) -> None:
        self._cells: dict[tuple[int, int], list[Commune]] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            name, department, latitude, longitude, _ = line.split("\t")
            commune = Commune(name, department, float(latitude), float(longitude))
            self._cells.setdefault(_cell(commune.latitude, commune.longitude), []).append(commune)

    def nearest(self, latitude: float, longitude: float) -> Commune | None:
        """The commune whose middle is nearest; ``None``: none within 25 km."""
        row, column = _cell(latitude, longitude)
        east = cos(radians(latitude)) * _KM_PER_DEGREE
        found: Commune | None = None
        best = FARTHEST_KM
        for near_row in range(row - 1, row + 2):
            for near_column in range(column - 2, column + 3):
                for commune in self._cells.get((near_row, near_column), ()):
                    north_km = (commune.latitude - latitude) * _KM_PER_DEGREE
                    distance = hypot(north_km, (commune.longitude - longitude) * east)
                    if distance < best:
                        found, best = commune, distance
        return found


@cache
def communes() -> Communes:
    """The communes of France, read once."""
    return Communes()


def _cell(latitude: float, longitude: float) -> tuple[int, int]:
    return floor(latitude * _CELLS_PER_DEGREE), floor(longitude * _CELLS_PER_DEGREE)
