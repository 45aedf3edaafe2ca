"""The checker of the invariants, put to the journal of a centre in one's hand."""

from collections.abc import Iterable

from acd.model.rules import RoomPlan
from app.audit import Evidence, Invariant, audit
from core.events import Envelope
from core.ids import CallId
from storage.ledger import LedgerEntry, fold
from tests.support.centre import HeldClock

BY_JOURNAL = (
    Invariant.ONE_END,
    Invariant.NOTHING_LOST,
    Invariant.ORDER,
    Invariant.COUNTERS,
    Invariant.NOBODY_WAITS,
)
"""What a journal tells by itself where time leaps (deadlines are seen late) and nothing is recorded."""


def ledger_of(envelopes: Iterable[Envelope]) -> list[LedgerEntry]:
    """The ledger that a journal adds up to."""
    rows: dict[CallId, LedgerEntry | None] = {}
    for envelope in envelopes:
        if envelope.call_id is not None:
            rows[envelope.call_id] = fold(rows.get(envelope.call_id), envelope)
    return [row for row in rows.values() if row is not None]


def assert_sound(envelopes: list[Envelope], clock: HeldClock, plan: RoomPlan) -> None:
    """Nothing in this journal breaks an invariant."""
    evidence = Evidence(
        envelopes=envelopes,
        ledger=ledger_of(envelopes),
        until=clock.now(),
        plans=lambda version, surge: plan,
    )
    found = [str(f) for f in audit(evidence).findings if f.invariant in BY_JOURNAL]
    assert found == []
