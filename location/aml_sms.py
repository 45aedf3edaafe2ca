"""AML by SMS: ``A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;…;ml=126``. Pure.

Version 1 says its own length (``ml``): a message that was cut or changed is refused. Version 2 (Android) packs
latitude, longitude and radius in ``lo`` and counts time from the call's beginning. Keys that this program does
not know are passed over: versions to come may have more; a key said twice is not.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from core.location import Location, LocationSource
from location.aml import NotAml, decimal

MARK: Final = 'A"ML'
LONGEST: Final = 480
"""Characters: three text messages joined."""
_KEY: Final = re.compile(r"[a-z]{1,8}")
_FIGURES: Final = re.compile(r"[0-9]{1,20}")
_INSTANT: Final = re.compile(r"[0-9]{14}")
_SECONDS: Final = re.compile(r"-?[0-9]{1,12}")
_METHODS: Final = {"1": frozenset("GWCUN"), "2": frozenset("GWCUF")}
_IDENTITIES: Final = ("si", "ei", "mcc", "mnc", "nc", "hc")
_NO_FIX: Final = "N"


def read(text: str) -> Location | None:
    """Read a message; ``None``: a good one from a handset that found no position.

    Raises:
        NotAml: it is none, or any field is missing, out of its limits or malformed.
    """
    if len(text) > LONGEST or not text.isascii() or not text.isprintable():
        raise NotAml("too long, or not of an SMS's letters")
    mark, _, rest = text.partition(";")
    version = mark.removeprefix(f"{MARK}=")
    if mark == version or version not in _METHODS:
        raise NotAml("no AML, or of an unknown version")
    fields = _fields(rest)
    for name in _IDENTITIES:
        if name in fields and not _FIGURES.fullmatch(fields[name]):
            raise NotAml(f"{name} is no identity")
    return _version_1(fields, len(text)) if version == "1" else _version_2(fields)


def unpacked(base64: str) -> str:
    """The text of a data SMS: septets packed in octets (3GPP TS 23.038), handed on as base64.

    Raises:
        NotAml: it is no base64.
    """
    try:
        octets = b64decode(base64, validate=True)
    except binascii.Error as error:
        raise NotAml("no base64") from error
    bits = int.from_bytes(octets, "little")
    septets = [bits >> shift & 0x7F for shift in range(0, len(octets) * 8 - 6, 7)]
    return "".join(map(chr, septets)).rstrip("\x00\r")


def _fields(rest: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in rest.removesuffix(";").split(";"):
        name, equals, value = pair.partition("=")
        if not equals or not _KEY.fullmatch(name) or name in fields:
            raise NotAml("a field is malformed, or said twice")
        fields[name] = value
    return fields


def _version_1(fields: Mapping[str, str], length: int) -> Location | None:
    if not _FIGURES.fullmatch(said := _said(fields, "ml")) or int(said) != length:
        raise NotAml("its length is not what it says")
    no_fix = _said(fields, "rd") == _NO_FIX
    method = _method(fields, "pm", "1")
    if no_fix or method == _NO_FIX:
        if not (no_fix and method == _NO_FIX):
            raise NotAml("half a position")
        return None
    top = _said(fields, "top")
    if not _INSTANT.fullmatch(top):
        raise NotAml("top is no instant")
    try:
        at = datetime.strptime(top, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotAml("top is no instant") from error
    return _located(fields, at, _said(fields, "lt"), _said(fields, "lg"), _said(fields, "rd"))


def _version_2(fields: Mapping[str, str]) -> Location | None:
    if "lo" not in fields:
        return None
    began, after = _said(fields, "et"), fields.get("lt", "0")
    if not (_SECONDS.fullmatch(began) and _SECONDS.fullmatch(after)):
        raise NotAml("et or lt is no count of seconds")
    try:
        at = datetime.fromtimestamp(int(began), UTC) + timedelta(seconds=int(after))
    except (ValueError, OverflowError, OSError) as error:
        raise NotAml("et or lt is no instant") from error
    if "ls" in fields:
        _method(fields, "ls", "2")
    match fields["lo"].split(","):
        case [latitude, longitude, radius]:
            altitude = fields.get("lz", "").split(",")[0]
            return _located(fields, at, latitude, longitude, radius, altitude)
    raise NotAml("lo is no position")


def _located(
    fields: Mapping[str, str], at: datetime, latitude: str, longitude: str, radius: str, altitude: str = ""
) -> Location:
    metres = decimal(radius, "radius")
    confidence = decimal(fields["lc"], "lc") if "lc" in fields else None
    try:
        return Location(
            source=LocationSource.AML_SMS,
            at=at,
            latitude=decimal(latitude, "latitude"),
            longitude=decimal(longitude, "longitude"),
            radius_m=metres or None,  # 0: the handset does not know
            altitude_m=decimal(altitude, "altitude") if altitude else None,
            confidence=round(confidence) if confidence is not None else None,
        )
    except NotAml:
        raise
    except ValueError as error:
        raise NotAml(str(error)) from error


def _method(fields: Mapping[str, str], name: str, version: str) -> str:
    method = _said(fields, name)
    if method not in _METHODS[version]:
        raise NotAml("an unknown method of positioning")
    return method


def _said(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise NotAml(f"{name} is missing")
    return fields[name]
