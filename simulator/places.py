"""Where robot callers are, and by which road they say so: drawn from their number alone."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final, Literal
from urllib.parse import urlencode

import httpx2
import structlog

from simulator.pidf_lo import circle, document

log = structlog.get_logger(__name__)

Road = Literal["handset", "network", "none"]
"""AML over HTTPS, PIDF-LO in the INVITE, or nothing."""
TOWNS: Final = (
    (48.8566, 2.3522),
    (48.8300, 2.3550),
    (48.8800, 2.3700),
    (48.8397, 2.2399),
    (48.8638, 2.4485),
    (48.9362, 2.3574),
    (48.8473, 2.4390),
    (48.8157, 2.3850),
    (48.8924, 2.2071),
    (48.9035, 2.3055),
)
"""In and around Paris."""
_SPREAD: Final = 0.012
"""Degrees around the middle of a town."""
_ROADS: Final[tuple[Road, ...]] = ("handset", "network", "none")
_SHARES: Final = (0.55, 0.25, 0.2)
COARSE_M, COARSE_AFTER_S = (400, 1500), 1.0
"""What a handset knows at once…"""
FINE_M, FINE_AFTER_S = (6, 40), 12.0
"""…and once it has found its satellites."""
_PATIENCE_S: Final = 5


@dataclass(frozen=True, slots=True)
class RobotPlace:
    """Where one robot is."""

    road: Road
    latitude: float
    longitude: float
    coarse_m: int
    fine_m: int

    @property
    def pidf(self) -> str:
        """What its INVITE says; empty: nothing."""
        return document(circle(self.latitude, self.longitude, self.fine_m)) if self.road == "network" else ""


def place_of(number: str) -> RobotPlace:
    """The same number is always at the same place."""
    chance = Random(number)
    latitude, longitude = chance.choice(TOWNS)
    return RobotPlace(
        road=chance.choices(_ROADS, _SHARES)[0],
        latitude=round(latitude + chance.uniform(-_SPREAD, _SPREAD), 5),
        longitude=round(longitude + chance.uniform(-_SPREAD, _SPREAD), 5),
        coarse_m=chance.randint(*COARSE_M),
        fine_m=chance.randint(*FINE_M),
    )


def form(place: RobotPlace, number: str, radius: int, at: datetime) -> dict[str, str]:
    """What a handset posts."""
    return {
        "v": "1",
        "emergency_number": "15",
        "source": "CALL",
        "device_number": number,
        "location_latitude": f"{place.latitude:.5f}",
        "location_longitude": f"{place.longitude:.5f}",
        "location_accuracy": str(radius),
        "location_confidence": "0.68",
        "location_time": str(int(at.timestamp() * 1000)),
    }


async def tell(url: str, token: str, number: str, place: RobotPlace) -> None:
    """Say where a robot is, twice, as handsets do. A centre that does not listen changes nothing."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
    async with httpx2.AsyncClient(base_url=url, timeout=_PATIENCE_S) as http:
        for radius, after in ((place.coarse_m, COARSE_AFTER_S), (place.fine_m, FINE_AFTER_S)):
            await asyncio.sleep(after)
            body = urlencode(form(place, number, radius, datetime.now(UTC)))
            try:
                answer = await http.post("/aml/v1/https", content=body.encode(), headers=headers)
                log.info("robot_told_its_place", status=answer.status_code)
            except httpx2.HTTPError as error:
                log.info("robot_not_heard", reason=type(error).__name__)
