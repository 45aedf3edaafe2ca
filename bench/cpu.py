"""CPU time of processes, as the kernel counts it."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu_of_stat(stat: str) -> float:
    """Seconds of CPU (user and system, all threads) in the text of ``/proc/PID/stat``."""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return (int(fields[11]) + int(fields[12])) * _TICK


def cpu_seconds(pids: Iterable[int]) -> float:
    """Seconds of CPU that these processes have used since they started."""
    return sum(cpu_of_stat(Path(f"/proc/{pid}/stat").read_text()) for pid in pids)
