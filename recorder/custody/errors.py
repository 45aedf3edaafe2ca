"""Why custody refuses. Each has a code with a text in ``web/texts.py``, and the HTTP status to answer with."""

from typing import ClassVar

from core.errors import BandeauError, CommandRefused


class CustodyRefused(CommandRefused):
    """The state of a recording or of a request does not allow it. Nothing was changed."""

    status: ClassVar[int] = 409


class NotEntitled(CustodyRefused):
    """It is not for them to do: see ``recorder/custody/policy.py``."""

    status: ClassVar[int] = 403


class NotThere(CustodyRefused):
    """There is no such thing, or none that they may know of: ``no_such_recording``, ``no_such_request``…"""

    status: ClassVar[int] = 404


class ChainAway(BandeauError):
    """The chain takes no entry: nothing that needs one is done."""

    code = "chain_away"
