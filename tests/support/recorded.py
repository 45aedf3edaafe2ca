"""Recordings of the calls of a journal, as the recorder would list them, and their indexes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from calls.call import PartyState
from calls.model import LiveCalls
from core.events import (
    CallArrived,
    CallEnded,
    CallEvent,
    CallsMerged,
    Envelope,
    Event,
    LineOpened,
    PartyJoined,
    RecordingEnded,
    RecordingStarted,
)
from core.ids import CallId, EventId
from recorder.indexer import Indexer
from recorder.scenes import Scenes
from recorder.sequences import RecordingIndex, SequenceKind


@dataclass(slots=True)
class Running:
    call_id: CallId
    since: datetime


def with_recordings(envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
    """The same journal with what the recorder would have told, at once."""
    running: dict[str, Running] = {}
    channels: dict[CallId, str] = {}
    for envelope in envelopes:
        event, now = envelope.event, envelope.occurred_at
        yield envelope
        match event:
            case CallArrived():
                channels[event.call_id] = event.channel_id
            case LineOpened() | PartyJoined():
                channel = event.channel_id if isinstance(event, PartyJoined) else channels[event.call_id]
                running[channel] = Running(event.call_id, now)
                yield _told(envelope, started(event.call_id, channel))
            case CallsMerged():
                for each in running.values():
                    if each.call_id == event.merged_id:
                        each.call_id = event.call_id
            case CallEnded():
                for channel in [c for c, r in running.items() if r.call_id == event.call_id]:
                    seconds = (now - running.pop(channel).since).total_seconds() + 0.02
                    yield _told(envelope, ended(event.call_id, channel, seconds))


def started(call_id: CallId, channel: str) -> RecordingStarted:
    return RecordingStarted(
        call_id=call_id, caller_track=f"day/{channel}-caller.wav", centre_track=f"day/{channel}-centre.wav"
    )


def ended(call_id: CallId, channel: str, seconds: float) -> RecordingEnded:
    return RecordingEnded(
        call_id=call_id, seconds=seconds, octets=int(seconds * 32000), caller_track=f"day/{channel}-caller.wav"
    )


def _told(after: Envelope, event: Event) -> Envelope:
    return Envelope(
        event_id=EventId("told"),
        seq=after.seq,
        occurred_at=after.occurred_at,
        centre_id=after.centre_id,
        event=event,
    )


def indexes_of(envelopes: Iterable[Envelope]) -> list[RecordingIndex]:
    """The indexes of the recordings that have ended."""
    indexer = Indexer()
    for envelope in envelopes:
        indexer.fold(envelope)
    found = [indexer.index(recording_id) for recording_id in indexer.ended()]
    return [index for index in found if index is not None]


def assert_tiled(index: RecordingIndex) -> None:
    """The sequences are the whole of the recording, in order, and say who is heard."""
    assert index.sequences, "no sequence"
    assert (index.sequences[0].begins, index.sequences[-1].ends) == (0.0, index.seconds)
    for before, after in pairwise(index.sequences):
        assert before.ends == after.begins
        assert (before.kind, before.heard, before.agents) != (after.kind, after.heard, after.agents)
    for sequence in index.sequences:
        assert sequence.begins < sequence.ends or index.seconds == 0
        assert len(set(sequence.heard)) == len(sequence.heard)
        assert len(sequence.agents) <= len(sequence.heard)
    for pause in index.pauses:
        assert 0 <= pause.begins < pause.ends <= index.seconds


def assert_told_as_wired(envelopes: Iterable[Envelope], calls: LiveCalls) -> None:
    """What the scenes of recordings say is heard is what call control has together."""
    scenes = Scenes()
    for envelope in envelopes:
        if isinstance(envelope.event, CallEvent):
            scenes.fold(envelope.event, envelope.occurred_at)
    for call in calls.by_id.values():
        people = [p for p in (*call.hearing(), *call.outside()) if p.state is PartyState.IN]
        for party in call.outside():
            assert party.channel_id is not None
            person = scenes.by_call[call.call_id].outside(party.channel_id)
            assert person is not None
            heard = scenes.by_call[call.call_id].heard_by(person, "own")
            others = [p for p in people if p is not party]
            names = {*([] if party.muted else ["own"]), *(p.party_id for p in others if not p.muted)}
            assert set(heard.heard) == names
            together = {1: SequenceKind.TALK}.get(len(others), SequenceKind.CONFERENCE)
            assert (heard.kind is together) if others else (heard.kind not in _TOGETHER)


_TOGETHER = (SequenceKind.TALK, SequenceKind.CONFERENCE, SequenceKind.FALLBACK)
