"""The invariants of a centre as one checker: from what was written down, what should not have happened.

Pure: a journal, a ledger and, where there are, an outside witness and the screens go in; findings come out. The
same checker serves tests, fault runs (``make chaos``) and ``bandeau15 journal audit``.
"""

from app.audit.evidence import Evidence, WitnessedCall
from app.audit.findings import Audit, Finding, Invariant
from app.audit.whole import audit

__all__ = ["Audit", "Evidence", "Finding", "Invariant", "WitnessedCall", "audit"]
