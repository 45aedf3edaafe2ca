"""Which octets a request is for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.listening.ranges import Part, part_of

pytestmark = pytest.mark.unit

TAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "first", "length"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=0-0", 0, 1),
        ("bytes=999-", 999, 1),
        ("bytes=10-", 10, 990),
        ("bytes=-1", 999, 1),
        ("bytes=-5000", 0, 1000),
        ("bytes=900-5000", 900, 100),
        ("BYTES= 5 - 9 ", 5, 5),
    ],
)
def test_one_range_is_given(asked: str, first: int, length: int) -> None:
    assert part_of(1000, asked, None, TAG) == Part(first, length, 1000, partial=True)


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
def test_what_lies_beyond_is_refused(asked: str) -> None:
    assert part_of(1000, asked, None, TAG) is None


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=0-1,5-6",
        "bytes=9-3",
        "items=0-1",
        "bytes=a-b",
        "bytes=0-1" * 40,
        "bytes=²-",
    ],
)
def test_what_is_no_single_range_is_overlooked(asked: str | None) -> None:
    assert part_of(1000, asked, None, TAG) == Part(0, 1000, 1000, partial=False)


def test_a_part_of_something_else_is_the_whole() -> None:
    assert part_of(1000, "bytes=5-9", TAG, TAG) == Part(5, 5, 1000, partial=True)
    assert part_of(1000, "bytes=5-9", '"other"', TAG) == Part(0, 1000, 1000, partial=False)
    assert part_of(1000, "bytes=5-9", "Sun, 22 Nov 2026 10:00:00 GMT", TAG) == Part(
        0, 1000, 1000, partial=False
    )


def test_the_headers_tell_which_part() -> None:
    part = part_of(1000, "bytes=5-9", None, TAG)
    assert part is not None
    assert part.headers == {"Accept-Ranges": "bytes", "Content-Length": "5", "Content-Range": "bytes 5-9/1000"}
    assert "Content-Range" not in Part(0, 1000, 1000, partial=False).headers


@given(st.integers(1, 10_000), st.text(max_size=40) | st.from_regex(r"bytes=\d{0,6}-\d{0,6}", fullmatch=True))
def test_a_part_is_never_empty_nor_outside(size: int, asked: str) -> None:
    part = part_of(size, asked, None, TAG)
    assert part is None or (part.length > 0 and part.first >= 0 and part.first + part.length <= size)
