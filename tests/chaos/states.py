"""The states a call may be in when a fault comes."""

from enum import StrEnum


class State(StrEnum):
    """Where a call is."""

    SVI = "svi"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    """Held by an agent who speaks with a number meanwhile."""
    CONFERENCE = "conference"
    """A caller, an agent and a number."""
    PARKED = "parked"


ALL = (
    State.TALKING,
    State.HELD,
    State.CONSULTING,
    State.CONFERENCE,
    State.PARKED,
    State.OFFERED,
    State.WAITING,
    State.WAITING,
    State.SVI,
)
FEW = (State.TALKING, State.HELD, State.PARKED, State.OFFERED, State.WAITING, State.SVI)
"""For a short run."""
