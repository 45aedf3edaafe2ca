"""One act of custody at a time: in this process, and beside the commands of an archivist's terminal."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Alone:
    """What is looked at before an act still holds when it is written.

    Args:
        file: locked by the kernel while an act goes on; freed by it when a process ends, however it does.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def act(self) -> AsyncIterator[None]:
        """Wait for one's turn."""
        async with self._lock:
            descriptor = await asyncio.to_thread(self._locked)
            try:
                yield
            finally:
                os.close(descriptor)

    def _locked(self) -> int:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
