"""Where set-up reads and keeps things."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
LOGS = CHECKOUT / "var" / "log" / "setup"
STAMPS = CHECKOUT / "var" / "setup"
PAGES = CHECKOUT / "ui" / "dist"


def cache_dir() -> Path:
    """The folder outside the checkout that all checkouts of this user share."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "bandeau15"


def fingerprint(files: Iterable[Path], *words: str) -> str:
    """Hash the contents and names of files (folders: all files in them) and some words."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for file in sorted(_expand(files)):
        digest.update(str(file.relative_to(CHECKOUT)).encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()


def _expand(files: Iterable[Path]) -> Iterable[Path]:
    for file in files:
        if file.is_dir():
            for folder, subfolders, names in os.walk(file):
                subfolders[:] = [
                    name for name in subfolders if name not in {"dist", "node_modules", "__pycache__"}
                ]
                yield from (Path(folder) / name for name in names)
        elif file.is_file():
            yield file


class Stamp:
    """Remembers from which inputs something was made."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def matches(self, value: str) -> bool:
        """Whether it was last made from inputs with this fingerprint."""
        try:
            return self._file.read_text() == value
        except FileNotFoundError:
            return False

    def write(self, value: str) -> None:
        """Remember this fingerprint."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(value)
