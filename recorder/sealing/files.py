"""Files that are there wholly or not at all, whatever ends the program or the machine. Blocking."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

Step = Callable[[str], None]
"""Told of each thing done, by its name: tests end the program there."""


def no_step(name: str) -> None:
    """Go on."""


def write_whole(path: Path, data: bytes, *, mode: int = 0o640, step: Step = no_step, new: bool = False) -> None:
    """Write a file beside, then give it its name; on the disk when this returns.

    Args:
        path: its folders are made.
        data: all of it.
        mode: who may read it, from the first octet on.
        step: told of each thing done.
        new: it must not be there.

    Raises:
        FileExistsError: it is there, and must not be.
        OSError: the disk refuses; nothing was changed.
    """
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as file:
            file.write(data)
            step(f"{path.name} written")
            file.flush()
            os.fsync(descriptor)
        step(f"{path.name} synced")
        if new:
            os.link(beside, path)
        else:
            beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    sync_folder(path.parent)
    step(f"{path.name} in place")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, on the disk when this returns."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode=0o750)
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
