"""What a priority becomes when a call goes from one level of answering to the other."""

from core.words import FrontOffice, Priority

_TO_FO2 = {Priority.UV: Priority.P0, Priority.PX: Priority.NR}
_TO_FO1 = {Priority.P0: Priority.UV}
_FO1 = frozenset({Priority.UV, Priority.PX})


def carried(priority: Priority, to: FrontOffice) -> Priority:
    """The same urgency in the words of a level: a vital emergency stays one, no priority given stays none."""
    if to is FrontOffice.FO2:
        return _TO_FO2.get(priority, priority)
    return priority if priority in _FO1 else _TO_FO1.get(priority, Priority.PX)
