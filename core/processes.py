"""What a program owes the one that started it, and what the kernel says of programs (Linux)."""

import ctypes
import os
from pathlib import Path
from signal import Signals
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def end_with(parent: int, how: Signals) -> bool:
    """Have this process get that signal when its parent dies, however that dies; whether it still lives."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    return os.getppid() == parent


def words_of(stat: Path) -> list[str]:
    """What the ``stat`` of a process or thread says after its name, its state first (``proc_pid_stat(5)``).

    Raises:
        OSError: it is no more.
    """
    return stat.read_text().rpartition(")")[2].split()
