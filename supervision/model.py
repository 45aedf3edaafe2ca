"""What the wallboard shows, folded from events.

Today's figures count the calls *presented* today (the day of Europe/Paris), whenever they were answered or
left: so answered and abandoned never exceed presented. A call that a neighbouring centre entrusted to us counts
as presented there, and here as aided. Test calls are in no figure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

from core.events import CallAnswered, CallArrived, CallEnded, Envelope, FallbackCallEnded
from core.ids import CallId, PositionId, QueueId
from core.rooms import RoomCard
from core.words import Outcome, PositionState, Role
from web.live import Audience, Section, View, instant
from web.room import RoomState, Touched
from web.rooms import NOTHING, RoomsSeen
from web.seen import PositionSeen

WALLBOARD: Audience = "wallboard"

PARIS = ZoneInfo("Europe/Paris")

_EMPTY_BOARD = Section(WALLBOARD)
_ROOM = Section(WALLBOARD, ("room",))
_TODAY = Section(WALLBOARD, ("today",))
_PLATFORM = Section(WALLBOARD, ("platform",))
_LEFT = Section(WALLBOARD, ("left",))
"""Parked callers who hung up."""


def day_of(instant_: datetime) -> date:
    """The day of an instant, in Europe/Paris."""
    return instant_.astimezone(PARIS).date()


def _at(position_id: PositionId) -> Section:
    return Section(WALLBOARD, ("positions", position_id))


def _room_at(queue: QueueId) -> Section:
    return Section(WALLBOARD, ("rooms", queue))


def _parked_at(call_id: CallId) -> Section:
    return Section(WALLBOARD, ("parked", call_id))


@dataclass(slots=True)
class _Counted:
    """A live call presented today. ``aid``: by a neighbouring centre, where it counts as presented."""

    aid: bool = False
    answered: bool = False


class Today:
    """The figures of one day of Europe/Paris."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.presented = 0
        self.answered = 0
        self.abandoned = 0
        self.overflowed = 0
        self.aided = 0
        self.aid_answered = 0
        self._live: dict[CallId, _Counted] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event of the day or of a call presented in it."""
        event = envelope.event
        if isinstance(event, CallArrived):
            if not event.caller.test and event.call_id not in self._live:
                self._live[event.call_id] = _Counted(aid=event.origin is not None)
                if event.origin is None:
                    self.presented += 1
                else:
                    self.aided += 1
        elif isinstance(event, CallAnswered):
            call = self._live.get(event.call_id)
            if call is not None and not call.answered:
                call.answered = True
                if call.aid:
                    self.aid_answered += 1
                else:
                    self.answered += 1
        elif isinstance(event, FallbackCallEnded):
            self._fallback(event)
        elif isinstance(event, CallEnded):
            call = self._live.pop(event.call_id, None)
            if call is not None and not call.answered and event.outcome.is_abandoned:
                self.abandoned += 1
            if event.outcome is Outcome.OVERFLOWED and call is not None and not call.aid:
                self.overflowed += 1

    def _fallback(self, event: FallbackCallEnded) -> None:
        """A call of mode secours: counted when it is learnt of. One that a core had is presented already."""
        if event.caller.test:
            return
        self.presented += not event.handed_back
        self.answered += event.answered_at is not None
        self.abandoned += event.outcome.is_abandoned

    def view(self) -> View:
        """The figures as shown."""
        return {
            "date": self.day.isoformat(),
            "presented": self.presented,
            "answered": self.answered,
            "abandoned": self.abandoned,
            "overflowed": self.overflowed,
            "aided": self.aided,
            "aidAnswered": self.aid_answered,
        }


class Ready:
    """The positions ready for a call, counted by role: a room asks for its own many times a second."""

    def __init__(self) -> None:
        self._roles: dict[PositionId, Role] = {}
        self._count: Counter[Role] = Counter()

    def note(self, position_id: PositionId, position: PositionSeen | None) -> bool:
        """Take note of a position as it is now; whether that changed anything."""
        ready = position is not None and position.state is PositionState.READY
        now = position.role if ready and position is not None else None
        before = self._roles.get(position_id)
        if now is before:
            return False
        if before is not None:
            self._count[before] -= 1
            del self._roles[position_id]
        if now is not None:
            self._count[now] += 1
            self._roles[position_id] = now
        return True

    def serving(self, card: RoomCard) -> int:
        """How many of them take the calls of a room."""
        named = sum(p in self._roles and self._roles[p] not in card.roles for p in card.agents)
        return named + sum(self._count[role] for role in card.roles)


class BoardModel:
    """The wallboard of one centre."""

    def __init__(self, queue: QueueId, now: datetime, cards: Iterable[RoomCard] = ()) -> None:
        self.room = RoomState(queue)
        self.rooms = RoomsSeen(cards)
        self._rooms_touched = NOTHING
        self._ready = Ready()
        self.today = Today(day_of(now))
        self._touched = Touched()

    def roll(self, now: datetime) -> bool:
        """Begin a new day if midnight has passed; whether it did. A clock put back begins nothing."""
        day = day_of(now)
        if day <= self.today.day:
            return False
        self.today = Today(day)
        return True

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        self._touched |= self.room.fold(envelope)
        self._rooms_touched |= self.rooms.fold(envelope)
        self.roll(envelope.occurred_at)
        if day_of(envelope.occurred_at) == self.today.day:
            self.today.fold(envelope)

    def forget_changes(self) -> None:
        """Nobody is to be told of what the events so far changed."""
        self._touched, self._rooms_touched = Touched(), NOTHING

    def changed(self) -> Mapping[Section, View | None]:
        """The sections that the events folded since the last call may have changed, as they are now."""
        touched, self._touched = self._touched, Touched()
        rooms, self._rooms_touched = self._rooms_touched, NOTHING
        sections: dict[Section, View | None] = dict.fromkeys(map(_at, touched.positions))
        sections[_TODAY] = self.today.view()  # any event may begin a day
        for position_id in touched.positions:
            if (position := self.room.positions.get(position_id)) and position.counts:
                sections[_at(position_id)] = _position(position)
        changes = [self._ready.note(p, self.room.positions.get(p)) for p in touched.positions]
        for queue in self.rooms.rooms if any(changes) else rooms.rooms:
            sections[_room_at(queue)] = self._room(queue)
        for _, call_id in rooms.calls:
            sections[_parked_at(call_id)] = self.rooms.parked(call_id)
        if rooms.alarms:
            sections[_LEFT] = self.rooms.left()
        if touched.figures:
            sections[_ROOM] = self._figures()
        if touched.platform:
            sections[_PLATFORM] = self.room.platform()
        return sections

    def sections(self) -> dict[Section, View]:
        """Everything shown now."""
        shown: dict[Section, View] = {
            _EMPTY_BOARD: {"positions": {}, "rooms": {}, "parked": {}},
            _LEFT: self.rooms.left(),
            _ROOM: self._figures(),
            _TODAY: self.today.view(),
            _PLATFORM: self.room.platform(),
        }
        self._ready = Ready()
        for position in self.room.positions.values():
            self._ready.note(position.position_id, position)
        for queue in self.rooms.rooms:
            shown[_room_at(queue)] = self._room(queue)
        for call_id in self.rooms.waiting:
            if (parked := self.rooms.parked(call_id)) is not None:
                shown[_parked_at(call_id)] = parked
        for position in filter(attrgetter("counts"), self.room.positions.values()):
            shown[_at(position.position_id)] = _position(position)
        return shown

    def _room(self, queue: QueueId) -> View:
        """A room's figures, and how many are ready to take its calls."""
        return {**self.rooms.figures(queue), "ready": self._ready.serving(self.rooms.rooms[queue].card)}

    def _figures(self) -> View:
        return {
            **self.room.figures(),
            "inProgress": self.room.in_progress,
            "inSvi": self.room.in_svi,
            "openLines": self.room.silent,
        }


def _position(position: PositionSeen) -> View:
    view: View = {
        "name": position.name,
        "role": position.role.value,
        "state": position.state.value,
        "since": instant(position.since),
    }
    if position.network is not None:
        view["network"] = position.network.view()
    if position.pause_pending is None and position.pause_reason is not None:
        view["pauseReason"] = position.pause_reason.value
    return view
