"""Reads the tracks that Asterisk wrote, and closes those it left open. Blocking: called in a thread."""

import os
import struct
import wave
from datetime import UTC, datetime
from pathlib import Path

from recorder.policy import Kept, Measured

CARRIED = ".carried"
"""Suffix of what stays in memory of a track that was carried away: how long it is, in seconds."""
SEALED, COPIED = ".sealed", ".copied"
"""Suffixes of the marks beside a track, after its own name."""

_HEADER_OCTETS = 44
_RIFF_LENGTH_AT = 4
_DATA_LENGTH_AT = 40


def measure(track: Path) -> Measured:
    """Size and length of a closed track; while Asterisk still writes it, its header promises no sound yet."""
    try:
        octets = track.stat().st_size
        with wave.open(str(track), "rb") as sound:
            frames, rate = sound.getnframes(), sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return Measured()
    return Measured(octets, frames / rate) if frames and rate else Measured(octets)


def close_left_open(track: Path) -> bool:
    """Write into a track's header how long it is, where Asterisk ended before it could; whether it did.

    Nobody may be writing the track any more. What Asterisk had not written out of its memory is lost: up to
    32 kB, two seconds.
    """
    try:
        with track.open("r+b") as file:
            header = file.read(_HEADER_OCTETS)
            size = file.seek(0, 2)
            sound = (size - _HEADER_OCTETS) // 2 * 2
            if not _is_header(header) or sound <= 0:
                return False
            file.seek(_RIFF_LENGTH_AT)
            file.write(struct.pack("<I", sound + _HEADER_OCTETS - 8))
            file.seek(_DATA_LENGTH_AT)
            file.write(struct.pack("<I", sound))
            file.truncate(_HEADER_OCTETS + sound)
    except OSError:
        return False
    return True


def _is_header(octets: bytes) -> bool:
    """Whether these begin a WAV file as Asterisk writes them: samples right after the shortest header."""
    return (octets[:4], octets[8:16], octets[36:40]) == (b"RIFF", b"WAVEfmt ", b"data")


def note_carried(track: Path, seconds: float) -> None:
    """Leave a note in the place of a track that was carried away from memory."""
    draft = track.with_name(track.name + ".draft")
    draft.write_text(f"{seconds:.3f}")
    draft.replace(track.with_name(track.name + CARRIED))
    track.unlink(missing_ok=True)


def carried_seconds(track: Path) -> float | None:
    """How long a track is that was carried away; ``None``: it was not. In memory: it does not block."""
    try:
        return float(track.with_name(track.name + CARRIED).read_text())
    except (OSError, ValueError):
        return None


def free_octets(folder: Path) -> int:
    """How much room there is for files in a folder.

    Raises:
        OSError: the folder is not there, or its disk does not answer.
    """
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def kept_in(folder: Path) -> list[Kept]:
    """The tracks that were sealed, copied elsewhere, or both: an empty file beside each says so."""
    found = []
    for mark in folder.glob(f"*/*{COPIED}"):
        track = mark.with_suffix("")
        try:
            told = track.stat()
        except OSError:
            continue  # deleted meanwhile
        found.append(
            Kept(
                track=str(track.relative_to(folder)),
                octets=told.st_size,
                written_at=datetime.fromtimestamp(told.st_mtime, UTC),
                sealed=track.with_name(track.name + SEALED).exists(),
                copied=True,
            )
        )
    return found


def delete(folder: Path, track: str) -> bool:
    """Delete a track, and what was noted beside it; whether it was there."""
    path = folder / track
    try:
        path.unlink()
    except OSError:
        return False
    for mark in (SEALED, COPIED):
        path.with_name(path.name + mark).unlink(missing_ok=True)
    return True
