"""Folds the journal into the index of each recording. Pure: used by the archive, far from any call."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.events import (
    CallEnded,
    CallEvent,
    CallsMerged,
    Envelope,
    FallbackCallEnded,
    RecordingEnded,
    RecordingMissing,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from core.ids import AgentId, CallId, CentreId, ChannelId, RecordingId
from core.words import Outcome
from recorder.policy import recording_of
from recorder.scenes import CALLER, Person, Scene, Scenes
from recorder.sequences import Heard, Pause, RecordingIndex, SequenceKind, tiled

KEPT = 2000
"""How many indexes of ended recordings are kept, the latest: who wants one for longer writes it down."""
TOLD_WITHIN = timedelta(seconds=60)
"""How long after its recording's end the story of a call of mode secours is waited for."""


@dataclass(slots=True)
class _Paused:
    at: datetime
    by: AgentId
    reason: str
    until: datetime | None = None


@dataclass(slots=True)
class _Recording:
    """A recording of which not all is told yet."""

    recording_id: RecordingId
    scene: Scene
    person: Person
    own_name: str
    first: datetime | None
    """The instant of its first sound; none: to be reckoned from its end."""
    calls: list[CallId]
    marks: list[tuple[datetime, Heard]] = field(default_factory=list)
    pauses: list[_Paused] = field(default_factory=list)
    ended: tuple[datetime, float] | None = None
    """When it was listed, and how long it is."""

    def mark(self, now: datetime) -> None:
        heard = self.scene.heard_by(self.person, self.own_name)
        if not self.marks or self.marks[-1][1] != heard:
            self.marks.append((now, heard))

    def move(self, scene: Scene) -> None:
        """Its call has become part of another."""
        self.scene = scene
        self.calls.append(scene.call_id)

    def resume(self, now: datetime) -> None:
        if self.pauses and self.pauses[-1].until is None:
            self.pauses[-1].until = now


class Indexer:
    """The indexes of one centre's recordings. Never fails on an event that it did not expect."""

    def __init__(self) -> None:
        self._scenes = Scenes()
        self._recordings: dict[RecordingId, _Recording] = {}
        """By recording id."""
        self._untold: dict[RecordingId, datetime] = {}
        """Recordings that have ended, of calls handed to mode secours whose end is not told yet."""
        self._indexes: OrderedDict[RecordingId, RecordingIndex] = OrderedDict()
        self._ended: list[RecordingId] = []

    def index(self, recording_id: RecordingId) -> RecordingIndex | None:
        """The index of a recording; ``None``: it has not ended, or nothing was told of it, or long ago."""
        return self._indexes.get(recording_id)

    def ended(self) -> list[RecordingId]:
        """The recordings whose index is complete since this was asked last, in order."""
        ended, self._ended = self._ended, []
        return ended

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event, now = envelope.event, envelope.occurred_at
        if self._untold:
            self._give_up(now, envelope.centre_id)
        match event:
            case FallbackCallEnded():
                self._fallback_ended(event, envelope.centre_id)
            case RecordingStarted():
                self._started(event, now)
            case RecordingEnded():
                self._listed(event, now, envelope.centre_id)
            case RecordingMissing():
                for recording in self._those(event):
                    self._forget(recording)
            case RecordingPaused() | RecordingResumed():
                self._paused(event, now)
            case CallEvent():
                self._in_call(event, now)
            case _:
                pass

    def _in_call(self, event: CallEvent, now: datetime) -> None:
        scene = self._scene(event)
        if scene is not None and isinstance(event, CallsMerged):
            for recording in self._of(self._scenes.by_call.get(event.merged_id)):
                recording.move(scene)
        self._scenes.fold(event, now)
        for recording in self._of(scene):
            recording.mark(now)
            if isinstance(event, CallEnded):
                recording.resume(now)

    def _scene(self, event: CallEvent) -> Scene | None:
        return self._scenes.by_call.get(event.call_id)

    def _started(self, event: RecordingStarted, now: datetime) -> None:
        recording_id = recording_of(event.caller_track)
        scene = self._scene(event)
        person = scene.outside(recording_id) if scene is not None else None
        if scene is None or person is None:
            return
        known = self._recordings.get(recording_id)
        if known is not None:  # taken back from mode secours: it has never stopped
            known.scene, known.person = scene, person
            known.mark(now)
            return
        incoming = person.party_id == CALLER
        first = None if person.waited_since is not None else person.joined_at or now
        recording = _Recording(
            recording_id=recording_id,
            scene=scene,
            person=person,
            own_name=CALLER if incoming else person.party_id,
            first=first,
            calls=[event.call_id],
        )
        if person.waited_since is not None:
            recording.marks.append((person.waited_since, Heard(SequenceKind.FALLBACK, (CALLER,))))
        recording.mark(now)
        self._recordings[recording_id] = recording

    def _fallback_ended(self, event: FallbackCallEnded, centre_id: CentreId) -> None:
        """Who was heard in mode secours, told afterwards."""
        found = [r for r in self._recordings.values() if r.calls[0] == event.call_id]
        if not found and not event.handed_back:
            found = [_of_fallback(event)]
            self._scenes.by_call[event.call_id] = found[0].scene
            self._recordings[found[0].recording_id] = found[0]
        for recording in found:
            if event.answered_at is not None:
                recording.marks.append((event.answered_at, _answered_in_fallback(event)))
            recording.scene.outcome = event.outcome
            recording.person.left_at = event.ended_at
            if recording.ended is not None:
                self._complete(recording, centre_id)

    def _paused(self, event: RecordingPaused | RecordingResumed, now: datetime) -> None:
        for recording in self._of(self._scene(event)):
            recording.resume(now)
            if isinstance(event, RecordingPaused):
                recording.pauses.append(_Paused(now, event.agent_id, event.reason))

    # --- its end ----------------------------------------------------------------------------------------

    def _listed(self, event: RecordingEnded, now: datetime, centre_id: CentreId) -> None:
        for recording in self._those(event):
            recording.ended = now, event.seconds
            if recording.scene.outcome is Outcome.FALLBACK:
                self._untold[recording.recording_id] = now
            else:
                self._complete(recording, centre_id)

    def _give_up(self, now: datetime, centre_id: CentreId) -> None:
        """Nothing will be told any more of calls whose recording ended so long ago."""
        for recording_id, since in list(self._untold.items()):
            if now - since > TOLD_WITHIN:
                self._complete(self._recordings[recording_id], centre_id)

    def _complete(self, recording: _Recording, centre_id: CentreId) -> None:
        self._indexes[recording.recording_id] = _index(recording, centre_id)
        if len(self._indexes) > KEPT:
            self._indexes.popitem(last=False)
        self._ended.append(recording.recording_id)
        self._forget(recording)

    def _forget(self, recording: _Recording) -> None:
        self._untold.pop(recording.recording_id, None)
        self._recordings.pop(recording.recording_id, None)
        if recording.scene.outcome is not None:
            self._scenes.by_call.pop(recording.scene.call_id, None)

    def _of(self, scene: Scene | None) -> list[_Recording]:
        """The recordings of a call that are being made."""
        return [r for r in self._recordings.values() if r.scene is scene and r.ended is None]

    def _those(self, event: RecordingEnded | RecordingMissing) -> list[_Recording]:
        """The recording that an event is about; of an older journal, all of its call."""
        if event.caller_track:
            found = self._recordings.get(recording_of(event.caller_track))
            return [found] if found is not None else []
        return [r for r in self._recordings.values() if event.call_id in r.calls]


def _of_fallback(event: FallbackCallEnded) -> _Recording:
    """The recording of a call that no core ever had. Its instants are whole seconds."""
    caller = Person(
        party_id=CALLER,
        present=True,
        channel_id=ChannelId(event.call_id),
        number=event.caller.e164 or "",
        joined_at=event.arrived_at,
    )
    scene = Scene(
        call_id=event.call_id,
        incoming=True,
        line=event.line,
        test=event.caller.test,
        outcome=event.outcome,
        people={CALLER: caller},
    )
    marks = [(event.arrived_at, Heard(SequenceKind.FALLBACK, (CALLER,)))]
    return _Recording(
        RecordingId(event.call_id), scene, caller, CALLER, event.arrived_at, [event.call_id], marks
    )


def _answered_in_fallback(event: FallbackCallEnded) -> Heard:
    position = (event.position_id,) if event.position_id is not None else ()
    agent = (event.agent_id,) if event.agent_id is not None else ()
    return Heard(SequenceKind.FALLBACK, (CALLER, *position), agent)


def _index(recording: _Recording, centre_id: CentreId) -> RecordingIndex:
    assert recording.ended is not None  # noqa: S101 - the caller's
    listed_at, seconds = recording.ended
    first = recording.first or _reckoned(recording, listed_at, seconds)
    sequences = tiled([((at - first).total_seconds(), heard) for at, heard in recording.marks], seconds)
    return RecordingIndex(
        recording_id=recording.recording_id,
        call_id=recording.calls[0],
        later_calls=tuple(recording.calls[1:]),
        centre_id=centre_id,
        line=recording.scene.line,
        number=recording.person.number,
        direction="in" if recording.own_name == CALLER else "out",
        started_at=first,
        ended_at=first + timedelta(seconds=seconds),
        seconds=seconds,
        outcome=recording.scene.outcome or Outcome.ANSWERED,
        sequences=sequences,
        pauses=_pauses(recording.pauses, first, seconds),
        agents=tuple(dict.fromkeys(agent for sequence in sequences for agent in sequence.agents)),
        test=recording.scene.test,
    )


def _reckoned(recording: _Recording, listed_at: datetime, seconds: float) -> datetime:
    """When a recording's sound began that Asterisk had answered before any core: from its end and length."""
    ended_at = recording.person.left_at or listed_at
    began = ended_at - timedelta(seconds=seconds)
    return max(began, recording.person.waited_since or began)


def _pauses(pauses: list[_Paused], first: datetime, seconds: float) -> tuple[Pause, ...]:
    made = []
    for paused in pauses:
        begins = min(max(0.0, round((paused.at - first).total_seconds(), 3)), seconds)
        until = (paused.until - first).total_seconds() if paused.until is not None else seconds
        ends = min(max(begins, round(until, 3)), seconds)
        if begins < ends:
            made.append(Pause(begins=begins, ends=ends, by=paused.by, reason=paused.reason))
    return tuple(made)
