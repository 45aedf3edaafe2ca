"""Events the database would not take: kept in a file beside the spool, so that nothing is thrown away."""

import os
from pathlib import Path

from storage import codec
from storage.codec import StoredEvent


def set_aside(file: Path, record: StoredEvent) -> None:
    """Add an event to the file, one JSON line each, and force it to the disk."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, codec.encode_stored(record) + b"\n")
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
