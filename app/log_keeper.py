"""Keeps logs from growing for ever: what programs print, and Asterisk's own messages.

Who writes them holds them open and writes at their end. So a log that is long is copied, then cut: a line
written between the two is lost, and nobody has to open anything again.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 300.0
MOST_BYTES: Final = 32 * 1024 * 1024
OLDER: Final = 4
"""How many copies are kept: ``core.log.1`` is the latest."""


async def keep_logs(folders: Iterable[Path], most: int = MOST_BYTES, every: float = LOOK_SECONDS) -> None:
    """Look after every ``*.log`` of some folders for as long as the launcher runs."""
    folders = tuple(folders)
    while True:
        for path in [path for folder in folders for path in sorted(folder.glob("*.log"))]:
            try:
                if path.stat().st_size > most:
                    await asyncio.to_thread(cut, path)
            except OSError as error:
                log.warning("log_not_cut", file=path.name, reason=error.strerror)
        await asyncio.sleep(every)


def cut(path: Path, older: int = OLDER) -> None:
    """Begin a log anew; what it said so far is the latest of its older copies, and the oldest is gone.

    Raises:
        OSError: it could not be copied; nothing of it is lost.
    """
    copies = [path.with_name(f"{path.name}.{number}") for number in range(1, older + 1)]
    draft = path.with_name(f"{path.name}.new")
    shutil.copyfile(path, draft)
    shutil.copymode(path, draft)
    for newer, one in reversed(list(pairwise(copies))):
        if newer.exists():
            newer.replace(one)
    draft.replace(copies[0])
    os.truncate(path, 0)
