"""Follows the chain of a centre from entry to entry, and names what is not as it was written. Blocking."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from recorder.sealing.archive import Archive
from recorder.sealing.chain import LOCK
from recorder.sealing.errors import ChainBroken
from recorder.sealing.layout import HEADS, prefix_of
from recorder.sealing.links import DAY_CLOSED, Entry, Head, beginning
from recorder.sealing.signing import Signers

_LINES, _HEAD = ".jsonl", ".head.json"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not what was written. ``where``: an object, a line, a row."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Published:
    """What the chain says of a recording; ``n``: the last entry that does."""

    n: int
    recording_id: str
    call_id: str
    day: date
    manifest_sha256: str
    erased: bool = False

    def prefix(self, centre_id: str) -> str:
        """Where it is, or was."""
        return prefix_of(centre_id, self.day, self.recording_id)


class ChainCheck:
    """Looks at one chain; ``published`` gathers what it says of recordings."""

    def __init__(self, folder: Path, centre_id: str, signers: Signers, told: Callable[[str], None]) -> None:
        self._chain = folder
        self._centre_id = centre_id
        self._signers = signers
        self._told = told
        self._witnessed: dict[int, Head] = {}
        """What heads kept in the archive tell of the chain, by the number of the entry."""
        self.published: dict[str, Published] = {}

    def whole(self, archive: Archive) -> Iterator[Trouble]:
        """All of it, with the heads that the archive has."""
        yield from self._take_witnesses(archive)
        yield from self._walk(self.days(), beginning(self._centre_id), 0)
        yield from self._heads_without_day()
        for head in self._witnessed.values():
            yield Trouble(f"{head.day}", "entries are missing that the archive has a signed head of")

    def day(self, day: date) -> Iterator[Trouble]:
        """One day, and how it follows on the one before."""
        days = self.days()
        if day not in days:
            if self._head_file(day).exists():
                yield Trouble(str(day), "the day was signed for, and is missing")
            return
        previous, n = beginning(self._centre_id), 0
        before = [each for each in days if each < day]
        if before:
            try:
                last = self._last(before[-1])
                previous, n = last.digest, last.n
            except ChainBroken as error:
                yield Trouble(str(before[-1]), str(error))
        yield from self._walk([day], previous, n)

    def gather(self, since: date = date.min) -> None:
        """Take in what the chain says of recordings; its troubles are told when they are asked for."""
        for _ in self._walk([day for day in self.days() if day >= since], None, None):
            pass

    def _walk(self, days: list[date], previous: str | None, n: int | None) -> Iterator[Trouble]:
        """Follow the chain from an entry on (``None``: from wherever it is), taking in what it says."""
        for day in days:
            self._told(f"chain of {day}")
            lines, document = self._read(day)
            if lines.pop():
                yield Trouble(f"{day}", "the last line is torn")
            head = None
            try:
                head = self._believed(f"{day}{_HEAD}", document) if document is not None else None
            except ChainBroken as error:
                yield Trouble(f"{day}{_HEAD}", str(error))
            last = None
            for number, line in enumerate(lines, 1):
                where = f"{day}, line {number}"
                try:
                    entry = Entry.read(line)
                except ChainBroken as error:
                    yield Trouble(where, str(error))
                    previous, n = None, None
                    continue
                for what in self._wrong(entry, last, previous, n, head):
                    yield Trouble(where, what)
                previous, n, last = entry.digest, entry.n, entry
                self._take_in(entry)
            yield from _end_of(day, last, head, is_last=day == days[-1])

    def _wrong(
        self, entry: Entry, last: Entry | None, previous: str | None, n: int | None, head: Head | None
    ) -> Iterator[str]:
        if last is not None and last.kind == DAY_CLOSED:
            yield "follows the end of its day"
        if previous is not None and entry.previous != previous:
            yield "does not follow the entry before it"
        if n is not None and entry.n != n + 1:
            yield f"is entry {entry.n}, not {n + 1}"
        for signed in (head, self._witnessed.pop(entry.n, None)):
            if signed is not None and entry.n == signed.n and entry.digest != signed.digest:
                yield "is not what was signed"

    def _read(self, day: date) -> tuple[list[bytes], bytes | None]:
        """The lines of a day and its head, between two entries of whoever writes."""
        with _quiet(self._chain):
            lines = (self._chain / f"{day}{_LINES}").read_bytes().split(b"\n")
            head = self._head_file(day)
            return lines, head.read_bytes() if head.exists() else None

    def _take_in(self, entry: Entry) -> None:
        recording_id = entry.body.get("recording_id")
        if not isinstance(recording_id, str):
            return
        if entry.kind == "sealed":
            call_id = str(entry.body["call_id"])
            self.published[recording_id] = Published(
                n=entry.n,
                recording_id=recording_id,
                call_id=recording_id if call_id == recording_id else call_id,  # one text kept for both
                day=_day(str(entry.body["day"])),
                manifest_sha256=str(entry.body["manifest_sha256"]),
            )
        elif entry.kind == "erased" and recording_id in self.published:
            self.published[recording_id] = replace(self.published[recording_id], n=entry.n, erased=True)

    def _believed(self, name: str, document: bytes) -> Head:
        head = Head.read(document)
        if (head.centre_id, f"{head.day}{_HEAD}") != (self._centre_id, name):
            raise ChainBroken("is the head of another day or centre")
        if not self._signers.signed(head.signer, head.signature_octets(), head.message()):
            raise ChainBroken("is not signed by a key that is believed")
        return head

    def _take_witnesses(self, archive: Archive) -> Iterator[Trouble]:
        """The heads that the archive has: on another machine, they are not changed with the chain."""
        for name in sorted(archive.list(f"{self._centre_id}/{HEADS}/")):
            try:
                head = self._believed(name.split("/")[-1], archive.get(name))
            except ChainBroken as error:
                yield Trouble(name, str(error))
            else:
                self._witnessed[head.n] = head

    def _heads_without_day(self) -> Iterator[Trouble]:
        days = {f"{day}" for day in self.days()}
        for file in sorted(self._chain.glob(f"????-??-??{_HEAD}")):
            if file.name.removesuffix(_HEAD) not in days:
                yield Trouble(file.name, "the day was signed for, and is missing")

    def _last(self, day: date) -> Entry:
        lines = (self._chain / f"{day}{_LINES}").read_bytes().split(b"\n")
        if len(lines) < 2:
            raise ChainBroken("the day is empty")
        return Entry.read(lines[-2])

    def days(self) -> list[date]:
        """The days something was written on."""
        files = sorted(self._chain.glob(f"????-??-??{_LINES}"))
        return [date.fromisoformat(file.name.removesuffix(_LINES)) for file in files if file.stat().st_size]

    def _head_file(self, day: date) -> Path:
        return self._chain / f"{day}{_HEAD}"


@lru_cache(maxsize=64)
def _day(text: str) -> date:
    """A day, the same object for the many recordings of one."""
    return date.fromisoformat(text)


def _end_of(day: date, last: Entry | None, head: Head | None, *, is_last: bool) -> Iterator[Trouble]:
    if head is not None and (last is None or last.n < head.n):
        yield Trouble(f"{day}", "entries that were signed for are missing")
    if last is None or (last.kind != DAY_CLOSED and is_last and not (head and head.closed)):
        return  # the day goes on
    if last.kind != DAY_CLOSED:
        yield Trouble(f"{day}", "the day was not closed")
    elif head is None or not head.closed:
        yield Trouble(f"{day}", "the end of the day is not signed")
    elif (head.n, head.digest) != (last.n, last.digest):
        yield Trouble(f"{day}", "the end of the day is not what was signed")


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Hold off whoever writes; where nobody ever did, or we may not, there is nothing to hold off."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)
