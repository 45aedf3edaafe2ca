"""An event that has forgotten who called is still an event of its type, and holds nothing of them."""

from dataclasses import fields
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.desk import LostItem
from core.events import EVENT_TYPES, Event
from core.ids import DossierId
from core.location import Location
from core.words import CallerNumber, Target
from storage import codec
from storage.personal import HOLDING, forgotten
from tests.support.events import envelope, events_of

pytestmark = pytest.mark.unit

PERSONAL_TYPES = (CallerNumber, DossierId, Location, LostItem, Target)
PERSONAL_NAMES = {"asked", "commune", "number", "text"}
OF_THE_PLAN = {"CallDiverted", "CallReturned", "OverflowTriggered"}
"""Where they may lead is written in the centre's plan, or is a position."""


def _personal(cls: type[Event]) -> bool:
    hints = get_type_hints(cls)
    kinds = {field.name: (hints[field.name], *get_args(hints[field.name])) for field in fields(cls)}
    return any(
        (name in PERSONAL_NAMES and str in each) or any(kind in PERSONAL_TYPES for kind in each)
        for name, each in kinds.items()
    )


def test_no_type_that_holds_a_person_is_left_out() -> None:
    assert {name for name, cls in EVENT_TYPES.items() if _personal(cls)} - OF_THE_PLAN == set(HOLDING)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(HOLDING)).flatmap(lambda name: events_of(EVENT_TYPES[name])))
def test_what_has_forgotten_is_read_as_before(event: Event) -> None:
    record = codec.stored(envelope(event, 1))
    body: dict[str, Any] = msgspec.json.decode(record.body)
    forgotten(record.type, body)
    once = msgspec.json.encode(body)
    read = codec.envelope_of(msgspec.structs.replace(record, body=msgspec.Raw(once))).event
    assert type(read) is type(event)
    for name in {field.name for field in fields(event)}:
        before, after = getattr(event, name), getattr(read, name)
        if isinstance(before, CallerNumber):
            assert (after.test, after.hidden) == (before.test, before.hidden)
            assert not after.e164
        elif isinstance(before, Location):
            assert (after.source, after.latitude, after.civic) == (before.source, None, "-")
        elif isinstance(before, LostItem):
            assert not after.number
            assert {note.text for note in after.notes} <= {""}
            assert after.losses == before.losses
        elif isinstance(before, Target):
            assert after == (Target(kind=before.kind) if before.kind == "number" else before)
        elif name in PERSONAL_NAMES | {"dossier_id"}:
            assert not after
            assert (after is None) == (before is None)
        else:
            assert after == before
    forgotten(record.type, body)
    assert msgspec.json.encode(body) == once
