"""The chain of custody on a real disk: order, days, heads, crashes, and what nobody may do unseen."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.custody import JSON
from recorder.canonical import canonical
from recorder.sealing.chain import Chain, day_of
from recorder.sealing.chain_check import Trouble
from recorder.sealing.errors import ChainBroken
from recorder.sealing.links import DAY_CLOSED, Entry, beginning
from recorder.sealing.signing import Signers
from recorder.sealing.verify import Verifier
from tests.support.sealing import CENTRE, DAY, NOON, Keeping

pytestmark = pytest.mark.component

NIGHT = datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC)
"""A second before midnight in France."""


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


def file_of(keeping: Keeping, day: date = DAY) -> Path:
    return keeping.folder / "chain" / CENTRE / f"{day}.jsonl"


def listen(chain: Chain, number: int, now: datetime = NOON) -> Entry:
    return chain.append("listened", {"recording_id": f"rec-{number}", "reason": "relève"}, now)


def test_each_entry_holds_the_digest_of_the_one_before(keeping: Keeping) -> None:
    chain = keeping.chain()
    entries = [listen(chain, number) for number in range(5)]
    assert list(chain.entries(DAY)) == entries
    assert [entry.n for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == [
        beginning(CENTRE),
        *(entry.digest for entry in entries[:-1]),
    ]
    assert keeping.troubles() == []


def test_a_day_ends_at_midnight_in_france(keeping: Keeping) -> None:
    assert day_of(NIGHT) == DAY
    assert day_of(NIGHT + timedelta(seconds=1)) == DAY + timedelta(days=1)
    assert day_of(datetime(2026, 7, 1, 22, 0, tzinfo=UTC)) == date(2026, 7, 2)


def test_a_closed_day_is_signed_and_the_next_follows_on_it(keeping: Keeping) -> None:
    chain = keeping.chain()
    listen(chain, 1, NIGHT)
    following = listen(chain, 2, NIGHT + timedelta(seconds=1))
    *_, closing = chain.entries(DAY)
    head = chain.head(DAY)
    assert closing.kind == DAY_CLOSED
    assert head is not None
    assert (head.n, head.digest, head.closed) == (closing.n, closing.digest, True)
    assert following.previous == closing.digest
    assert keeping.troubles() == []


def test_an_interim_head_is_signed_for_what_was_added_since(keeping: Keeping) -> None:
    chain = keeping.chain()
    chain.close_days(NOON)
    assert chain.head(DAY) is None
    entry = listen(chain, 1)
    chain.close_days(NOON)
    first = chain.head(DAY)
    assert first is not None
    assert (first.n, first.closed) == (entry.n, False)
    chain.close_days(NOON + timedelta(minutes=5))
    assert chain.head(DAY) == first
    assert keeping.troubles() == []


def test_days_on_which_nothing_happened_are_not_written(keeping: Keeping) -> None:
    chain = keeping.chain()
    listen(chain, 1)
    chain.close_days(NOON + timedelta(days=9))
    listen(chain, 2, NOON + timedelta(days=9))
    assert chain.days() == [DAY, DAY + timedelta(days=9)]
    assert keeping.troubles() == []


def test_where_the_clock_goes_back_nothing_is_written_on_a_closed_day(keeping: Keeping) -> None:
    chain = keeping.chain()
    listen(chain, 1, NIGHT)
    chain.close_days(NIGHT + timedelta(seconds=2))
    listen(chain, 2, NIGHT)
    listen(chain, 3, NIGHT - timedelta(days=40))
    assert chain.days() == [DAY, DAY + timedelta(days=1)]
    assert keeping.troubles() == []


def test_two_programs_write_one_chain(keeping: Keeping) -> None:
    first, second = keeping.chain(), keeping.chain()
    for number in range(6):
        listen((first, second)[number % 2], number, NOON + timedelta(days=number // 3))
    assert [entry.n for day in first.days() for entry in first.entries(day)] == [1, 2, 3, 4, 5, 6, 7]
    assert keeping.troubles() == []


def test_a_recording_is_published_once(keeping: Keeping) -> None:
    chain = keeping.chain()
    body = {"recording_id": "rec-1", "call_id": "rec-1", "day": DAY.isoformat(), "manifest_sha256": "00"}
    first = chain.publish(body, DAY, NOON)
    chain.publish({**body, "recording_id": "rec-11"}, DAY, NOON)
    assert keeping.chain().publish(body, DAY, NOON + timedelta(days=3)) == first
    assert sum(entry.kind == "sealed" for day in chain.days() for entry in chain.entries(day)) == 2


@pytest.mark.parametrize("kind", ["invented", DAY_CLOSED])
def test_only_what_is_known_is_added(keeping: Keeping, kind: str) -> None:
    with pytest.raises(ValueError, match="no kind"):
        keeping.chain().append(kind, {}, NOON)


# --- crashes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("torn", [b'{"at":"2026', b"\0" * 90, b'{"at":"20\0\0\0\0\0\0\0\n', b"\n"[:0] + b"x"])
def test_a_line_torn_by_a_crash_is_put_away(keeping: Keeping, torn: bytes) -> None:
    chain = keeping.chain()
    listen(chain, 1)
    with file_of(keeping).open("ab") as file:
        file.write(torn)
    again = keeping.chain()
    assert listen(again, 2).n == 2
    assert [path.read_bytes() for path in file_of(keeping).parent.glob("*.torn-*")] == [torn]
    assert keeping.troubles() == []


def test_a_first_line_torn_by_a_crash_is_put_away(keeping: Keeping) -> None:
    keeping.chain()
    file_of(keeping).write_bytes(b'{"at"')
    assert listen(keeping.chain(), 1).previous == beginning(CENTRE)
    assert keeping.troubles() == []


def test_a_file_made_and_not_written_is_no_end(keeping: Keeping) -> None:
    listen(keeping.chain(), 1)
    keeping.chain().close_days(NOON + timedelta(days=1))
    file_of(keeping, DAY + timedelta(days=1)).touch()
    assert listen(keeping.chain(), 2, NOON + timedelta(days=1)).n == 3
    assert keeping.troubles() == []


def test_a_line_that_was_signed_for_is_never_put_away(keeping: Keeping) -> None:
    chain = keeping.chain()
    listen(chain, 1)
    listen(chain, 2)
    chain.close_days(NOON)
    data = file_of(keeping).read_bytes()
    file_of(keeping).write_bytes(data[:-10])
    with pytest.raises(ChainBroken, match="signed for"):
        keeping.chain()
    assert file_of(keeping).read_bytes() == data[:-10]
    with pytest.raises(ChainBroken, match="signed for"):
        listen(chain, 3)


def test_a_whole_line_that_was_altered_stops_the_chain(keeping: Keeping) -> None:
    chain = keeping.chain()
    listen(chain, 1)
    file_of(keeping).write_bytes(file_of(keeping).read_bytes().replace(b"rec-1", b"rec-2"))
    with pytest.raises(ChainBroken, match="not what was written"):
        keeping.chain()


def test_a_disk_that_refuses_adds_nothing(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = keeping.chain()
    listen(chain, 1)
    before = file_of(keeping).read_bytes()
    monkeypatch.setattr(os, "fsync", _refuse)
    with pytest.raises(OSError, match="full"):
        listen(chain, 2)
    monkeypatch.undo()
    assert file_of(keeping).read_bytes() == before
    assert listen(chain, 2).n == 2
    assert keeping.troubles() == []


def _refuse(descriptor: int) -> None:
    raise OSError("the disk is full")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(-200_000, 200_000)),
            st.tuples(st.just("close"), st.integers(-200_000, 200_000)),
            st.tuples(st.just("crash"), st.binary(min_size=1, max_size=30)),
            st.tuples(st.just("again"), st.none()),
        ),
        max_size=14,
    )
)
def test_whatever_happens_the_chain_is_whole(tmp_path_factory: pytest.TempPathFactory, acts: list[Any]) -> None:
    """Entries, days closed, clocks set by days, lines torn by crashes, programs started again: in any order."""
    keeping = Keeping(tmp_path_factory.mktemp("chain"))
    chain, now, written = keeping.chain(), NOON, 0
    for act, value in acts:
        match act:
            case "append":
                now += timedelta(seconds=value)
                listen(chain, written, now)
                written += 1
            case "close":
                now += timedelta(seconds=value)
                chain.close_days(now)
            case "crash" if chain.days():
                with file_of(keeping, chain.days()[-1]).open("ab") as file:
                    file.write(value.replace(b"\n", b""))
                chain = keeping.chain()
            case _:
                chain = keeping.chain()
    kinds = [entry.kind for day in chain.days() for entry in chain.entries(day)]
    assert kinds.count("listened") == written
    assert keeping.troubles() == []


# --- tampering ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Keeping:
    """A chain of three days, of which the last goes on."""
    keeping = Keeping(tmp_path_factory.mktemp("chain"))
    chain = keeping.chain()
    for number in range(9):
        listen(chain, number, NOON + timedelta(days=number // 3))
    chain.close_days(NOON + timedelta(days=2))
    return keeping


_FIGURES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NEXT = {figure: _FIGURES[place ^ 1] for place, figure in enumerate(_FIGURES)}


def _verify(keeping: Keeping) -> list[Trouble]:
    return list(keeping.verifier().everything())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_any_line_or_head_is_found(three_days: Keeping, data: st.DataObject) -> None:
    folder = three_days.folder / "chain" / CENTRE
    file = data.draw(st.sampled_from(sorted(folder.glob("20*.json*"))))
    octets = file.read_bytes()
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = bytearray(octets)
    altered[at] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(altered)
    try:
        assert _verify(three_days)
    finally:
        file.write_bytes(octets)


def test_the_same_signature_written_another_way_is_found(three_days: Keeping) -> None:
    file = three_days.folder / "chain" / CENTRE / f"{DAY.isoformat()}.head.json"
    told = file.read_bytes()
    end = told.index(b'=="') - 1  # base64: four bits of the last figure mean nothing
    told = told[:end] + bytes([_NEXT[told[end]]]) + told[end + 1 :]
    file.write_bytes(told)
    assert _verify(three_days)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lines_removed_added_twice_or_reordered_are_found(three_days: Keeping, data: st.DataObject) -> None:
    file = file_of(three_days, DAY + timedelta(days=data.draw(st.integers(0, 2))))
    octets = file.read_bytes()
    lines = octets.splitlines(keepends=True)
    first, second = data.draw(st.permutations(range(len(lines))))[:2]
    what = data.draw(st.sampled_from(["removed", "twice", "reordered"]))
    altered = list(lines)
    if what == "removed":
        del altered[first]
    elif what == "twice":
        altered.insert(second, lines[first])
    else:
        altered[first], altered[second] = altered[second], altered[first]
    file.write_bytes(b"".join(altered))
    try:
        assert _verify(three_days)
    finally:
        file.write_bytes(octets)


@pytest.mark.parametrize("end", [".jsonl", ".head.json"])
@pytest.mark.parametrize("number", range(3))
def test_a_missing_day_is_found(three_days: Keeping, number: int, end: str) -> None:
    path = three_days.folder / "chain" / CENTRE / f"{DAY + timedelta(days=number)}{end}"
    octets = path.read_bytes()
    path.unlink()
    try:
        found = _verify(three_days)
        # Today's interim head alone may be missing: it is written from time to time.
        assert found or (number, end) == (2, ".head.json")
    finally:
        path.write_bytes(octets)


def test_a_chain_written_anew_without_the_key_is_found(three_days: Keeping, tmp_path: Path) -> None:
    """Every digest made again by somebody who has the disk and a key of their own: the signatures tell."""
    forger = Keeping(tmp_path)
    chain = forger.chain()
    for number in range(9):
        listen(chain, 100 + number, NOON + timedelta(days=number // 3))
    chain.close_days(NOON + timedelta(days=2))
    believed = Signers.of(three_days.signing().public_pem())
    found = list(
        Verifier(forger.archive(), forger.keys(), tmp_path / "chain" / CENTRE, CENTRE, believed).everything()
    )
    assert [each.what for each in found].count("is not signed by a key that is believed") == 3


def test_the_chain_of_another_centre_is_none_of_ours(three_days: Keeping) -> None:
    entry = next(iter(three_days.chain().entries(DAY)))
    assert entry.previous == beginning(CENTRE) != beginning("FR752")


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_any_body_is_read_as_it_was_written(body: dict[str, JSON]) -> None:
    entry = Entry.after(7, "00", NOON, "listened", body)
    assert b"\n" not in entry.line()
    assert Entry.read(entry.line()) == entry
    assert canonical(json.loads(entry.line())) == entry.line()
