"""What a run counts: each should be none."""

from enum import StrEnum


class Cost(StrEnum):
    """One kind of harm."""

    LOST = "lost"
    """Callers whose line was never picked up."""
    CUT = "cut"
    """Callers hung up on, or whose line went dead."""
    SILENT = "silent_over_2s"
    """Callers who heard nothing for more than two seconds."""
    SILENT_SVI = "silent_in_svi"
    """Those of them who were in the SVI when the fault came."""
    DOUBLE = "double_outcomes"
    """Calls that ended more than once, or not at all."""
    EVENTS = "events_lost"
    UNLISTED = "unlisted"
    """Callers who were answered, and of whom the ledger knows nothing."""
    MISPLACED = "misplaced"
    """Staged calls that are not where they were."""
    UNCALLED = "uncalled"
    """Callers who were cut and are not on the callback desk within five seconds."""
    FINDINGS = "findings"
    """Anything else that breaks an invariant."""
