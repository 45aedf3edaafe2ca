"""What Advanced Mobile Location messages share (ETSI TS 103 625): numbers written in text. Pure."""

import re
from typing import Final

LONGEST: Final = 4096
"""Characters of the longest message that is looked at."""
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,17})?")


class NotAml(ValueError):
    """The message is none, or one that cannot be trusted. The text says why, with nothing of it."""


def decimal(text: str, what: str) -> float:
    """Read a decimal number. ``inf``, ``1e9`` and figures of other scripts are none.

    Raises:
        NotAml: it is none.
    """
    if not _DECIMAL.fullmatch(text) or not text.isascii():
        raise NotAml(f"{what} is no number")
    return float(text)
