"""The encryption of archive objects: what goes in comes out, whole or in part, and nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.sealing.crypto import (
    CHUNK,
    HEADER,
    TAG,
    chunk_count,
    decrypt,
    decrypt_range,
    encrypt,
    new_key,
    plain_size,
    sealed_size,
)
from recorder.sealing.errors import NotAuthentic

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
CONTEXT = b"FR751/2026/11/22/rec/original.flac"
SIZES = st.one_of(
    st.integers(0, 300),
    st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK]),
)


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def part(sealed: bytes, offset: int, length: int, key: bytes = KEY) -> bytes:
    def read(at: int, count: int) -> bytes:
        return sealed[at : at + count]

    return decrypt_range(key, read, len(sealed), offset, length, CONTEXT)


# Made apart, with a plain GCM cipher: what was archived before must stay readable whatever changes here.
VECTORS = {
    b"": "42313553010102030405060723eb5c669badbdf61d2550ad84550cd0",
    b"bandeau15": "4231355301010203040506071aa83a60af9c2aeebdc047db65a7702fd323d0265458fcc74d",
}


@pytest.mark.parametrize(("plain", "expected"), VECTORS.items())
def test_the_format_stays_what_it_is(plain: bytes, expected: str) -> None:
    sealed = encrypt(KEY, plain, CONTEXT, random=lambda count: bytes(range(1, count + 1)))
    assert sealed.hex() == expected
    assert decrypt(KEY, bytes.fromhex(expected), CONTEXT) == plain


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    sealed = encrypt(KEY, content(size), CONTEXT)
    assert len(sealed) == sealed_size(size)
    assert plain_size(len(sealed)) == size
    assert decrypt(KEY, sealed, CONTEXT) == content(size)


@settings(max_examples=120, deadline=None)
@given(SIZES, st.integers(0, 3 * CHUNK + 5), st.integers(0, 2 * CHUNK))
def test_any_part_is_that_part_of_the_whole(size: int, offset: int, length: int) -> None:
    sealed = encrypt(KEY, content(size), CONTEXT)
    assert part(sealed, offset, length) == content(size)[offset : offset + length]


def test_a_part_is_read_from_its_own_chunks_alone() -> None:
    sealed = encrypt(KEY, content(5 * CHUNK), CONTEXT)
    asked: list[tuple[int, int]] = []

    def read(at: int, count: int) -> bytes:
        asked.append((at, count))
        return sealed[at : at + count]

    decrypt_range(KEY, read, len(sealed), 2 * CHUNK + 10, 100, CONTEXT)
    assert asked == [(0, HEADER), (HEADER + 2 * (CHUNK + TAG), CHUNK + TAG)]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([0, 1, 40, CHUNK, CHUNK + 3]))
    sealed = bytearray(encrypt(KEY, content(size), CONTEXT))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NotAuthentic):
        decrypt(KEY, bytes(sealed), CONTEXT)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3 * (CHUNK + TAG) + HEADER))
def test_cut_anywhere_it_is_refused(length: int) -> None:
    sealed = encrypt(KEY, content(3 * CHUNK), CONTEXT)
    if length < len(sealed):
        with pytest.raises(NotAuthentic):
            decrypt(KEY, sealed[:length], CONTEXT)


WHOLE = encrypt(KEY, content(3 * CHUNK), CONTEXT)
OTHER = encrypt(KEY, content(3 * CHUNK), CONTEXT)
HEAD, FIRST, SECOND, THIRD = (
    WHOLE[:HEADER],
    *(WHOLE[HEADER + n * (CHUNK + TAG) : HEADER + (n + 1) * (CHUNK + TAG)] for n in range(3)),
)


@pytest.mark.parametrize(
    "forged",
    {
        "reordered": HEAD + SECOND + FIRST + THIRD,
        "a chunk left out": HEAD + FIRST + THIRD,
        "the first left out": HEAD + SECOND + THIRD,
        "cut between chunks": HEAD + FIRST + SECOND,
        "a chunk twice": HEAD + FIRST + SECOND + SECOND + THIRD,
        "made longer": WHOLE + THIRD,
        "an empty chunk added": WHOLE + encrypt(KEY, b"", CONTEXT)[HEADER:],
        "another object's header": OTHER[:HEADER] + FIRST + SECOND + THIRD,
        "another object's chunk": HEAD
        + FIRST
        + OTHER[HEADER + CHUNK + TAG : HEADER + 2 * (CHUNK + TAG)]
        + THIRD,
        "another format": b"B15S\x02" + WHOLE[5:],
    }.items(),
    ids=lambda each: each[0],
)
def test_what_is_put_together_anew_is_refused(forged: tuple[str, bytes]) -> None:
    with pytest.raises(NotAuthentic):
        decrypt(KEY, forged[1], CONTEXT)


def test_another_key_or_another_place_is_refused() -> None:
    sealed = encrypt(KEY, b"a voice", CONTEXT)
    with pytest.raises(NotAuthentic):
        decrypt(new_key(), sealed, CONTEXT)
    with pytest.raises(NotAuthentic):
        decrypt(KEY, sealed, b"FR751/2026/11/22/another/original.flac")


def test_the_same_content_is_never_encrypted_alike() -> None:
    assert encrypt(KEY, b"a voice", CONTEXT) != encrypt(KEY, b"a voice", CONTEXT)


def test_one_object_has_at_most_as_many_chunks_as_can_be_numbered() -> None:
    assert chunk_count(2**32 * CHUNK) == 2**32
    with pytest.raises(ValueError, match="too large"):
        chunk_count(2**32 * CHUNK + 1)
