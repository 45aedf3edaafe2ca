"""Files that their owner alone may read: keys, tokens, passwords."""

import os
from pathlib import Path


def write_private(file: Path, content: str | bytes) -> None:
    """Replace a file in one step, for its owner only. Its folder must be there."""
    octets = content.encode() if isinstance(content, str) else content
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(octets)
    fresh.replace(file)
