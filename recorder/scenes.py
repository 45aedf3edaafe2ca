"""Who is in a call, and hence what each recording of it holds, folded from events. Pure.

A smaller sister of ``calls.model``: it only knows what can be heard. What it is told of a call that it does not
know, or what it did not expect, is passed over: an index with a gap in its knowledge is better than none.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.events import (
    AgentBack,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallPlaced,
    CallQueued,
    CallResumed,
    CallReturned,
    CallsMerged,
    LineOpened,
    OfferWithdrawn,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyMuted,
    PartyNotReached,
    TransferFailed,
    TransferStarted,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PartyId, PositionId
from core.words import OfferKind, Outcome, TargetKind
from recorder.sequences import Heard, SequenceKind

CALLER = PartyId("caller")


@dataclass(kw_only=True, slots=True)
class Person:
    """Somebody in a call, or asked into it. ``channel_id``: only of those outside the centre."""

    party_id: PartyId
    present: bool = False
    channel_id: ChannelId | None = None
    agent_id: AgentId | None = None
    number: str = ""
    muted: bool = False
    held: bool = False
    """A position that has put the call on hold."""
    lost: bool = False
    """A position whose sound is lost."""
    joined_at: datetime | None = None
    """Since when somebody outside is recorded: the answer."""
    waited_since: datetime | None = None
    """Set where it was answered by mode secours before a core had it: when it arrived."""
    left_at: datetime | None = None

    @property
    def hears(self) -> bool:
        """Whether it is together with the others."""
        return self.present and not self.held and not self.lost


@dataclass(kw_only=True, slots=True)
class Scene:
    """One call."""

    call_id: CallId
    incoming: bool
    line: str = ""
    test: bool = False
    in_svi: bool = False
    queued: CallQueued | None = None
    """Set while it waits in a room."""
    passed_on: bool = False
    """Whether it is on its way to somebody, by a transfer."""
    outcome: Outcome | None = None
    """Set once it is over."""
    people: dict[PartyId, Person] = field(default_factory=dict)
    offers: set[OfferId] = field(default_factory=set)
    """The open offers of its room: somebody is rung."""

    def outside(self, channel_id: str) -> Person | None:
        """Whose channel it is."""
        return next((p for p in self.people.values() if p.channel_id == channel_id), None)

    # --- what is heard ----------------------------------------------------------------------------------

    def heard_by(self, person: Person, own_name: str) -> Heard:
        """What the recording of somebody outside holds now. ``own_name``: theirs, all through it."""
        own = () if person.muted else (own_name,)
        if self.outcome is Outcome.FALLBACK:
            return Heard(SequenceKind.FALLBACK, own)
        if self.outcome is not None or not person.present:
            return Heard(SequenceKind.AFTER, own)
        others = [p for p in self.people.values() if p is not person and p.hears]
        if not others:
            return Heard(self._alone(), own)
        audible = [p for p in others if not p.muted]
        names = [p.channel_id if p.party_id == own_name else p.party_id for p in audible]
        return Heard(
            SequenceKind.TALK if len(others) == 1 else SequenceKind.CONFERENCE,
            own + tuple(name for name in names if name),
            tuple(p.agent_id for p in audible if p.agent_id is not None),
        )

    def _alone(self) -> SequenceKind:
        """What somebody outside is in while nobody else is heard."""
        if self.in_svi:
            return SequenceKind.SVI
        if self.queued is not None and self.offers:
            return SequenceKind.RINGING
        if self.queued is not None:
            return SequenceKind.WAITING if self.queued.by is None else SequenceKind.PARKED
        if self.passed_on:
            return SequenceKind.TRANSFER
        if any(p.present and p.agent_id is not None for p in self.people.values()):
            return SequenceKind.HELD
        return SequenceKind.AFTER

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, event: CallEvent, now: datetime) -> None:
        """Apply one event of this call."""
        if step := _STEPS.get(type(event)):
            step(self, event, now)

    def take_in(self, merged: "Scene", position_id: PositionId) -> None:
        """The people of another call are in this one, named as ``calls.model`` does."""
        for person in merged.people.values():
            if person.party_id == CALLER and CALLER in self.people:
                person.party_id = PartyId(merged.call_id)
            if person.party_id not in self.people or not self.people[person.party_id].present:
                self.people[person.party_id] = person
        if both := self.people.get(PartyId(position_id)):
            both.held = False
        self.together()

    def together(self) -> None:
        """Somebody has come into it: it waits no more."""
        self.in_svi = self.passed_on = False
        self.queued = None
        self.offers.clear()


class Scenes:
    """The live calls of a centre."""

    def __init__(self) -> None:
        self.by_call: dict[CallId, Scene] = {}

    def fold(self, event: CallEvent, now: datetime) -> None:
        """Apply one event. A call that has ended is here no more; who holds its scene sees it ended."""
        if isinstance(event, CallArrived):
            self.by_call[event.call_id] = arrived(event)
        elif isinstance(event, CallPlaced):
            self.by_call[event.call_id] = placed(event)
        elif (scene := self.by_call.get(event.call_id)) is not None:
            if isinstance(event, CallsMerged):
                self._merge(scene, event)
            else:
                scene.fold(event, now)
            if isinstance(event, CallEnded):
                del self.by_call[event.call_id]

    def _merge(self, scene: Scene, event: CallsMerged) -> None:
        merged = self.by_call.get(event.merged_id)
        if merged is not None and merged is not scene:
            scene.take_in(merged, event.position_id)
            merged.people = {}


# --- what each event does -----------------------------------------------------------------------------------


def _line_opened(scene: Scene, event: LineOpened, now: datetime) -> None:
    if caller := scene.people.get(CALLER):
        caller.joined_at = caller.joined_at or now


def _queued(scene: Scene, event: CallQueued, now: datetime) -> None:
    scene.queued, scene.in_svi, scene.passed_on = event, False, False


def _offered(scene: Scene, event: CallOffered, now: datetime) -> None:
    if event.kind in (OfferKind.DISTRIBUTED, OfferKind.CHOSEN):
        scene.offers.add(event.offer_id)


def _withdrawn(scene: Scene, event: OfferWithdrawn, now: datetime) -> None:
    scene.offers.discard(event.offer_id)


def _answered(scene: Scene, event: CallAnswered, now: datetime) -> None:
    party_id = PartyId(event.position_id)
    scene.people[party_id] = Person(party_id=party_id, present=True, agent_id=event.agent_id)
    scene.together()


def _invited(scene: Scene, event: PartyInvited, now: datetime) -> None:
    if event.target.kind in (TargetKind.NUMBER, TargetKind.CENTRE):
        number = event.target.value if event.target.kind is TargetKind.NUMBER else ""
        scene.people[event.party_id] = Person(party_id=event.party_id, number=number)


def _joined(scene: Scene, event: PartyJoined, now: datetime) -> None:
    person = scene.people.setdefault(event.party_id, Person(party_id=event.party_id))
    person.present, person.channel_id, person.joined_at = True, event.channel_id, now
    scene.together()


def _left(scene: Scene, event: PartyLeft | PartyNotReached, now: datetime) -> None:
    if person := scene.people.get(event.party_id):
        person.present, person.left_at = False, now


def _muted(scene: Scene, event: PartyMuted, now: datetime) -> None:
    if person := scene.people.get(event.party_id):
        person.muted = event.muted


def _held(scene: Scene, event: CallHeld | CallResumed, now: datetime) -> None:
    if person := scene.people.get(PartyId(event.position_id)):
        person.held = isinstance(event, CallHeld)


def _lost(scene: Scene, event: AgentLost | AgentBack, now: datetime) -> None:
    if person := scene.people.get(PartyId(event.position_id)):
        person.lost = isinstance(event, AgentLost)


def _passed_on(scene: Scene, event: TransferStarted | TransferFailed, now: datetime) -> None:
    scene.passed_on, scene.queued, scene.in_svi = True, None, False


def _returned(scene: Scene, event: CallReturned, now: datetime) -> None:
    scene.passed_on = scene.in_svi = False


def _ended(scene: Scene, event: CallEnded, now: datetime) -> None:
    scene.outcome = event.outcome
    for person in scene.people.values():
        person.left_at = person.left_at or now


_STEPS: dict[type[CallEvent], Callable[[Scene, Any, datetime], None]] = {
    LineOpened: _line_opened,
    CallQueued: _queued,
    CallOffered: _offered,
    OfferWithdrawn: _withdrawn,
    CallAnswered: _answered,
    PartyInvited: _invited,
    PartyJoined: _joined,
    PartyLeft: _left,
    PartyNotReached: _left,
    PartyMuted: _muted,
    CallHeld: _held,
    CallResumed: _held,
    AgentLost: _lost,
    AgentBack: _lost,
    TransferStarted: _passed_on,
    TransferFailed: _passed_on,
    CallReturned: _returned,
    CallEnded: _ended,
}


def arrived(event: CallArrived) -> Scene:
    """The scene of a caller's call."""
    caller = Person(
        party_id=CALLER,
        present=True,
        channel_id=event.channel_id,
        number=event.caller.e164 or "",
        waited_since=event.since,
    )
    return Scene(
        call_id=event.call_id,
        incoming=True,
        line=event.line,
        test=event.caller.test,
        in_svi=event.origin is None,
        people={CALLER: caller},
    )


def placed(event: CallPlaced) -> Scene:
    """The scene of a call that an agent began."""
    party_id = PartyId(event.position_id)
    agent = Person(party_id=party_id, present=True, agent_id=event.agent_id)
    return Scene(call_id=event.call_id, incoming=False, people={party_id: agent})
