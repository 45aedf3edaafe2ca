"""What becomes of a call whose agents are lost: a browser killed, a network cut, a telephone hung up. Pure.

==========================================  ====================================================================
who is in the call                          what is done
==========================================  ====================================================================
one outside, and lost agents only           told so, then music; joined again when an agent's sound is back; in
                                            the end back to the head of its room
the same, on hold                           goes on hearing music; in the end the same
the same, asked by an agent who has         told so, then music; in the end hung up: it is the other one who
another call (consultation)                 needs help
a colleague, too, or several outside        nothing: they talk with each other, and the agent may come back
somebody asked in, who still rings          nothing: who comes takes care of it
nobody outside                              nothing here (see ``calls.forsaken``)
==========================================  ====================================================================
"""

from collections.abc import Container, Iterable
from enum import Enum, auto

from calls.call import Call, PartyState
from core.ids import PositionId
from core.words import CallKind


class Fate(Enum):
    """What a lost agent's call comes to."""

    GOES_ON = auto()
    RETURNS = auto()
    """It goes back to its waiting room."""
    ENDS = auto()


def fate(call: Call, absent: Container[PositionId], others: Iterable[Call] = ()) -> Fate:
    """What is to become of a call.

    Args:
        call: one with positions in it.
        absent: the positions without sound.
        others: the other calls of the call's positions.
    """
    positions = call.positions()
    if not positions or any(p.state is not PartyState.IN or p.position_id not in absent for p in positions):
        return Fate.GOES_ON
    if len(call.outside()) != 1 or call.ringing() or call.closing is not None:
        return Fate.GOES_ON
    consults = call.kind is not CallKind.INCOMING and any(other.outside() for other in others)
    return Fate.ENDS if consults else Fate.RETURNS
