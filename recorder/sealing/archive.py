"""Where sealed recordings are kept: a folder, or any S3-compatible store. Blocking."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from recorder.sealing.errors import NotFound
from recorder.sealing.files import Step, no_step, sync_folder, write_whole


class Archive(Protocol):
    """Objects by key: ``FR751/2026/11/22/<recording>/manifest.json``. Each method may raise OSError."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in the place of any that is there: wholly, or not at all; durable on return."""
        ...

    def get(self, key: str) -> bytes:
        """Read an object.

        Raises:
            NotFound: there is none.
        """
        ...

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Read a part of an object; less than asked for at its end.

        Raises:
            NotFound: there is none.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if there is none."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Delete every object below a prefix that ends in ``/``."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Name every object below a prefix that ends in ``/`` (or is empty: all), in no order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an archive is, as settings tell it: a folder, or a bucket of an S3-compatible store."""

    folder: Path | None = None
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    """Empty: Amazon's own."""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    plain_http: bool = False
    """Accept an endpoint without TLS: what is stored is encrypted, but who asks for what can be seen."""


def open_archive(place: Place) -> Archive:
    """Open the archive that settings name."""
    return LocalArchive(place.folder) if place.folder is not None else StoreArchive(s3(place))


class LocalArchive:
    """A folder. Objects are files, readable by the archive's user and group alone."""

    def __init__(self, folder: Path, step: Step = no_step) -> None:
        self._folder = folder
        self._step = step

    def put(self, key: str, data: bytes) -> None:
        """As :class:`Archive`."""
        write_whole(self._path(key), data, step=self._step)

    def get(self, key: str) -> bytes:
        """As :class:`Archive`."""
        with _not_found(key):
            return self._path(key).read_bytes()

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """As :class:`Archive`."""
        with _not_found(key), self._path(key).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def exists(self, key: str) -> bool:
        """As :class:`Archive`."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """As :class:`Archive`."""
        path = self._path(key)
        with suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def delete_prefix(self, prefix: str) -> None:
        """As :class:`Archive`."""
        folder = self._path(prefix)
        if folder.is_dir():
            shutil.rmtree(folder)
            sync_folder(folder.parent)

    def list(self, prefix: str) -> Iterator[str]:
        """As :class:`Archive`. What a crash left half written is no object."""
        for folder, _, names in os.walk(self._path(prefix)):
            for name in names:
                if not name.startswith("."):
                    yield str((Path(folder) / name).relative_to(self._folder))

    def _path(self, key: str) -> Path:
        parts = [part for part in key.split("/") if part]
        if any(part.startswith(".") or "\0" in part for part in parts):
            raise ValueError("no key of an object")
        return self._folder.joinpath(*parts)


class StoreArchive:
    """A store that obstore speaks to: S3, and whatever speaks as it does."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, data: bytes) -> None:
        """As :class:`Archive`."""
        try:
            with _store_errors(key):
                obstore.put(self._store, key, data)
        except NotFound as error:
            raise OSError("the archive's store has no such bucket") from error

    def get(self, key: str) -> bytes:
        """As :class:`Archive`."""
        with _store_errors(key):
            return bytes(obstore.get(self._store, key).bytes())

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """As :class:`Archive`."""
        with _store_errors(key):
            return bytes(obstore.get_range(self._store, key, start=offset, length=length))

    def exists(self, key: str) -> bool:
        """As :class:`Archive`."""
        try:
            with _store_errors(key):
                obstore.head(self._store, key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """As :class:`Archive`."""
        with suppress(NotFound), _store_errors(key):
            obstore.delete(self._store, key)

    def delete_prefix(self, prefix: str) -> None:
        """As :class:`Archive`."""
        with _store_errors(prefix):
            for batch in obstore.list(self._store, prefix=prefix or None):
                obstore.delete(self._store, [each["path"] for each in batch])

    def list(self, prefix: str) -> Iterator[str]:
        """As :class:`Archive`."""
        with _store_errors(prefix):
            for batch in obstore.list(self._store, prefix=prefix or None):
                for each in batch:
                    yield each["path"]


def s3(place: Place) -> S3Store:
    """Open the bucket that settings name."""
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config={
            **({"endpoint": place.endpoint} if place.endpoint else {}),
            **({"region": place.region} if place.region else {}),
            **({"access_key_id": place.access_key} if place.access_key else {}),
            **({"secret_access_key": place.secret_key} if place.secret_key else {}),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        client_options={"allow_http": place.plain_http, "timeout": "60s", "connect_timeout": "5s"},
    )


@contextmanager
def _not_found(key: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(key) from error


@contextmanager
def _store_errors(key: str) -> Iterator[None]:
    """What went wrong in a store, as a folder would say it."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(key) from error
    except BaseError as error:
        raise OSError(f"the archive's store failed: {type(error).__name__}") from error
