"""Where the objects of a recording are in the archive, and what its manifest says of them."""

import hashlib
import re
from datetime import date
from typing import Self

import msgspec

from core.ids import CallId, CentreId, RecordingId
from recorder.sealing.errors import NotAuthentic

ORIGINAL = "original.flac"
KEPT = {"caller": "caller.wav", "centre": "centre.wav"}
"""Instead of :data:`ORIGINAL`: the tracks as Asterisk wrote them."""
LISTEN = "listen.opus"
INDEX = "index.json"
PEAKS = "peaks.bin"
KEY = "key.json"
MANIFEST = "manifest.json"
"""Written last: a recording is published once it is there."""
HEADS = "heads"
"""Below the centre's name: the signed heads of its chain."""
FORMAT = 1

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")


def prefix_of(centre_id: str, day: date, recording_id: str) -> str:
    """Where the objects of a recording are.

    Raises:
        ValueError: these are no names of a centre and a recording.
    """
    if not _NAME.match(centre_id) or not _NAME.match(recording_id):
        raise ValueError("no name of a recording")
    return f"{centre_id}/{day:%Y/%m/%d}/{recording_id}/"


def sha256(data: bytes) -> str:
    """Digest, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Sealing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One encrypted object: its content and what is in the archive, by size in octets and SHA-256."""

    octets: int
    sha256: str
    sealed_octets: int
    sealed_sha256: str


class Original(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One track as Asterisk wrote it: the WAV file that can be made again, octet by octet."""

    name: str
    octets: int
    sha256: str
    samples: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a recording consists of. Clear, so it holds no number and no name."""

    format: int
    recording_id: RecordingId
    call_id: CallId
    centre_id: CentreId
    day: date
    rate: int
    seconds: float
    originals: tuple[Original, ...]
    objects: dict[str, Sealing]

    def document(self) -> bytes:
        """Write it down: the same octets for the same content."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def read(cls, document: bytes) -> Self:
        """Read what was written down.

        Raises:
            NotAuthentic: it is not octet by octet what is written for such a recording.
        """
        try:
            manifest = msgspec.json.decode(document, type=cls)
        except msgspec.DecodeError as error:
            raise NotAuthentic("not a manifest") from error
        if manifest.format != FORMAT or manifest.document() != document:
            raise NotAuthentic("not a manifest of this format")
        return manifest

    @property
    def prefix(self) -> str:
        """Where the recording is in the archive."""
        return prefix_of(self.centre_id, self.day, self.recording_id)


def context(prefix: str, name: str) -> bytes:
    """What an object is: told when it is encrypted, and again when it is decrypted."""
    return (prefix + name).encode()
