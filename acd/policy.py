"""Who is offered which call, and what each position does next: the same journal gives the same choices."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.model import Offer, Position, Room, WaitingCall
from core.words import PauseReason, PositionState, WithdrawReason


@dataclass(frozen=True, slots=True)
class Rules:
    """How the waiting room works. Durations in seconds."""

    offer_seconds: float
    wrap_up_seconds: float


@dataclass(frozen=True, slots=True)
class NextState:
    """What a position enters, why, and when it leaves it by itself."""

    state: PositionState
    pause_reason: PauseReason | None = None
    until: datetime | None = None


def next_match(room: Room) -> tuple[WaitingCall, Position] | None:
    """The next call (priority, then arrival) and the longest idle ready position, if there are both."""
    call, position = room.first_waiting(), room.longest_idle()
    return (call, position) if call and position else None


def offer_deadline(rules: Rules, now: datetime) -> datetime:
    """Until when an offer made now may be accepted."""
    return now + timedelta(seconds=rules.offer_seconds)


def late_offers(room: Room, now: datetime) -> list[Offer]:
    """Offers whose deadline has passed."""
    return [p.offer for p in room.positions.values() if p.offer is not None and p.offer.deadline <= now]


def finished_wrap_ups(room: Room, now: datetime) -> list[Position]:
    """Positions whose wrap-up is over."""
    return [
        p
        for p in room.positions.values()
        if p.state is PositionState.WRAP_UP and p.until is not None and p.until <= now
    ]


def resting(position: Position) -> NextState:
    """What a position with nothing to do is in."""
    if position.pause_reason is not None:
        return NextState(PositionState.PAUSED, position.pause_reason)
    return NextState(PositionState.READY if position.ready else PositionState.UNREADY)


def after_call(rules: Rules, position: Position, now: datetime) -> NextState:
    """What follows a call: wrap-up, keeping in mind a pause asked for during the call."""
    if rules.wrap_up_seconds == 0:
        return resting(position)
    until = now + timedelta(seconds=rules.wrap_up_seconds)
    return NextState(PositionState.WRAP_UP, position.pause_reason, until)


def after_unanswered_offer(position: Position, reason: WithdrawReason) -> NextState:
    """What follows an offer that was not answered.

    An agent who let an offer time out or declined it is paused: callers are not offered twice to an empty
    chair. Otherwise the agent did nothing wrong and rests.
    """
    if reason is WithdrawReason.TIMED_OUT:
        return NextState(PositionState.PAUSED, PauseReason.NO_ANSWER)
    if reason is WithdrawReason.DECLINED:
        return NextState(PositionState.PAUSED, PauseReason.OTHER)
    return resting(position)
