"""Where a caller is, as somebody else tells it: a value with its limits."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import Final

LONGEST_CIVIC: Final = 200
"""Characters of an address in words."""
FARTHEST_M: Final = 20_000_000.0
"""Half of the Earth's girth: no radius is longer."""


class LocationSource(StrEnum):
    """Who says where a caller is."""

    AML_SMS = "aml_sms"
    """The handset, by a text message (ETSI TS 103 625)."""
    AML_HTTPS = "aml_https"
    """The handset, over the internet (ETSI TS 103 625)."""
    PIDF_LO = "pidf_lo"
    """The operator or the handset, in the call's own INVITE (RFC 4119, RFC 6442)."""
    PFLAU = "pflau"
    """The operators' national platform, asked by the caller's number."""
    PFLAU_SIMULATED = "pflau_simulated"
    """Our stand-in for it: invented positions, for demonstration and training."""
    LRM = "lrm"
    """The dispatch record software: somebody confirmed it."""


class LocationFailure(StrEnum):
    """Why a position that was asked for did not come."""

    UNKNOWN = "unknown"
    """The platform answers that it has none."""
    UNAVAILABLE = "unavailable"
    """The platform does not answer, or answers rubbish."""
    NO_NEWS = "no_news"
    """What it answers is no better than what is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """One position of a caller (WGS 84), an address in words, or both. It has one of them at least.

    ``at``: when the position was taken, not when it came. ``radius_m``: the caller is within so many metres of
    the point, in ``confidence`` percent of cases; ``None``: not told.

    Raises:
        ValueError: a value is out of its limits.
    """

    source: LocationSource
    at: datetime
    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    altitude_m: float | None = None
    confidence: int | None = None
    civic: str = ""

    def __post_init__(self) -> None:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("half a point")
        if self.latitude is None and not self.civic:
            raise ValueError("neither a point nor an address")
        _within("latitude", self.latitude, -90, 90)
        _within("longitude", self.longitude, -180, 180)
        _within("radius", self.radius_m, 0, FARTHEST_M)
        _within("altitude", self.altitude_m, -12_000, 100_000)
        _within("confidence", self.confidence, 0, 100)
        if len(self.civic) > LONGEST_CIVIC:
            raise ValueError("an address too long")

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude, in degrees."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


def _within(what: str, value: float | None, lowest: float, highest: float) -> None:
    if value is not None and not (isfinite(value) and lowest <= value <= highest):
        raise ValueError(f"{what} out of its limits")
