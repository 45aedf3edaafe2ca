"""A stand-in for PFLAU, the operators' location platform, which has no public interface. **Simulated.**

It invents a position for every number: always the same one, near a commune, as coarse as a cell of the network.
What it tells is labelled as simulated wherever it is shown. For demonstration and training only.
"""

import asyncio
from hashlib import sha256
from typing import Final

from core.location import Location, LocationSource
from core.ports import Clock
from location.communes import FILE

_ANSWER_S: Final = 0.8
"""As long as such a platform takes."""
_UNKNOWN: Final = 10
"""One number in so many has no position."""
_TOWNS: Final = 400
"""Callers are near one of the greatest communes."""


class SimulatedPflau:
    """Answers like PFLAU, from nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        lines = FILE.read_text(encoding="utf-8").splitlines()[:_TOWNS]
        self._towns = [(float(line.split("\t")[2]), float(line.split("\t")[3])) for line in lines]

    async def locate(self, number: str) -> Location | None:
        """An invented position."""
        await asyncio.sleep(_ANSWER_S)
        chance = int.from_bytes(sha256(number.encode()).digest()[:8], "big")
        if chance % _UNKNOWN == 0:
            return None
        latitude, longitude = self._towns[chance % len(self._towns)]
        return Location(
            source=LocationSource.PFLAU_SIMULATED,
            at=self._clock.now(),
            latitude=round(latitude + (chance % 101 - 50) / 2500, 5),
            longitude=round(longitude + (chance % 103 - 51) / 2500, 5),
            radius_m=600 + chance % 2400,
        )
