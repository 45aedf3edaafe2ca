"""What a call's end means, and what must be done to a call found again after a restart."""

from enum import Enum, auto

from calls.model import Call, CallState
from core.words import Outcome

_OUTCOMES = {
    CallState.SVI: Outcome.ABANDONED_SVI,
    CallState.WAITING: Outcome.ABANDONED_QUEUE,
    CallState.OFFERED: Outcome.ABANDONED_RINGING,
    CallState.CONNECTING: Outcome.ABANDONED_RINGING,
    CallState.TALKING: Outcome.ANSWERED,
    CallState.HELD: Outcome.ANSWERED,
}


def outcome_at_end(state: CallState) -> Outcome:
    """The one outcome of a call whose caller's channel ended in this state."""
    return _OUTCOMES[state]


class Repair(Enum):
    """What puts a call right when the core finds Asterisk again."""

    NONE = auto()
    END = auto()
    """Its channel is gone: it ended while the core was away."""
    JOIN = auto()
    """It should be heard by its position, and is not."""
    CONFIRM = auto()
    """It was being joined, and is: the answer only has to be written."""


def repair(call: Call, *, channel_exists: bool, in_position_bridge: bool) -> Repair:
    """Compare a call of the journal with Asterisk's truth."""
    if not channel_exists:
        return Repair.END
    if call.state is CallState.CONNECTING:
        return Repair.CONFIRM if in_position_bridge else Repair.JOIN
    if call.state is CallState.TALKING and not in_position_bridge:
        return Repair.JOIN
    return Repair.NONE
