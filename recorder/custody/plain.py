"""What is deleted: the tracks of what was sealed long enough ago, and all of what is erased. Blocking."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from core.recordings import Recording
from recorder.custody.places import prefix, tracks_in
from recorder.sealing.archive import Archive
from recorder.sealing.seal import erase
from recorder.store import COPIED, SEALED, delete

log = structlog.get_logger(__name__)


class SealedEraser:
    """Implements ``Eraser`` over the archive and the recordings folders."""

    def __init__(self, archive: Archive, folders: Sequence[Path]) -> None:
        self._archive = archive
        self._folders = folders

    def erase(self, recording: Recording) -> None:
        """Delete a recording's key and objects, and its tracks wherever they still are."""
        erase(self._archive, prefix(recording))
        for folder in self._folders:
            pair = tracks_in(folder, recording)
            for track in (pair.caller, pair.centre) if pair is not None else ():
                for path in (track, Path(f"{track}{SEALED}"), Path(f"{track}{COPIED}")):
                    path.unlink(missing_ok=True)


def delete_plain(folders: Sequence[Path], before: datetime) -> int:
    """Delete the tracks that were sealed and published before an instant; how many."""
    count = 0
    for folder in folders:
        for mark in folder.glob(f"*/*{COPIED}"):
            track = mark.with_suffix("")
            sealed = track.with_name(track.name + SEALED)
            try:
                long_ago = mark.stat().st_mtime < before.timestamp() and sealed.exists()
            except FileNotFoundError:
                continue
            if long_ago and delete(folder, str(track.relative_to(folder))):
                count += 1
    if count:
        log.info("plain_tracks_deleted", count=count)
    return count
