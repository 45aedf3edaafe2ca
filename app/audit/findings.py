"""What the checker says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Invariant(StrEnum):
    """What must hold whatever happens. The numbers are the design's."""

    WITNESSED = "I1"
    """Every call that the outside witness made is exactly one call of the ledger."""
    ONE_END = "I2"
    """Each call ends in exactly one state."""
    NOTHING_LOST = "I3"
    """What the journal acknowledged is never lost."""
    ONE_CALL_EACH = "I5"
    """An agent is never in two calls, nor stuck."""
    ORDER = "I6"
    """A queue's order is priority, then arrival."""
    COUNTERS = "I7"
    """Ledger and counters are what the journal adds up to."""
    RECORDED = "I8"
    """Every connected second is recorded, or flagged."""
    SCREENS = "I9"
    """What screens show is what the journal adds up to."""
    NOBODY_WAITS = "I10"
    """No call waits while an agent who suits it is free for more than a second."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not have happened. ``subject`` is a call, a position or a place; never a number."""

    invariant: Invariant
    subject: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant.value} {self.subject}: {self.what}"


@dataclass(frozen=True, slots=True)
class Audit:
    """The result: what was found, and which invariants could not be looked at, with the reason."""

    findings: tuple[Finding, ...]
    unchecked: Mapping[Invariant, str]

    def of(self, invariant: Invariant) -> list[Finding]:
        """The findings about one invariant."""
        return [finding for finding in self.findings if finding.invariant is invariant]
