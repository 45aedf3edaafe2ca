"""Which positions are believed, and which of two is the better. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from core.location import Location, LocationSource

OLDEST: Final = timedelta(minutes=30)
"""A position taken longer ago is not believed to be the caller's."""
AHEAD: Final = timedelta(minutes=5)
"""A handset's clock may be so much ahead of ours; its position is then taken to be of now."""
DRIFT_M_S: Final = 1.5
"""A caller may walk: each second adds so many metres of doubt."""
TOLERANCE: Final = 1.5
"""A newer position wins though it is so much less sure; an older one must be surer by as much."""

_UNSAID_M: Final = {
    LocationSource.AML_SMS: 500.0,
    LocationSource.AML_HTTPS: 500.0,
    LocationSource.PIDF_LO: 1_000.0,
    LocationSource.PFLAU: 2_000.0,
    LocationSource.PFLAU_SIMULATED: 2_000.0,
    LocationSource.LRM: 100.0,
}
"""Metres of doubt where a source does not say."""
_ADDRESS_M: Final = 300.0
"""Metres of doubt of an address without a point."""
_TRUST: Final = {LocationSource.LRM: 0, LocationSource.PFLAU_SIMULATED: 2}
"""What somebody confirmed comes first, what is invented comes last; the others (1) go by their doubt."""

BY_NUMBER: Final = frozenset(LocationSource) - {LocationSource.PIDF_LO}
"""Who tells the position of a number; the others tell that of one call."""


def believed(location: Location, now: datetime) -> Location | None:
    """The position as it may be believed; ``None``: it is too old, or from the future."""
    if location.at > now + AHEAD or location.at < now - OLDEST:
        return None
    return replace(location, at=now) if location.at > now else location


def doubt(location: Location, now: datetime) -> float:
    """Within how many metres the caller is by now, as far as one can tell."""
    if location.point is None:
        return _ADDRESS_M
    radius = location.radius_m if location.radius_m is not None else _UNSAID_M[location.source]
    return radius + DRIFT_M_S * max(0.0, (now - location.at).total_seconds())


def better(new: Location, than: Location | None, now: datetime) -> bool:
    """Whether a position should take the place of another one."""
    if than is None:
        return True
    trust, trusted = _TRUST.get(new.source, 1), _TRUST.get(than.source, 1)
    if trust != trusted:
        return trust < trusted
    ours, theirs = doubt(new, now), doubt(than, now)
    return ours <= theirs * TOLERANCE if new.at > than.at else ours * TOLERANCE <= theirs
