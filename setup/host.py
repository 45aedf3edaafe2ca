"""Packages of the host itself: as few as possible, installed by root or by sudo, otherwise asked for."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup.places import cache_dir
from setup.progress import SetupFailed, Task

_RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_OWN_BWRAP = Path("/usr/local/lib/bandeau15/bwrap")
_OWN_PROFILE = Path("/etc/apparmor.d/bandeau15-bwrap")
_PROFILE_TEXT = f"""# Lets bandeau15's own copy of bubblewrap make user namespaces; all else stays restricted.
abi <abi/4.0>,
include <tunables/global>
profile bandeau15-bwrap {_OWN_BWRAP} flags=(unconfined) {{
  userns,
}}
"""
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class HostPackage:
    """A Debian or Ubuntu package, and how to see that what it brings is already there."""

    name: str
    present: Callable[[], bool]


def find_program(name: str) -> str | None:
    """Find a program on PATH or where administration tools live."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/bin")


def bwrap() -> str:
    """Name the bubblewrap to use: our own copy where Ubuntu's restriction made one necessary."""
    return str(_OWN_BWRAP) if _OWN_BWRAP.exists() else "bwrap"


def faketime_library() -> Path | None:
    """Find the library that stands between a program and the machine's clock."""
    return next(iter(sorted(Path("/usr").glob("lib*/*/faketime/libfaketimeMT.so.1"))), None)


VENV_PACKAGE = HostPackage("python3-venv", lambda: importlib.util.find_spec("ensurepip") is not None)
BUBBLEWRAP = HostPackage("bubblewrap", lambda: find_program("bwrap") is not None)
IPROUTE = HostPackage("iproute2", lambda: find_program("ip") is not None)
# The browser driver of the tests is linked with it.
LIBATOMIC = HostPackage("libatomic1", lambda: any(Path("/usr").glob("lib*/*/libatomic.so.1")))
# Fault runs set a clock with it, their own alone.
LIBFAKETIME = HostPackage("libfaketime", lambda: faketime_library() is not None)
MMDEBSTRAP = HostPackage("mmdebstrap", lambda: find_program("mmdebstrap") is not None)
KEYRING = HostPackage("debian-archive-keyring", DEBIAN_KEYRING.exists)


def missing(packages: Sequence[HostPackage]) -> list[str]:
    """Names of the packages that are not there yet."""
    return [package.name for package in packages if not package.present()]


def install(names: Sequence[str], task: Task) -> None:
    """Install packages of the host.

    Raises:
        SetupFailed: neither root nor sudo, or apt failed. The text has the command for an administrator.
    """
    command = f"apt-get update && apt-get install --no-install-recommends -y {' '.join(names)}"
    if find_program("apt-get") is None:
        raise SetupFailed(
            f"This machine has no apt. Install by its own means: {' '.join(names)}, then start again."
        )
    prefix = become_root(f"Ask an administrator to run:\n\n    {command}\n\nthen start again.")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    advice = f"To see more, run by hand: {command}"
    task.run([*prefix, *quiet, "apt-get", "update"], advice=advice)
    task.run([*prefix, *quiet, "apt-get", "install", "--no-install-recommends", "-y", *names], advice=advice)


def become_root(otherwise: str) -> list[str]:
    """Say what to put before a command to run it as root; a password may be asked for on the terminal.

    Raises:
        SetupFailed: not root and no usable sudo; its text ends with ``otherwise``.
    """
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is not None:
        quiet = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
        if quiet.returncode == 0:
            return [sudo, "-n"]
        if sys.stdin.isatty():
            print("\nYour password is needed to install host packages (sudo).", flush=True)
            if subprocess.run([sudo, "-v"], check=False).returncode == 0:
                return [sudo]
    raise SetupFailed(f"Installing host packages needs root, or a user with sudo.\n{otherwise}")


def namespaces_refused() -> bool:
    """Whether this user may not make the user namespaces in which Asterisk and the tests run."""
    probe = [bwrap(), "--unshare-user", "--unshare-net", "--uid", "0", "--ro-bind", "/", "/", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode != 0


def allow_namespaces(task: Task) -> None:
    """On Ubuntu, let a copy of bubblewrap (that copy only) make user namespaces.

    Raises:
        SetupFailed: they are refused for another reason, or root is out of reach.
    """
    if not (_RESTRICTED.exists() and _RESTRICTED.read_text().strip() == "1"):
        raise SetupFailed(
            "This user may not make user namespaces (“bwrap --unshare-user” fails), in which Asterisk runs. "
            "Run as root, or ask an administrator to allow them (kernel.unprivileged_userns_clone, "
            "user.max_user_namespaces, or the container's security profile)."
        )
    draft = cache_dir() / "bandeau15-bwrap.apparmor"
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(_PROFILE_TEXT)
    commands = [
        ["install", "-D", "-m", "755", str(find_program("bwrap")), str(_OWN_BWRAP)],
        ["install", "-m", "644", str(draft), str(_OWN_PROFILE)],
        ["apparmor_parser", "-r", str(_OWN_PROFILE)],
    ]
    listed = "\n".join("    " + " ".join(command) for command in commands)
    prefix = become_root(f"Ask an administrator to run:\n\n{listed}\n\nthen start again.")
    for command in commands:
        task.run([*prefix, *command])
