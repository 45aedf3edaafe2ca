"""What each strip shows, folded from events.

Sections: one per position (``agent``, ``position``, ``offer``, ``call``), and one pair shared by every strip
(``room``, ``platform``).
"""

from collections.abc import Mapping

from core.events import Envelope
from core.ids import PositionId, QueueId
from web.live import Audience, Section, View, instant
from web.room import CallSeen, PositionSeen, RoomState, Stage, Touched, notes_view

ROOM: Audience = "room"

_ROOM_SECTION = Section(ROOM, ("room",))
_PLATFORM_SECTION = Section(ROOM, ("platform",))
_STAGES = {Stage.CONNECTING: "connecting", Stage.TALKING: "talking", Stage.HELD: "held"}


def own(position_id: PositionId) -> Audience:
    """The audience of one position's strip."""
    return f"position:{position_id}"


def audiences(position_id: PositionId) -> tuple[Audience, ...]:
    """All that the strip of a position listens to."""
    return (own(position_id), ROOM)


class StripModel:
    """The strips of one centre."""

    def __init__(self, queue: QueueId) -> None:
        self.room = RoomState(queue)
        self._touched = Touched()

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        self._touched |= self.room.fold(envelope)

    def changed(self) -> Mapping[Section, View | None]:
        """The sections that the events folded since the last call may have changed, as they are now."""
        touched, self._touched = self._touched, Touched()
        sections: dict[Section, View | None] = {
            Section(own(position_id)): self._own(position_id) for position_id in touched.positions
        }
        if touched.figures:
            sections[_ROOM_SECTION] = self.room.figures()
        if touched.platform:
            sections[_PLATFORM_SECTION] = self.room.platform()
        return sections

    def sections(self) -> dict[Section, View]:
        """Everything shown now."""
        shown: dict[Section, View] = {
            _ROOM_SECTION: self.room.figures(),
            _PLATFORM_SECTION: self.room.platform(),
        }
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
        offer = position.offer
        if offer is not None and (offered := self.room.calls.get(offer.call_id)):
            view["offer"] = {
                **_caller(offered),
                "id": offer.offer_id,
                "callId": offer.call_id,
                "deadline": instant(offer.deadline),
            }
        if position.call_id is not None and (taken := self.room.calls.get(position.call_id)):
            view["call"] = _call(taken)
        return view


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
    return view


def _call(call: CallSeen) -> View:
    view: View = {**_caller(call), "id": call.call_id, "state": _STAGES.get(call.stage, "connecting")}
    if call.answered_at is not None:
        view["answeredAt"] = instant(call.answered_at)
    if call.held_at is not None:
        view["heldAt"] = instant(call.held_at)
    if call.notes:
        view["notes"] = notes_view(call.notes)
    return view
