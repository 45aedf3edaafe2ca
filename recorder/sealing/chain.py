"""The chain of custody of one centre: a file a day, a line an entry, on the disk before one goes on. Blocking.

Written by the archive, and by an archivist's commands beside it: a lock lets one write at a time. Signed heads
say how far it had come: interim ones, and one that closes each day, as days are in France.
"""

import base64
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from core.custody import ENTRY_TYPES, JSON
from recorder.sealing.archive import Archive
from recorder.sealing.errors import ChainBroken
from recorder.sealing.files import Step, make_folder, no_step, sync_folder, write_whole
from recorder.sealing.layout import HEADS
from recorder.sealing.links import DAY_CLOSED, KEY_ROTATED, Entry, Head, beginning
from recorder.sealing.signing import PUBLIC_SUFFIX, SigningKey

PARIS = ZoneInfo("Europe/Paris")
_LINES, _HEAD = ".jsonl", ".head.json"
LOCK = ".lock"
"""Held by whoever writes."""


def day_of(now: datetime) -> date:
    """The day an instant is on, in France."""
    return now.astimezone(PARIS).date()


@dataclass(frozen=True, slots=True)
class _Known:
    """What was last seen on the disk: nobody else has written since, if it ``holds``."""

    day: date
    last: Entry
    file: Path
    size: int
    changed: int

    def holds(self, folder: Path) -> bool:
        try:
            return (self.file.stat().st_size, folder.stat().st_mtime_ns) == (self.size, self.changed)
        except FileNotFoundError:
            return False


class Chain:
    """The chain of one centre, in ``folder/centre_id``."""

    def __init__(self, folder: Path, centre_id: str, signing_key: SigningKey, step: Step = no_step) -> None:
        self._folder = folder / centre_id
        self._centre_id = centre_id
        self._key = signing_key
        self._step = step
        make_folder(self._folder)
        public = self._folder / f"{signing_key.signer}{PUBLIC_SUFFIX}"
        if not public.exists():
            with suppress(FileExistsError):
                write_whole(public, signing_key.public_pem(), new=True)
        self._known: _Known | None = None
        with self._alone():
            self._tail()

    # --- writing ----------------------------------------------------------------------------------------

    def append(self, kind: str, body: Mapping[str, JSON], now: datetime) -> Entry:
        """Add an entry; on the disk when this returns.

        Args:
            kind: of :mod:`core.custody`, or ``key_rotated``.
            body: ids, digests, reasons. No number, no name: the chain is not encrypted.
            now: aware. Where the clock went back, the entry stays on the newest day.

        Raises:
            ChainBroken: what is on the disk is not what was written.
            OSError: the disk refuses: it is not added.
        """
        if kind not in ENTRY_TYPES and kind != KEY_ROTATED:
            raise ValueError(f"no kind of entry: {kind}")
        with self._alone():
            day, last = self._closed_before(now)
            return self._write(day, last, now, kind, body)

    def publish(self, body: Mapping[str, JSON], day: date, now: datetime) -> Entry:
        """Add the entry ``sealed`` of a recording, once, however often it is asked for.

        Args:
            body: with ``recording_id``.
            day: of the recording: nothing was said of it before.
            now: aware.

        Raises:
            As :meth:`append`.
        """
        with self._alone():
            there = self._sealed(str(body["recording_id"]), day - timedelta(days=1))
            if there is not None:
                return there
            today, last = self._closed_before(now)
            return self._write(today, last, now, "sealed", body)

    def close_days(self, now: datetime) -> None:
        """Close the days that are over, and sign how far today has come. To be called now and then.

        Raises:
            As :meth:`append`.
        """
        with self._alone():
            day, last = self._closed_before(now)
            head = self.head(day)
            if last is not None and self._file(day).exists() and (head is None or head.n < last.n):
                self._sign(day, last, now, closed=False)

    def put_heads(self, archive: Archive) -> None:
        """Have the newest heads in the archive, too: who alters the chain must then reach both.

        Raises:
            OSError: the archive refuses.
        """
        for day in self.days()[-2:]:
            file = self._folder / f"{day}{_HEAD}"
            name = f"{self._centre_id}/{HEADS}/{file.name}"
            if file.exists():
                head = file.read_bytes()
                if not archive.exists(name) or archive.get(name) != head:
                    archive.put(name, head)

    # --- reading ----------------------------------------------------------------------------------------

    def days(self) -> list[date]:
        """The days something was written on, the oldest first."""
        return [_day_in(path) for path in self._files()]

    def entries(self, day: date) -> Iterator[Entry]:
        """The entries of a day, each checked by itself.

        Raises:
            ChainBroken: one is not what was written.
        """
        for line in self.lines(day):
            yield Entry.read(line)

    def lines(self, day: date) -> list[bytes]:
        """The lines of a day as they are on the disk, but for one that does not end: nobody was told of it."""
        try:
            return self._file(day).read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []

    def head(self, day: date) -> Head | None:
        """The newest signed head of a day; its signature is not checked here.

        Raises:
            ChainBroken: it cannot be read.
        """
        try:
            return Head.read((self._folder / f"{day}{_HEAD}").read_bytes())
        except FileNotFoundError:
            return None

    # --- inside the lock --------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _closed_before(self, now: datetime) -> tuple[date, Entry | None]:
        """Close what is over; the day to write on, and the last entry of all."""
        day, last = self._tail()
        today = day_of(now)
        if day is None or last is None:
            return today, None
        if today > day and last.kind != DAY_CLOSED:
            last = self._write(day, last, now, DAY_CLOSED, {"day": day.isoformat(), "entries": last.n})
        if last.kind == DAY_CLOSED:
            head = self.head(day)
            if head is None or not head.closed:
                self._sign(day, last, now, closed=True)
            return max(today, day + timedelta(days=1)), last
        return day, last

    def _write(
        self, day: date, last: Entry | None, now: datetime, kind: str, body: Mapping[str, JSON]
    ) -> Entry:
        entry = Entry.after(
            last.n if last else 0, last.digest if last else beginning(self._centre_id), now, kind, body
        )
        file = self._file(day)
        new = not file.exists()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        before = os.fstat(descriptor).st_size
        try:
            line = entry.line() + b"\n"
            if os.write(descriptor, line) != len(line):
                raise OSError("the disk took a part of a line")
            self._step("line written")
            os.fsync(descriptor)
            self._step("line synced")
        except OSError:
            os.ftruncate(descriptor, before)  # it was not added: nobody was told so
            raise
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self._folder)
        self._know(day, entry)
        return entry

    def _sign(self, day: date, last: Entry, now: datetime, *, closed: bool) -> None:
        head = Head(
            centre_id=self._centre_id,
            day=day,
            n=last.n,
            digest=last.digest,
            at=now,
            closed=closed,
            signer=self._key.signer,
        )
        signature = base64.b64encode(self._key.sign(head.message())).decode()
        signed = replace(head, signature=signature)
        write_whole(self._folder / f"{day}{_HEAD}", signed.document(), step=self._step)
        self._know(self._known.day if self._known else day, last)

    def _tail(self) -> tuple[date | None, Entry | None]:
        """The newest day with entries, and the last of them; mends a line that a crash tore.

        Raises:
            ChainBroken: the last line is whole, yet not what was written; or lines are missing that were
                signed for.
        """
        if self._known is not None and self._known.holds(self._folder):
            return self._known.day, self._known.last
        day, last, torn = self._look()
        heads = sorted(self._folder.glob(f"????-??-??{_HEAD}"))
        if heads and (last is None or last.n < Head.read(heads[-1].read_bytes()).n):
            raise ChainBroken("entries that were signed for are missing")
        for file, octets in torn:
            _put_away(file, octets)
        self._know(day, last)
        return day, last

    def _look(self) -> tuple[date | None, Entry | None, list[tuple[Path, bytes]]]:
        """The newest day with entries, the last of them, and what crashes tore after it."""
        all_torn = []
        for file in reversed(self._files()):
            whole, torn = _split(file)
            if torn:
                all_torn.append((file, torn))
            if whole:
                return _day_in(file), Entry.read(whole), all_torn
        return None, None, all_torn

    def _know(self, day: date | None, last: Entry | None) -> None:
        if day is not None and last is not None:
            file = self._file(day)
            self._known = _Known(day, last, file, file.stat().st_size, self._folder.stat().st_mtime_ns)

    def _sealed(self, recording_id: str, since: date) -> Entry | None:
        sought = recording_id.encode()
        for day in self.days():
            if day >= since and sought in self._file(day).read_bytes():  # a look, before the lines are cut
                for line in self.lines(day):
                    if sought in line:
                        entry = Entry.read(line)
                        if entry.kind == "sealed" and entry.body.get("recording_id") == recording_id:
                            return entry
        return None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"????-??-??{_LINES}"))

    def _file(self, day: date) -> Path:
        return self._folder / f"{day}{_LINES}"


def _day_in(file: Path) -> date:
    return date.fromisoformat(file.name.removesuffix(_LINES))


_TAIL = 64 * 1024


def _split(file: Path) -> tuple[bytes, bytes]:
    """The last whole line of a file, and what a crash tore after it: it does not end, or was never written."""
    size = file.stat().st_size
    reach = _TAIL
    while True:
        with file.open("rb") as lines:
            lines.seek(max(0, size - reach))
            data = lines.read()
        *whole, torn = data.split(b"\n")
        if whole and b"\0" in whole[-1]:
            torn = whole.pop() + b"\n" + torn
        if reach >= size or len(whole) > 1:  # the first may be cut by the reach
            return (whole[-1] if whole else b""), torn
        reach *= 8


def _put_away(file: Path, torn: bytes) -> None:
    kept = file.stat().st_size - len(torn)
    write_whole(file.with_name(f"{file.name}.torn-{kept}"), torn)
    with file.open("r+b") as lines:
        lines.truncate(kept)
        os.fsync(lines.fileno())
