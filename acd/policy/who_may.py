"""What one position may be offered by a colleague, and what it may take by itself."""

from acd.model.calls import WaitingCall
from acd.model.positions import MOST_CALLS, Position
from acd.model.rules import RoomRule
from acd.policy.serving import may_ever_serve
from core.words import OfferKind, PartyEnd, PositionState, Role

_TAKES = frozenset({PositionState.READY, PositionState.PAUSED, PositionState.WRAP_UP, PositionState.ON_CALL})


def not_reached(position: Position | None, node: str) -> PartyEnd | None:
    """Why a position cannot be asked into a call by a colleague; none: it can.

    In wrap-up it can: a colleague who asks is a reason to interrupt it, and so is one's own call coming back.
    """
    if position is None or not position.ready or position.state is PositionState.PAUSED:
        return PartyEnd.UNAVAILABLE
    if not position.profile.hears(node):
        return PartyEnd.UNAVAILABLE
    if position.offer is not None or len(position.calls) >= MOST_CALLS:
        return PartyEnd.BUSY
    return PartyEnd.UNAVAILABLE if position.state is PositionState.UNREADY else None


def refusal_to_take(
    position: Position, call: WaitingCall | None, rule: RoomRule | None, node: str
) -> str | None:
    """Why a position may not take a waiting call of its choice, as a code; none: it may.

    A call may be taken by who serves its room, by who sent it there, and by supervisors: also one that rings at
    colleagues by the room's distribution.
    """
    if call is None or rule is None or call.accepted_by is not None or call.away or call.dismissed:
        return "call_gone"
    if not position.ready or position.state not in _TAKES:
        return "offer_pending" if position.offer is not None else "position_not_ready"
    if not position.profile.hears(node):
        return "no_audio"
    if len(position.calls) >= MOST_CALLS:
        return "two_calls"
    if position.offer is not None:
        return "offer_pending"
    mine = call.by == position.position_id or position.profile.role is Role.SUPERVISOR
    return None if mine or may_ever_serve(rule, position.profile) else "not_your_room"


def refusal_to_change(position: Position, call: WaitingCall | None, rule: RoomRule | None) -> str | None:
    """Why a position may not change a waiting call's priority or look after it, as a code; none: it may."""
    if call is None or rule is None:
        return "call_gone"
    mine = call.by == position.position_id or position.profile.role is Role.SUPERVISOR
    return None if mine or may_ever_serve(rule, position.profile) else "not_your_room"


def enters_offered(position: Position, kind: OfferKind) -> bool:
    """Whether an offer changes the position's state: not while it is on a call, nor when it chose the call."""
    return kind is not OfferKind.CHOSEN and position.state is not PositionState.ON_CALL
