"""What positions and calls say of each other, where they do not agree."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from acd.model.calls import Offer, WaitingCall
from acd.model.positions import Position
from core.alarms import StuckKind
from core.ids import CallId, OfferId, PositionId
from core.words import PositionState


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A position or a call that agrees with nothing. ``offer``: which no position has."""

    kind: StuckKind
    position_id: PositionId | None = None
    call_id: CallId | None = None
    offer: Offer | None = None


def disagreements(
    positions: Mapping[PositionId, Position],
    calls: Iterable[WaitingCall],
    offers: Mapping[OfferId, Offer],
    in_line: Callable[[CallId], bool],
) -> frozenset[Disagreement]:
    """Find the states that agree with nothing. On its way, one may be so for an instant: look twice."""
    found = set()
    for position in positions.values():
        offer = position.offer
        if offer is not None and offer.offer_id not in offers:
            found.add(Disagreement(StuckKind.POSITION_WITHOUT_OFFER, position.position_id, offer.call_id))
        elif position.state is PositionState.OFFERED and offer is None:
            found.add(Disagreement(StuckKind.POSITION_WITHOUT_OFFER, position.position_id))
        elif position.state is PositionState.ON_CALL and not position.calls:
            found.add(Disagreement(StuckKind.POSITION_WITHOUT_CALL, position.position_id))
    for call in calls:
        if call.free and not in_line(call.call_id):
            found.add(Disagreement(StuckKind.CALL_OUT_OF_LINE, call_id=call.call_id))
        for position_id, made in call.offers.items():
            held = positions[position_id].offer if position_id in positions else None
            if held is None or held.offer_id != made.offer_id:
                found.add(Disagreement(StuckKind.CALL_WITHOUT_POSITION, position_id, call.call_id, made))
    return frozenset(found)
