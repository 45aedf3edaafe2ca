"""The spool's files: append-only segments of framed records. Pure file format, no state.

A record is one line: eight hexadecimal digits of CRC-32, a space, the envelope in JSON, a newline. A segment is
named by the first place (``seq``) it may hold, so that the name alone says where the journal goes on when a
segment is empty, and the next segment's name says where a segment ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from core.errors import UnknownEvent
from storage.codec import StoredEvent, decode_stored

SUFFIX = ".log"

File = tuple[Path, int | None]
"""A segment and how many of its bytes may be read; ``None``: all."""
_CRC_LENGTH = 8
_HEADER_LENGTH = _CRC_LENGTH + 1
_TAIL_BYTES = 2**20


def frame(line: bytes) -> bytes:
    """Put an encoded envelope in its frame."""
    return b"%08x %b\n" % (crc32(line), line)


def unframe(framed: bytes) -> bytes | None:
    """Take the encoded envelope out of a line with its newline; ``None``: torn or damaged."""
    if len(framed) <= _HEADER_LENGTH or not framed.endswith(b"\n"):
        return None
    line = framed[_HEADER_LENGTH:-1]
    return line if framed[:_HEADER_LENGTH] == b"%08x " % crc32(line) else None


def path_of(directory: Path, first_seq: int) -> Path:
    """Name a segment."""
    return directory / f"{first_seq:020d}{SUFFIX}"


def first_seq_of(path: Path) -> int:
    """Read a segment's name."""
    return int(path.stem)


def segments_in(directory: Path) -> list[Path]:
    """The segments of a folder, in the journal's order."""
    return sorted(path for path in directory.glob(f"*{SUFFIX}") if path.stem.isdigit())


@dataclass(frozen=True, slots=True)
class Placed:
    """One record, and where the one after it begins in its file."""

    record: StoredEvent
    end: int


def read_segment(path: Path, offset: int = 0, stop: int | None = None) -> Iterator[Placed]:
    """Read records in order, leaving out what is damaged.

    A segment deleted meanwhile reads as empty: all it held is in the database.

    Args:
        path: the segment.
        offset: where to begin, at a record's start.
        stop: read no further than this many bytes from the file's start.
    """
    position = offset
    with _opened(path) as file:
        file.seek(offset)
        for framed in file:
            position += len(framed)
            if stop is not None and position > stop:
                return
            line = unframe(framed)
            if line is None:
                continue
            try:
                yield Placed(decode_stored(line), position)
            except UnknownEvent:  # whole, yet no envelope: written by something else
                continue


def records_beyond(files: Sequence[File], seq: int) -> list[StoredEvent]:
    """Read every record beyond a place."""
    return [
        placed.record
        for path, size in beyond(files, seq)
        for placed in read_segment(path, stop=size)
        if placed.record.seq > seq
    ]


def beyond(files: Sequence[File], seq: int) -> list[File]:
    """Leave out the segments that hold nothing beyond a place."""
    ends = [first_seq_of(path) - 1 for path, _ in files[1:]]
    return [file for file, end in zip_longest(files, ends) if end is None or end > seq]


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return BytesIO()


@dataclass(frozen=True, slots=True)
class Tail:
    """What a segment ends with. ``end``: bytes up to the last good record; ``damaged``: bad lines before it."""

    last_seq: int | None
    end: int
    damaged: int


def tail_of(path: Path) -> Tail:
    """Find the last good record: what follows it was torn by a crash and was never acknowledged.

    The last megabyte is enough, unless nothing in it is good: a core that takes over has callers waiting.
    """
    size = path.stat().st_size
    for begin in (max(0, size - _TAIL_BYTES), 0):
        tail = _tail_from(path, begin)
        if tail.last_seq is not None or begin == 0:
            break
    return tail


def _tail_from(path: Path, begin: int) -> Tail:
    damaged = bad = 0
    last: int | None = None
    with path.open("rb") as file:
        file.seek(begin)
        if begin:
            file.readline()  # the end of a record that begins before
        position = end = file.tell()
        for framed in file:
            position += len(framed)
            line = unframe(framed)
            if line is None:
                bad += 1
                continue
            damaged += bad
            bad, end = 0, position
            try:
                last = decode_stored(line).seq
            except UnknownEvent:
                damaged += 1
    return Tail(last, end, damaged)
