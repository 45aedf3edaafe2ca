"""The launcher: starts the parts of a centre in order, keeps them running, and ends them all with itself."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

from app import orphan_guard
from app.part import Part, PartFailed, PortUse, RunningPart
from app.stillness import Stillness
from app.watchdog import until_silent

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1
_QUICK_DEATH_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 5.0
_LONGEST_END_SECONDS = 8.0
_LOG_TAIL_LINES = 12


class Stack:
    """The parts of a centre, run together until someone ends them."""

    def __init__(
        self,
        parts: Sequence[Part],
        log_dir: Path,
        say: Callable[[str], None] = print,
        beside: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        """Describe it; nothing is started.

        Args:
            parts: in starting order; they end in reverse.
            log_dir: gets one file per part, with what it prints.
            say: shows a line to the person at the terminal.
            beside: what the launcher itself does for as long as all of it runs. It must not fail.
        """
        self._beside = beside
        self._parts = parts
        self._log_dir = log_dir
        self._say = say
        self._running: list[RunningPart] = []
        self._guard: asyncio.subprocess.Process | None = None

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Start everything, call ``started``, and keep it running until Ctrl-C or SIGTERM; then end everything.

        Raises:
            PartFailed: a port is taken, or a part does not come up. Everything is ended again.
        """
        check_ports(self._parts)
        asked_to_end = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, asked_to_end.set)
        work = asyncio.create_task(self._keep_running(started))
        asked = asyncio.create_task(asked_to_end.wait())
        try:
            await asyncio.wait((work, asked), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
        finally:
            self._say("Stopping…")
            await _cancel(work)
            await _cancel(asked)
            await self._end_all()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def _keep_running(self, started: Callable[[], None]) -> None:
        await self._start_guard()
        for part in self._parts:
            self._running.append(await self._start(part))
        started()
        async with asyncio.TaskGroup() as watchers:
            for work in self._beside:
                watchers.create_task(_lasting(work))
            for place in range(len(self._running)):
                watchers.create_task(self._watch(place))

    async def _start(self, part: Part) -> RunningPart:
        """Start a part and wait until it is ready."""
        began = time.monotonic()
        running = await RunningPart.start(part, self._log(part))
        self._tell_guard("+", running)
        async with contextlib.AsyncExitStack() as on_failure:
            on_failure.push_async_callback(self._end, running)
            await self._until_ready(running)
            on_failure.pop_all()
        self._say(f"  ✓ {part.name} ({time.monotonic() - began:.1f} s)")
        return running

    async def _until_ready(self, running: RunningPart) -> None:
        part = running.part
        try:
            async with asyncio.timeout(part.ready_seconds):
                while not await part.ready():
                    if running.status is not None:
                        raise PartFailed(self._trouble(part, f"ended at once with status {running.status}"))
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise PartFailed(self._trouble(part, f"was not ready after {part.ready_seconds:g} s")) from None

    async def _watch(self, place: int) -> None:
        """Follow one part; start it again where it must not stop."""
        quick_deaths = 0
        while True:
            running = self._running[place]
            part, began = running.part, time.monotonic()
            status = await self._until_end(running)
            await self._end(running)
            if not part.restart:
                self._say(f"  ! {part.name} ended with status {status} (see {self._log(part)})")
                return
            quick_deaths = quick_deaths + 1 if time.monotonic() - began < _QUICK_DEATH_SECONDS else 0
            self._say(f"  ! {part.name} ended with status {status}: starting it again")
            await self._start_again(place, part, _pause(quick_deaths))

    async def _until_end(self, running: RunningPart) -> int:
        """Wait until a part ends, or kill it when it works no more; its exit status."""
        part = running.part
        if not part.questions:
            return await running.wait()
        ended = asyncio.create_task(running.wait())
        silent = asyncio.create_task(until_silent(part.questions, part.patience, Stillness(running.pid).look))
        try:
            await asyncio.wait((ended, silent), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                self._say(f"  ! {part.name} {silent.result()}: it is killed")
                running.kill()
            return await ended
        finally:
            await _cancel(silent)
            await _cancel(ended)

    async def _start_again(self, place: int, part: Part, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            try:
                self._running[place] = await self._start(part)
            except PartFailed as error:
                self._say(f"  ! {error}")
                pause = _LONGEST_PAUSE_SECONDS
            else:
                return

    async def _end_all(self) -> None:
        """End every part, the last started first; the guard last of all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_END_SECONDS):
                for running in reversed(self._running):
                    await self._end(running)
        for running in self._running:
            running.kill()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            await self._guard.wait()

    async def _end(self, running: RunningPart) -> None:
        await running.end()
        self._tell_guard("-", running)

    async def _start_guard(self) -> None:
        self._guard = await asyncio.create_subprocess_exec(
            sys.executable, "-IS", orphan_guard.__file__, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )

    def _tell_guard(self, sign: str, running: RunningPart) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.write(f"{sign}{running.pid}\n".encode())

    def _log(self, part: Part) -> Path:
        return self._log_dir / f"{part.name.lower().replace(' ', '-')}.log"

    def _trouble(self, part: Part, what: str) -> str:
        log = self._log(part)
        tail = "\n".join(
            f"    | {line}" for line in log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        )
        return f"{part.name} {what}. The end of {log}:\n{tail}"


def check_ports(parts: Sequence[Part]) -> None:
    """Make sure that every port of every part is free.

    Raises:
        PartFailed: at least one is taken; the text names each, its part and the setting to change.
    """
    taken = [(part, use) for part in parts for use in part.ports if not use.is_free()]
    if taken:
        lines = "\n".join(f"  - {_describe(part, use)}" for part, use in taken)
        raise PartFailed(
            f"Cannot start, another program uses:\n{lines}\nStop that program, or change the setting."
        )


def _describe(part: Part, use: PortUse) -> str:
    variable = "BANDEAU15_" + use.setting.upper().replace(".", "__")
    return f"{use.kind} port {use.port} on {use.host}, for {part.name} (setting {use.setting}, or {variable})"


def _pause(quick_deaths: int) -> float:
    """Seconds before a part starts again: none at first, longer while it keeps dying young."""
    return 0.0 if quick_deaths < 2 else min(0.25 * 2.0**quick_deaths, _LONGEST_PAUSE_SECONDS)


async def _lasting(work: Callable[[], Awaitable[None]]) -> None:
    """Do it; a fault of it must not cost the centre."""
    while True:
        try:
            await work()
        except Exception:  # the top of this task
            log.exception("launchers_work_failed")
        await asyncio.sleep(_LONGEST_PAUSE_SECONDS)


async def _cancel(task: "asyncio.Task[Any]") -> None:
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
