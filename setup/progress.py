"""What a person sees while set-up works: one line a step, and on failure the end of the log and what to do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_REFRESH_SECONDS = 0.2
_HEARTBEAT_SECONDS = 15.0


class SetupFailed(Exception):
    """A step could not be done. The text says why and what to do."""


@dataclass
class Task:
    """One step in progress: runs commands whose output goes to its log."""

    title: str
    log: Path
    _output: IO[bytes]
    _started: float
    _terminal: bool
    _said: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._started

    def note(self, text: str) -> None:
        """Write a line to the log, shown as the current detail."""
        self._output.write(f"# {text}\n".encode())
        self._output.flush()
        self._show(text)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        advice: str = "",
    ) -> None:
        """Run a command to its end, showing that it lives.

        Raises:
            SetupFailed: it did not exit with 0; ``advice`` says what a person can do.
        """
        words = [str(word) for word in argv]
        self._output.write(f"$ {' '.join(words)}\n".encode())
        self._output.flush()
        with subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **env} if env else None,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                status = self._watch(process)
            except BaseException:
                _stop(process)
                raise
        if status != 0:
            raise SetupFailed(f"“{words[0]}” ended with status {status}. {advice}".strip())

    def tail(self, lines: int = 20) -> str:
        """Return the end of the log."""
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(text[-lines:])

    def _watch(self, process: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return process.wait(_REFRESH_SECONDS)
            except subprocess.TimeoutExpired:
                self._show(_last_line(self.log))

    def _show(self, detail: str) -> None:
        elapsed = self.elapsed
        if self._terminal:
            width = max(os.get_terminal_size(sys.stdout.fileno()).columns - 1, 20)
            sys.stdout.write("\r\033[K" + f"  … {self.title} {elapsed:3.0f} s  {detail}"[:width])
            sys.stdout.flush()
        elif elapsed - self._said >= _HEARTBEAT_SECONDS:
            self._said = elapsed
            print(f"  … {self.title}: {elapsed:.0f} s, {detail[:100]}", flush=True)


class Reporter:
    """Prints the progress of the steps."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._terminal = sys.stdout.isatty()

    @contextmanager
    def task(self, name: str, title: str) -> Iterator[Task]:
        """Show a step from its start to its end; its log is ``<logs>/<name>.log``."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        started = time.monotonic()
        if not self._terminal:
            print(f"  … {title}", flush=True)
        with log.open("wb") as output:
            task = Task(title, log, output, started, self._terminal)
            try:
                yield task
            except SetupFailed as error:
                self._end(task, "✗")
                tail = "".join(f"\n    | {line}" for line in task.tail().splitlines())
                raise SetupFailed(f"{error}\n\nThe end of {log}:{tail}" if tail else str(error)) from error
            except BaseException:
                self._end(task, "✗")
                raise
            self._end(task, "✓")

    def _end(self, task: Task, mark: str) -> None:
        start_of_line = "\r\033[K" if self._terminal else ""
        print(f"{start_of_line}  {mark} {task.title} ({task.elapsed:.1f} s)", flush=True)


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - 400, 0))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
