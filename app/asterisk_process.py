"""Runs Asterisk: in its private root or the host's own, confined, and never longer than whoever started it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import BandeauError
from setup.roots import asterisk_program
from setup.sandbox import sandboxed

_POLL_SECONDS = 0.1


class AsteriskFailed(BandeauError):
    """Asterisk could not be started or does not answer. The text says where to look."""

    code = "asterisk_failed"


class AsteriskProcess:
    """One Asterisk, which starts from a folder of configuration files and can be asked CLI commands.

    Folders have the same path inside and outside. Inside, it has no privilege; the machine's own name resolves,
    since each call would otherwise wait for DNS.
    """

    def __init__(
        self,
        root: Path | None,
        config_dir: Path,
        state_dir: Path,
        log: Path,
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
    ) -> None:
        """Describe it; nothing is started.

        Args:
            root: private root; ``None``: the host's own Asterisk.
            config_dir: holds ``asterisk.conf`` and the rest; only read.
            state_dir: everything Asterisk writes for itself, in ``lib``, ``spool``, ``log`` and ``run``.
            log: file that gets what it prints.
            writable: further folders, such as the recordings'; made where absent.
            readable: further folders, such as the announcements'.
        """
        self._root = root
        self._config_dir = config_dir
        self._state_dir = state_dir
        self._log = log
        self._writable = tuple(writable)
        self._readable = tuple(readable)
        self._process: asyncio.subprocess.Process | None = None
        self.environment: Mapping[str, str] = {}
        """Further variables that it finds: tests set its clock by them."""

    def command(self) -> list[str]:
        """Return the command line that runs it in the foreground; makes the folders it writes to."""
        return self._confined("-f")

    def console_command(self, command: str) -> list[str]:
        """Return the command line that runs one CLI command in the running Asterisk."""
        return self._confined("-r", "-x", command)

    async def start(self, seconds: float = 30) -> None:
        """Start it and wait until it is fully booted.

        Raises:
            AsteriskFailed: it ended, or was not ready in time; it is stopped then.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with contextlib.AsyncExitStack() as on_failure:
            on_failure.push_async_callback(self.stop, 0)
            await self._until_ready(self._process, seconds)
            on_failure.pop_all()

    async def is_ready(self) -> bool:
        """Whether it answers, fully booted."""
        status, answer = await _output(self.console_command("core waitfullybooted"))
        return status == 0 and "fully booted" in answer

    async def rx(self, command: str) -> str:
        """Run a CLI command and return what it prints.

        Raises:
            AsteriskFailed: Asterisk does not answer.
        """
        status, answer = await _output(self.console_command(command))
        if status != 0:
            raise AsteriskFailed(f"Asterisk does not answer: {answer.strip()}")
        return answer

    @property
    def config_dir(self) -> Path:
        """Where its configuration is: by that it is known among others."""
        return self._config_dir.absolute()

    @property
    def pid(self) -> int:
        """Process id, on the host, of Asterisk itself.

        Raises:
            AsteriskFailed: it does not run.
        """
        if self._process is None or self._process.returncode is not None:
            raise AsteriskFailed("Asterisk does not run")
        return asterisk_pid(self._process.pid)

    async def stop(self, grace: float = 5) -> None:
        """Let it end its calls and close its recordings, for ``grace`` seconds at most; then end it at once."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if grace > 0:
            terminate(process.pid)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), grace)
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def wait(self) -> int:
        """Wait until it ends; return its exit status."""
        if self._process is None:
            raise AsteriskFailed("Asterisk does not run")
        return await self._process.wait()

    async def _until_ready(self, process: asyncio.subprocess.Process, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not await self.is_ready():
                    if process.returncode is not None:
                        raise AsteriskFailed(
                            f"Asterisk ended with status {process.returncode}: see {self._log}"
                        )
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise AsteriskFailed(f"Asterisk was not ready after {seconds:g} s: see {self._log}") from None

    def _confined(self, *arguments: str) -> list[str]:
        own = (self._state_dir / name for name in ("lib", "spool", "log", "run"))
        for folder in (*own, *self._writable):
            folder.mkdir(parents=True, exist_ok=True)
        hosts = self._state_dir / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {socket.gethostname()}\n")
        return sandboxed(
            self._root,
            [
                "asterisk" if self._root else _host_program(),
                "-C",
                self._config_dir.absolute() / "asterisk.conf",
                *arguments,
            ],
            writable=(self._state_dir, *self._writable),
            readable=(self._config_dir, *self._readable),
            over=((hosts, Path("/etc/hosts")),),
            environment=self.environment,
        )


def _host_program() -> str:
    """Raises AsteriskFailed: there is none."""
    program = asterisk_program()
    if program is None:
        raise AsteriskFailed("this machine has no Asterisk any more: run make setup")
    return program


def asterisk_pid(starter: int) -> int:
    """Find Asterisk's own process id below the one of the command that confines it."""
    pid = starter
    while _name(pid) == "bwrap" and (below := children(pid)):
        pid = below[0]
    return pid


def terminate(starter: int) -> None:
    """Ask Asterisk to end its calls and stop, given the process id of the command that confines it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(asterisk_pid(starter), signal.SIGTERM)


def children(pid: int) -> list[int]:
    """The process ids of those that a process has started and that still run."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def _output(argv: Sequence[str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")
