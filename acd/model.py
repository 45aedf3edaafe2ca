"""The waiting room and its positions, folded from the journal.

A position::

              ┌──────────── readiness ────────────┐
              ▼                                   ▼
    log in ► UNREADY ◄──────────────────────────► READY ──CallOffered──► OFFERED ──OfferAccepted──► ON_CALL
              ▲  ▲                                ▲ ▲ │                     │                          │
              │  └───────── Pause, GoReady ──► PAUSED ◄── timed out, declined                      CallEnded
              │                                   ▲ └──────────────────────────────────────────────┐   ▼
              └───────────────────────────────────┴──────── wrap-up over, GoReady ───────────── WRAP_UP
"""

from bisect import bisect_left, insort
from dataclasses import dataclass
from datetime import datetime

from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallOffered,
    CallQueued,
    Envelope,
    OfferAccepted,
    OfferWithdrawn,
    PositionEvent,
    PositionReadinessChanged,
    PositionStateChanged,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId, QueueId
from core.words import PauseReason, PositionState, Priority

Place = tuple[int, int]
"""Order of service in a waiting room: rank of priority, then journal order of entry."""


@dataclass(slots=True)
class Offer:
    """One call proposed to one position until a deadline."""

    offer_id: OfferId
    call_id: CallId
    position_id: PositionId
    deadline: datetime


@dataclass(slots=True)
class WaitingCall:
    """A call not yet answered by a person. ``accepted_by`` is set while its audio is being joined."""

    call_id: CallId
    channel_id: ChannelId
    queue: QueueId
    priority: Priority
    queued_at: datetime
    place: Place
    offer: Offer | None = None
    accepted_by: PositionId | None = None


@dataclass(slots=True)
class Position:
    """One position, logged in. A ``pause_reason`` while not paused is a pause that begins after the call."""

    position_id: PositionId
    agent_id: AgentId
    state: PositionState = PositionState.UNREADY
    ready: bool = False
    pause_reason: PauseReason | None = None
    until: datetime | None = None
    idle_order: int = 0
    """Journal order of the end of its last call, or of its login: the smaller, the longer idle."""
    offer: Offer | None = None
    call_id: CallId | None = None
    """The call it is on, from the accepted offer to the call's end."""


class Room:
    """All waiting rooms and positions of a centre; cheap to ask for the next call and the next position."""

    def __init__(self) -> None:
        self.waiting: dict[CallId, WaitingCall] = {}
        self.positions: dict[PositionId, Position] = {}
        self._before_queue: dict[CallId, ChannelId] = {}
        self._position_of: dict[CallId, PositionId] = {}
        self._places: list[tuple[Place, CallId]] = []
        self._idle: list[tuple[int, PositionId]] = []

    # --- questions --------------------------------------------------------------------------------------

    def first_waiting(self) -> WaitingCall | None:
        """The call to serve next: neither offered nor being connected."""
        return self.waiting[self._places[0][1]] if self._places else None

    def longest_idle(self) -> Position | None:
        """The ready position that has been without a call for longest."""
        return self.positions[self._idle[0][1]] if self._idle else None

    def channel_before_queue(self, call_id: CallId) -> ChannelId | None:
        """Channel of a call that has arrived and entered no waiting room yet."""
        return self._before_queue.get(call_id)

    def position_of(self, call_id: CallId) -> Position | None:
        """The position the call is offered to or taken by; kept after its end until the position moves on."""
        position_id = self._position_of.get(call_id)
        return self.positions.get(position_id) if position_id is not None else None

    def in_order(self) -> list[CallId]:
        """The calls not offered at present, in order of service."""
        return [call_id for _, call_id in self._places]

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        if isinstance(envelope.event, CallEvent):
            self._fold_call(envelope.event, envelope)
        elif isinstance(envelope.event, PositionEvent):
            self._fold_position(envelope.event, envelope)

    def _fold_call(self, event: CallEvent, envelope: Envelope) -> None:
        match event:
            case CallArrived():
                self._before_queue[event.call_id] = event.channel_id
            case CallQueued():
                self._enter(event, envelope)
            case CallOffered():
                self._offered(event)
            case OfferWithdrawn():
                self._withdrawn(event)
            case OfferAccepted():
                self._accepted(event)
            case CallAnswered():
                self.waiting.pop(event.call_id, None)
            case CallEnded():
                self._ended(event)
            case _:
                pass

    def _enter(self, event: CallQueued, envelope: Envelope) -> None:
        call = WaitingCall(
            call_id=event.call_id,
            channel_id=self._before_queue.pop(event.call_id),
            queue=event.queue,
            priority=event.priority,
            queued_at=envelope.occurred_at,
            place=(event.priority.rank, envelope.seq),
        )
        self.waiting[call.call_id] = call
        insort(self._places, (call.place, call.call_id))

    def _offered(self, event: CallOffered) -> None:
        offer = Offer(event.offer_id, event.call_id, event.position_id, event.deadline)
        call = self.waiting[event.call_id]
        call.offer = offer
        self._take_place(call)
        self._position_of[event.call_id] = event.position_id
        if position := self.positions.get(event.position_id):
            position.offer = offer

    def _withdrawn(self, event: OfferWithdrawn) -> None:
        self._position_of.pop(event.call_id, None)
        position = self.positions.get(event.position_id)
        if position is not None:
            if position.offer is not None and position.offer.offer_id == event.offer_id:
                position.offer = None
            if position.call_id == event.call_id:
                position.call_id = None
        call = self.waiting.get(event.call_id)
        if call is not None and (call.offer or call.accepted_by):
            call.offer = call.accepted_by = None
            insort(self._places, (call.place, call.call_id))

    def _accepted(self, event: OfferAccepted) -> None:
        call = self.waiting[event.call_id]
        call.offer = None
        call.accepted_by = event.position_id
        if position := self.positions.get(event.position_id):
            position.offer = None
            position.call_id = event.call_id

    def _ended(self, event: CallEnded) -> None:
        self._before_queue.pop(event.call_id, None)
        call = self.waiting.pop(event.call_id, None)
        if call is not None:
            self._take_place(call)

    def _take_place(self, call: WaitingCall) -> None:
        index = bisect_left(self._places, (call.place, call.call_id))
        if index < len(self._places) and self._places[index][1] == call.call_id:
            del self._places[index]

    def _fold_position(self, event: PositionEvent, envelope: Envelope) -> None:
        if isinstance(event, AgentLoggedIn):
            self.positions[event.position_id] = Position(
                event.position_id, event.agent_id, idle_order=envelope.seq
            )
            return
        position = self.positions.get(event.position_id)
        if position is None:
            return
        match event:
            case AgentLoggedOut():
                self._set_state(position, PositionState.UNREADY)
                del self.positions[event.position_id]
            case PositionReadinessChanged():
                position.ready = event.ready
            case PositionStateChanged():
                self._change_state(position, event, envelope.seq)
            case _:
                pass

    def _change_state(self, position: Position, event: PositionStateChanged, seq: int) -> None:
        if position.call_id is not None and event.state is not PositionState.ON_CALL:
            self._position_of.pop(position.call_id, None)
            position.call_id = None
            position.idle_order = seq
        self._set_state(position, event.state)
        position.pause_reason = event.pause_reason
        position.until = event.until

    def _set_state(self, position: Position, state: PositionState) -> None:
        if position.state is PositionState.READY:
            self._idle.remove((position.idle_order, position.position_id))
        position.state = state
        if state is PositionState.READY:
            insort(self._idle, (position.idle_order, position.position_id))
