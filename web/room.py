"""What every screen shows of the room, folded from events by one rule: live calls, positions, figures.

Pure. It never fails on an event it did not expect (a history that begins in the middle, say): a screen may lack
something, a call may not.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from core.alarms import CARDS, AlarmKind
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AlarmCleared,
    AlarmRaised,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerLocated,
    CallerSilent,
    CallerSpoke,
    CallEvent,
    CallHeld,
    CallNoted,
    CallOffered,
    CallOriented,
    CallPrioritised,
    CallQueued,
    CallResumed,
    CoreStarted,
    DossierCorrelated,
    Envelope,
    Event,
    ItemClosed,
    ItemEvent,
    ItemKept,
    LocationAsked,
    LocationMissing,
    LostCallFiled,
    NetworkMeasured,
    OfferAccepted,
    OfferWithdrawn,
    PlanActivated,
    PlanRefused,
    PositionEvent,
    PositionMuted,
    PositionReadinessChanged,
    PositionStateChanged,
    SwitchConnected,
    SwitchLost,
)
from core.ids import CallId, ItemId, PositionId, QueueId
from core.notes import Note
from core.words import OfferKind, PositionState
from web.live import View, instant
from web.seen import IN_PROGRESS, CallSeen, NetworkSeen, OfferSeen, PositionSeen, Stage


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """Something wrong with the platform, since when."""

    raised: AlarmRaised
    at: datetime

    def view(self) -> View:
        """As screens read it."""
        view: View = {
            "kind": self.raised.kind.value,
            "severity": self.raised.severity.value,
            "since": instant(self.at),
        }
        if self.raised.subject:
            view["subject"] = self.raised.subject
        return view


@dataclass(frozen=True, slots=True)
class Touched:
    """What events may have changed."""

    positions: frozenset[PositionId] = frozenset()
    figures: bool = False
    platform: bool = False

    def __or__(self, other: "Touched") -> "Touched":
        """What either may have changed."""
        return Touched(
            self.positions | other.positions, self.figures or other.figures, self.platform or other.platform
        )


_OF_THE_ROOM = (OfferKind.DISTRIBUTED, OfferKind.CHOSEN)


def _with(call: CallSeen) -> tuple[PositionId, ...]:
    """The positions that show the call."""
    taken_by = () if call.taken_by is None else (call.taken_by,)
    return (*call.offered_to, *call.invited, *taken_by)


class RoomState:
    """Live calls, positions taken and the figures of one waiting room. Test calls are in no figure."""

    def __init__(self, queue: QueueId) -> None:
        self.queue = queue
        self.calls: dict[CallId, CallSeen] = {}
        self.positions: dict[PositionId, PositionSeen] = {}
        self._switches_up: set[str] = set()
        self._silent: set[CallId] = set()
        self.plan_refused = False
        """Whether the plan that should be in force cannot be used."""
        self.surge = ""
        """The surge in force; empty: none."""
        self.alarms: dict[tuple[AlarmKind, str], AlarmSeen] = {}
        """What is wrong with the platform: its kind, and what it is about."""
        self.seq = 0
        self._stages: Counter[Stage] = Counter()
        self._states: Counter[PositionState] = Counter()
        self._waiting: dict[CallId, datetime] = {}
        self._to_call: set[ItemId] = set()
        self._touched: set[PositionId] = set()

    # --- questions --------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many callers wait, offered ones included."""
        return self._stages[Stage.WAITING]

    @property
    def in_svi(self) -> int:
        """How many callers are in the SVI."""
        return self._stages[Stage.SVI]

    @property
    def in_progress(self) -> int:
        """How many callers have been taken by an agent."""
        return sum(self._stages[stage] for stage in IN_PROGRESS)

    @property
    def silent(self) -> int:
        """How many callers are on an open line: nobody has been heard there."""
        return len(self._silent)

    @property
    def oldest_queued_at(self) -> datetime | None:
        """Since when the caller who waits for longest has been waiting."""
        return min(self._waiting.values(), default=None)

    def in_state(self, state: PositionState) -> int:
        """How many positions are in a state."""
        return self._states[state]

    @property
    def lost(self) -> int:
        """How many lost callers are to be called back."""
        return len(self._to_call)

    def figures(self) -> View:
        """The figures every screen shows."""
        view: View = {
            "queue": self.queue,
            "waiting": self.waiting,
            "ready": self.in_state(PositionState.READY),
            "positions": self._states.total(),
            "lost": self.lost,
        }
        if oldest := self.oldest_queued_at:
            view["oldestQueuedAt"] = instant(oldest)
        return view

    def platform(self, *, agents: bool = False) -> View:
        """The state of the platform; for ``agents``: without the alarms that change nothing for them."""
        view: View = {"switch": "up" if self.switch_up else "down"}
        if self.plan_refused:
            view["plan"] = "refused"
        if self.surge:
            view["surge"] = self.surge
        alarms = [alarm.view() for (kind, _), alarm in self.alarms.items() if CARDS[kind].agents or not agents]
        if alarms:
            view["alarms"] = alarms
        return view

    @property
    def switch_up(self) -> bool:
        """Whether the core commands an Asterisk at least."""
        return bool(self._switches_up)

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> Touched:
        """Apply one event and say what it may have changed."""
        self.seq = envelope.seq
        self._touched.clear()
        event = envelope.event
        switch = isinstance(event, SwitchConnected | SwitchLost | CoreStarted)
        platform = switch or isinstance(event, PlanActivated | PlanRefused | AlarmRaised | AlarmCleared)
        if isinstance(event, CallArrived):
            self._arrived(event, envelope.occurred_at)
        elif isinstance(event, LostCallFiled | ItemEvent):
            self._fold_desk(event)
        elif isinstance(event, CallEvent):
            if call := self.calls.get(event.call_id):
                self._fold_call(event, call, envelope.occurred_at)
        elif isinstance(event, PositionEvent):
            self._fold_position(event, envelope.occurred_at)
        elif switch:
            self._fold_switch(event)
        elif isinstance(event, PlanActivated):
            self.plan_refused, self.surge = False, event.surge
        elif isinstance(event, PlanRefused):
            self.plan_refused = True
        elif isinstance(event, AlarmRaised):
            self.alarms[event.kind, event.subject] = AlarmSeen(event, envelope.occurred_at)
        elif isinstance(event, AlarmCleared):
            self.alarms.pop((event.kind, event.subject), None)
        return Touched(
            positions=frozenset(self._touched),
            figures=isinstance(event, CallEvent | PositionEvent | ItemEvent),
            platform=platform,
        )

    # calls

    def _arrived(self, event: CallArrived, now: datetime) -> None:
        if event.call_id not in self.calls:
            arrived_at = event.since or now
            call = CallSeen(call_id=event.call_id, caller=event.caller, line=event.line, arrived_at=arrived_at)
            call.queued_at = event.since
            if event.origin is not None:
                call.aid, call.queued_at = event.origin.owner, event.origin.since
            self.calls[event.call_id] = call
            self._count(call, 1)

    def _fold_switch(self, event: Event) -> None:
        match event:
            case SwitchConnected():
                self._switches_up.add(event.switch)
            case SwitchLost():
                self._switches_up.discard(event.switch)
            case _:  # a core that starts commands nothing yet
                self._switches_up.clear()

    def _fold_call(self, event: CallEvent, call: CallSeen, now: datetime) -> None:
        self._touched.update(call.invited)
        match event:
            case CallOriented():
                call.flow, call.priority = event.flow, event.priority
                self._touched.update(_with(call))
            case CallPrioritised():
                call.priority = event.priority
                self._touched.update(_with(call))
            case CallerSilent() | CallerSpoke():
                call.silent = isinstance(event, CallerSilent)
                self._note_silence(call)
                self._touched.update(_with(call))
            case CallerLocated() | LocationAsked() | LocationMissing() | DossierCorrelated():
                self._touched.update(_with(call))  # what is told is in web.places and web.dossiers
            case CallQueued():
                self._queued(event, call, now)
            case CallOffered():
                self._offered(event, call)
            case OfferWithdrawn():
                self._withdrawn(event, call)
            case OfferAccepted():
                self._take(call, event.position_id, Stage.CONNECTING)
            case CallAnswered():
                call.answered_at = call.answered_at or now
                self._take(call, event.position_id, Stage.TALKING)
            case CallHeld():
                call.held_at = now
                self._move(call, Stage.HELD)
            case CallResumed():
                call.held_at = None
                self._move(call, Stage.TALKING)
            case CallNoted():
                note = Note(text=event.text, agent_id=event.agent_id, name=event.name, at=now)
                call.notes = (*call.notes, note)
                self._touched.update(_with(call))
            case CallPrioritised():
                call.priority = event.priority
                self._touched.update(_with(call))
            case CallEnded():
                call.offered_to, call.invited = (*call.offered_to, *call.invited), ()
                self._release(call)
                self._count(call, -1)
                self._silent.discard(call.call_id)
                del self.calls[call.call_id]
            case _:
                pass

    def _queued(self, event: CallQueued, call: CallSeen, now: datetime) -> None:
        call.flow, call.priority = event.flow, event.priority
        call.queued_at = call.queued_at or now
        call.repeat_of = event.repeat_of or call.repeat_of
        call.was_with = event.was_with or call.was_with
        self._release(call)
        self._move(call, Stage.WAITING)

    def _offered(self, event: CallOffered, call: CallSeen) -> None:
        if event.kind in _OF_THE_ROOM:
            if call.stage is not Stage.WAITING:
                self._release(call)
                self._move(call, Stage.WAITING)
            call.offered_to = (*call.offered_to, event.position_id)
        else:
            call.invited = (*call.invited, event.position_id)
        if position := self.positions.get(event.position_id):
            position.offer = OfferSeen(event.offer_id, event.call_id, event.deadline, event.kind, event.reasons)
            self._touched.add(event.position_id)

    def _withdrawn(self, event: OfferWithdrawn, call: CallSeen) -> None:
        position = self.positions.get(event.position_id)
        if position is not None and position.offer is not None and position.offer.offer_id == event.offer_id:
            position.offer = None
            self._touched.add(event.position_id)
        if position is not None and position.offer is not None and position.offer.call_id == call.call_id:
            return  # a later offer of the same call stands
        if event.position_id in call.invited:
            call.invited = tuple(p for p in call.invited if p != event.position_id)
        elif event.position_id in call.offered_to and call.taken_by != event.position_id:
            call.offered_to = tuple(p for p in call.offered_to if p != event.position_id)
        elif event.position_id == call.taken_by and call.stage is Stage.CONNECTING:
            self._release(call)
            self._move(call, Stage.WAITING)

    def _take(self, call: CallSeen, position_id: PositionId, stage: Stage) -> None:
        self._release(call)
        call.invited = tuple(p for p in call.invited if p != position_id)
        call.taken_by = position_id
        if position := self.positions.get(position_id):
            if position.offer is not None and position.offer.call_id == call.call_id:
                position.offer = None
            position.call_id = call.call_id
            self._touched.add(position_id)
        self._move(call, stage)

    def _release(self, call: CallSeen) -> None:
        """Take the call from the positions that have it."""
        taken_by = () if call.taken_by is None else (call.taken_by,)
        for position_id in (*call.offered_to, *taken_by):
            position = self.positions.get(position_id)
            if position is None:
                continue
            if position.offer is not None and position.offer.call_id == call.call_id:
                position.offer = None
            if position.call_id == call.call_id:
                position.call_id = None
            self._touched.add(position.position_id)
        call.offered_to, call.taken_by = (), None

    def _move(self, call: CallSeen, stage: Stage) -> None:
        self._count(call, -1)
        call.stage = stage
        self._count(call, 1)
        if call.taken_by is not None:
            self._touched.add(call.taken_by)

    def _note_silence(self, call: CallSeen) -> None:
        if call.silent and not call.caller.test:
            self._silent.add(call.call_id)
        else:
            self._silent.discard(call.call_id)

    def _count(self, call: CallSeen, by: int) -> None:
        if call.caller.test:
            return
        self._stages[call.stage] += by
        if call.stage is Stage.WAITING:
            if by > 0:
                self._waiting[call.call_id] = call.queued_at or call.arrived_at
            else:
                self._waiting.pop(call.call_id, None)

    # the abandoned-call desk

    def _fold_desk(self, event: LostCallFiled | ItemEvent) -> None:
        if isinstance(event, ItemClosed):
            self._to_call.discard(event.item_id)
        elif (isinstance(event, LostCallFiled) and event.number is not None and not event.short) or (
            isinstance(event, ItemKept) and event.item.to_call
        ):
            self._to_call.add(event.item_id)

    # positions

    def _fold_position(self, event: PositionEvent, now: datetime) -> None:
        self._touched.add(event.position_id)
        position = self.positions.get(event.position_id)
        if isinstance(event, AgentLoggedIn):
            self._logged_in(event, position, now)
        elif position is None:
            return
        elif isinstance(event, AgentLoggedOut):
            self._count_position(position, -1)
            del self.positions[event.position_id]
        elif isinstance(event, PositionReadinessChanged):
            position.leg, position.strip = event.leg, event.strip
        elif isinstance(event, PositionMuted):
            position.muted = event.muted
        elif isinstance(event, NetworkMeasured):
            position.network = NetworkSeen(event, now)
        elif isinstance(event, PositionStateChanged):
            self._change_state(position, event, now)

    def _logged_in(self, event: AgentLoggedIn, position: PositionSeen | None, now: datetime) -> None:
        if position is not None and position.agent_id == event.agent_id:
            position.name, position.role = event.name, event.role
            return
        if position is not None:
            self._count_position(position, -1)
        taken = PositionSeen(
            position_id=event.position_id,
            agent_id=event.agent_id,
            name=event.name,
            role=event.role,
            since=now,
        )
        self.positions[event.position_id] = taken
        self._count_position(taken, 1)

    def _count_position(self, position: PositionSeen, by: int) -> None:
        if position.counts:
            self._states[position.state] += by

    def _change_state(self, position: PositionSeen, event: PositionStateChanged, now: datetime) -> None:
        if event.state is not position.state:
            self._count_position(position, -1)
            position.state, position.since = event.state, now
            self._count_position(position, 1)
        position.pause_reason = event.pause_reason
        position.until = event.until
