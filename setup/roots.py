"""Private Debian roots, outside the checkout and shared by all checkouts, made without privilege.

Debian 12 and 13 have no Asterisk, so its packages are extracted from a newer Debian into a folder and run from
there (see :mod:`setup.sandbox`); nothing is installed on the host.
"""

import fcntl
import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from setup.asterisk_repair import is_faulty, repair
from setup.host import DEBIAN_KEYRING
from setup.places import cache_dir
from setup.progress import Task
from setup.sandbox import sandboxed

_OLDEST_ASTERISK = (22, 10)
_LAYOUT = "1"
"""Changes when the same packages must be laid out differently."""
_HOST_OPTIONS = re.compile(
    r"^Acquire::(Check-|Allow|Force|Retries|Queue-Mode|http|https|Languages|By-Hash|Max-)", re.IGNORECASE
)


@dataclass(frozen=True)
class PrivateRoot:
    """A set of Debian packages with all they depend on."""

    name: str
    packages: tuple[str, ...]
    components: str
    probes: tuple[tuple[str, ...], ...]
    """Commands that must succeed in it."""
    suite: str = "forky"
    repair: Callable[[Path], bool] | None = None
    """What is put right in it, and whether there was anything to."""

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        repaired = ("repaired twice",) if self.repair else ()
        words = "\n".join((_LAYOUT, self.suite, self.components, *self.packages, *repaired))
        return cache_dir() / f"{self.name}-root-{hashlib.sha256(words.encode()).hexdigest()[:12]}"

    def exists(self) -> bool:
        """Whether it is complete."""
        return self.path.is_dir()

    def build(self, task: Task) -> None:
        """Make it, beside its place, then move it there. Does nothing where another set-up just made it.

        Raises:
            SetupFailed: the packages cannot be fetched or do not run.
        """
        with _locked(self.path.with_suffix(".lock")):
            if self.exists():
                return
            draft = Path(tempfile.mkdtemp(prefix=f".{self.path.name}-", dir=self.path.parent))
            try:
                self._fill(draft, task)
                draft.chmod(0o755)
                draft.rename(self.path)
            finally:
                if draft.exists():
                    shutil.rmtree(draft)

    def _fill(self, draft: Path, task: Task) -> None:
        options = draft.parent / f"{draft.name}.apt.conf"
        options.write_text(host_apt_options())
        mirror = os.environ.get("BANDEAU15_DEBIAN_MIRROR")
        argv: list[str | Path] = ["mmdebstrap", "--variant=extract", "--format=directory"]
        argv += ["--mode=root" if os.geteuid() == 0 else "--mode=chrootless"]
        argv += [f"--components={self.components}", f"--include={','.join(self.packages)}"]
        argv += [f"--keyring={DEBIAN_KEYRING}", f"--aptopt={options}", self.suite, draft]
        try:
            task.run(
                [*argv, *([mirror] if mirror else [])],
                advice="The Debian archive could not be used. Behind a proxy, set it for apt "
                "(Acquire::http::Proxy) or in http_proxy; for another mirror, set BANDEAU15_DEBIAN_MIRROR.",
            )
        finally:
            options.unlink()
        _finish_layout(draft)
        if self.repair is not None:
            task.note("repaired" if self.repair(draft) else "a build that is not known: nothing was repaired")
        for probe in self.probes:
            task.run(sandboxed(draft, probe), advice="What was extracted does not run on this machine.")


ASTERISK = PrivateRoot(
    name="asterisk",
    # Asterisk; the French voice of the announcements and the tool that shapes them; the test callers.
    packages=("asterisk", "libttspico-utils", "sox", "sip-tester"),
    components="main non-free",
    probes=(("asterisk", "-V"), ("sox", "--version"), ("pico2wave", "--usage")),
    repair=repair,
)
POSTGRESQL = PrivateRoot(
    name="postgresql",
    packages=("postgresql", "dash"),  # its tools start each other through a shell
    components="main",
    probes=(("sh", "-c", "/usr/lib/postgresql/*/bin/postgres --version"),),
)
COTURN = PrivateRoot(
    name="coturn",
    packages=("coturn",),
    components="main",
    probes=(("turnserver", "--version"),),
)
CHROMIUM_PROGRAM = "/usr/lib/chromium/chromium"
"""The program itself: what is on PATH there is a shell script."""
CHROMIUM = PrivateRoot(
    name="chromium",
    packages=("chromium", "fonts-dejavu-core"),
    components="main",
    probes=((CHROMIUM_PROGRAM, "--version"),),
)


def asterisk_program() -> str | None:
    """The host's own Asterisk, of whatever version."""
    return shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")


def asterisk_on_path() -> bool:
    """Whether the host has an Asterisk that is recent enough, and loses nothing."""
    return asterisk_program() is not None and refused_asterisk() is None


def refused_asterisk() -> str | None:
    """Why the host's own Asterisk is not used; ``None``: it is, or there is none."""
    program, version, oldest = asterisk_program(), _asterisk_version(), _dotted(_OLDEST_ASTERISK)
    if program is None:
        return None
    if version is None or version < _OLDEST_ASTERISK:
        found = f"is {_dotted(version)}" if version else "does not tell its version"
        why = f"{found}; {oldest} or later is needed"
    elif is_faulty(Path(program)):
        why = "is Debian's, which drops sound it takes for late (docs/asterisk.md, packet numbers)"
    else:
        return None
    return f"{program} {why}: an Asterisk in a folder of its own is used instead."


def _asterisk_version() -> tuple[int, int] | None:
    program = asterisk_program()
    if program is None:
        return None
    version = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Asterisk (?:certified/|GIT-)?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def asterisk_root() -> Path | None:
    """The private root to run Asterisk in; ``None``: the host's own Asterisk is used."""
    return None if asterisk_on_path() else ASTERISK.path


def voices_root() -> Path | None:
    """The private root to speak texts in (pico2wave, sox); ``None``: the host's own tools are used."""
    return None if shutil.which("pico2wave") and shutil.which("sox") else ASTERISK.path


def chromium_on_path() -> str | None:
    """The host's Chromium, unless it is a snap, which cannot see the tests' files nor their network."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        program = shutil.which(name)
        if program and "snap" not in Path(program).resolve().parts and not _starts_a_snap(program):
            return program
    return None


def _starts_a_snap(program: str) -> bool:
    with Path(program).open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and b"snap" in head


def postgresql_folder() -> Path | None:
    """The folder of the host's own PostgreSQL programs, newest first; ``None``: the private root's are used."""
    folders = {int(folder.parent.name): folder for folder in Path("/usr/lib/postgresql").glob("[0-9]*/bin")}
    complete = [folders[number] for number in sorted(folders) if (folders[number] / "initdb").exists()]
    return complete[-1] if complete else None


def host_apt_options() -> str:
    """What the host's administrator told apt about fetching (proxy, validity of mirrors), as apt.conf lines."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in dump.splitlines() if _HOST_OPTIONS.match(line)) + "\n"


def _finish_layout(root: Path) -> None:
    """Add what packages' own scripts would have: a user's name, host names, places to mount on."""
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text("root:x:0:0::/root:/bin/sh\nasterisk:x:1000:1000::/tmp:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\nasterisk:x:1000:\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n::1 localhost\n")
    (etc / "resolv.conf").unlink(missing_ok=True)
    (etc / "resolv.conf").touch()
    (root / "usr" / "lib64").mkdir(exist_ok=True)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
