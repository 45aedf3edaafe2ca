"""Which of a centre's cores is at work, on one machine: a lock of the kernel's, and its holder's sign of life.

The lock ends with the process that holds it, however it ends, and nobody else can have it before: two cores at
work are not possible. A holder that lives and does nothing (frozen) is told by its sign, which stands still.
"""

import fcntl
import os
from pathlib import Path
from time import monotonic

import msgspec
import structlog

from core.errors import ConfigurationError, LeaseLost
from core.processes import words_of

log = structlog.get_logger(__name__)

LEASE = "lease"
STANDING_BY, DRAINED, AT_WORK = "standing_by", "drained", "at_work"
"""What cores say of themselves."""
_RELEASED = "released"
_SIZE = 1024
"""Bytes of a file: written in place and in one go, so that neither a full disk nor a reader is in the way."""


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What a core says of itself in its file. ``beat``: seconds of this machine's clock since its start."""

    core: str
    state: str
    epoch: int
    """Which holding of the lease this is, or the last one known."""
    pid: int
    born: int
    """When the process started, in the kernel's ticks: process ids are used again."""
    beat: float
    seq: int = 0
    """The last place of the journal known to this core."""
    shared_epoch: int = 0
    """The holding of the database's lease by this folder's cores; 0: not ours, or there is none."""


class SignFile:
    """One core's file in the folder: locked by it while it lives, and rewritten at each sign of life."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._wanted: int | None = None
        """The file, open from one try to the next."""

    @property
    def ours(self) -> bool:
        """Whether we hold the lock."""
        return self._file is not None

    def take(self) -> bool:
        """Lock the file; false: another process has it."""
        if self._wanted is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._wanted = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._wanted, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        self._file, self._wanted = self._wanted, None
        if not self.in_place:
            self.release()
            return False
        return True

    @property
    def in_place(self) -> bool:
        """Whether the file that we hold is the one that others find under its name."""
        if self._file is None:
            return False
        try:
            named, held = self._path.stat(), os.fstat(self._file)
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)

    def say(self, sign: Sign) -> None:
        """Write what there is to say. Raises OSError where the disk fails."""
        assert self._file is not None  # noqa: S101 - who says holds
        os.pwrite(self._file, msgspec.json.encode(sign).ljust(_SIZE), 0)

    def release(self) -> None:
        """Let go of the file."""
        for file in (self._file, self._wanted):
            if file is not None:
                os.close(file)
        self._file = self._wanted = None


def read_sign(path: Path) -> Sign | None:
    """What a file says last; ``None``: nothing that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sign)
    except (OSError, msgspec.MsgspecError):
        return None


def born(pid: int) -> int:
    """When a process started, in ticks since the machine's start; 0: there is no such process any more."""
    try:
        fields = words_of(Path(f"/proc/{pid}/stat"))
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def is_alive(sign: Sign) -> bool:
    """Whether the process that said it is still there."""
    return born(sign.pid) == sign.born != 0


class FileLease:
    """Implements ``Lease`` for cores that share a data folder.

    Args:
        folder: of all the signs; made if absent.
        core: our name among them.
    """

    def __init__(self, folder: Path, core: str) -> None:
        self._path = folder / LEASE
        self._file = SignFile(self._path)
        self._core = core
        self._epoch = 0
        self.shared_epoch = 0
        """Carried from holder to holder; see :class:`Sign`."""

    @property
    def epoch(self) -> int:
        """Which holding this is: 1, 2, …; 0: it is not ours."""
        return self._epoch

    def held(self) -> bool:
        """Whether it is ours: nobody can take it from a process that lives."""
        return self._epoch > 0

    async def take(self) -> bool:
        """Take it, if nobody has it."""
        if not self.lock():
            return False
        await self.renew()
        return True

    def lock(self) -> bool:
        """Take it without a word: nobody else can, and nobody is told before :meth:`renew`."""
        if self._epoch:
            return True
        if not self._file.take():
            return False
        before = read_sign(self._path)
        self._epoch = (before.epoch if before else 0) + 1
        self.shared_epoch = before.shared_epoch if before else 0
        return True

    def unlock(self) -> None:
        """Let go of it without a word: it was never ours to use."""
        self._epoch = 0
        self._file.release()

    async def renew(self) -> None:
        """Give a sign of life.

        Raises:
            LeaseLost: somebody removed the file, and another core may hold a new one.
        """
        if not self._file.in_place:
            raise LeaseLost("the file of the lease was removed")
        self._say(AT_WORK)

    async def release(self) -> None:
        """Let the next core have it."""
        if self._epoch:
            self._say(_RELEASED)
        self._epoch = 0
        self._file.release()

    def _say(self, state: str) -> None:
        try:
            self._file.say(own_sign(self._core, state, self._epoch, shared_epoch=self.shared_epoch))
        except OSError as error:  # the lock is what counts
            log.warning("lease_sign_not_written", reason=error.errno)


def own_sign(core: str, state: str, epoch: int = 0, seq: int = 0, shared_epoch: int = 0) -> Sign:
    """A sign of life of this process, now."""
    pid = os.getpid()
    return Sign(
        core=core,
        state=state,
        epoch=epoch,
        pid=pid,
        born=born(pid),
        beat=monotonic(),
        seq=seq,
        shared_epoch=shared_epoch,
    )


class Roster:
    """The cores of one data folder: each has a file of its own beside the lease.

    Raises:
        ConfigurationError: a core of that name runs already.
    """

    def __init__(self, folder: Path, core: str) -> None:
        self._folder = folder
        self.core = core
        self._file = SignFile(folder / f"{core}.json")
        if not self._file.take():
            raise ConfigurationError(
                f"a core named {core} runs already on {folder.parent}: stop it, or give this one another name"
                " (--name)"
            )

    def say(self, state: str, *, epoch: int = 0, seq: int = 0) -> None:
        """Say how we are."""
        try:
            self._file.say(own_sign(self.core, state, epoch, seq))
        except OSError as error:
            log.warning("sign_not_written", reason=error.errno)

    def others(self) -> list[Sign]:
        """The other cores that live."""
        return [sign for sign in living(self._folder) if sign.core != self.core]

    def close(self) -> None:
        """Leave."""
        self._file.release()


def living(folder: Path) -> list[Sign]:
    """The cores that live, by name."""
    found = (read_sign(path) for path in sorted(folder.glob("*.json")))
    return [sign for sign in found if sign is not None and is_alive(sign)]


def holder(folder: Path) -> Sign | None:
    """The core at work; ``None``: there is none."""
    sign = read_sign(folder / LEASE)
    return sign if sign is not None and sign.state == AT_WORK and is_alive(sign) else None
