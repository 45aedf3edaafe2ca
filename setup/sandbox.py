"""Commands inside a private root: its programs and libraries, read-only, with only the named host folders.

Without a private root, the host's own programs are confined alike: they may change only what is named.

The folders keep the path they have on the host, so that a path means the same inside and outside. Without
privilege, whoever starts it; everything inside ends with the starter.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from setup.host import bwrap

_LINKS = ("bin", "lib", "lib64", "sbin")
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def sandboxed(
    root: Path | None,
    command: Sequence[str | Path],
    *,
    writable: Sequence[Path] = (),
    readable: Sequence[Path] = (),
    over: Sequence[tuple[Path, Path]] = (),
    environment: Mapping[str, str] | None = None,
    lasting: bool = False,
) -> list[str]:
    """Make the command line that runs ``command`` inside a private root.

    Args:
        root: made by :mod:`setup.roots`; ``None``: the host itself.
        command: program found in the root, and its arguments.
        writable: host folders, or files, it may change.
        readable: host folders, or files, it may read; where one is inside the other, the inner decides.
        over: pairs (host file, path of a file of the root to hide under it).
        environment: further variables that it finds.
        lasting: what it leaves in the background lives on; otherwise everything ends with the starter.
    """
    argv = [bwrap(), "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-ipc", "--clearenv"]
    for name, value in {**_ENVIRONMENT, **(environment or {})}.items():
        argv += ["--setenv", name, value]
    argv += _host() if root is None else _private(root)
    argv += (
        ["--ro-bind", "/proc", "/proc"]
        if lasting
        else ["--proc", "/proc", "--unshare-pid", "--die-with-parent"]
    )
    binds = [(path.absolute(), "--ro-bind") for path in readable] + [
        (path.absolute(), "--bind") for path in writable
    ]
    for path, how in sorted(binds, key=lambda bind: len(bind[0].parts)):  # the inner of two folders decides
        argv += [how, str(path), str(path)]
    for source, target in over:
        argv += ["--ro-bind", str(source.absolute()), str(target)]
    return [*argv, "--", *map(str, command)]


def _private(root: Path) -> list[str]:
    argv = []
    for name in ("usr", "etc", "var"):
        argv += ["--ro-bind", str(root / name), f"/{name}"]
    for name in _LINKS:
        argv += ["--symlink", f"usr/{name}", f"/{name}"]
    argv += ["--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]
    return [*argv, "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]


def _host() -> list[str]:
    return ["--ro-bind", "/", "/", "--dev", "/dev", "--tmpfs", "/tmp"]
