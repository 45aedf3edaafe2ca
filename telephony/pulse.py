"""Whether an Asterisk has ended, told apart from one that merely does not speak to us."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

BETWEEN_SECONDS: Final = 0.1
_SOCKETS: Final = Path("/proc/net/tcp")
_LISTENS: Final = "0A"


def is_listened_to(port: int, sockets: Iterable[str]) -> bool:
    """Whether a program of this machine listens on a port, by the lines of ``/proc/net/tcp``."""
    suffix = f":{port:04X}"
    words = (line.split(maxsplit=4) for line in sockets)
    return any(len(w) > 3 and w[1].endswith(suffix) and w[3] == _LISTENS for w in words)


def has_ended(port: int) -> bool:
    """Whether nobody listens on a port of this machine any more: the program that did is no more.

    A frozen Asterisk still has its port, and so has a busy one: neither has ended. Nothing is sent, so that
    being looked at costs it nothing. Where the kernel does not tell, nothing has ended.
    """
    try:
        with _SOCKETS.open() as sockets:
            return not is_listened_to(port, sockets)
    except OSError:
        return False


class DeathWatch:
    """Looks whether Asterisk has ended, from each loss of its link until the next one is there.

    Args:
        port: of its manager interface, on this machine.
        died: told once per watch.
    """

    def __init__(self, port: int, died: Callable[[], None]) -> None:
        self._port = port
        self._died = died
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """The link is lost, or was not there yet."""
        self.end()
        self._task = asyncio.get_running_loop().create_task(self._watch())

    def end(self) -> None:
        """The link is there, or nobody wants to know any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self) -> None:
        while not has_ended(self._port):  # noqa: ASYNC110 - another program's state
            await asyncio.sleep(BETWEEN_SECONDS)
        self._died()
