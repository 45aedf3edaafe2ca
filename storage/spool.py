"""The local spool: where each event is written before anybody hears of it.

``append`` hands the record to the kernel at once, so that it survives the death of this process; a thread of
the spool's own forces it to the disk some fifty milliseconds later, many records at a time, and does everything
else that may be slow. A disk that is full or failing never reaches a call: records wait in memory, bounded,
until it recovers, and ``healthy`` is false meanwhile. Records stay in the spool until the database has them,
and some megabytes longer, so that a core can rebuild its state with the database away.
"""

import asyncio
import errno
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import structlog

from core.errors import LeaseLost
from core.events import Envelope
from storage import codec, segments
from storage.codec import StoredEvent
from storage.segment_files import SegmentFiles
from storage.segments import File

log = structlog.get_logger(__name__)

_CHUNK = 64
"""Records written at once after the disk was full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolLimits:
    """How much the spool takes, and how often it forces the disk."""

    sync_seconds: float = 0.05
    """What a power cut may cost at most. The death of this program costs nothing."""
    retry_seconds: float = 0.5
    segment_bytes: int = 8 * 2**20
    retained_bytes: int = 64 * 2**20
    """Segments already in the database are kept up to this size altogether."""
    recent_records: int = 5_000
    """Records kept in memory, beside the files, until the database has them."""
    waiting_records: int = 100_000
    """Records kept in memory only, while the disk refuses them. Beyond, the newest are lost, and counted."""


class Spool:
    """Implements ``JournalWriter``. One per folder: a second one is refused.

    Life: ``open`` → ``append`` … → ``close``, all in one thread, the event loop's.

    Args:
        directory: where the segments are; made if absent.
        limits: sizes and pace.
        write: how bytes reach the disk (tests make it fail).
        allowed: whether this core is still the one that writes; asked before each record.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limits: SpoolLimits | None = None,
        write: Callable[[int, bytes], int] = os.write,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        self._allowed = allowed
        self._limits = limits or SpoolLimits()
        self._segments = SegmentFiles(directory, self._limits.segment_bytes, write)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._listener: Callable[[], None] | None = None
        self._next_seq = 1
        self._last_kept_seq = 0
        self._written_seq = 0
        self._durable_seq = 0
        self._committed_seq = 0
        self._recent: deque[StoredEvent] = deque()
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._cursor: tuple[Path, int, int] | None = None
        self._failure = ""
        self._dropped = 0

    # --- life ---------------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Take the folder, cut a torn tail, and go on where the spool ended.

        Returns:
            whether the spool remembers where the journal ended (false: it is a new one).

        Raises:
            ConfigurationError: another process uses this spool.
        """
        last = self._segments.open()
        if last is not None:
            self._next_seq = last + 1
            self._last_kept_seq = self._written_seq = self._durable_seq = last
        self._thread = threading.Thread(target=self._keep, name="spool", daemon=True)
        self._thread.start()
        return last is not None

    def close(self) -> None:
        """Force everything to the disk and leave the folder."""
        if self._thread is None:
            return
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self._thread = None
        self._segments.close()

    def continue_after(self, seq: int) -> None:
        """Make sure the next place is higher than ``seq``, the last one known elsewhere."""
        with self._lock:
            if seq >= self._next_seq:
                self._next_seq = seq + 1
                self._segments.retire()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each ``append``, in its thread."""
        self._listener = listener

    # --- writing ------------------------------------------------------------------------------------------

    @property
    def next_seq(self) -> int:
        """The place the next envelope will take."""
        return self._next_seq

    def append(self, envelope: Envelope) -> None:
        """Keep an envelope. Whatever the disk does, this returns at once and raises nothing because of it.

        Raises:
            ValueError: the envelope has another place than ``next_seq``, or an instant without a zone.
            LeaseLost: another core writes the journal now; nothing was written.
        """
        if not self._allowed():
            raise LeaseLost("another core writes the journal")
        if envelope.seq != self._next_seq:
            raise ValueError(f"the next place of the journal is {self._next_seq}, not {envelope.seq}")
        record = codec.stored(envelope)
        framed = segments.frame(codec.encode_stored(record))
        with self._lock:
            self._next_seq += 1
            if not self._has_room():
                return
            self._last_kept_seq = record.seq
            self._recent.append(record)
            self._waiting.append((record.seq, framed))
            if len(self._waiting) == 1:
                self._write_chunk()
            self._forget()
        self._wake.set()
        if self._listener is not None:
            self._listener()

    def committed(self, seq: int) -> None:
        """Note that the database has everything up to ``seq``."""
        with self._lock:
            self._committed_seq = seq
            self._forget()
        self._wake.set()

    # --- reading ------------------------------------------------------------------------------------------

    async def take(self, after: int, limit: int) -> list[StoredEvent]:
        """The first records beyond a place, at most ``limit``, to be moved on. For one task alone."""
        with self._lock:
            if self._in_memory(after):
                return list(islice((record for record in self._recent if record.seq > after), limit))
            files = self._segments.files()
        found = await asyncio.to_thread(self._take_from_files, files, after, limit)
        if found:
            return found
        with self._lock:  # places were skipped: there is nothing between the files and the memory
            return list(islice((record for record in self._recent if record.seq > after), limit))

    async def after(self, seq: int) -> list[StoredEvent]:
        """Every record still here beyond a place, in order."""
        with self._lock:
            recent = [record for record in self._recent if record.seq > seq]
            if self._in_memory(seq):
                return recent
            first = recent[0].seq if recent else self._next_seq
            files = self._segments.files()
        older = await asyncio.to_thread(segments.records_beyond, files, seq)
        return [record for record in older if record.seq < first] + recent

    # --- state --------------------------------------------------------------------------------------------

    @property
    def last_seq(self) -> int:
        """The last place taken."""
        return self._next_seq - 1

    @property
    def last_kept_seq(self) -> int:
        """The last place whose record was not lost."""
        return self._last_kept_seq

    @property
    def durable_seq(self) -> int:
        """Everything up to this place is on the disk, safe from a power cut."""
        return self._durable_seq

    @property
    def committed_seq(self) -> int:
        """Everything up to this place is in the database, as far as is known here."""
        return self._committed_seq

    @property
    def oldest_unsaved(self) -> StoredEvent | None:
        """The oldest record in memory that the database does not have."""
        with self._lock:
            return self._recent[0] if self._recent else None

    @property
    def healthy(self) -> bool:
        """Whether the disk takes what it is given."""
        return not self._failure

    @property
    def failure(self) -> str:
        """Why the disk does not take what it is given (``ENOSPC``); empty: it does."""
        return self._failure

    @property
    def dropped(self) -> int:
        """How many records were lost because disk and memory were both full."""
        return self._dropped

    # --- inside, with the lock held -----------------------------------------------------------------------

    def _in_memory(self, after: int) -> bool:
        return after >= (self._recent[0].seq if self._recent else self._next_seq) - 1

    def _has_room(self) -> bool:
        waiting = self._waiting
        while len(waiting) >= self._limits.waiting_records and waiting[0][0] <= self._committed_seq:
            waiting.popleft()
        if len(waiting) < self._limits.waiting_records:
            return True
        if not self._dropped:
            log.critical("journal_record_lost", reason="disk and memory full")
        self._dropped += 1
        return False

    def _write_chunk(self) -> bool:
        """Write the first records that wait; false: the disk refused them."""
        chunk = list(islice(self._waiting, _CHUNK))
        try:
            self._segments.append(chunk[0][0], b"".join(framed for _, framed in chunk))
        except OSError as error:
            self._failed(error)
            return False
        for _ in chunk:
            self._waiting.popleft()
        self._written_seq = chunk[-1][0]
        return True

    def _forget(self) -> None:
        recent, limit = self._recent, self._limits.recent_records
        while recent and recent[0].seq <= self._committed_seq:
            recent.popleft()
        while len(recent) > limit and recent[0].seq <= self._written_seq:
            recent.popleft()

    def _failed(self, error: OSError) -> None:
        reason = errno.errorcode.get(error.errno or 0, "unknown")
        if self._failure != reason:
            log.error("spool_disk_failing", reason=reason, waiting=len(self._waiting))
        self._failure = reason

    # --- inside: the spool's own thread -------------------------------------------------------------------

    def _keep(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            self._force()
            self._delete_old()
            if self.healthy:
                self._closing.wait(self._limits.sync_seconds)
            else:
                self._closing.wait(self._limits.retry_seconds)
                self._wake.set()
        self._force()

    def _force(self) -> None:
        """Write what waits, then have the disk keep it."""
        while self._write_next_waiting():
            pass
        with self._lock:
            sync, written = self._segments.sync_work(), self._written_seq
        try:
            sync()
        except OSError as error:
            with self._lock:
                self._failed(error)
            return
        with self._lock:
            self._durable_seq = written
            if self._failure and not self._waiting:
                log.info("spool_disk_recovered")
                self._failure = ""

    def _write_next_waiting(self) -> bool:
        with self._lock:  # one chunk at a time: an append never waits for long
            return bool(self._waiting) and self._write_chunk()

    def _delete_old(self) -> None:
        while True:
            with self._lock:
                path = self._segments.drop_oldest(self._committed_seq, self._limits.retained_bytes)
            if path is None:
                return
            path.unlink(missing_ok=True)

    # --- inside: files ------------------------------------------------------------------------------------

    def _take_from_files(self, files: Sequence[File], after: int, limit: int) -> list[StoredEvent]:
        """Read on from where the last reading ended, if it ended at ``after``."""
        found: list[StoredEvent] = []
        offset = 0
        if self._cursor is not None and self._cursor[2] == after:
            reached, offset, _ = self._cursor
            files = [file for file in files if file[0] >= reached]
            offset = offset if files and files[0][0] == reached else 0
        else:
            files = segments.beyond(files, after)
        for path, size in files:
            for placed in segments.read_segment(path, offset, size):
                if placed.record.seq <= after:
                    continue
                found.append(placed.record)
                if len(found) == limit:
                    self._cursor = (path, placed.end, placed.record.seq)
                    return found
            offset = 0
        return found
