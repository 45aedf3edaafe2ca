"""One of our programs, run as the separate process it is."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from setup.places import CHECKOUT
from tests.support.nursery import Forked

_LOOK_EVERY = 0.1


class ProgramFailed(Exception):
    """A program did not start, or did not stop. The text has the end of what it printed."""


class Program:
    """``python -m …``, started, killed and stopped as often as a test wants."""

    def __init__(self, *words: str, log: Path, patience: float = 180, loaded: bool = False) -> None:
        """Describe it; nothing is started.

        Args:
            words: module and arguments.
            log: gets what it prints.
            patience: seconds that it may take to start or to stop.
            loaded: it comes from the nursery (:mod:`tests.support.nursery`), its modules loaded beforehand.
        """
        self._words = words
        self._log = log
        self._patience = patience
        self._loaded = loaded
        self.environment: Mapping[str, str] = {}
        """Further variables that it finds."""
        self._process: asyncio.subprocess.Process | Forked | None = None

    @property
    def running(self) -> bool:
        """Whether it was started, and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            ProgramFailed: it does not run.
        """
        if self._process is None:
            raise self._failed("does not run")
        return self._process.pid

    async def start(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Start it and wait until it is ready.

        Raises:
            ProgramFailed: it ended, or was not ready in time.
        """
        self._process = await self._started({**os.environ, "PYTHONFAULTHANDLER": "1", **self.environment})
        try:
            async with asyncio.timeout(self._patience):
                while not await ready():
                    if self._process.returncode is not None:
                        raise self._failed(f"ended with status {self._process.returncode}")
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise self._failed("was not ready in time") from None

    async def _started(self, environment: dict[str, str]) -> "asyncio.subprocess.Process | Forked":
        if self._loaded:
            return await Forked.start(self._words, self._log, environment)
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self._words),
                cwd=CHECKOUT,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is None:
            raise self._failed("does not run")
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait until it ends by itself; with what status.

        Raises:
            ProgramFailed: it does not.
        """
        process, self._process = self._process, None
        if process is None:
            raise self._failed("does not run")
        try:
            return await asyncio.wait_for(process.wait(), self._patience)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise self._failed("did not end") from None

    async def kill(self) -> None:
        """End it as a crash does: at once, with no word to anybody."""
        process, self._process = self._process, None
        if process is None:
            raise self._failed("does not run")
        process.kill()
        await process.wait()

    async def stop(self) -> None:
        """End it as its keeper does, if it runs.

        Raises:
            ProgramFailed: it did not end in time, or not well.
        """
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            status = await asyncio.wait_for(process.wait(), self._patience)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise self._failed("did not stop") from None
        if status not in (0, -signal.SIGTERM):
            raise self._failed(f"ended with status {status}")

    def _failed(self, how: str) -> ProgramFailed:
        tail = self._log.read_text(errors="replace").splitlines()[-40:] if self._log.exists() else []
        return ProgramFailed("\n".join([f"{' '.join(self._words)} {how}:", *tail]))
