"""Reads a sealed recording: any part of any of its objects, decrypting no more than that. Blocking."""

from typing import Self

from recorder.sealing.archive import Archive
from recorder.sealing.crypto import decrypt_range
from recorder.sealing.errors import NotFound
from recorder.sealing.keys import KeyRing, Wrapped
from recorder.sealing.layout import KEY, MANIFEST, Manifest, Sealing, context


class SealedReader:
    """One recording of the archive. Each octet it gives was authenticated; safe to use from several threads."""

    def __init__(self, archive: Archive, prefix: str, manifest: Manifest, data_key: bytes) -> None:
        self._archive = archive
        self._prefix = prefix
        self._data_key = data_key
        self.manifest = manifest

    @classmethod
    def open(cls, archive: Archive, keys: KeyRing, prefix: str, manifest: Manifest | None = None) -> Self:
        """Open a recording.

        Args:
            archive: where it is.
            keys: of its centre.
            prefix: of its objects; :func:`recorder.sealing.layout.prefix_of` makes it.
            manifest: of one that is not published yet.

        Raises:
            NotFound: it is not published, or was erased.
            NotAuthentic: its manifest or key was altered.
            NoSuchKey: the centre key it needs is not here.
            OSError: the archive does not answer.
        """
        if manifest is None:
            manifest = Manifest.read(archive.get(prefix + MANIFEST))
        data_key = keys.unwrap(Wrapped.read(archive.get(prefix + KEY)), prefix)
        return cls(archive, prefix, manifest, data_key)

    def size(self, name: str) -> int:
        """How many octets an object has, decrypted.

        Raises:
            NotFound: the recording has no such object.
        """
        return self._object(name).octets

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Read an object, or a part of it; less than asked for at its end.

        Raises:
            NotFound: there is no such object.
            NotAuthentic: it was altered.
            OSError: the archive does not answer.
        """
        told = self._object(name)
        return decrypt_range(
            self._data_key,
            lambda at, count: self._archive.get_range(self._prefix + name, at, count),
            told.sealed_octets,
            offset,
            told.octets - offset if length is None else length,
            context(self._prefix, name),
        )

    def _object(self, name: str) -> Sealing:
        try:
            return self.manifest.objects[name]
        except KeyError as error:
            raise NotFound(name) from error
