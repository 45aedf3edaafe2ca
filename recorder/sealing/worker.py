"""Processes that seal, kept ready: a recording costs its sound, not the start of a program.

Each does one recording at a time. One that dies, or comes to no end, is replaced and its recording begun again.
All end with the program that started them, however that ends.
"""

import asyncio
import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from core.processes import end_with
from recorder.sealing.archive import Place, open_archive
from recorder.sealing.errors import SealFailed
from recorder.sealing.keys import KeyRing
from recorder.sealing.seal import Sealed, SealJob, seal

log = structlog.get_logger(__name__)

ATTEMPTS = 3
"""How many workers may die of one recording."""
PATIENCE_S = 900.0
"""How long one recording may take: many hours' sound does not need it."""
START_S = 60.0
"""How long a worker may take to be ready: a machine that has calls to carry lets it wait."""
_NICER = 5
"""Listening comes before sealing."""
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a worker works with."""

    place: Place
    keys_dir: Path
    centre_id: str


class SealWorkers:
    """Some workers. To be used from one event loop, that of the main thread."""

    def __init__(self, bench: Bench, count: int, patience: float = PATIENCE_S) -> None:
        self._workers = [_Worker(bench, patience) for _ in range(count)]
        self._free: asyncio.Queue[_Worker] = asyncio.Queue()
        for worker in self._workers:
            self._free.put_nowait(worker)

    @property
    def pids(self) -> list[int]:
        """Of those that run."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    def start(self) -> None:
        """Start them ahead of the first recording."""
        for worker in self._workers:
            worker.start()

    async def seal(self, job: SealJob) -> Sealed:
        """Seal a recording, once a worker is free.

        Raises:
            SealFailed: every worker that tried died.
            SealingError, OSError: as :func:`recorder.sealing.seal.seal`.
        """
        worker = await self._free.get()
        try:
            for _ in range(ATTEMPTS):
                worker.start()
                told = await asyncio.to_thread(worker.do, job)
                if isinstance(told, Sealed):
                    return told
                if told is not None:
                    raise told
                log.warning("seal_worker_lost", recording_id=job.recording_id)
        except asyncio.CancelledError:
            worker.stop()  # it is in the middle of a recording that nobody waits for
            raise
        finally:
            self._free.put_nowait(worker)
        raise SealFailed("every worker that tried died")

    async def close(self) -> None:
        """End them; a recording in the middle is sealed another time."""
        for worker in self._workers:
            worker.stop()


class _Worker:
    def __init__(self, bench: Bench, patience: float) -> None:
        self._bench = bench
        self._patience = patience
        self._process: multiprocessing.process.BaseProcess | None = None
        self._line: Connection[SealJob, Sealed | Exception | None] | None = None
        self._ready = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.is_alive() else None

    def start(self) -> None:
        """Have it run. In the main thread: it ends with the thread that started it."""
        if self.pid is not None:
            return
        self._line, theirs = _SPAWN.Pipe()
        self._ready = False
        self._process = _SPAWN.Process(
            target=_work, args=(theirs, self._bench, os.getpid()), daemon=True, name="sealing"
        )
        self._process.start()
        theirs.close()

    def do(self, job: SealJob) -> Sealed | Exception | None:
        """Have a recording sealed; nothing comes back from a worker that died. Blocking."""
        line = self._line
        assert line is not None  # noqa: S101 - it was started
        try:
            if not self._ready:
                self._ready = line.poll(START_S) and line.recv() is None
            line.send(job)
            if line.poll(self._patience):
                return line.recv()
        except (EOFError, OSError):
            pass
        self.stop()
        return None

    def stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.join(5)


def _work(line: "Connection[Sealed | Exception | None, SealJob]", bench: Bench, parent: int) -> None:
    """Seal what comes, until nothing more can come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the archive, told the same, ends us
    if not end_with(parent, signal.SIGKILL):
        return
    os.nice(_NICER)
    archive = open_archive(bench.place)
    line.send(None)
    while True:
        try:
            job = line.recv()
        except EOFError:
            return
        try:
            line.send(seal(job, archive, KeyRing(bench.keys_dir, bench.centre_id)))
        except Exception as error:  # the task's top: whoever asked is told
            line.send(error)
