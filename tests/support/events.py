"""Hypothesis strategies of every event and envelope, built from the types themselves; and hand-made ones."""

import string
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from core.events import EVENT_TYPES, Envelope, Event
from core.ids import CentreId, EventId, new_id
from core.location import Location, LocationSource
from core.words import CallerNumber

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CENTRE = CentreId("FR751")

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - Hypothesis wants bounds without a zone
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
caller_numbers = st.builds(
    CallerNumber,
    e164=st.none() | st.text(string.digits, min_size=6, max_size=14).map(lambda digits: "+3" + digits),
    test=st.booleans(),
)
locations = st.builds(
    lambda point, **said: Location(latitude=point[0], longitude=point[1], **said),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    source=st.sampled_from(LocationSource),
    at=instants,
    radius_m=st.none() | st.floats(0, 1e5),
    altitude_m=st.none() | st.floats(-100, 9000),
    confidence=st.none() | st.integers(0, 100),
    civic=st.text(st.characters(codec="utf-8"), max_size=40),
) | st.builds(
    Location,
    source=st.sampled_from(LocationSource),
    at=instants,
    civic=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
)
identifiers = st.text(string.ascii_letters + string.digits + "./-", min_size=1, max_size=64)
texts = st.text(st.characters(codec="utf-8"), max_size=40)


def events_of(cls: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of one type."""
    return _values(cls)


def events() -> st.SearchStrategy[Event]:
    """Any event of any type."""
    return st.sampled_from(list(EVENT_TYPES.values())).flatmap(events_of)


@cache  # asked for again for each example
def envelopes(event: st.SearchStrategy[Event] | None = None) -> st.SearchStrategy[Envelope]:
    """Any envelope, of any event or of those given."""
    return st.builds(
        Envelope,
        event_id=st.uuids().map(lambda value: EventId(value.hex)),
        seq=st.integers(min_value=1, max_value=2**53),
        occurred_at=instants,
        centre_id=st.just(CENTRE),
        event=event if event is not None else events(),
        cause_id=st.none() | st.uuids().map(lambda value: EventId(value.hex)),
    )


def envelope(event: Event, seq: int, at: datetime | None = None, seconds: float = 0) -> Envelope:
    """One envelope by hand: at noon of a day, plus ``seconds``, unless ``at`` says when."""
    return Envelope(
        event_id=EventId(new_id()),
        seq=seq,
        occurred_at=(at or NOON) + timedelta(seconds=seconds),
        centre_id=CENTRE,
        event=event,
    )


_made: dict[Any, st.SearchStrategy[Any]] = {}
"""Made once: Hypothesis asks again for each event of each example."""


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint not in _made:
        _made[hint] = _make(hint)
    return _made[hint]


def _make(hint: Any) -> st.SearchStrategy[Any]:
    known: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        float: st.floats(min_value=0, max_value=1e6),
        int: st.integers(min_value=0, max_value=2**53),
        datetime: instants,
        CallerNumber: caller_numbers,
        Location: locations,
    }
    supertype = getattr(hint, "__supertype__", None)  # a NewType of text
    if supertype is str:
        return identifiers
    if hint in known:
        return known[hint]
    if get_origin(hint) is tuple:
        return st.lists(_values(get_args(hint)[0]), max_size=3).map(tuple)
    if is_dataclass(hint) and isinstance(hint, type):
        parts = get_type_hints(hint)
        return st.builds(hint, **{field.name: _values(parts[field.name]) for field in fields(hint)})
    alternatives = [_values(part) for part in getattr(hint, "__args__", ())]
    return st.one_of(*alternatives) if alternatives else st.from_type(hint)
