"""Programs of ours, started in a moment: a process that has loaded all of them forks one whenever it is asked.

Tests start dozens of cores, and loading a core's modules costs more processor than most tests. What a program
does from its first line on is what ``python -m`` would do, in a process of its own that is hurt as any other;
passwords alone are hashed for less.
"""

import asyncio
import atexit
import faulthandler
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from setup.places import CHECKOUT
from tests.support.passwords import hash_cheaply

_LOADED = ("app.commands", "app.core_process", "app.archive_process")
_RUN = ("app.cli", "simulator.lrm.__main__")
"""What they load is loaded, and they themselves are run afresh."""


class Forked:
    """A program of the nursery. What :class:`asyncio.subprocess.Process` offers, as far as tests use it."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._writer = writer
        self._end = asyncio.ensure_future(self._ended(reader))

    @classmethod
    async def start(cls, words: Sequence[str], log: Path, environment: dict[str, str]) -> "Forked":
        """Run ``python -m words…`` in the checkout, at the head of a session of its own.

        Args:
            words: module and arguments.
            log: gets what it prints, at its end.
            environment: all of its environment.
        """
        reader, writer = await asyncio.open_unix_connection(_nursery())
        writer.write(json.dumps([list(words), str(log), environment]).encode() + b"\n")
        return cls(int(await reader.readline()), reader, writer)

    async def _ended(self, reader: asyncio.StreamReader) -> int:
        self.returncode = int(await reader.readline())
        self._writer.close()
        return self.returncode

    async def wait(self) -> int:
        """Wait for its end; give its status, negative for a signal."""
        return await asyncio.shield(self._end)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@cache
def _nursery() -> str:
    """Where this process's nursery listens, among the network's own names. The first who asks starts it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("")  # a name that the kernel chooses: nothing to remove
        listener.listen()
        process = subprocess.Popen([sys.executable, "-m", __spec__.name], cwd=CHECKOUT, stdin=listener.fileno())
        atexit.register(process.kill)
        address: str | bytes = listener.getsockname()
    return address.decode() if isinstance(address, bytes) else address


def _main() -> None:
    """Fork a keeper for each request, which forks the program and tells how it ends."""
    listener = socket.socket(fileno=os.dup(0))
    for module in (*_LOADED, *_RUN):
        importlib.import_module(module)
    for module in _RUN:
        del sys.modules[module]
    hash_cheaply()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asker, _ = listener.accept()
        if not os.fork():
            break
        asker.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    listener.close()
    with asker.makefile("r") as line:
        words, log, environment = json.loads(line.readline())
    if program := os.fork():
        asker.sendall(b"%d\n" % program)
        status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
        with suppress(OSError):  # who asked may be gone
            asker.sendall(b"%d\n" % status)
        os._exit(0)
    asker.close()
    _become(words, log, environment)


def _become(words: Sequence[str], log: str, environment: dict[str, str]) -> None:
    """Be that program, to its end."""
    os.setsid()
    for path, flags, places in (
        (os.devnull, os.O_RDONLY, (0,)),
        (log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, (1, 2)),
    ):
        opened = os.open(path, flags, 0o666)
        for place in places:
            os.dup2(opened, place)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    faulthandler.enable()
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
