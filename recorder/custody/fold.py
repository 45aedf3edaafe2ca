"""From the journal to the changes of the catalogue (``storage/recording_rows.py`` has the tables)."""

from collections.abc import Iterable

from core.events import (
    CallEnded,
    CallNoted,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    FallbackCallEnded,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
)
from core.ids import RecordingId
from core.recordings import Begun, Change, Closed, Indexed, Lost, Merged, Told
from recorder.indexer import Indexer
from recorder.policy import recording_of, tracks_of
from recorder.sequences import RecordingIndex, index_document


class CatalogueFold:
    """Reads the journal in order. What it must remember is made again from the hours before a place."""

    def __init__(self) -> None:
        self._indexer = Indexer()

    def remember(self, past: Iterable[Envelope]) -> None:
        """Take in what was taken before: calls in progress are known again."""
        for envelope in past:
            self._indexer.fold(envelope)
        self._indexer.ended()

    def changes(self, envelopes: Iterable[Envelope]) -> list[Change]:
        """What these events, the next ones, mean for the catalogue."""
        changes: list[Change] = []
        for envelope in envelopes:
            self._indexer.fold(envelope)
            changes += _told(envelope)
            for recording_id in self._indexer.ended():
                if (index := self._indexer.index(recording_id)) is not None:
                    changes.append(indexed(index))
        return changes


def _told(envelope: Envelope) -> list[Change]:
    event, at = envelope.event, envelope.occurred_at
    match event:
        case RecordingStarted():
            return [
                Begun(
                    recording_id=recording_of(event.caller_track),
                    call_id=event.call_id,
                    centre_id=envelope.centre_id,
                    caller_track=event.caller_track,
                    started_at=at,
                )
            ]
        case RecordingEnded():
            track = _track(event)
            return (
                []
                if not track
                else [
                    Closed(
                        recording_id=recording_of(track),
                        call_id=event.call_id,
                        centre_id=envelope.centre_id,
                        caller_track=track,
                        ended_at=at,
                        seconds=event.seconds,
                    )
                ]
            )
        case RecordingMissing():
            track = _track(event)
            return (
                []
                if not track
                else [
                    Lost(
                        recording_id=recording_of(track),
                        call_id=event.call_id,
                        centre_id=envelope.centre_id,
                        at=at,
                        detail=event.detail,
                    )
                ]
            )
        case CallNoted():
            return [Told(call_id=event.call_id, note=event.text)]
        case DossierCorrelated():
            return [Told(call_id=event.call_id, dossier=event.dossier_id)]
        case CallEnded() | FallbackCallEnded():
            return [Told(call_id=event.call_id, outcome=event.outcome)]
        case CallsMerged():
            return [Merged(call_id=event.call_id, merged_id=event.merged_id)]
        case _:
            return []


def _track(event: RecordingEnded | RecordingMissing) -> str:
    """The caller's track: journals of before several recordings a call did not say which."""
    if event.caller_track:
        return event.caller_track
    try:
        return tracks_of(event.call_id).caller
    except ValueError:
        return ""  # no recording ever could be found under that id


def indexed(index: RecordingIndex) -> Indexed:
    """What an index tells the catalogue."""
    return Indexed(
        recording_id=RecordingId(index.recording_id),
        call_id=index.call_id,
        last_call_id=(index.later_calls or (index.call_id,))[-1],
        centre_id=index.centre_id,
        line=index.line,
        number=index.number,
        direction=index.direction,
        started_at=index.started_at,
        ended_at=index.ended_at,
        seconds=index.seconds,
        outcome=index.outcome,
        agents=index.agents,
        test=index.test,
        document=index_document(index),
    )
