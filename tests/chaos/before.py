"""What must be so before a centre starts, for some faults."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from core.events import CoreStarted, Envelope
from core.ids import CentreId, EventId, new_id
from setup.roots import asterisk_root
from storage.spool import Spool
from tests.chaos.centre import HurtCentre

Before = Callable[[HurtCentre], AbstractContextManager[object]]

SMALL_DISK = "4M"
_BLACK_HOLE = "127.0.0.53"


def usual(centre: HurtCentre) -> AbstractContextManager[object]:
    """Nothing in particular."""
    return nullcontext()


@contextmanager
def small_disk(centre: HurtCentre) -> Iterator[None]:
    """The spool has a disk of its own, a small one. It is this test network's alone."""
    disk = Path(mkdtemp(prefix="b15disk-", dir="/tmp"))
    _must("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "none", str(disk))
    centre.settings.storage.spool_dir.symlink_to(disk)
    try:
        yield
    finally:
        _must("umount", "--lazy", str(disk))
        disk.rmdir()


@contextmanager
def no_names(centre: HurtCentre) -> Iterator[None]:
    """Whoever asks for a name gets no answer, neither yes nor no."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind((_BLACK_HOLE, 53))
        folder = Path(mkdtemp(prefix="b15names-", dir="/tmp"))
        (folder / "resolv.conf").write_text(f"nameserver {_BLACK_HOLE}\n")
        root = asterisk_root()
        places = [Path("/etc/resolv.conf"), *([root / "etc/resolv.conf"] if root else [])]
        for place in places:
            _must("mount", "--bind", str(folder / "resolv.conf"), str(place.resolve()))
            if _BLACK_HOLE not in place.read_text():
                raise RuntimeError(f"names are still resolved by {place}")
        try:
            yield
        finally:
            for place in places:
                _must("umount", "--lazy", str(place.resolve()))
            shutil.rmtree(folder)


@contextmanager
def old_journal(centre: HurtCentre) -> Iterator[None]:
    """The journal is about to pass the greatest number of 31 bits."""
    spool = Spool(centre.settings.storage.spool_dir)
    spool.open()
    spool.continue_after(2**31 - 60)
    long_ago = datetime.now(UTC) - timedelta(hours=20)
    event = CoreStarted(core="core-a")
    centre_id = CentreId(centre.settings.centre.id)
    spool.append(
        Envelope(
            event_id=EventId(new_id()),
            seq=spool.next_seq,
            occurred_at=long_ago,
            centre_id=centre_id,
            event=event,
        )
    )
    spool.close()
    yield


def _must(*command: str) -> None:
    subprocess.run(command, check=True)
