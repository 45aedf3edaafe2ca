"""The desk's items and the calls that may become one, folded from events.

An item::

    CallEnded (lost) ──► pending ──LostCallFiled──► OPEN ──ItemClosed──► forgotten
                                        │ (same number: added to the one open)
                                        ▼
         CallAnswered of the number, or our call to it answered ──► settled ──ItemClosed──► forgotten

``pending`` and ``settled`` are what the service still has to write: a restart finds them again, so no loss
goes unfiled and no settled item stays open. The fold decides nothing and never fails on an event it did not
expect: a history may begin in the middle.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from core.desk import AtPosition, LostItem
from core.events import (
    AgentBack,
    AgentLoggedIn,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallbackRequested,
    CallEnded,
    CallEvent,
    CallOriented,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallsMerged,
    Envelope,
    FallbackCallEnded,
    ItemClosed,
    ItemEvent,
    ItemKept,
    ItemNoted,
    ItemReleased,
    ItemTaken,
    LostCallFiled,
    PartyInvited,
    PartyJoined,
    TransferStarted,
)
from core.ids import CallId, ItemId, PartyId, PositionId
from core.notes import Note
from core.words import ItemOutcome, LossPlace, Outcome, Priority, TargetKind
from desk.policy import most_urgent, place_of


@dataclass(slots=True)
class Caller:
    """A live call from outside. ``waiting``: in a room or being passed on, and nobody has taken it."""

    call_id: CallId
    number: str | None
    line: str
    arrived_at: datetime
    flow: str = ""
    priority: Priority = Priority.PX
    waiting: bool = False
    answered: bool = False
    last_agent: AtPosition | None = None


@dataclass(slots=True)
class Loss:
    """A lost call, not filed yet. ``settled_by``: the caller rang again meanwhile, and was answered."""

    caller: Caller
    place: LossPlace
    lost_at: datetime
    settled_by: CallId | None = None


@dataclass(slots=True)
class Callback:
    """A call of ours to an item's number, under way; ``party_id`` is the caller's in it, once invited."""

    item_id: ItemId
    number: str
    party_id: PartyId | None = None


Settled = tuple[ItemOutcome, CallId]


class Desk:
    """All open items, by id and by number."""

    def __init__(self) -> None:
        self.items: dict[ItemId, LostItem] = {}
        self.by_number: dict[str, ItemId] = {}
        self.said_at: dict[ItemId, datetime] = {}
        """When each open item was last written in full."""
        self.pending: dict[CallId, Loss] = {}
        self.settled: dict[ItemId, Settled] = {}
        self.touched: set[ItemId] = set()
        """Items that have changed since somebody last emptied this."""
        self.last_touched: set[ItemId] = set()
        """Items that the last event changed."""
        self._names: dict[PositionId, str] = {}
        self._callers: dict[CallId, Caller] = {}
        self._unanswered: dict[str, set[CallId]] = {}
        self._callbacks: dict[CallId, Callback] = {}
        self._joined: dict[CallId, list[Caller]] = {}
        """Callers whose own call was merged into another, by the one that goes on."""

    # --- questions --------------------------------------------------------------------------------------

    def on_line(self, item: LostItem) -> bool:
        """Whether the caller rings again right now, and nobody has answered yet."""
        return item.number is not None and bool(self._unanswered.get(item.number))

    def being_called(self, item_id: ItemId) -> bool:
        """Whether a call of ours to the number is under way."""
        return any(callback.item_id == item_id for callback in self._callbacks.values())

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        self.last_touched = set()
        self._apply(envelope)
        self.touched |= self.last_touched

    def _apply(self, envelope: Envelope) -> None:
        event, at = envelope.event, envelope.occurred_at
        match event:
            case LostCallFiled():
                self._filed(event, at)
            case CallArrived():
                self._arrived(event, at)
            case CallPlaced():
                self._placed(event, at)
            case PartyInvited() | PartyJoined() if event.call_id in self._callbacks:
                self._fold_callback(event, self._callbacks[event.call_id])
            case CallsMerged():
                self._merged(event)
            case AgentLoggedIn():
                self._names[event.position_id] = event.name
            case CallEnded():
                self._ended(event, at)
            case FallbackCallEnded():
                self._fallback_ended(event)
            case CallEvent():
                if caller := self._callers.get(event.call_id):
                    self._fold_caller(event, caller)
            case ItemKept():
                self._keep(event.item, at)
            case ItemEvent():
                if item := self.items.get(event.item_id):
                    self._fold_item(event, item, at)
            case _:
                pass

    # calls

    def _arrived(self, event: CallArrived, at: datetime) -> None:
        if event.caller.test or event.call_id in self._callers:
            return
        caller = Caller(event.call_id, event.caller.e164, event.line, event.since or at)
        self._callers[event.call_id] = caller
        self._rings(caller)

    def _fold_caller(self, event: CallEvent, caller: Caller) -> None:
        match event:
            case CallOriented():
                caller.flow, caller.priority = event.flow, event.priority
            case CallQueued():
                caller.flow, caller.priority = event.flow, event.priority
                caller.waiting = True
            case TransferStarted() | AgentLost():
                caller.waiting = True
            case PartyJoined() | AgentBack():
                caller.waiting = False
            case CallPrioritised():
                caller.priority = event.priority
            case CallbackRequested():
                self._rings_no_more(caller)
                caller.number = event.number
            case CallAnswered():
                name = self._names.get(event.position_id, "")
                caller.last_agent = AtPosition(
                    position_id=event.position_id, agent_id=event.agent_id, name=name
                )
                self._answered(caller)
            case _:
                pass

    def _answered(self, caller: Caller) -> None:
        caller.answered, caller.waiting = True, False
        self._rings_no_more(caller)
        if caller.number is None:
            return
        self._settle(self.by_number.get(caller.number), ItemOutcome.CALLED_AGAIN, caller.call_id)
        for loss in self.pending.values():
            if loss.caller.number == caller.number:
                loss.settled_by = caller.call_id

    def _ended(self, event: CallEnded, at: datetime) -> None:
        caller = self._callers.get(event.call_id)
        if caller is not None:
            place = place_of(event.outcome, answered=caller.answered, left_alone=caller.waiting)
            if place is not None:
                self.pending[event.call_id] = Loss(caller, place, at)
        if event.outcome is Outcome.TECHNICAL_FAILURE:
            for other in self._joined.get(event.call_id, ()):
                self.pending[other.call_id] = Loss(other, LossPlace.FAILURE, at)
        self._gone(event.call_id)

    def _merged(self, event: CallsMerged) -> None:
        """A caller goes on in another call: lost only if a fault ends that one."""
        together = [*self._joined.get(event.call_id, ()), *self._joined.pop(event.merged_id, ())]
        if caller := self._callers.get(event.merged_id):
            together.append(caller)
        self._gone(event.merged_id)
        if together:
            self._joined[event.call_id] = together

    def _fallback_ended(self, event: FallbackCallEnded) -> None:
        """A call of mode secours, learnt of afterwards: answered there, or lost."""
        if event.caller.test:
            return
        answered = event.answered_at is not None
        caller = Caller(event.call_id, event.caller.e164, event.line, event.arrived_at, answered=answered)
        if answered:
            self._answered(caller)
        if place := place_of(event.outcome, answered=answered, left_alone=False):
            self.pending[event.call_id] = Loss(caller, place, event.ended_at)

    def _gone(self, call_id: CallId) -> None:
        self._joined.pop(call_id, None)
        if caller := self._callers.pop(call_id, None):
            self._rings_no_more(caller)
        if callback := self._callbacks.pop(call_id, None):
            self.last_touched.add(callback.item_id)

    def _rings(self, caller: Caller) -> None:
        if caller.number is not None:
            self._unanswered.setdefault(caller.number, set()).add(caller.call_id)
            self._touch(caller.number)

    def _rings_no_more(self, caller: Caller) -> None:
        calls = self._unanswered.get(caller.number or "")
        if calls is None or caller.number is None:
            return
        calls.discard(caller.call_id)
        if not calls:
            del self._unanswered[caller.number]
        self._touch(caller.number)

    def _touch(self, number: str) -> None:
        if item_id := self.by_number.get(number):
            self.last_touched.add(item_id)

    def _placed(self, event: CallPlaced, at: datetime) -> None:
        """Any call to the number of an open item is an attempt to call back, however it was started."""
        item_id = self.by_number.get(event.target.value) if event.target.kind is TargetKind.NUMBER else None
        item = self.items.get(item_id) if item_id is not None else None
        if item is not None:
            self._callbacks[event.call_id] = Callback(item.item_id, event.target.value)
            first = item.first_attempt_at or at
            self._put(replace(item, attempts=item.attempts + 1, first_attempt_at=first, last_attempt_at=at))

    def _fold_callback(self, event: PartyInvited | PartyJoined, callback: Callback) -> None:
        if isinstance(event, PartyInvited):
            if event.target.kind is TargetKind.NUMBER and event.target.value == callback.number:
                callback.party_id = event.party_id
        elif event.party_id == callback.party_id:
            self._settle(callback.item_id, ItemOutcome.REACHED, event.call_id)

    def _settle(self, item_id: ItemId | None, outcome: ItemOutcome, call_id: CallId) -> None:
        if item_id is not None and item_id in self.items:
            self.settled.setdefault(item_id, (outcome, call_id))

    # items

    def _filed(self, event: LostCallFiled, at: datetime) -> None:
        loss = self.pending.pop(event.call_id, None)
        before = self.items.get(event.item_id)
        if before is None:
            self.said_at[event.item_id] = at
            self._put(opened(event))
        else:
            self._put(added(before, event))
        if loss is not None and loss.settled_by is not None:
            self._settle(event.item_id, ItemOutcome.CALLED_AGAIN, loss.settled_by)

    def _keep(self, item: LostItem, at: datetime) -> None:
        self.said_at[item.item_id] = at
        self._put(item)

    def _fold_item(self, event: ItemEvent, item: LostItem, at: datetime) -> None:
        match event:
            case ItemTaken():
                owner = AtPosition(position_id=event.position_id, agent_id=event.agent_id, name=event.name)
                self._put(replace(item, owner=owner))
            case ItemReleased():
                self._put(replace(item, owner=None))
            case ItemNoted():
                note = Note(text=event.text, agent_id=event.agent_id, name=event.name, at=at)
                self._put(replace(item, notes=(*item.notes, note)))
            case ItemClosed():
                self._close(item)
            case _:
                pass

    def _put(self, item: LostItem) -> None:
        self.items[item.item_id] = item
        if item.number is not None:
            self.by_number[item.number] = item.item_id
        self.last_touched.add(item.item_id)

    def _close(self, item: LostItem) -> None:
        del self.items[item.item_id]
        self.said_at.pop(item.item_id, None)
        self.settled.pop(item.item_id, None)
        if item.number is not None and self.by_number.get(item.number) == item.item_id:
            del self.by_number[item.number]
        for call_id in [c for c, callback in self._callbacks.items() if callback.item_id == item.item_id]:
            del self._callbacks[call_id]
        self.last_touched.add(item.item_id)


def opened(event: LostCallFiled) -> LostItem:
    """The item that a loss opens."""
    return LostItem(
        item_id=event.item_id,
        number=event.number,
        line=event.line,
        flow=event.flow,
        priority=event.priority,
        place=event.place,
        waited_seconds=event.waited_seconds,
        short=event.short,
        first_lost_at=event.lost_at,
        last_lost_at=event.lost_at,
        cut=event.place is LossPlace.FAILURE,
        last_agent=event.last_agent,
    )


def added(item: LostItem, event: LostCallFiled) -> LostItem:
    """The item with one more loss of its number: somebody who calls twice means it."""
    return replace(
        item,
        line=event.line,
        flow=event.flow,
        priority=most_urgent(item.priority, event.priority),
        place=event.place,
        waited_seconds=event.waited_seconds,
        short=False,
        last_lost_at=max(item.last_lost_at, event.lost_at),
        losses=item.losses + 1,
        cut=item.cut or event.place is LossPlace.FAILURE,
        last_agent=event.last_agent or item.last_agent,
    )
