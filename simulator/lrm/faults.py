"""What an LRM does wrong on purpose: ``none``, ``slow:5`` (seconds), ``error`` (500), ``refuse`` (403),
``wrong-certificate`` (over TLS, one that nobody believes).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_SECONDS = 120.0
KNOWN = "none, error, refuse, wrong-certificate, or slow:SECONDS"
_SLOW = re.compile(r"^slow:(\d{1,3}(?:\.\d{1,2})?)$")


class FaultKind(StrEnum):
    """How it fails."""

    NONE = "none"
    SLOW = "slow"
    ERROR = "error"
    REFUSE = "refuse"
    WRONG_CERTIFICATE = "wrong-certificate"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail; ``seconds`` of delay for a slow one."""

    kind: FaultKind = FaultKind.NONE
    seconds: float = 0.0


def fault_of(text: str) -> Fault:
    """Read a fault.

    Raises:
        ValueError: it is none of those known, or too slow.
    """
    slow = _SLOW.match(text)
    if slow is not None and float(slow[1]) <= MAX_SECONDS:
        return Fault(FaultKind.SLOW, float(slow[1]))
    if text in set(FaultKind) - {FaultKind.SLOW}:
        return Fault(FaultKind(text))
    raise ValueError(f"fault {text!r}: {KNOWN} up to {MAX_SECONDS:g}")
