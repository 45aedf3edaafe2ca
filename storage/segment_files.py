"""The spool's folder as it is written: one process at a time, one segment open, the others read-only."""

import errno
import fcntl
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from core.errors import ConfigurationError
from storage import segments

log = structlog.get_logger(__name__)


class SegmentFiles:
    """Appends whole records to the open segment. Not safe between threads by itself: the spool holds a lock.

    Args:
        directory: where the segments are; made if absent.
        segment_bytes: size from which the next record begins another segment.
        write: how bytes reach the disk.
    """

    def __init__(self, directory: Path, segment_bytes: int, write: Callable[[int, bytes], int]) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._write = write
        self._lock_file: int | None = None
        self._file: int | None = None
        self._path = directory
        self._size = 0
        self._torn = False
        self._closed: deque[tuple[Path, int]] = deque()
        self._unsynced: list[int] = []
        self._directory_changed = False

    def open(self) -> int | None:
        """Take the folder and cut a torn tail.

        Returns:
            the last place taken in it; ``None``: the spool is a new one.

        Raises:
            ConfigurationError: another process uses this spool.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._take_folder()
        paths = segments.segments_in(self._directory)
        if not paths:
            return None
        self._closed.extend((path, path.stat().st_size) for path in paths[:-1])
        return self._reopen(paths[-1])

    def close(self) -> None:
        """Leave the folder."""
        for file in (*self._unsynced, self._file, self._lock_file):
            if file is not None:
                os.close(file)
        self._unsynced, self._file, self._lock_file = [], None, None

    def append(self, first_seq: int, data: bytes) -> None:
        """Write whole records, all or nothing.

        Args:
            first_seq: the place of the first of them.
            data: the framed records.

        Raises:
            OSError: the disk is full or failing.
        """
        if self._file is not None and self._size >= self._segment_bytes:
            self.retire()
        if self._file is None:
            self._file = self._begin(first_seq)
        whole = b"\n" + data if self._torn else data
        written = self._write(self._file, whole)
        if written < len(whole):
            self._cut(self._file)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written
        self._torn = False

    def retire(self) -> None:
        """Let the next record begin another segment."""
        if self._file is not None:
            self._unsynced.append(self._file)
            self._closed.append((self._path, self._size))
            self._file = None

    def files(self) -> list[tuple[Path, int]]:
        """Every segment with the bytes that may be read, in order."""
        return [*self._closed, (self._path, self._size)] if self._file is not None else list(self._closed)

    def sync_work(self) -> Callable[[], None]:
        """What forces to the disk all that is written so far: to be called without the lock. Raises OSError."""
        retired, self._unsynced = self._unsynced, []
        current = self._file
        directory = self._directory if self._directory_changed else None
        self._directory_changed = False

        def work() -> None:
            try:
                for file in (*retired, current):
                    if file is not None:
                        os.fdatasync(file)
            finally:
                for file in retired:
                    os.close(file)
            if directory is not None:
                _sync_directory(directory)

        return work

    def drop_oldest(self, committed_seq: int, retained_bytes: int) -> Path | None:
        """Give up the oldest segment if the database has all of it and there is more than is to be retained."""
        files = self.files()
        if len(files) < 2 or sum(size for _, size in files) <= retained_bytes:
            return None
        last_of_oldest = segments.first_seq_of(files[1][0]) - 1
        return self._closed.popleft()[0] if last_of_oldest <= committed_seq else None

    def _take_folder(self) -> None:
        file = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise ConfigurationError(
                f"another core is already using the spool {self._directory}: stop it, or give this one"
                " another storage.data_dir"
            ) from error
        self._lock_file = file

    def _reopen(self, path: Path) -> int:
        tail = segments.tail_of(path)
        torn = path.stat().st_size - tail.end
        if torn or tail.damaged:
            log.warning("spool_tail_cut", segment=path.name, octets=torn, damaged=tail.damaged)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        os.ftruncate(self._file, tail.end)
        self._path, self._size = path, tail.end
        return segments.first_seq_of(path) - 1 if tail.last_seq is None else tail.last_seq

    def _begin(self, first_seq: int) -> int:
        path = segments.path_of(self._directory, first_seq)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._path, self._size, self._torn = path, 0, False
        self._directory_changed = True
        return file

    def _cut(self, file: int) -> None:
        """Take back half a record; failing that, the next one begins on a line of its own."""
        try:
            os.ftruncate(file, self._size)
        except OSError:
            self._torn = True
            self._size = os.fstat(file).st_size


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
