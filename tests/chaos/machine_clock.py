"""The machine's clock, as a centre's programs see it: in the run's hand, and nobody else's.

libfaketime stands between them and the clock, Asterisk included; the monotonic clock is left alone.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from setup.host import faketime_library


class MachineClock:
    """What the programs of a centre take for the machine's clock.

    Args:
        folder: that they can read.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        library = faketime_library()
        if library is None:
            raise RuntimeError("libfaketime is missing: run make setup")
        self._library = folder / library.name
        self._file = folder / "set"
        shutil.copy(library, self._library)
        self.set(0)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program must find in its environment."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def set(self, ahead: float) -> None:
        """Set it, in seconds ahead of the true one."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead:+.3f}\n")
        new.replace(self._file)
