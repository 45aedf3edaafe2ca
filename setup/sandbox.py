"""Commands inside a private root: its programs and libraries, read-only, with only the named host folders.

The folders keep the path they have on the host, so that a path means the same inside and outside. Without
privilege, whoever starts it; everything inside ends with the starter.
"""

from collections.abc import Sequence
from pathlib import Path

from setup.host import bwrap

_LINKS = ("bin", "lib", "lib64", "sbin")


def sandboxed(
    root: Path,
    command: Sequence[str | Path],
    *,
    writable: Sequence[Path] = (),
    readable: Sequence[Path] = (),
    over: Sequence[tuple[Path, Path]] = (),
) -> list[str]:
    """Make the command line that runs ``command`` inside a private root.

    Args:
        root: made by :mod:`setup.roots`.
        command: program found in the root, and its arguments.
        writable: host folders, or files, it may change.
        readable: host folders, or files, it may read.
        over: pairs (host file, path of a file of the root to hide under it).
    """
    argv = [bwrap(), "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-pid", "--unshare-ipc"]
    argv += [
        "--die-with-parent",
        "--clearenv",
        "--setenv",
        "PATH",
        "/usr/sbin:/usr/bin",
        "--setenv",
        "HOME",
        "/tmp",
    ]
    argv += ["--setenv", "LANG", "C.UTF-8", "--setenv", "TZ", "UTC"]
    for name in ("usr", "etc", "var"):
        argv += ["--ro-bind", str(root / name), f"/{name}"]
    for name in _LINKS:
        argv += ["--symlink", f"usr/{name}", f"/{name}"]
    argv += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"]
    argv += ["--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]
    for path in readable:
        argv += ["--ro-bind", str(path.absolute()), str(path.absolute())]
    for path in writable:
        argv += ["--bind", str(path.absolute()), str(path.absolute())]
    for source, target in over:
        argv += ["--ro-bind", str(source.absolute()), str(target)]
    return [*argv, "--", *map(str, command)]
