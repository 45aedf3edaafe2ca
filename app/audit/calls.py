"""I1: what the witness saw is in the ledger. I2: each call ends once. I7: sums."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from app.audit.evidence import Evidence, WitnessedCall
from app.audit.findings import Finding, Invariant
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallOffered,
    CallPlaced,
    CallQueued,
    OfferAccepted,
    PartyJoined,
)
from core.ids import CallId
from core.words import Outcome
from storage.ledger import LedgerEntry, fold
from supervision.model import Today, day_of

LONGEST_CALL = timedelta(hours=24)
"""A call that has not ended after so long is a forgotten one."""
ARRIVES_WITHIN = timedelta(seconds=30)
"""How long after it was sent a call may come into the ledger."""

_LIFE = (CallQueued, CallOffered, OfferAccepted, CallAnswered, PartyJoined)


def check_witness(evidence: Evidence, witness: list[WitnessedCall]) -> Iterator[Finding]:
    """I1. A refused call may be in the ledger, once at most; every other one is there exactly once."""
    rows: dict[str, list[LedgerEntry]] = defaultdict(list)
    for row in evidence.ledger:
        if row.number is not None and row.line is not None:
            rows[row.number].append(row)
    for index, call in sorted(enumerate(witness, 1), key=lambda each: each[1].sent_at):
        of_number = rows[call.number]
        match = next((row for row in of_number if _is_of(row.arrived_at, call, evidence.clocks_apart)), None)
        if match is not None:
            of_number.remove(match)
        elif not call.refused:
            how = "answered" if call.answered_at else f"not answered (status {call.status})"
            yield _lost(index, call, f"no call of the ledger, though {how}")
    for number in {call.number for call in witness}:
        for row in rows[number]:
            yield Finding(Invariant.WITNESSED, row.call_id, "the witness made no such call, or made it once")


def _is_of(arrived_at: datetime, call: WitnessedCall, apart: timedelta) -> bool:
    last = max(call.ended_at or call.sent_at, call.sent_at + ARRIVES_WITHIN)
    return call.sent_at - apart <= arrived_at <= last + apart


def _lost(index: int, call: WitnessedCall, what: str) -> Finding:
    return Finding(Invariant.WITNESSED, f"caller {index} of {call.sent_at:%H:%M:%S}", what)


def check_ends(evidence: Evidence) -> Iterator[Finding]:
    """I2."""
    begun: dict[CallId, datetime] = {}
    ended: dict[CallId, Outcome] = {}
    for envelope in evidence.envelopes:
        event, at = envelope.event, envelope.occurred_at
        if not isinstance(event, CallEvent):
            continue
        call_id, judged = event.call_id, evidence.judges(at)
        if isinstance(event, CallArrived | CallPlaced):
            if call_id in begun and ended.get(call_id) is not Outcome.TAKEN_BACK and judged:
                yield Finding(Invariant.ONE_END, call_id, "it began twice")
            begun[call_id] = at
            ended.pop(call_id, None)
        elif isinstance(event, CallEnded):
            if call_id in ended and judged:
                yield Finding(Invariant.ONE_END, call_id, f"it ended twice: {ended[call_id]}, {event.outcome}")
            ended.setdefault(call_id, event.outcome)
        elif isinstance(event, _LIFE) and call_id in ended and judged:
            yield Finding(Invariant.ONE_END, call_id, f"{type(event).__name__} after its end")
    for call_id, at in begun.items():
        if call_id not in ended and (evidence.over or evidence.until - at > LONGEST_CALL):
            yield Finding(Invariant.ONE_END, call_id, "it has not ended")


def check_sums(evidence: Evidence) -> Iterator[Finding]:
    """I7: each row of the ledger, and the wallboard's figures."""
    entries: dict[CallId, LedgerEntry | None] = {}
    whole: set[CallId] = set()
    for envelope in evidence.envelopes:
        event = envelope.event
        if isinstance(event, CallEvent):
            if event.call_id not in entries and isinstance(event, CallArrived | CallPlaced):
                whole.add(event.call_id)
            entries[event.call_id] = fold(entries.get(event.call_id), envelope)
    seen = Counter(row.call_id for row in evidence.ledger)
    last_seq = evidence.envelopes[-1].seq if evidence.envelopes else 0
    for row in evidence.ledger:
        if row.last_seq > last_seq:
            continue  # it went on after the time that is looked at
        if row.call_id in whole and seen[row.call_id] == 1 and entries[row.call_id] != row:
            yield Finding(
                Invariant.COUNTERS, row.call_id, f"its row differs in {_unlike(entries[row.call_id], row)}"
            )
        elif row.call_id not in entries and evidence.judges(row.arrived_at):
            yield Finding(
                Invariant.COUNTERS, row.call_id, "a row of the ledger that the journal knows nothing of"
            )
    for call_id, times in seen.items():
        if times > 1:
            yield Finding(Invariant.COUNTERS, call_id, f"{times} rows in the ledger")
    for call_id in whole - seen.keys():
        entry = entries[call_id]
        if entry is not None and evidence.judges(entry.arrived_at):
            yield Finding(Invariant.COUNTERS, call_id, "no row in the ledger")
    if evidence.counters is not None:
        yield from _check_counters(evidence, dict(evidence.counters))


def _unlike(entry: LedgerEntry | None, row: LedgerEntry) -> str:
    return ", ".join(name for name in row.__struct_fields__ if getattr(entry, name, None) != getattr(row, name))


def _check_counters(evidence: Evidence, shown: dict[str, int]) -> Iterator[Finding]:
    day = day_of(evidence.until)
    today = Today(day)
    for envelope in evidence.envelopes:
        if day_of(envelope.occurred_at) == day:
            today.fold(envelope)
    counted = today.view()
    for name, value in shown.items():
        if counted.get(name) != value:
            yield Finding(Invariant.COUNTERS, name, f"{value} shown, {counted.get(name)} counted")
