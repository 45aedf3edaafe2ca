"""What screens show of each waiting room, folded from events: figures, lists of calls to choose from, alarms.

Pure; like :mod:`web.room`, it never fails on an event it did not expect.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.events import (
    CallAnswered,
    CallArrived,
    CallCheckedBack,
    CallEnded,
    CallerLocated,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallsMerged,
    CheckBackDue,
    DossierCorrelated,
    Envelope,
    Event,
    OfferAccepted,
    OfferWithdrawn,
    ParkedCallerLeft,
    PartyJoined,
    RoomRuleChanged,
)
from core.ids import CallId, CentreId, DossierId, OfferId, PositionId, QueueId
from core.rooms import RoomCard
from core.words import CallerNumber, FrontOffice, OfferKind, Priority, Role, RoomSetting
from web.live import View, instant

NOBODY = CallerNumber()

ALARMS_KEPT = 100
"""How many callers who left are shown until somebody takes note of them; the oldest go first."""


@dataclass(slots=True)
class WaitingSeen:
    """A call in a waiting room. ``offers``: to whom it is proposed now; ``taken``: it is being joined."""

    call_id: CallId
    caller: CallerNumber
    queued: CallQueued
    since: datetime
    priority: Priority
    offers: dict[OfferId, PositionId] = field(default_factory=dict)
    taken: bool = False
    check_due_since: datetime | None = None


@dataclass(slots=True)
class RoomSeen:
    """One waiting room."""

    card: RoomCard
    manual: bool
    closed: bool = False
    calls: dict[CallId, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoomsTouched:
    """What events may have changed: figures of rooms, calls in lists, and what positions are told beside."""

    rooms: frozenset[QueueId] = frozenset()
    calls: frozenset[tuple[QueueId, CallId]] = frozenset()
    positions: frozenset[PositionId] = frozenset()
    alarms: bool = False

    def __or__(self, other: "RoomsTouched") -> "RoomsTouched":
        """What either may have changed."""
        if other is NOTHING:
            return self
        return RoomsTouched(
            self.rooms | other.rooms,
            self.calls | other.calls,
            self.positions | other.positions,
            self.alarms or other.alarms,
        )


NOTHING = RoomsTouched()


class RoomsSeen:
    """All waiting rooms of a centre. Test calls are in the lists, but in no figure."""

    def __init__(self, cards: Iterable[RoomCard] = ()) -> None:
        self.rooms: dict[QueueId, RoomSeen] = {}
        self.waiting: dict[CallId, WaitingSeen] = {}
        self.alarms: dict[CallId, tuple[ParkedCallerLeft, CallerNumber, datetime]] = {}
        self._callers: dict[CallId, CallerNumber] = {}
        self._aid: dict[CallId, CentreId] = {}
        """The neighbouring centre whose call it is."""
        self._communes: dict[CallId, str] = {}
        self._dossiers: dict[CallId, DossierId] = {}
        """Where callers are."""
        self._parked: dict[PositionId, dict[CallId, None]] = {}
        self._left: dict[CallId, CallerNumber] = {}
        """The parked callers who ended last: an alarm may follow."""
        self._folds: dict[type[Event], Callable[[Any, datetime], RoomsTouched]] = {
            CallArrived: self._arrived,
            CallQueued: self._queued,
            CallerLocated: self._located,
            DossierCorrelated: self._correlated,
            CallPrioritised: self._prioritised,
            CallOffered: self._offered,
            OfferWithdrawn: self._withdrawn,
            OfferAccepted: self._accepted,
            CallAnswered: lambda event, now: self._out(event.call_id),
            PartyJoined: lambda event, now: self._out(event.call_id),
            CallsMerged: lambda event, now: self._out(event.merged_id),
            CallEnded: self._ended,
            CheckBackDue: self._check_due,
            CallCheckedBack: self._checked_back,
            ParkedCallerLeft: self._parked_left,
            RoomRuleChanged: self._rule_changed,
        }
        self.use(cards)

    def use(self, cards: Iterable[RoomCard]) -> None:
        """Show these rooms from here on, and others only while calls wait there."""
        before = self.rooms
        self.rooms = {card.queue: RoomSeen(card, card.manual) for card in cards}
        for queue, room in before.items():
            if queue in self.rooms:
                self.rooms[queue].calls = room.calls
            elif room.calls:
                self.rooms[queue] = room

    # --- questions --------------------------------------------------------------------------------------

    def shown_to(self, position_id: PositionId, role: Role) -> list[QueueId]:
        """The rooms whose lists an agent sees."""
        return [queue for queue, room in self.rooms.items() if room.card.shown_to(position_id, role)]

    def figures(self, queue: QueueId) -> View:
        """A room's figures: flat, and the same fields whatever happens but for the oldest."""
        room = self.rooms[queue]
        counted = [self.waiting[c] for c in room.calls if not self.waiting[c].caller.test]
        view: View = {
            "name": room.card.name,
            "frontOffice": room.card.front_office.value,
            "mode": "manual" if room.manual else "automatic",
            "closed": room.closed,
            "waiting": len(counted),
        }
        if counted:
            view["oldestQueuedAt"] = instant(min(call.since for call in counted))
        ringing = next((call for call in counted if call.offers), None)
        if ringing is not None:
            view["ringing"] = ringing.call_id
            view["ringingAt"] = next(iter(ringing.offers.values()))
        return view

    def listed(self, queue: QueueId, call_id: CallId) -> View | None:
        """A call as the list of its room shows it; none: it is not in the list."""
        call = self.waiting.get(call_id)
        room = self.rooms.get(queue)
        if call is None or room is None or call.queued.queue != queue or not room.manual or call.taken:
            return None
        return self._call(call)

    def parked_by(self, position_id: PositionId) -> View:
        """The calls that a position has put into rooms and that still wait there, by their id."""
        return {
            call_id: {"queue": call.queued.queue, **self._call(call)}
            for call_id in self._parked.get(position_id, ())
            if not (call := self.waiting[call_id]).taken
        }

    def parked(self, call_id: CallId) -> View | None:
        """A caller left for a physician or a colleague, as a wall may show it: no number; none: not so."""
        call = self.waiting.get(call_id)
        if call is None or call.taken or call.caller.test:
            return None
        if call.queued.front_office is FrontOffice.FO1 and call.queued.by is None:
            return None
        view: View = {
            "queue": call.queued.queue,
            "priority": call.priority.value,
            "rank": call.priority.rank,
            "queuedAt": instant(call.since),
        }
        if call.check_due_since is not None:
            view["checkDueSince"] = instant(call.check_due_since)
        return view

    def left(self) -> View:
        """The parked callers who hung up and whom nobody has taken note of, by their call, without a number."""
        return {
            call_id: {"queue": left.queue, "priority": left.priority.value, "at": instant(at)}
            for call_id, (left, caller, at) in self.alarms.items()
            if not caller.test
        }

    def alarms_of(self, position_id: PositionId, role: Role) -> View:
        """The parked callers who left, for who parked them and for supervisors."""
        return {
            call_id: {
                "queue": left.queue,
                "priority": left.priority.value,
                "at": instant(at),
                "by": left.by,
                "hidden": caller.hidden,
                **({"number": caller.e164} if caller.e164 is not None else {}),
            }
            for call_id, (left, caller, at) in self.alarms.items()
            if left.by == position_id or role is Role.SUPERVISOR
        }

    def _call(self, call: WaitingSeen) -> View:
        view: View = {
            "hidden": call.caller.hidden,
            "flow": call.queued.flow,
            "priority": call.priority.value,
            "rank": call.priority.rank,
            "queuedAt": instant(call.since),
        }
        if call.caller.e164 is not None:
            view["number"] = call.caller.e164
        if call.caller.test:
            view["test"] = True
        if call.queued.by is not None:
            view["by"] = call.queued.by
        if call.queued.repeat_of is not None:
            view["repeat"] = True
        if call.queued.was_with:
            view["wasWith"] = call.queued.was_with
        if (aid := self._aid.get(call.call_id)) is not None:
            view["aid"] = aid
        if commune := self._communes.get(call.call_id):
            view["commune"] = commune
        if dossier := self._dossiers.get(call.call_id):
            view["dossier"] = dossier
        if call.check_due_since is not None:
            view["checkDueSince"] = instant(call.check_due_since)
        if call.offers:
            view["offeredTo"] = next(iter(call.offers.values()))
        return view

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> RoomsTouched:
        """Apply one event and say what it may have changed."""
        apply = self._folds.get(type(envelope.event))
        return apply(envelope.event, envelope.occurred_at) if apply else NOTHING

    def _arrived(self, event: CallArrived, now: datetime) -> RoomsTouched:
        self._callers.setdefault(event.call_id, event.caller)
        if event.origin is not None:
            self._aid[event.call_id] = event.origin.owner
        call = self.waiting.get(event.call_id)  # none, unless a history begins in the middle
        return self._touch(call) if call is not None else NOTHING

    def _queued(self, event: CallQueued, now: datetime) -> RoomsTouched:
        left = self._leave_room(event.call_id)
        if event.queue not in self.rooms:
            self.rooms[event.queue] = RoomSeen(_unknown(event), manual=False)
        call = WaitingSeen(
            event.call_id,
            self._callers.get(event.call_id, NOBODY),
            event,
            event.since or now,
            event.priority,
        )
        self.waiting[event.call_id] = call
        self.rooms[event.queue].calls[event.call_id] = None
        if event.by is not None:
            self._parked.setdefault(event.by, {})[event.call_id] = None
        return left | self._touch(call)

    def _prioritised(self, event: CallPrioritised, now: datetime) -> RoomsTouched:
        if (call := self.waiting.get(event.call_id)) is None:
            return NOTHING
        call.priority = event.priority
        return self._touch(call)

    def _correlated(self, event: DossierCorrelated, now: datetime) -> RoomsTouched:
        if event.call_id not in self._callers:
            return NOTHING
        self._dossiers[event.call_id] = event.dossier_id
        call = self.waiting.get(event.call_id)
        return self._touch(call) if call is not None else NOTHING

    def _located(self, event: CallerLocated, now: datetime) -> RoomsTouched:
        if not event.best or event.call_id not in self._callers:
            return NOTHING
        self._communes[event.call_id] = event.commune
        call = self.waiting.get(event.call_id)
        return self._touch(call) if call is not None else NOTHING

    def _offered(self, event: CallOffered, now: datetime) -> RoomsTouched:
        call = self.waiting.get(event.call_id)
        if call is None or event.kind in (OfferKind.INVITED, OfferKind.EVERYBODY):
            return NOTHING
        call.offers[event.offer_id] = event.position_id
        return self._touch(call)

    def _withdrawn(self, event: OfferWithdrawn, now: datetime) -> RoomsTouched:
        if (call := self.waiting.get(event.call_id)) is None:
            return NOTHING
        if call.offers.pop(event.offer_id, None) is None:
            call.taken = False
        return self._touch(call)

    def _accepted(self, event: OfferAccepted, now: datetime) -> RoomsTouched:
        if (call := self.waiting.get(event.call_id)) is None:
            return NOTHING
        call.offers.pop(event.offer_id, None)
        call.taken = True
        return self._touch(call)

    def _out(self, call_id: CallId) -> RoomsTouched:
        touched = self._leave_room(call_id)
        self.waiting.pop(call_id, None)
        return touched

    def _ended(self, event: CallEnded, now: datetime) -> RoomsTouched:
        self._aid.pop(event.call_id, None)
        self._communes.pop(event.call_id, None)
        self._dossiers.pop(event.call_id, None)
        caller, call = self._callers.pop(event.call_id, NOBODY), self.waiting.get(event.call_id)
        if call is not None and call.queued.by is not None:
            self._left[event.call_id] = caller
            if len(self._left) > ALARMS_KEPT:
                del self._left[next(iter(self._left))]
        return self._out(event.call_id)

    def _leave_room(self, call_id: CallId) -> RoomsTouched:
        call = self.waiting.get(call_id)
        if call is None:
            return NOTHING
        self.rooms[call.queued.queue].calls.pop(call_id, None)
        if call.queued.by is not None:
            self._parked.get(call.queued.by, {}).pop(call_id, None)
        return self._touch(call)

    def _check_due(self, event: CheckBackDue, now: datetime) -> RoomsTouched:
        if (call := self.waiting.get(event.call_id)) is None:
            return NOTHING
        call.check_due_since = now
        return self._touch(call)

    def _checked_back(self, event: CallCheckedBack, now: datetime) -> RoomsTouched:
        if (alarm := self.alarms.pop(event.call_id, None)) is not None:
            return RoomsTouched(positions=frozenset({alarm[0].by}), alarms=True)
        if (call := self.waiting.get(event.call_id)) is None:
            return NOTHING
        call.check_due_since = None
        return self._touch(call)

    def _parked_left(self, event: ParkedCallerLeft, now: datetime) -> RoomsTouched:
        caller = self._left.pop(event.call_id, None) or self._callers.get(event.call_id, NOBODY)
        touched = {event.by}
        if (earlier := self.alarms.pop(event.call_id, None)) is not None:
            touched.add(earlier[0].by)
        self.alarms[event.call_id] = (event, caller, now)
        if len(self.alarms) > ALARMS_KEPT:
            touched.add(self.alarms.pop(next(iter(self.alarms)))[0].by)
        return RoomsTouched(positions=frozenset(touched), alarms=True)

    def _rule_changed(self, event: RoomRuleChanged, now: datetime) -> RoomsTouched:
        room = self.rooms.get(event.queue)
        if room is None:
            return NOTHING
        if event.setting is RoomSetting.MODE:
            room.manual = event.value == "manual" if event.value else room.card.manual
        elif event.setting is RoomSetting.CLOSED:
            room.closed = event.value == "yes"
        return RoomsTouched(
            rooms=frozenset({event.queue}), calls=frozenset((event.queue, call_id) for call_id in room.calls)
        )

    def _touch(self, call: WaitingSeen) -> RoomsTouched:
        by = call.queued.by
        return RoomsTouched(
            rooms=frozenset({call.queued.queue}),
            calls=frozenset({(call.queued.queue, call.call_id)}),
            positions=frozenset({by}) if by is not None else frozenset(),
        )


def _unknown(event: CallQueued) -> RoomCard:
    """The card of a room nobody declared."""
    return RoomCard(
        queue=event.queue,
        name=event.queue,
        front_office=event.front_office,
        manual=False,
        roles=frozenset({Role.ARM} if event.front_office is FrontOffice.FO1 else ()),
    )
