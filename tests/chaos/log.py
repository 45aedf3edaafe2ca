"""The callers' own log: what each of them saw and heard, kept outside the centre."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from app.audit import WitnessedCall
from simulator.callers import Caller
from simulator.ear import Ear
from simulator.sip_call import CallState, EndedBy

DEAD_S = 3.0
"""A line on which nothing has been heard for so long when its caller gives up is a dead one."""


class Logged:
    """One call and what its caller noted of it."""

    def __init__(self, caller: Caller, number: str, attention: Callable[[], float], now: datetime) -> None:
        self.caller = caller
        self.number = number
        self._clock = asyncio.get_running_loop().time
        self._origin = now - timedelta(seconds=self._clock())
        self._sent: float | None = None
        self._answered: float | None = None
        self._ended: float | None = None
        self.ear = Ear(attention)
        caller.lend(self.ear)
        self.may_end = False
        """Whether somebody may end it from now on: a caller who is then hung up on is not cut."""
        self._cut = False
        self._dead_at: float | None = None
        self._status = 0

    def dial(self, line: str) -> None:
        """Call."""
        self._sent = self._clock()
        self.caller.call(line, number=self.number).watch(self._on_state)

    def hang_up(self) -> None:
        """Leave, unless that has been done. Nobody tells a caller whose line is dead: it is noticed here."""
        if self.up and self.ear.present > DEAD_S:
            self._dead_at = self._clock() - self.ear.present
        self.may_end = True
        with contextlib.suppress(RuntimeError):
            self.caller.hang_up()

    def _on_state(self, state: CallState) -> None:
        self._status = self.caller.status
        if state is CallState.UP:
            self._answered = self._clock()
            self.ear.listen()
        elif state is CallState.ENDED:
            self._ended = self._clock()
            self._cut = (
                self._answered is not None and not self.may_end and self.caller.ended_by is not EndedBy.US
            )
            self.ear.stop()

    @property
    def up(self) -> bool:
        """Whether the caller is on the line."""
        return self._answered is not None and self._ended is None

    @property
    def answered(self) -> bool:
        """Whether the line was picked up at all."""
        return self._answered is not None

    @property
    def cut(self) -> bool:
        """Whether the centre ended it, and should not have; or let it go dead."""
        return self._cut or self.dead

    @property
    def dead(self) -> bool:
        """Whether nothing was heard any more when its caller gave up."""
        return self._dead_at is not None

    @property
    def cut_at(self) -> datetime | None:
        """When, if so."""
        if self._dead_at is not None:
            return self._instant(self._dead_at)
        return self._instant(self._ended) if self._cut else None

    @property
    def sent(self) -> float:
        """When the INVITE was sent, by the loop's clock."""
        return self._sent or 0.0

    @property
    def answer_seconds(self) -> float | None:
        """From the INVITE to the pick-up; ``None``: it never was."""
        if self._sent is None or self._answered is None:
            return None
        return self._answered - self._sent

    @property
    def patience(self) -> float:
        """From the INVITE to the end, or to now."""
        return (self._ended or self._clock()) - self.sent

    def witnessed(self) -> WitnessedCall:
        """What it saw, for the audit."""
        return WitnessedCall(
            number=self.number,
            sent_at=self._instant(self._sent or 0),
            answered_at=None if self._answered is None else self._instant(self._answered),
            ended_at=None if self._ended is None else self._instant(self._ended),
            status=self._status,
        )

    def _instant(self, at: float | None) -> datetime:
        return self._origin + timedelta(seconds=at or 0)
