"""The ledger: from a call's events to its one row. Pure, so that it can be rebuilt from the journal."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOriented,
    CallQueued,
    Envelope,
    FallbackCallEnded,
    RecordingEnded,
    RecordingMissing,
)
from core.ids import AgentId, CallId, CentreId, PositionId, QueueId
from core.words import EndedBy, Outcome, Priority


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """One call. What has not happened, or is not known, is ``None``.

    ``queued_at``, ``first_offered_at``, ``answered_at``: the first time of each.
    ``agent_id``, ``position_id``: who answered first.
    ``outcome``, ``ended_by``, ``ended_at``: a call ends once, as first said.
    ``recorded``: both tracks closed (true), or missing (false). ``last_seq``: the last event counted.
    """

    call_id: CallId
    centre_id: CentreId
    arrived_at: datetime
    line: str | None = None
    number: str | None = None
    hidden: bool = True
    test: bool = False
    flow: str | None = None
    queue: QueueId | None = None
    priority: Priority | None = None
    queued_at: datetime | None = None
    first_offered_at: datetime | None = None
    answered_at: datetime | None = None
    agent_id: AgentId | None = None
    position_id: PositionId | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    ended_by: EndedBy | None = None
    recorded: bool | None = None
    last_seq: int


def fold(entry: LedgerEntry | None, envelope: Envelope) -> LedgerEntry | None:
    """Count one more event of a call.

    Args:
        entry: the call's row so far; ``None``: its first event.
        envelope: its next event. One already counted changes nothing, nor does one that is about no call.
    """
    event, at = envelope.event, envelope.occurred_at
    if not isinstance(event, CallEvent):
        return entry
    if entry is None:
        entry = LedgerEntry(
            call_id=event.call_id, centre_id=envelope.centre_id, arrived_at=at, last_seq=envelope.seq
        )
    elif envelope.seq <= entry.last_seq:
        return entry
    return replace(_counted(entry, event, at), last_seq=envelope.seq)


def _counted(entry: LedgerEntry, event: CallEvent, at: datetime) -> LedgerEntry:
    match event:
        case CallArrived():
            if entry.outcome is Outcome.TAKEN_BACK:  # it came back: one row, with the end of its last visit
                entry = replace(entry, outcome=None, ended_by=None, ended_at=None)
            return replace(
                entry,
                arrived_at=event.since or entry.arrived_at,
                line=event.line,
                number=event.caller.e164,
                hidden=event.caller.hidden,
                test=event.caller.test,
            )
        case CallOriented():
            return replace(entry, flow=event.flow, queue=event.queue, priority=event.priority)
        case CallQueued():
            return replace(
                entry,
                flow=event.flow,
                queue=event.queue,
                priority=event.priority,
                queued_at=entry.queued_at or at,
            )
        case CallOffered():
            return replace(entry, first_offered_at=entry.first_offered_at or at)
        case CallAnswered() if entry.answered_at is None:
            return replace(entry, answered_at=at, agent_id=event.agent_id, position_id=event.position_id)
        case CallEnded() if entry.outcome is None:
            return replace(entry, ended_at=at, outcome=event.outcome, ended_by=event.ended_by)
        case FallbackCallEnded() if entry.outcome in (None, Outcome.FALLBACK):
            return _fallback(entry, event)
        case RecordingEnded():
            return replace(entry, recorded=True)
        case RecordingMissing():
            return replace(entry, recorded=False)
        case _:
            return entry


def _fallback(entry: LedgerEntry, event: FallbackCallEnded) -> LedgerEntry:
    """A call of mode secours. One that a core had before keeps what is known of its arrival."""
    if not event.handed_back:
        entry = replace(
            entry,
            arrived_at=event.arrived_at,
            line=event.line,
            number=event.caller.e164,
            hidden=event.caller.hidden,
            test=event.caller.test,
        )
    by = EndedBy.CALLER if event.outcome.is_abandoned else EndedBy.SYSTEM
    return replace(
        entry,
        answered_at=entry.answered_at or event.answered_at,
        agent_id=entry.agent_id or event.agent_id,
        position_id=entry.position_id or event.position_id,
        ended_at=event.ended_at,
        outcome=event.outcome,
        ended_by=by,
    )
