"""Whether a program and all it has started stand still: none of their threads ran, nor waits to (Linux)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.processes import words_of

_PROCESSES: Final = Path("/proc")
_MAY_GO_ON: Final = frozenset("RDt")
"""States of ``proc_pid_stat(5)``: runs or waits for a processor; waits for a disk; is held by a debugger."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the threads of a program have done so far. ``nanoseconds``: for how long they ran, all together."""

    threads: int
    nanoseconds: int
    may_go_on: bool
    """One of them runs, or waits for what will come without anybody's help."""


def pulse_of(pid: int) -> Pulse | None:
    """Take the pulse of a program and of all below it; ``None``: the kernel does not tell, or it has ended."""
    threads, nanoseconds, may_go_on = 0, 0, False
    try:
        for thread in _threads(pid):
            state = words_of(thread / "stat")[0]
            nanoseconds += int((thread / "schedstat").read_text().split()[0])
            threads += 1
            may_go_on = may_go_on or state in _MAY_GO_ON
    except (OSError, ValueError, IndexError):  # one that ended meanwhile is a sign of life, too
        return None
    return Pulse(threads, nanoseconds, may_go_on)


def _threads(pid: int) -> Iterator[Path]:
    for thread in (_PROCESSES / str(pid) / "task").iterdir():
        yield thread
        for child in (thread / "children").read_text().split():
            yield from _threads(int(child))


class Stillness:
    """Looks at a program again and again.

    Args:
        pid: its process id.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._last: Pulse | None = None

    def look(self) -> bool:
        """Whether nothing of it has run since the last look, nor will by itself."""
        last, self._last = self._last, pulse_of(self._pid)
        return self._last is not None and self._last == last and not self._last.may_go_on
