"""The live screens' protocol: frames, merge patches, the hub and its resume."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.notes import NOTE_LENGTH
from web.live import (
    MAX_FRAME,
    RESUMED_AT_MOST,
    BadFrame,
    CommandFrame,
    Hello,
    LiveHub,
    Ping,
    Section,
    View,
    decode,
    instant,
    merge_apply,
    merge_diff,
    reply_refused,
)
from web.rates import Rate

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)

scalars = st.integers(-3, 3) | st.booleans() | st.sampled_from(["", "a", "b"])
views: st.SearchStrategy[View] = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), scalars, max_size=4),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), scalars | inner, max_size=4),
    max_leaves=12,
)


class FakeScreen:
    """A screen that applies what it is sent, as the page does."""

    def __init__(self) -> None:
        self.view: Any = None
        self.epoch: str | None = None
        self.seq = -1
        self.events: list[str] = []
        self.kinds: list[str] = []

    def push(self, frame: str) -> None:
        message = json.loads(frame)
        self.kinds.append(message["type"])
        if message["type"] == "snapshot":
            self.view, self.epoch, self.seq = message["view"], message["epoch"], message["seq"]
        elif message["type"] == "change":
            assert message["seq"] > self.seq, "a screen gets one frame for one event, in order"
            self.view, self.seq = merge_apply(self.view, message["patch"]), message["seq"]
            self.events.append(message["event"])

    def hello(self) -> Hello:
        return Hello() if self.epoch is None else Hello(self.epoch, self.seq)


# --- frames ---


def test_frames_of_a_client() -> None:
    assert decode('{"type":"hello"}') == Hello()
    assert decode('{"type":"hello","epoch":"e","seq":7}') == Hello("e", 7)
    assert decode(b'{"type":"ping"}') == Ping()
    assert decode('{"type":"command","id":1,"name":"hold","args":{}}') == CommandFrame(1, "hold", {})
    assert decode('{"type":"command","id":1,"name":"set_muted","args":{"muted":true}}') == CommandFrame(
        1, "set_muted", {"muted": True}
    )


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "null",
        "[]",
        "{",
        '{"type":"snapshot"}',
        '{"type":"ping","extra":1}',
        '{"type":"hello","seq":-1}',
        '{"type":"hello","seq":1e400}',
        '{"type":"hello","epoch":"' + "e" * 65 + '"}',
        '{"type":"command","name":"hold"}',
        '{"type":"command","id":1,"name":"hold","args":{"a":{}}}',
        '{"type":"command","id":1,"name":"hold","args":{"a":null}}',
        '{"type":"command","id":1,"name":"hold","args":{"a":"\\ud800"}}',
        '{"type":"command","id":1,"name":"hold","args":{"a":"' + "x" * (NOTE_LENGTH + 1) + '"}}',
        json.dumps({"type": "command", "id": 1, "name": "hold", "args": {str(i): i for i in range(9)}}),
        '{"x":' + "[" * 8000,
        '{"type":"ping"}' + " " * MAX_FRAME,
        b"\xff\xfe",
        b'{"type":"hello","epoch":"\xff"}',
    ],
)
def test_frames_that_are_not_of_the_protocol(frame: str | bytes) -> None:
    with pytest.raises(BadFrame):
        decode(frame)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_frame_is_read_or_refused(frame: str | bytes) -> None:
    with contextlib.suppress(BadFrame):
        decode(frame)


def test_a_refusal_is_shown_in_french() -> None:
    assert json.loads(reply_refused(4, "no_call", "Aucun appel.")) == {
        "type": "reply",
        "id": 4,
        "ok": False,
        "code": "no_call",
        "message": "Aucun appel.",
    }


def test_instants_are_utc_with_z() -> None:
    assert instant(NOW) == "2026-03-29T00:30:00.000Z"


# --- merge patches ---


@given(views, views)
def test_the_patch_turns_the_old_view_into_the_new(old: View, new: View) -> None:
    patch = merge_diff(old, new)
    sent = msgspec.json.decode(msgspec.json.encode(patch))
    patched = merge_apply(old, sent)
    assert json.dumps(patched, sort_keys=True) == json.dumps(new, sort_keys=True)


@given(views)
def test_equal_views_need_no_patch(view: View) -> None:
    assert merge_diff(view, json.loads(json.dumps(view))) == {}


@given(views, views)
def test_a_patch_applied_twice_is_applied_once(old: View, new: View) -> None:
    patch = merge_diff(old, new)
    assert merge_apply(merge_apply(old, patch), patch) == merge_apply(old, patch)


def test_one_is_not_true() -> None:
    assert merge_diff({"a": 1}, {"a": True}) == {"a": True}


@pytest.mark.parametrize(
    ("view", "patch", "result"),
    [
        # From RFC 7396, appendix A (those without lists).
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "x"}, {"a": {"b": "c"}}, {"a": {"b": "c"}}),
    ],
)
def test_merge_patches_of_the_rfc(view: View, patch: View, result: View) -> None:
    assert merge_apply(view, patch) == result


# --- hub ---

ME, ROOM = Section("position:arm1"), Section("room", ("room",))


def hub_with(*screens: FakeScreen) -> LiveHub:
    hub = LiveHub("e1", keep=10)
    hub.reset(5, {ME: {"state": "ready"}, ROOM: {"waiting": 0}}, NOW)
    for screen in screens:
        hub.join(screen, ("position:arm1", "room"), Hello(), NOW)
    return hub


def test_a_new_screen_gets_a_snapshot_of_what_it_listens_to() -> None:
    mine, other = FakeScreen(), FakeScreen()
    hub = hub_with(mine)
    hub.join(other, ("room",), Hello(), NOW)
    assert mine.view == {"state": "ready", "room": {"waiting": 0}}
    assert other.view == {"room": {"waiting": 0}}
    assert (mine.epoch, mine.seq) == ("e1", 5)


def test_an_event_reaches_those_it_concerns_in_one_frame() -> None:
    mine, other = FakeScreen(), FakeScreen()
    hub = hub_with(mine)
    hub.join(other, ("room",), Hello(), NOW)
    hub.publish(6, "CallOffered", {ME: {"state": "offered"}, ROOM: {"waiting": 1}})
    assert mine.view == {"state": "offered", "room": {"waiting": 1}}
    assert mine.events == ["CallOffered"]
    assert other.view == {"room": {"waiting": 1}}


def test_an_event_that_changes_nothing_seen_is_not_sent() -> None:
    mine = FakeScreen()
    hub = hub_with(mine)
    hub.publish(6, "LrmNotified", {ROOM: {"waiting": 0}})
    assert mine.events == []
    assert hub.seq == 6


def test_a_screen_that_comes_back_gets_what_it_missed() -> None:
    mine = FakeScreen()
    hub = hub_with(mine)
    hub.leave(mine)
    hub.publish(6, "CallQueued", {ROOM: {"waiting": 1}})
    hub.publish(7, "CallOffered", {ME: {"state": "offered"}})
    hub.join(mine, ("position:arm1", "room"), mine.hello(), NOW)
    assert mine.kinds == ["snapshot", "resumed", "change", "change"]
    assert mine.view == {"state": "offered", "room": {"waiting": 1}}


@pytest.mark.parametrize("hello", [Hello("other", 5), Hello("e1", 4), Hello("e1", 99), Hello("e1"), Hello()])
def test_an_unknown_epoch_or_a_seq_not_kept_gets_a_snapshot(hello: Hello) -> None:
    screen = FakeScreen()
    hub = hub_with()
    hub.join(screen, ("room",), hello, NOW)
    assert screen.kinds == ["snapshot"]


def test_changes_too_old_are_forgotten() -> None:
    screen = FakeScreen()
    hub = hub_with()
    for seq in range(6, 30):
        hub.publish(seq, "CallQueued", {ROOM: {"waiting": seq}})
    hub.join(screen, ("room",), Hello("e1", 18), NOW)
    assert screen.kinds == ["snapshot"]
    kept = FakeScreen()
    kept.view, kept.seq = {"room": {"waiting": 19}}, 19
    hub.join(kept, ("room",), Hello("e1", 19), NOW)
    assert kept.kinds[0] == "resumed"
    assert kept.view == {"room": {"waiting": 29}}


def test_a_screen_that_missed_much_gets_a_snapshot() -> None:
    hub = LiveHub("e1")
    hub.reset(0, {ROOM: {"waiting": 0}}, NOW)
    for seq in range(1, RESUMED_AT_MOST + 2):
        hub.publish(seq, "CallQueued", {ROOM: {"waiting": seq}})
    late, in_time = FakeScreen(), FakeScreen()
    hub.join(late, ("room",), Hello("e1", 0), NOW)
    assert late.kinds == ["snapshot"]
    in_time.view, in_time.seq = {"room": {"waiting": 1}}, 1
    hub.join(in_time, ("room",), Hello("e1", 1), NOW)
    assert in_time.kinds == ["resumed"] + ["change"] * RESUMED_AT_MOST


def test_a_reset_sends_a_snapshot_and_forbids_resume_across_it() -> None:
    connected, away = FakeScreen(), FakeScreen()
    hub = hub_with(connected, away)
    hub.leave(away)
    hub.reset(5, {ME: {"state": "paused"}, ROOM: {"waiting": 3}}, NOW)
    assert connected.view == {"state": "paused", "room": {"waiting": 3}}
    hub.join(away, ("position:arm1", "room"), away.hello(), NOW)
    assert away.kinds[-1] == "snapshot"
    assert away.view == connected.view


def test_a_section_that_goes_leaves_its_neighbours() -> None:
    screen = FakeScreen()
    hub = LiveHub("e1")
    a, b = Section("board", ("positions", "a")), Section("board", ("positions", "b"))
    hub.reset(0, {Section("board"): {"positions": {}}, a: {"state": "ready"}, b: {"state": "ready"}}, NOW)
    hub.join(screen, ("board",), Hello(), NOW)
    hub.publish(1, "AgentLoggedOut", {a: None})
    assert screen.view == {"positions": {"b": {"state": "ready"}}}
    hub.publish(2, "AgentLoggedOut", {b: None})
    assert screen.view == hub.snapshot(("board",)) == {"positions": {}}


def test_a_screen_that_left_gets_nothing_more() -> None:
    screen = FakeScreen()
    hub = hub_with(screen)
    hub.leave(screen)
    hub.leave(screen)
    hub.publish(6, "CallQueued", {ROOM: {"waiting": 1}})
    assert screen.kinds == ["snapshot"]
    assert len(hub) == 0


# --- rates ---


def test_a_rate_allows_a_burst_then_its_average() -> None:
    rate = Rate(per_second=2, burst=3)
    assert [rate.allow(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert [rate.allow(10.4), rate.allow(10.5), rate.allow(10.6)] == [False, True, False]
    assert [rate.allow(60.0) for _ in range(5)] == [True, True, True, False, False]
