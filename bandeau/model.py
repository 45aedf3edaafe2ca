"""What each strip shows, folded from events.

Sections: one per position (``agent``, ``position``, ``offer``, ``call``, ``parked``, ``alarms``); ``room``,
``rooms`` and ``platform``, shared by every strip; and one per call in the list of a room, for who serves it.
"""

from collections.abc import Iterable, Mapping

from bandeau.phone_model import Phones
from core.events import AgentLoggedIn, AgentLoggedOut, CallOffered, CallsMerged, Envelope
from core.ids import CallId, PositionId, QueueId
from core.rooms import RoomCard
from core.words import OfferKind, Priority, Role, TargetKind
from web.dossiers import DossiersSeen
from web.live import Audience, Section, View, instant
from web.parties import CallParties, PartiesSeen
from web.places import PlacesSeen
from web.reasons import why
from web.room import RoomState, Touched
from web.rooms import RoomsSeen, RoomsTouched
from web.seen import CallSeen, OfferSeen, PositionSeen, notes_view

ROOM: Audience = "room"

_ROOM_SECTION = Section(ROOM, ("room",))
_PLATFORM_SECTION = Section(ROOM, ("platform",))


def list_of(queue: QueueId) -> Audience:
    """The audience of a room's list of calls."""
    return f"waiting:{queue}"


def _figures_of(queue: QueueId) -> Section:
    return Section(ROOM, ("rooms", queue))


def _entry(queue: QueueId, call_id: CallId) -> Section:
    return Section(list_of(queue), ("waiting", queue, call_id))


def own(position_id: PositionId) -> Audience:
    """The audience of one position's strip."""
    return f"position:{position_id}"


def audiences(position_id: PositionId, rooms: Iterable[QueueId] = ()) -> tuple[Audience, ...]:
    """All that the strip of a position listens to: itself, the room, and the lists of these rooms."""
    return (own(position_id), ROOM, *map(list_of, rooms))


class StripModel:
    """The strips of one centre."""

    def __init__(self, queue: QueueId, cards: Iterable[RoomCard] = ()) -> None:
        self.room = RoomState(queue)
        self.rooms = RoomsSeen(cards)
        self.parties = PartiesSeen()
        self.places = PlacesSeen()
        self.dossiers = DossiersSeen()
        self._parties_touched: frozenset[PositionId] = frozenset()
        self._declared = tuple(self.rooms.rooms)
        self.phones = Phones()
        self._touched = Touched()
        self._rooms_touched = RoomsTouched()

    def use(self, cards: Iterable[RoomCard]) -> None:
        """Show these rooms from here on: everything is shown anew."""
        self.rooms.use(cards)
        self._declared = tuple(self.rooms.rooms)
        self.forget_changes()

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        self._touched |= self.room.fold(envelope)
        self._rooms_touched |= self.rooms.fold(envelope)
        self.phones.fold(envelope)
        self._parties_touched |= self.parties.fold(envelope)
        self.places.fold(envelope)
        self.dossiers.fold(envelope)
        if isinstance(envelope.event, AgentLoggedIn | AgentLoggedOut | CallsMerged):
            # An offer names who asks, and how.
            asked = {p.position_id for p in self.room.positions.values() if p.offer is not None}
            self._parties_touched |= asked | self.parties.offers.keys()

    def forget_changes(self) -> None:
        """Nobody is to be told of what the events so far changed."""
        self._touched, self._rooms_touched = Touched(), RoomsTouched()
        self._parties_touched = frozenset()

    def changed(self) -> Mapping[Section, View | None]:
        """The sections that the events folded since the last call may have changed, as they are now."""
        touched, self._touched = self._touched, Touched()
        rooms, self._rooms_touched = self._rooms_touched, RoomsTouched()
        parties, self._parties_touched = self._parties_touched, frozenset()
        told = touched.positions | rooms.positions | parties
        if rooms.alarms:
            told |= {p.position_id for p in self.room.positions.values() if p.role is Role.SUPERVISOR}
        sections: dict[Section, View | None] = {
            Section(own(position_id)): self._own(position_id) for position_id in told
        }
        for queue in rooms.rooms:
            sections[_figures_of(queue)] = self.rooms.figures(queue)
        for queue, call_id in rooms.calls:
            if queue in self._declared:
                sections[_entry(queue, call_id)] = self.rooms.listed(queue, call_id)
        if touched.figures:
            sections[_ROOM_SECTION] = self.room.figures()
        if touched.platform:
            sections[_PLATFORM_SECTION] = self.room.platform(agents=True)
        return sections

    def sections(self) -> dict[Section, View]:
        """Everything shown now."""
        shown: dict[Section, View] = {
            _ROOM_SECTION: self.room.figures(),
            _PLATFORM_SECTION: self.room.platform(agents=True),
        }
        for queue in self._declared:
            shown[Section(list_of(queue))] = {"waiting": {queue: {}}}
        for queue, room in self.rooms.rooms.items():
            shown[_figures_of(queue)] = self.rooms.figures(queue)
            for call_id in room.calls:
                if queue in self._declared and (listed := self.rooms.listed(queue, call_id)) is not None:
                    shown[_entry(queue, call_id)] = listed
        for position in self.room.positions.values():
            shown[Section(own(position.position_id))] = self._of(position)
        return shown

    def _own(self, position_id: PositionId) -> View | None:
        position = self.room.positions.get(position_id)
        return self._of(position) if position else None

    def _of(self, position: PositionSeen) -> View:
        view: View = {
            "agent": {"id": position.agent_id, "name": position.name, "role": position.role.value},
            "position": _position(position),
        }
        if phone := self.phones.by_position.get(position.position_id):
            view["phone"] = phone.view()
        offer = position.offer
        if offer is not None and (offered := self.room.calls.get(offer.call_id)):
            view["offer"] = {
                **_caller(offered),
                "id": offer.offer_id,
                "callId": offer.call_id,
                "deadline": instant(offer.deadline),
                "kind": offer.kind.value,
                "why": why(offer.reasons),
                **self._place(offer.call_id),
            }
            if (dossier := self.dossiers.brief(offer.call_id)) is not None:
                view["offer"]["dossier"] = dossier
            if offer.kind in (OfferKind.INVITED, OfferKind.EVERYBODY) and (by := _asked_by(offer)):
                view["offer"] |= {"by": by, **self._asking(offer.call_id, by)}
        elif (asked := self.parties.offers.get(position.position_id)) is not None:
            view["offer"] = self._asked(asked)
        if calls := self.parties.calls_of(position.position_id):
            view["calls"] = {call.call_id: self._call(call, position.position_id) for call in calls}
        if recall := self.parties.recalls.get(position.position_id):
            view["recall"] = recall
        if shown := self.parties.shown_of(position.position_id):
            view["call"] = self._call(shown, position.position_id)
        if parked := self.rooms.parked_by(position.position_id):
            view["parked"] = parked
        if alarms := self.rooms.alarms_of(position.position_id, position.role):
            view["alarms"] = alarms
        return view

    def _asked(self, offer: CallOffered) -> View:
        """A colleague's own call, offered."""
        call = self.parties.calls.get(offer.call_id)
        by = _asked_by(offer)
        view: View = {
            "hidden": False,
            "line": "",
            "flow": "",
            "priority": Priority.PX.value,
            "queuedAt": instant(call.began_at if call is not None else offer.deadline),
            "id": offer.offer_id,
            "callId": offer.call_id,
            "deadline": instant(offer.deadline),
            "kind": offer.kind.value,
            "why": why(offer.reasons),
            "by": by,
            **self._place(offer.call_id),
        }
        return {**view, **self._asking(offer.call_id, by)}

    def _asking(self, call_id: CallId, by: str) -> View:
        """How a position is asked into a call, and the name of who asks."""
        view: View = {}
        if call := self.parties.calls.get(call_id):
            view["asked"] = call.asked
        if asking := self.room.positions.get(PositionId(by)):
            view["byName"] = asking.name
        return view

    def _call(self, call: CallParties, position_id: PositionId) -> View:
        """One of a position's calls: what is known of its caller, and who is in it."""
        seen = self.room.calls.get(call.call_id)
        view: View = {"id": call.call_id, **(_caller(seen) if seen is not None else _called(call))}
        if seen is not None and seen.notes:
            view["notes"] = notes_view(seen.notes)
        if (dossier := self.dossiers.of(call.call_id)) is not None:
            view["dossier"] = dossier
        return {**view, **self._place(call.call_id), **call.view(position_id)}

    def _place(self, call_id: CallId) -> View:
        """Where the caller is, if anybody told."""
        place = self.places.of(call_id)
        return {"location": place} if place is not None else {}


def _asked_by(offer: OfferSeen | CallOffered) -> str:
    """The position that asks, by the offer's reasons."""
    return next((code.partition(":")[2] for code in offer.reasons), "")


def _position(position: PositionSeen) -> View:
    view: View = {
        "id": position.position_id,
        "state": position.state.value,
        "since": instant(position.since),
        "muted": position.muted,
        "leg": position.leg,
    }
    if pending := position.pause_pending:
        view["pausePending"] = pending.value
    elif position.pause_reason is not None:
        view["pauseReason"] = position.pause_reason.value
    if position.network is not None:
        view["network"] = position.network.view()
    if position.until is not None:
        view["until"] = instant(position.until)
    return view


def _caller(call: CallSeen) -> View:
    view: View = {
        "hidden": call.caller.hidden,
        "line": call.line,
        "flow": call.flow,
        "priority": call.priority.value,
        "queuedAt": instant(call.queued_at or call.arrived_at),
    }
    if call.caller.e164 is not None:
        view["number"] = call.caller.e164
    if call.caller.test:
        view["test"] = True
    if call.silent:
        view["openLine"] = True
    if call.repeat_of is not None:
        view["repeat"] = True
    if call.aid is not None:
        view["aid"] = call.aid
    if call.was_with:
        view["wasWith"] = call.was_with
    return view


def _called(call: CallParties) -> View:
    """What stands for a caller in a call that an agent placed: whom they call."""
    view: View = {
        "hidden": False,
        "line": "",
        "flow": "",
        "priority": Priority.PX.value,
        "queuedAt": instant(call.began_at),
    }
    if call.target is not None and call.target.kind is TargetKind.NUMBER:
        view["number"] = call.target.value
    return view
