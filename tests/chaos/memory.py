"""A memory limit: a control group with next to no room; a process put in it is soon killed by the kernel."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx2
import psutil

from tests.chaos.centre import ON_THE_WALL
from tests.chaos.faults import Hurt
from tests.support.centre_process import PASSWORD

_MOUNT = Path("/sys/fs/cgroup")
_NO_ROOM, _LITTLE_ROOM = 256 * 1024, 16 * 1024 * 1024
"""Octets that a process may still take: next to nothing; less than the checking of one password."""
_WITHIN_S = 30.0


class MemoryGroup:
    """A control group of this run's own. ``kills``: how many the kernel has ended in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limit, self._told = (
            ("memory.max", "memory.events")
            if (folder / "memory.max").exists()
            else ("memory.limit_in_bytes", "memory.oom_control")
        )

    def squeeze(self, pid: int, room: int) -> None:
        """Let a process have what it has, and so many octets more."""
        (self.folder / "cgroup.procs").write_text(str(pid))
        (self.folder / self._limit).write_text(str(room))

    @property
    def kills(self) -> int:
        words = [line.split() for line in (self.folder / self._told).read_text().splitlines()]
        return int(dict(word for word in words if len(word) == 2).get("oom_kill", 0))


@contextmanager
def memory_group() -> Iterator[MemoryGroup | None]:
    """Make a memory group below our own; ``None``: this machine does not let us."""
    folder = _made()
    try:
        yield None if folder is None else MemoryGroup(folder)
    finally:
        if folder is not None:
            with suppress(OSError):  # somebody is still in it: the run failed, and says so
                folder.rmdir()


def _made() -> Path | None:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, ours = line.split(":", 2)
        if controllers not in ("memory", ""):
            continue
        above = _MOUNT / controllers / ours.lstrip("/")
        try:
            folder = Path(tempfile.mkdtemp(prefix="b15-", dir=above))
        except OSError:
            continue
        if any((folder / name).exists() for name in ("memory.max", "memory.limit_in_bytes")):
            return folder
        folder.rmdir()
    return None


@asynccontextmanager
async def asterisk_out_of_memory(hurt: Hurt) -> AsyncIterator[None]:
    """Asterisk reaches its memory limit, and the kernel kills it; its launcher starts it again."""
    await _run_out(hurt.centre.asterisk_pid(), _NO_ROOM)  # each caller who comes is a thread more
    yield


@asynccontextmanager
async def core_out_of_memory(hurt: Hurt) -> AsyncIterator[None]:
    """The core reaches its memory limit, and the kernel kills it; its launcher starts it again."""
    logging_in = asyncio.create_task(_log_in_again_and_again(hurt.centre.url))  # each costs many megabytes
    try:
        await _run_out(hurt.centre.core_pid(), _LITTLE_ROOM)
    finally:
        logging_in.cancel()
        await asyncio.gather(logging_in, return_exceptions=True)
    yield


async def _log_in_again_and_again(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=5) as http:
        while True:
            with suppress(httpx2.HTTPError):
                await http.post("/api/login", json={"login": ON_THE_WALL.login, "password": PASSWORD})
            await asyncio.sleep(0.2)


async def _run_out(pid: int, room: int) -> None:
    with memory_group() as group:
        if group is None:
            print("     no memory group may be made here: killed by hand instead", file=sys.stderr, flush=True)
            os.kill(pid, signal.SIGKILL)
            return
        group.squeeze(pid, room)
        async with asyncio.timeout(_WITHIN_S):
            while psutil.pid_exists(pid):  # noqa: ASYNC110 - it ends when it next needs memory
                await asyncio.sleep(0.02)
        if not group.kills:
            raise RuntimeError("it ended, and not by the kernel's hand")
