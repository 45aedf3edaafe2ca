"""The centre's keys: each version wraps the keys of the recordings sealed in its time. Blocking.

A version is a file of the data directory that the archive's user alone can read: ``FR751-k0001-5c1e22f0``, its
number and the beginning of its digest, so that no two keys have one name. The newest wraps; the others still
unwrap, until rotation has wrapped everything anew and they are forgotten.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recorder.sealing.archive import Archive
from recorder.sealing.crypto import KEY_OCTETS, new_key
from recorder.sealing.errors import NoSuchKey, NotAuthentic
from recorder.sealing.files import Step, no_step, write_whole
from recorder.sealing.layout import KEY

log = structlog.get_logger(__name__)

_NONCE = 12
_VERSION = re.compile(r"-k(\d{4,})-[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A recording's key, encrypted with a centre key: what ``key.json`` holds."""

    key_id: str
    sealed: bytes

    def document(self) -> bytes:
        """Write it down."""
        return json.dumps({"key": self.key_id, "wrapped": base64.b64encode(self.sealed).decode()}).encode()

    @classmethod
    def read(cls, document: bytes) -> Self:
        """Read what was written down.

        Raises:
            NotAuthentic: it is nothing of the kind.
        """
        try:
            told = json.loads(document)
            return cls(str(told["key"]), base64.b64decode(told["wrapped"], validate=True))
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise NotAuthentic("not a wrapped key") from error


class KeyRing:
    """All versions of one centre's key that are in a folder. The first is made where there is none."""

    def __init__(self, folder: Path, centre_id: str, *, make: bool = True) -> None:
        self._folder = folder
        self._centre_id = centre_id
        self._keys: dict[str, bytes] = {}
        self._look()
        if make and not self._keys:
            self.rotate()

    @property
    def current(self) -> str:
        """Which version wraps.

        Raises:
            NoSuchKey: there is none.
        """
        if not self._keys:
            raise NoSuchKey("no key at all")
        return self.versions[-1]

    @property
    def versions(self) -> list[str]:
        """All versions, the oldest first."""
        return sorted(self._keys, key=lambda key_id: (_number(key_id), key_id))

    def wrap(self, data_key: bytes, context: str) -> Wrapped:
        """Encrypt a recording's key. ``context``: the recording's place, so that no other takes its key."""
        nonce = new_key()[:_NONCE]
        cipher = AESGCM(self._keys[self.current])
        return Wrapped(self.current, nonce + cipher.encrypt(nonce, data_key, context.encode()))

    def unwrap(self, wrapped: Wrapped, context: str) -> bytes:
        """Decrypt a recording's key.

        Raises:
            NoSuchKey: the version that wrapped it is not here.
            NotAuthentic: it was altered, or is another recording's.
        """
        if wrapped.key_id not in self._keys:
            self._look()  # another program has rotated
        if wrapped.key_id not in self._keys:
            raise NoSuchKey(wrapped.key_id)
        nonce, sealed = wrapped.sealed[:_NONCE], wrapped.sealed[_NONCE:]
        try:
            return AESGCM(self._keys[wrapped.key_id]).decrypt(nonce, sealed, context.encode())
        except (InvalidTag, ValueError) as error:
            raise NotAuthentic("the recording's key is not authentic") from error

    def rotate(self) -> str:
        """Make the next version; what is sealed from now on is wrapped with it. ``rewrap`` does the rest."""
        self._look()
        key = new_key()
        key_id = self._name(_number(self.current) + 1 if self._keys else 1, key)
        self.add(key_id, key)
        return key_id

    def add(self, key_id: str, key: bytes) -> None:
        """Put a version into the ring: a new one, or one recovered from escrow.

        Raises:
            ValueError: it is no key of this centre.
        """
        if len(key) != KEY_OCTETS or key_id != self._name(_number(key_id), key):
            raise ValueError("no key of this centre")
        write_whole(self._path(key_id), base64.b64encode(key) + b"\n", mode=0o600)
        self._keys[key_id] = key

    @classmethod
    def put_back(cls, folder: Path, centre_id: str, keys: Mapping[str, bytes]) -> list[str]:
        """Add the versions that are missing; which these were.

        Raises:
            ValueError: one is no key of this centre.
        """
        ring = cls(folder, centre_id, make=False)
        missing = sorted(keys.keys() - ring._keys.keys())
        for key_id in missing:
            ring.add(key_id, keys[key_id])
        return missing

    def forget(self, key_id: str, archive: Archive) -> None:
        """Delete a version that wraps nothing any more.

        Raises:
            ValueError: it is the current one, or still wraps a recording's key.
        """
        if key_id == self.current or any(wrapped.key_id == key_id for _, wrapped in self.wrapped_in(archive)):
            raise ValueError("this key is still in use")
        self._path(key_id).unlink()
        del self._keys[key_id]

    def key(self, key_id: str) -> bytes:
        """A version itself, to be put in escrow."""
        return self._keys[key_id]

    def wrapped_in(self, archive: Archive) -> Iterator[tuple[str, Wrapped]]:
        """Every wrapped key of the centre's recordings, with the prefix of its recording."""
        for name in archive.list(f"{self._centre_id}/"):
            if name.endswith(f"/{KEY}"):
                yield name.removesuffix(KEY), Wrapped.read(archive.get(name))

    def rewrap(self, archive: Archive, step: Step = no_step) -> int:
        """Wrap the key of every recording with the current version; how many were not yet.

        Each is replaced wholly: ended anywhere and begun again, it goes on where it was. Sound is not touched.
        """
        count = 0
        for prefix, wrapped in self.wrapped_in(archive):
            if wrapped.key_id != self.current:
                again = self.wrap(self.unwrap(wrapped, prefix), prefix)
                archive.put(prefix + KEY, again.document())
                step("rewrapped")
                count += 1
        return count

    def _look(self) -> None:
        for path in self._folder.glob(f"{self._centre_id}-k*.key"):
            if path.stem not in self._keys and _VERSION.search(path.stem):
                with suppress(binascii.Error):
                    key = base64.b64decode(path.read_bytes())
                    if path.stem == self._name(_number(path.stem), key):
                        self._keys[path.stem] = key
                        continue
                log.error("archive_key_damaged", key=path.stem)  # as good as lost: escrow has it

    def _name(self, number: int, key: bytes) -> str:
        return f"{self._centre_id}-k{number:04d}-{hashlib.sha256(key).hexdigest()[:8]}"

    def _path(self, key_id: str) -> Path:
        return self._folder / f"{key_id}.key"


def _number(key_id: str) -> int:
    found = _VERSION.search(key_id)
    return int(found[1]) if found else 0
