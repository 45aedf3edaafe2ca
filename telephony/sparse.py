"""Gives the disk under the beginning of a file back, while another program writes on at its end (Linux)."""

import ctypes
import os
from pathlib import Path
from typing import Final

_KEEP_SIZE: Final = 1
_PUNCH_HOLE: Final = 2


def give_back(file: Path, octets: int) -> None:
    """Let the first octets of a file be none: they read as zeros and take no room; the rest stays in its place.

    Raises:
        OSError: the file cannot be written, or its file system cannot do that; it is as it was.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    with file.open("rb+") as stream:
        length = ctypes.c_int64(octets)
        if libc.fallocate(stream.fileno(), _PUNCH_HOLE | _KEEP_SIZE, ctypes.c_int64(0), length) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def first_octet(descriptor: int) -> int:
    """Where a file begins to hold anything; its end, where it holds nothing."""
    try:
        return os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError:
        return os.fstat(descriptor).st_size
