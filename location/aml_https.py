"""AML over HTTPS: a form that the handset posts (ETSI TS 103 625; Android's Emergency Location Service). Pure.

Every field is optional there and any may be malformed: a position is taken where its point can be read, and
what is wrong beside it is as if it were absent. ``hmac``, the last field, proves who sends, by a shared secret.
"""

import hmac
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha1
from typing import Final
from urllib.parse import parse_qsl

from core.location import FARTHEST_M, Location, LocationSource
from location.aml import LONGEST, NotAml, decimal

_MOST_FIELDS: Final = 100
_HMAC: Final = b"&hmac="


def fields(body: bytes) -> dict[str, str]:
    """Read the form.

    Raises:
        NotAml: it is none, too long, or says the same thing twice.
    """
    if len(body) > LONGEST:
        raise NotAml("too long")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise NotAml("no form") from error
    read = dict(pairs)
    if len(read) < len(pairs):
        raise NotAml("a field said twice")
    return read


def number(form: Mapping[str, str]) -> str:
    """The handset's own number, as it says it; empty: it does not know."""
    return form.get("device_number", "").strip()


def read(form: Mapping[str, str], received: datetime) -> Location | None:
    """The position in a form; ``None``: the handset found none.

    Raises:
        NotAml: there is one, but it cannot be read.
    """
    latitude, longitude = form.get("location_latitude", ""), form.get("location_longitude", "")
    if not latitude and not longitude:
        return None
    radius = _metres(form.get("location_accuracy", ""))
    try:
        return Location(
            source=LocationSource.AML_HTTPS,
            at=_instant(form.get("location_time", "")) or _instant(form.get("time", "")) or received,
            latitude=decimal(latitude, "latitude"),
            longitude=decimal(longitude, "longitude"),
            radius_m=radius,
            altitude_m=_altitude(form.get("location_altitude", "")),
            confidence=_confidence(form),
        )
    except NotAml:
        raise
    except ValueError as error:
        raise NotAml(str(error)) from error


def authentic(body: bytes, secret: bytes) -> bool:
    """Whether the form's last field is the HMAC-SHA1 of all before it, by that secret."""
    signed, mark, said = body.rpartition(_HMAC)
    made = hmac.new(secret, signed, sha1).hexdigest().encode()
    return bool(mark) and hmac.compare_digest(made, said.lower())


def _optional(text: str) -> float | None:
    try:
        return decimal(text, "")
    except NotAml:
        return None


def _metres(text: str) -> float | None:
    """A radius; nothing where it is not told: 0 is none."""
    value = _optional(text)
    return value if value is not None and 0 < value <= FARTHEST_M else None


def _altitude(text: str) -> float | None:
    value = _optional(text)
    return value if value is not None and -12_000 <= value <= 100_000 else None


def _confidence(form: Mapping[str, str]) -> int | None:
    """Percent: ``location_confidence`` is a share of one, ``location_certainty`` a percentage."""
    share, percent = (_optional(form.get(f"location_{name}", "")) for name in ("confidence", "certainty"))
    if share is not None and 0 <= share <= 1:
        return round(share * 100)
    return round(percent) if percent is not None and 0 <= percent <= 100 else None


def _instant(milliseconds: str) -> datetime | None:
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 14):
        return None
    seconds = math.floor(int(milliseconds)) / 1000
    return datetime.fromtimestamp(seconds, UTC)
