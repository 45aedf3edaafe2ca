"""The journal's wire form: closed both ways."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UnknownEvent
from core.events import EVENT_TYPES, CallArrived, CallEnded, CallOffered, Envelope, Event, SwitchLost
from core.ids import AgentId, CallId, CentreId, ChannelId, EventId, OfferId, PositionId
from core.words import CallerNumber, EndedBy, Outcome
from storage import codec
from tests.support.events import NOON, envelope, envelopes, events_of

pytestmark = pytest.mark.unit

ARRIVED = CallArrived(
    call_id=CallId("c-1"), channel_id=ChannelId("c-1"), line="15", caller=CallerNumber("+33612345678")
)


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
@given(data=st.data())
@settings(max_examples=20)
def test_every_type_comes_back_equal(name: str, data: st.DataObject) -> None:
    given_envelope = data.draw(envelopes(events_of(EVENT_TYPES[name])))
    line = codec.encode(given_envelope)
    back = codec.decode(line)
    assert back == given_envelope
    assert type(back.event) is EVENT_TYPES[name]
    assert back.occurred_at.tzinfo is UTC
    assert b"\n" not in line


def altered(event: Event, change: dict[str, object], drop: str = "") -> bytes:
    """One stored line with its body changed."""
    whole = msgspec.json.decode(codec.encode(envelope(event, 1)))
    whole["body"] = {key: value for key, value in whole["body"].items() if key != drop} | change
    return msgspec.json.encode(whole)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (altered(ARRIVED, {"colour": "red"}), "CallArrived.*colour"),
        (altered(ARRIVED, {}, drop="line"), "CallArrived.*line"),
        (altered(ARRIVED, {"caller": {"e164": None, "test": False, "nick": 1}}), "nick.*caller"),
        (altered(ARRIVED, {"line": 15}), "CallArrived.*line"),
        (b"[]", "envelope"),
        (b"", "envelope"),
        (b"\xff\xfe", "envelope"),
        (codec.encode(envelope(ARRIVED, 1)).replace(b'"CallArrived"', b'"CallTeleported"'), "CallTeleported"),
        (codec.encode(envelope(ARRIVED, 1)).replace(b'"version":1', b'"version":7'), "version 7"),
        (codec.encode(envelope(ARRIVED, 1)).replace(b'"seq":1', b'"seq":1,"planet":2'), "planet"),
        (codec.encode(envelope(ARRIVED, 1)).replace(b'"centre_id":"FR751",', b""), "centre_id"),
        (codec.encode(envelope(ARRIVED, 1)).replace(b"+00:00", b"").replace(b'Z"', b'"'), "timezone"),
    ],
)
def test_what_is_not_known_is_refused_by_name(line: bytes, named: str) -> None:
    with pytest.raises(UnknownEvent, match=named):
        codec.decode(line)


def test_a_field_with_a_default_may_be_absent() -> None:
    line = altered(
        CallEnded(call_id=CallId("c"), outcome=Outcome.ANSWERED, ended_by=EndedBy.AGENT), {}, drop="detail"
    )
    ended = codec.decode(line).event
    assert isinstance(ended, CallEnded)
    assert ended.detail == ""


def test_instants_are_kept_in_utc_and_naive_ones_refused() -> None:
    paris = timezone(timedelta(hours=2))
    offer = CallOffered(
        call_id=CallId("c"),
        offer_id=OfferId("o"),
        position_id=PositionId("arm1"),
        agent_id=AgentId("a"),
        deadline=NOON.astimezone(paris),
    )
    back = codec.decode(codec.encode(envelope(offer, 1, at=NOON.astimezone(paris))))
    assert isinstance(back.event, CallOffered)
    assert (back.occurred_at, back.event.deadline) == (NOON, NOON)
    assert back.occurred_at.tzinfo is UTC
    assert back.event.deadline.tzinfo is UTC
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the very thing refused
    with pytest.raises(ValueError, match="time zone"):
        codec.encode(envelope(offer, 1, at=naive))
    with pytest.raises(ValueError, match="time zone"):
        codec.encode_body(
            CallOffered(
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                position_id=offer.position_id,
                agent_id=offer.agent_id,
                deadline=naive,
            )
        )


def test_text_no_wire_can_carry_is_replaced_not_refused() -> None:
    back = codec.decode(codec.encode(envelope(SwitchLost(switch="a", detail="x\ud800y"), 1)))
    assert back.event == SwitchLost(switch="a", detail="x?y")


def test_ids_keep_their_places() -> None:
    given_envelope = Envelope(
        event_id=EventId("e"),
        seq=2**40,
        occurred_at=NOON,
        centre_id=CentreId("FR2A1"),
        event=ARRIVED,
        cause_id=EventId("before"),
    )
    assert codec.decode(codec.encode(given_envelope)) == given_envelope
