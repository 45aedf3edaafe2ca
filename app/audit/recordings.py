"""I8: every second from the pick-up of a line to its end is recorded, or the call is flagged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.audit.evidence import Evidence, Presence
from app.audit.findings import Finding, Invariant
from core.events import (
    CallEnded,
    CallEvent,
    CallsMerged,
    LineOpened,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
)
from core.ids import CallId
from core.words import Outcome
from recorder.policy import patience

GRACE_S = 15.0
"""How much longer than it says the recorder may take to list a recording."""


@dataclass(slots=True)
class _Connected:
    """A call whose line was picked up."""

    opened: datetime
    ended: datetime | None = None
    outcome: Outcome = Outcome.ANSWERED
    started: bool = False
    merged: bool = False
    tracks: set[str] = field(default_factory=set)
    recorded: float | None = None
    flagged: bool = False


def check_recordings(evidence: Evidence, presence: Presence) -> Iterator[Finding]:
    """I8. A merged call's recording goes on in the other one: only that it exists is looked at."""
    calls: dict[CallId, _Connected] = {}
    owner: dict[str, _Connected] = {}
    for envelope in evidence.envelopes:
        event, at = envelope.event, envelope.occurred_at
        if isinstance(event, LineOpened) and evidence.judges(at):
            calls.setdefault(event.call_id, _Connected(at))
        elif isinstance(event, CallEvent):
            call = calls.get(event.call_id)
            if isinstance(event, RecordingEnded | RecordingMissing) and event.caller_track:
                call = owner.get(event.caller_track, call)
            if call is not None:
                _take(call, event, at, owner)
            if isinstance(event, CallsMerged) and event.merged_id in calls:
                calls[event.merged_id].merged = True
    for call_id, call in calls.items():
        what = _wrong(call, evidence, presence)
        if what:
            yield Finding(Invariant.RECORDED, call_id, what)


def _take(call: _Connected, event: CallEvent, at: datetime, owner: dict[str, _Connected]) -> None:
    match event:
        case RecordingStarted():
            if not call.started:  # further ones are of numbers called, whose sound is in this one as well
                owner[event.caller_track] = call
            call.started = True
        case RecordingEnded():
            if not event.caller_track or owner.get(event.caller_track) is call:
                call.recorded = event.seconds
                call.flagged = call.flagged or event.repaired
        case RecordingMissing():
            call.flagged = True
        case CallEnded():
            call.ended, call.outcome = call.ended or at, event.outcome
        case _:
            pass


def _wrong(call: _Connected, evidence: Evidence, presence: Presence) -> str:
    """What is wrong with a call's recording; empty: nothing, or not yet."""
    if call.flagged or call.ended is None:
        return ""
    if not call.started:
        return "connected, neither recorded nor flagged"
    if call.recorded is None:
        patient = timedelta(seconds=patience(call.outcome).total + GRACE_S)
        return "its recording is neither listed nor flagged" if evidence.until - call.ended > patient else ""
    connected = presence.seconds(call.opened, call.ended)
    if not call.merged and call.recorded < connected - evidence.recordings_short_by:
        return f"connected for {connected:.1f} s, recorded for {call.recorded:.1f} s, and not flagged"
    return ""
