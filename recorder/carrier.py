"""The second writer of recordings: what Asterisk writes into memory a second time is carried to another place.

Asterisk must never write where a write may hang: it would wait with the lock of a channel that ends. So its
second copy goes to a file system in memory, which cannot hang, and this program takes it from there while it
grows: to another disk, or another machine's, mounted. If that place is slow, full or gone, only this waits.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from recorder.store import CARRIED, close_left_open, measure, note_carried

log = structlog.get_logger(__name__)

EVERY_S = 0.5
CUT_AFTER_S = 900.0
"""A track that has not grown for so long was cut: Asterisk ended before it could close it."""
NOTES_KEPT_S = 3600.0
"""How long it stays noted in memory what was carried away."""
_HEADER = 44
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A track in memory that is closed, and not carried yet."""

    path: Path
    octets: int
    closed_at: float


class Carrier:
    """Carries the tracks of one folder in memory to another place."""

    def __init__(self, memory: Path, place: Path, most_octets: int) -> None:
        """``most_octets``: of closed tracks that are kept while the place does not take them."""
        self._memory = memory
        self._place = place
        self._most = most_octets
        self._grown: dict[Path, tuple[int, float]] = {}
        """The open tracks: how long each was when it was last seen to grow, and when that was (monotonic)."""

    def run(self, stop: threading.Event) -> None:
        """Carry until asked to stop. The place may hang for as long as it likes: it is waited for apart."""
        carrying = threading.Thread(target=self._carry_on, args=(stop,), name="carrying", daemon=True)
        carrying.start()
        while not stop.wait(EVERY_S):
            self.make_room()

    def _carry_on(self, stop: threading.Event) -> None:
        trouble = ""
        while not stop.wait(EVERY_S):
            try:
                self.carry()
            except OSError as error:
                if trouble != (trouble := type(error).__name__):
                    log.warning("second_place_refuses", reason=trouble)
            else:
                trouble = ""

    # --- carrying: may hang -----------------------------------------------------------------------------

    def carry(self) -> None:
        """Carry all that is new; forget the tracks that are closed and carried.

        Raises:
            OSError: the place refuses; what was not carried is kept.
        """
        tracks = sorted(self._memory.glob("*/*.wav"))
        self._grown = {track: self._grown[track] for track in tracks if track in self._grown}
        for track in tracks:
            target = self._place / track.relative_to(self._memory)
            closed = measure(track).seconds is not None
            cut = not closed and self._still_for(track) > CUT_AFTER_S
            _carry(track, target, whole=closed or cut)
            if cut:
                close_left_open(target)
            if closed or cut:
                note_carried(track, measure(target).seconds or 0.0)

    def _still_for(self, track: Path) -> float:
        """Seconds for which a track was not seen to grow; its date would lie after a clock was set."""
        octets, now = track.stat().st_size, time.monotonic()
        if self._grown.get(track, (-1, now))[0] != octets:
            self._grown[track] = (octets, now)
        return now - self._grown[track][1]

    # --- memory: never hangs ----------------------------------------------------------------------------

    def make_room(self) -> None:
        """Forget the oldest closed tracks where they take too much memory: the first writer has them."""
        for note in self._memory.glob(f"*/*{CARRIED}"):
            if time.time() - note.stat().st_mtime > NOTES_KEPT_S:
                note.unlink(missing_ok=True)
        waiting = sorted(self._waiting(), key=lambda track: track.closed_at)
        octets = sum(track.octets for track in waiting)
        for track in waiting:
            if octets <= self._most:
                return
            track.path.unlink(missing_ok=True)
            octets -= track.octets
            log.warning("second_track_given_up", octets=track.octets)

    def _waiting(self) -> list[Waiting]:
        found = []
        for track in self._memory.glob("*/*.wav"):
            if measure(track).seconds is None:
                continue
            try:
                told = track.stat()
            except OSError:
                continue  # carried meanwhile
            found.append(Waiting(track, told.st_size, told.st_mtime))
        return found


def _carry(track: Path, target: Path, *, whole: bool) -> None:
    """Append what the target lacks; of a track that is closed, its header again, and make sure of all."""
    with track.open("rb") as source:
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT, 0o640), "r+b", buffering=0) as out:
            at = out.seek(0, os.SEEK_END)
            source.seek(at)
            while piece := source.read(_PIECE):
                _write(out.fileno(), piece)
            if whole:
                source.seek(0)
                os.pwrite(out.fileno(), source.read(_HEADER), 0)
                os.fsync(out.fileno())


def _write(file: int, piece: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part."""
    done = 0
    while done < len(piece):
        done += os.write(file, piece[done:])
