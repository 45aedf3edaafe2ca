"""Extracts made ready to be taken: each one zip, encrypted on the disk with a key that only this program holds.

After a restart nothing can read them any more, and they are made again. Blocking.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from recorder.sealing.crypto import CHUNK, decrypt_range, encrypt, new_key

SUMS, SHEET = "SHA256SUMS", "fiche-de-garde.pdf"
_SUFFIX = ".package"


@dataclass(frozen=True, slots=True)
class Package:
    """One made ready. Digests: of the sound, and of all that is handed over."""

    name: str
    path: Path
    octets: int
    sha256: str
    packed_sha256: str
    _key: bytes = field(repr=False)

    def pieces(self) -> Iterator[bytes]:
        """What is handed over, piece by piece.

        Raises:
            OSError: it is gone. NotAuthentic: it was altered.
        """
        with self.path.open("rb") as file:
            sealed_size = file.seek(0, io.SEEK_END)

            def read(offset: int, length: int) -> bytes:
                file.seek(offset)
                return file.read(length)

            for at in range(0, self.octets, CHUNK):
                length = min(CHUNK, self.octets - at)
                yield decrypt_range(self._key, read, sealed_size, at, length, self.path.name.encode())

    def drop(self) -> None:
        """Delete it."""
        self.path.unlink(missing_ok=True)


def packed(sound_name: str, sound: bytes, sheet: bytes, made_at: datetime) -> bytes:
    """The sound, its custody sheet, and the digests of both in the form that ``sha256sum -c`` reads."""
    file = io.BytesIO()
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in ((sound_name, sound), (SHEET, sheet))
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack:
        for name, data in ((sound_name, sound), (SHEET, sheet), (SUMS, sums.encode())):
            pack.writestr(zipfile.ZipInfo(name, made_at.timetuple()[:6]), data, zipfile.ZIP_DEFLATED, 1)
    return file.getvalue()


class Packages:
    """The folder where they wait. What an earlier program left there is deleted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob(f"*{_SUFFIX}"):
            with suppress(OSError):
                left.unlink()

    def keep(self, export_id: str, name: str, sound_sha256: str, data: bytes) -> Package:
        """Keep one until it is taken.

        Raises:
            OSError: the disk refuses.
        """
        path = self._folder / f"{hashlib.sha256(export_id.encode()).hexdigest()[:32]}{_SUFFIX}"
        key = new_key()
        path.touch(mode=0o600)
        path.write_bytes(encrypt(key, data, path.name.encode()))
        return Package(name, path, len(data), sound_sha256, hashlib.sha256(data).hexdigest(), key)
