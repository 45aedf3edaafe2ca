"""All invariants, one after the other."""

from acd.defaults import default_plan
from acd.model.room import Room
from app.audit.calls import check_ends, check_sums, check_witness
from app.audit.evidence import Evidence, Presence
from app.audit.findings import Audit, Finding, Invariant
from app.audit.journal import check_journal, check_screens
from app.audit.positions import check_positions
from app.audit.recordings import check_recordings
from app.audit.rooms import check_rooms


def audit(evidence: Evidence) -> Audit:
    """Look for everything that should not have happened."""
    presence = Presence(evidence)
    unchecked: dict[Invariant, str] = {}
    findings: list[Finding] = []
    if evidence.witness is None:
        unchecked[Invariant.WITNESSED] = "no outside witness"
    else:
        findings += check_witness(evidence, list(evidence.witness))
    findings += check_ends(evidence)
    findings += check_journal(evidence)
    findings += check_positions(evidence, presence)
    if evidence.plans is None:
        unchecked[Invariant.ORDER] = unchecked[Invariant.NOBODY_WAITS] = "no plan of the waiting rooms"
    else:
        plan = evidence.plans(0, "") or default_plan()
        findings += check_rooms(evidence, presence, Room(plan))
    findings += check_sums(evidence)
    findings += check_recordings(evidence, presence)
    if evidence.screens is None:
        unchecked[Invariant.SCREENS] = "no screens"
    else:
        findings += check_screens(evidence.screens)
    order = list(Invariant)
    return Audit(tuple(sorted(findings, key=lambda f: order.index(f.invariant))), unchecked)
