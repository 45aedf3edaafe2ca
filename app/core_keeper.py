"""Keeps a core's program loaded: one that died is back without loading it all again, most of a start."""

import contextlib
import gc
import os
import signal
import time
from typing import Final

import structlog

from core.processes import end_with

log = structlog.get_logger(__name__)

QUICK_DEATH_SECONDS: Final = 2.0
_ENDINGS: Final = (signal.SIGTERM, signal.SIGINT)


def keep() -> int | None:
    """Let a process of its own, with all that is loaded so far, do what comes next; another when that one dies.

    Call it before there is any thread or event loop. A process that ended as it was meant to, was asked to end
    (signals are passed on), or died young is not followed by another: whoever started us decides, and starts
    the program that is installed then. When the one that keeps it is killed, the process is asked to end: its
    place is taken by the next that is started.

    Returns:
        ``None`` in each process that is to do the work; in the one that keeps it, at last, the exit status of
        the last one: 128 and the signal's number where a signal ended it.
    """
    asked = False
    process = status = 0

    def pass_on(number: int, _: object) -> None:
        nonlocal asked
        asked = True
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    gc.collect()
    gc.freeze()  # so that what is shared stays so
    keeper = os.getpid()
    before = {number: signal.signal(number, pass_on) for number in _ENDINGS}
    try:
        while not asked:
            began = time.monotonic()
            signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # one that comes now is for the new process
            process = os.fork()
            if not process:
                return None if end_with(keeper, signal.SIGTERM) else 128 + signal.SIGKILL
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            process = 0
            if status == 0 or time.monotonic() - began < QUICK_DEATH_SECONDS:
                break
            if not asked:
                log.error("core_died", status=status, advice="another one is started at once")
        return status if status >= 0 else 128 - status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
