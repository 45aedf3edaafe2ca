"""What a program owes the one that started it (Linux)."""

import ctypes
import os
from signal import Signals
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def end_with(parent: int, how: Signals) -> bool:
    """Have this process get that signal when its parent dies, however that dies; whether it still lives."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    return os.getppid() == parent
