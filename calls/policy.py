"""What a call's end means, when it is over, and what agents may ask."""

from calls.call import CALLER, Call, Party, PartyState, Stage
from calls.model import LiveCalls
from core.ids import CallId, PartyId, PositionId
from core.words import CallKind, Outcome, PartyEnd, TargetKind, WithdrawReason

MOST_PARTIES = 8
"""A conference is no larger; a call to everybody may be."""
MOST_CALLS = 2
"""Of one position: one heard, one on hold."""

_PASSED_ON = frozenset({TargetKind.NUMBER, TargetKind.POSITION})

_NOT_REACHED_BY_CAUSE = {
    1: PartyEnd.UNAVAILABLE,
    3: PartyEnd.UNAVAILABLE,
    16: PartyEnd.NO_ANSWER,
    17: PartyEnd.BUSY,
    18: PartyEnd.NO_ANSWER,
    19: PartyEnd.NO_ANSWER,
    20: PartyEnd.UNAVAILABLE,
    21: PartyEnd.DECLINED,
    22: PartyEnd.UNAVAILABLE,
    27: PartyEnd.UNAVAILABLE,
    28: PartyEnd.UNAVAILABLE,
    34: PartyEnd.BUSY,
    42: PartyEnd.BUSY,
}
_FAILURES = frozenset({27, 38, 41, 44})
"""Q.850: out of order, network out of order, temporary failure; and no sound any more, by Asterisk."""
_NOT_REACHED_BY_WITHDRAWAL = {
    WithdrawReason.TIMED_OUT: PartyEnd.NO_ANSWER,
    WithdrawReason.DECLINED: PartyEnd.DECLINED,
    WithdrawReason.POSITION_LOST: PartyEnd.UNAVAILABLE,
    WithdrawReason.CONNECT_FAILED: PartyEnd.FAILED,
}


def outcome_at_end(call: Call) -> Outcome:
    """The one outcome of a call that is over."""
    if call.closing is not None:
        return call.closing
    if call.answered:
        return Outcome.ANSWERED
    if call.kind is not CallKind.INCOMING:
        return Outcome.NOT_REACHED
    if not call.line_open:
        return Outcome.TAKEN_BACK
    if call.reached:
        return Outcome.OVERFLOWED
    if call.stage is Stage.SVI:
        return Outcome.ABANDONED_SVI
    return Outcome.ABANDONED_RINGING if call.offers or call.positions() else Outcome.ABANDONED_QUEUE


def is_over(call: Call) -> bool:
    """Whether those left in a call have nobody to talk with, nor anybody to wait for."""
    outside, positions = len(call.outside()), len(call.positions())
    if call.stage is not Stage.ENGAGED or call.transfer is not None:
        return outside == 0 and positions < 2
    if positions == 0:
        return outside < 2
    return outside + positions < 2 and not call.ringing()


def why_not_reached(cause: int) -> PartyEnd:
    """Why a number did not answer, from the Q.850 cause of its end."""
    return _NOT_REACHED_BY_CAUSE.get(cause, PartyEnd.FAILED)


def why_not_joined(reason: WithdrawReason) -> PartyEnd:
    """Why a position that was invited is not in the call."""
    return _NOT_REACHED_BY_WITHDRAWAL.get(reason, PartyEnd.CANCELLED)


def is_neighbour_lost(party: Party, cause: int) -> bool:
    """Whether a neighbouring centre did not hang up, but is gone: by the Q.850 cause of its channel's end."""
    return party.target.kind is TargetKind.CENTRE and cause in _FAILURES


def waits_alone_without(call: Call, party: Party) -> bool:
    """Whether a caller who is not being hung up on would be left with nobody, were a party to leave."""
    others = [p for p in call.parties.values() if p is not party]
    return call.closing is None and [p.party_id for p in others] == [CALLER]


def older(one: Call, other: Call) -> tuple[Call, Call]:
    """Of two calls to be merged: the one that stays, and the one that goes into it.

    The older; but a caller's call stays rather than one of ours.
    """
    keys = [(call.kind is not CallKind.INCOMING, call.seq) for call in (one, other)]
    return (one, other) if keys[0] < keys[1] else (other, one)


def refusal_to_invite(call: Call) -> str | None:
    """Why nobody more may be asked into a call."""
    return "conference_full" if len(call.parties) >= MOST_PARTIES else None


def refusal_to_merge(one: Call, other: Call) -> str | None:
    """Why two calls may not become one. The position is in both: counted once."""
    if one.ringing() or other.ringing():
        return "still_ringing"
    return "conference_full" if len(one.parties) + len(other.parties) - 1 > MOST_PARTIES else None


def rung_alone(call: Call, position_id: PositionId) -> Party | None:
    """The one whom a position waits for in a call of its own, where that one still rings."""
    others = [p for p in call.parties.values() if p.party_id != PartyId(position_id)]
    if call.placed_by != position_id or len(others) != 1:
        return None
    one = others[0]
    return one if one.state is PartyState.RINGING and one.target.kind in _PASSED_ON else None


def refusal_to_leave(call: Call) -> str | None:
    """Why a position may not leave the others connected: fewer than two would remain."""
    return "nobody_left" if len(call.outside()) + len(call.positions()) - 1 < 2 else None


def refusal_to_transfer(call: Call) -> str | None:
    """Why a call may not be passed on: it is one agent's, with one outside."""
    if len(call.outside()) != 1 or call.ringing():
        return "not_transferable"
    return "conference" if len(call.positions()) > 1 else None


def refusal_to_take_over(call: Call | None, position_id: PositionId) -> str | None:
    """Why a position may not take a colleague's call: it must be one colleague's, with somebody outside.

    Any agent of the centre may: whoever helps first, helps. The journal keeps who did.
    """
    if call is None or not call.outside() or not call.positions():
        return "call_gone"
    if PartyId(position_id) in call.parties:
        return "already_in_call"
    return "conference" if len(call.positions()) > 1 or call.ringing() else None


def heard_twice(calls: LiveCalls, position_id: PositionId) -> list[CallId]:
    """The calls that a position hears beside its newest one: a crash came between two events."""
    heard = [c for c in calls.calls_of(position_id) if not c.parties[PartyId(position_id)].held]
    return [call.call_id for call in heard[:-1]]


def sent_digits_to(call: Call) -> list[Party]:
    """Who is sent the keys: the numbers called; the caller where there are none."""
    numbers = [p for p in call.outside() if p.party_id != CALLER]
    return numbers or call.outside()


def is_call_of_all(call: Call) -> bool:
    """Whether everybody is, or was, asked into it."""
    return any(p.target.kind is TargetKind.EVERYBODY for p in call.parties.values())
