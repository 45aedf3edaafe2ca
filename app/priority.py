"""Lets a program come before the machine's other work, where that is allowed (root, ``CAP_SYS_NICE``)."""

import os
import subprocess

import structlog

log = structlog.get_logger(__name__)


def ahead(niceness: int) -> list[str]:
    """The words before a command by which its program runs at that niceness; none where that is not allowed."""
    if niceness == 0:
        return []
    words = ["nice", "-n", str(niceness)]
    if reached(words) < os.getpriority(os.PRIO_PROCESS, 0):
        return words
    log.warning(
        "asterisk_at_usual_priority",
        advice="on a loaded machine sound has gaps: run as root, or with CAP_SYS_NICE, or set LimitNICE",
    )
    return []


def reached(words: list[str]) -> int:
    """The niceness at which a command would run."""
    try:
        return int(subprocess.check_output([*words, "nice"], text=True, timeout=5, stderr=subprocess.DEVNULL))  # noqa: S603 - our own words
    except (OSError, subprocess.SubprocessError, ValueError):
        return os.getpriority(os.PRIO_PROCESS, 0)
