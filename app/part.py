"""One program of the stack: what to run, how to see that it works, how to end it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from app.watchdog import Patience, Question
from core.errors import BandeauError
from core.processes import words_of

_GONE_SECONDS: Final = 5.0
"""What was killed is gone within this, but where the kernel itself is stuck."""
_LOOK_SECONDS: Final = 0.01


class PartFailed(BandeauError):
    """A part of the stack cannot start. The text says which, why and what to do."""

    code = "part_failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class PortUse:
    """A port that a part listens on; checked before anything starts."""

    host: str
    port: int
    setting: str
    """What to change where the port is taken: ``asterisk.sip_port``."""
    kind: Literal["tcp", "udp"] = "tcp"

    def is_free(self) -> bool:
        """Whether a program could listen there now."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM if self.kind == "tcp" else socket.SOCK_DGRAM) as probe:
            if self.kind == "tcp":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True


async def always_ready() -> bool:
    """Check of a part that works as soon as it runs."""
    return True


def ask_group_to_end(pid: int) -> None:
    """Ask a part and all it started to end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One program of the stack."""

    name: str
    """As people call it: ``Asterisk``."""
    command: Sequence[str]
    ready: Callable[[], Awaitable[bool]] = always_ready
    """Whether it does its work; asked again and again until it says yes."""
    ready_seconds: float = 30
    restart: bool = False
    """Whether it is started again, at once, when it ends by itself."""
    ports: Sequence[PortUse] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    end: Callable[[int], None] = ask_group_to_end
    """Asks it to end, given its process id."""
    end_seconds: float = 5
    """How long it may take to end before it is killed."""
    questions: Sequence[Question] = ()
    """Asked for as long as it runs; when they stay unanswered it is killed, and so started again."""
    patience: Patience = field(default_factory=Patience)


def is_alive(group: int) -> bool:
    """Whether anything of a process group lives. For a moment, what was killed still holds ports and files."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = words_of(stat)[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


class RunningPart:
    """A part's process, in a process group of its own, so that all of it can be ended."""

    def __init__(self, part: Part, process: asyncio.subprocess.Process) -> None:
        self.part = part
        self._process = process
        self._killed = False

    @classmethod
    async def start(cls, part: Part, log: Path) -> "RunningPart":
        """Start the part; what it prints goes to the log.

        Raises:
            PartFailed: the program is not there.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("ab") as output:
                process = await asyncio.create_subprocess_exec(
                    *part.command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, **part.environment},
                    start_new_session=True,
                )
        except OSError as error:
            raise PartFailed(f"{part.name} cannot start: {error}. Run make setup again.") from error
        return cls(part, process)

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status; ``None`` while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it ends; return its exit status."""
        return await self._process.wait()

    async def end(self) -> None:
        """Ask it to end, then end it: nothing of its group is left."""
        if self.status is None:
            self.part.end(self.pid)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), self.part.end_seconds)
        self.kill()
        await self.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GONE_SECONDS):
                while is_alive(self.pid):  # noqa: ASYNC110 - other programs' state
                    await asyncio.sleep(_LOOK_SECONDS)

    def kill(self) -> None:
        """End it and what it left behind at once. Only the first call does anything: numbers are used again."""
        if not self._killed:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
