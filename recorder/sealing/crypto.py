"""Encryption in chunks, each authenticated by itself: any range is read alone, nothing can be cut or moved.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM. An object is a header of
12 octets, then chunks of 64 KiB, each followed by its tag of 16 octets; the last one may be shorter, or
empty. The nonce of a chunk is the header's 7 random octets, its number on 4, and one that is 1 for the last
chunk alone: an object cut between two chunks, made longer, or put in another order does not decrypt. Header
and context (which object of which recording it is) are authenticated with every chunk.
"""

import os
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recorder.sealing.errors import NotAuthentic

KEY_OCTETS = 32
CHUNK = 64 * 1024
TAG = 16
MAGIC = b"B15S\x01"
_RANDOM = 7
HEADER = len(MAGIC) + _RANDOM
_MOST_CHUNKS = 2**32

ReadRange = Callable[[int, int], bytes]
"""Gives octets of the sealed object: offset, length."""


def new_key() -> bytes:
    """Make a key."""
    return os.urandom(KEY_OCTETS)


def encrypt(key: bytes, plain: bytes, context: bytes, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Encrypt an object.

    Args:
        key: 32 octets.
        plain: at most 256 TiB.
        context: what the object is; must be told again to decrypt it.
        random: for test vectors alone.
    """
    header = MAGIC + random(_RANDOM)
    cipher, bound = AESGCM(key), header + context
    view = memoryview(plain)
    count = chunk_count(len(plain))
    sealed = [header]
    for number in range(count):
        chunk = view[number * CHUNK : (number + 1) * CHUNK]
        sealed.append(cipher.encrypt(_nonce(header, number, last=number == count - 1), chunk, bound))
    return b"".join(sealed)


def decrypt(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Decrypt a whole object.

    Raises:
        NotAuthentic: it is not what was encrypted with this key and context.
    """
    view = memoryview(sealed)

    def read(offset: int, length: int) -> bytes:
        return bytes(view[offset : offset + length])

    return decrypt_range(key, read, len(sealed), 0, plain_size(len(sealed)), context)


def decrypt_range(
    key: bytes, read: ReadRange, sealed_size: int, offset: int, length: int, context: bytes
) -> bytes:
    """Decrypt the part of an object that is asked for, reading no more than the chunks it lies in.

    Args:
        key: 32 octets.
        read: gives octets of the sealed object.
        sealed_size: of the whole object.
        offset: in the plaintext.
        length: what lies beyond the end is left out.
        context: as told when it was encrypted.

    Raises:
        NotAuthentic: these chunks are not what was encrypted with this key and context.
    """
    whole = plain_size(sealed_size)
    end = min(offset + length, whole)
    if offset < 0 or (end <= offset and whole):
        return b""
    header = read(0, HEADER)
    if len(header) != HEADER or not header.startswith(MAGIC):
        raise NotAuthentic("not an object of ours")
    first, last = offset // CHUNK, max(0, end - 1) // CHUNK
    plain = b"".join(_chunks(key, read, sealed_size, range(first, last + 1), header, context))
    return plain[offset - first * CHUNK : end - first * CHUNK]


def _chunks(
    key: bytes, read: ReadRange, sealed_size: int, numbers: range, header: bytes, context: bytes
) -> Iterator[bytes]:
    cipher, bound = AESGCM(key), header + context
    count = chunk_count(plain_size(sealed_size))
    begins = HEADER + numbers.start * (CHUNK + TAG)
    sealed = memoryview(read(begins, min(len(numbers) * (CHUNK + TAG), sealed_size - begins)))
    for number in numbers:
        at = (number - numbers.start) * (CHUNK + TAG)
        try:
            nonce = _nonce(header, number, last=number == count - 1)
            yield cipher.decrypt(nonce, sealed[at : at + CHUNK + TAG], bound)
        except InvalidTag as error:
            raise NotAuthentic(f"chunk {number} is not authentic") from error


def chunk_count(plain_octets: int) -> int:
    """How many chunks so many octets make: at least one."""
    count = max(1, -(-plain_octets // CHUNK))
    if count > _MOST_CHUNKS:
        raise ValueError("too large for one object")
    return count


def sealed_size(plain_octets: int) -> int:
    """How large an object is once encrypted."""
    return HEADER + plain_octets + TAG * chunk_count(plain_octets)


def plain_size(sealed_octets: int) -> int:
    """How large an encrypted object's content is.

    Raises:
        NotAuthentic: no object has this size.
    """
    body = sealed_octets - HEADER
    count = -(-body // (CHUNK + TAG))
    plain = body - TAG * count
    if body < TAG or plain < 0 or sealed_size(plain) != sealed_octets:
        raise NotAuthentic("no object has this size")
    return plain


def _nonce(header: bytes, number: int, *, last: bool) -> bytes:
    return header[len(MAGIC) :] + number.to_bytes(4, "big") + bytes([last])
