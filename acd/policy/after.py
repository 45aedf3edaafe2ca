"""What each position enters after a call or an offer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.model.calls import Offer
from acd.model.positions import Position
from core.words import OfferKind, PauseReason, PositionState, WithdrawReason


@dataclass(frozen=True, slots=True)
class NextState:
    """What a position enters, why, and when it leaves it by itself."""

    state: PositionState
    pause_reason: PauseReason | None = None
    until: datetime | None = None


def resting(position: Position) -> NextState:
    """What a position with nothing to do is in."""
    if position.pause_reason is not None:
        return NextState(PositionState.PAUSED, position.pause_reason)
    return NextState(PositionState.READY if position.ready else PositionState.UNREADY)


def after_call(wrap_up_seconds: float, position: Position, now: datetime) -> NextState:
    """What follows a call: wrap-up, keeping in mind a pause asked for during the call.

    A colleague who has been ringing meanwhile comes before the wrap-up.
    """
    if position.offer is not None:
        return NextState(PositionState.OFFERED, position.pause_reason)
    if wrap_up_seconds == 0:
        return resting(position)
    return NextState(PositionState.WRAP_UP, position.pause_reason, now + timedelta(seconds=wrap_up_seconds))


def after_unanswered_offer(
    position: Position, reason: WithdrawReason, kind: OfferKind = OfferKind.DISTRIBUTED, *, alone: bool = True
) -> NextState:
    """What follows an offer that was not answered.

    An agent who let an offer time out or declined it is paused: callers are not offered twice to an empty
    chair. Not so for those who let a call ring that was offered to several at once (``alone`` false): all of
    them paused would leave nobody. To decline a colleague is no pause either. Otherwise the agent did nothing
    wrong and rests.
    """
    if kind is OfferKind.EVERYBODY:
        return resting(position)
    if reason is WithdrawReason.TIMED_OUT and alone:
        return NextState(PositionState.PAUSED, PauseReason.NO_ANSWER)
    if reason is WithdrawReason.DECLINED and kind is not OfferKind.INVITED:
        return NextState(PositionState.PAUSED, PauseReason.OTHER)
    return resting(position)


def late(offers: Iterable[Offer], now: datetime) -> list[Offer]:
    """Offers whose deadline has passed."""
    return [offer for offer in offers if offer.deadline <= now]


def finished(wrapping_up: Iterable[Position], now: datetime) -> list[Position]:
    """Positions whose wrap-up is over."""
    return [p for p in wrapping_up if p.until is not None and p.until <= now]
