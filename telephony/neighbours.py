"""Calls entrusted to a neighbouring centre, and those it entrusts to us: one SIP header says all of a call.

It is written as a query string (``call=…&path=FR751&…``), so that every character in it is harmless to the
dialplan. It is read only on the trunks declared as neighbours, and what does not fit is as if it were absent:
the caller is then a caller like any other.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from core.errors import SwitchRefused
from core.ids import CallId, CentreId, ChannelId, QueueId
from core.location import Location, LocationSource
from core.switch import Entrusted
from core.words import CallTag, FrontOffice, Origin, Priority
from telephony.ari_protocol import Request, created

HEADER: Final = "X-Bandeau-Aid"
PREFIX: Final = "neighbour-"
"""Before a centre's id: the name of its trunk in Asterisk."""
LONGEST: Final = 1000
"""Octets of the header, and what the dialplan reads of it."""
MOST_SKILLS: Final = 8
MOST_CENTRES: Final = 8
_FORMAT: Final = "1"
_CALL: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CENTRE: Final = re.compile(r"FR[0-9][0-9AB]{2}")
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,10}")
_SKILL: Final = re.compile(r"[^\s,]{1,30}")
_LINE: Final = re.compile(r"\+?[0-9]{1,15}")
_INSTANT: Final = re.compile(r"[0-9]{10}(\.[0-9]{1,6})?")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_ONCE: Final = frozenset({"v", "call", "flow", "room", "priority", "level", "since", "path"})
_TAGS: Final = {tag.value: tag for tag in CallTag}


class NotEntrusted(ValueError):
    """The header says nothing that can be believed."""


def described(call: Entrusted) -> str:
    """Write what a neighbour must know of a call."""
    origin = call.origin
    words = [
        ("v", _FORMAT),
        ("call", call.call_id),
        ("path", ".".join(origin.path)),
        ("flow", origin.flow),
        ("room", origin.queue),
        ("priority", origin.priority.value),
        ("level", origin.front_office.value),
        ("since", f"{origin.since.timestamp():.3f}"),
        *(("skill", skill) for skill in origin.skills[:MOST_SKILLS]),
        *(("tag", tag.value) for tag in origin.tags),
    ]
    told = urlencode(words, quote_via=quote)
    for word in _place(origin.location):  # never at the cost of the call itself
        longer = f"{told}&{urlencode([word], quote_via=quote)}"
        told = longer if len(longer) <= LONGEST else told
    return told


def read(text: str, sender: str) -> tuple[CallId, Origin]:
    """Read what a neighbour says of a call. Every value is hostile until it fits.

    Args:
        text: the header, as the dialplan filtered it.
        sender: the centre whose trunk it came by: the last of the path must be that one.

    Raises:
        NotEntrusted: it is absent, of another format, or a value does not fit.
    """
    if not text or len(text) > LONGEST:
        raise NotEntrusted("absent, or too long")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=32)
        words = {key: value for key, value in pairs if key in _ONCE}
        if words["v"] != _FORMAT or sum(key in _ONCE for key, _ in pairs) != len(_ONCE):
            raise NotEntrusted("another format, or a word said twice")
        path = tuple(CentreId(_fit(_CENTRE, each)) for each in words["path"].split("."))
        call_id = CallId(_fit(_CALL, words["call"]))
        skills = tuple(_fit(_SKILL, value) for key, value in pairs if key == "skill")
        if path[-1] != sender or len(path) > MOST_CENTRES or len(set(path)) < len(path):
            raise NotEntrusted("the path is not the sender's")
        if not call_id.startswith(f"{path[0]}-") or len(skills) > MOST_SKILLS:
            raise NotEntrusted("the call is not its owner's")
        origin = Origin(
            path=path,
            flow=_fit(_NAME, words["flow"]),
            queue=QueueId(_fit(_NAME, words["room"])),
            priority=Priority(words["priority"]),
            front_office=FrontOffice(words["level"]),
            since=datetime.fromtimestamp(float(_fit(_INSTANT, words["since"])), UTC),
            skills=skills,
            tags=tuple(_TAGS[value] for key, value in pairs if key == "tag" and value in _TAGS),
            location=_located(dict(pairs)),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise NotEntrusted(type(error).__name__) from error
    return call_id, origin


def _place(location: Location | None) -> list[tuple[str, str]]:
    """Where the caller is: ``place=source,instant,latitude,longitude,radius``, and ``civic`` an address."""
    if location is None:
        return []
    values = (location.latitude, location.longitude, location.radius_m)
    numbers = ["" if value is None else f"{value:.6f}".rstrip("0").rstrip(".") for value in values]
    words = [("place", ",".join([location.source.value, f"{location.at.timestamp():.3f}", *numbers]))]
    return [*words, ("civic", location.civic)] if location.civic else words


def _located(words: Mapping[str, str]) -> Location | None:
    """Read where the caller is; what does not fit is as if it were absent: the call is taken all the same."""
    try:
        source, at, *numbers = words["place"].split(",")
        latitude, longitude, radius = (float(_fit(_DECIMAL, each)) if each else None for each in numbers)
        return Location(
            source=LocationSource(source),
            at=datetime.fromtimestamp(float(_fit(_INSTANT, at)), UTC),
            latitude=latitude,
            longitude=longitude,
            radius_m=radius,
            civic=words.get("civic", ""),
        )
    except (KeyError, ValueError, OverflowError):
        return None


def entrusted(args: Sequence[str]) -> tuple[CallId, Origin] | None:
    """Read the call from what the dialplan passed: ``neighbour, line, who calls, centre, header``."""
    match tuple(args):
        case ("neighbour", _, _, sender, text):
            try:
                return read(text, sender)
            except NotEntrusted:
                return None
    return None


def made(app: str, channel: ChannelId, centre: CentreId, call: Entrusted) -> Request:
    """Make a channel towards a neighbour. A hidden caller stays hidden there.

    Raises:
        SwitchRefused: 400, the call cannot be told so.
    """
    header = described(call)
    if not (_CENTRE.fullmatch(centre) and _LINE.fullmatch(call.line) and len(header) <= LONGEST):
        raise SwitchRefused(400, "a call that cannot be told to a neighbour")
    variables = {"CALLEE_OF": call.call_id, f"PJSIP_HEADER(add,{HEADER})": header}
    if call.caller.e164 is None:
        variables["CONNECTEDLINE(num-pres,i)"] = "prohib"
    else:
        variables["CONNECTEDLINE(num,i)"] = call.caller.e164
    if call.caller.test:
        variables["PJSIP_HEADER(add,X-Bandeau-Test)"] = "1"
    return created(app, channel, f"PJSIP/{call.line}@{PREFIX}{centre}", f"callee,{call.call_id}", variables)


def _fit(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise NotEntrusted("a value does not fit")
    return value
