"""When to try again and when to stop; when an LRM counts as away; what a click in the LRM may do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.ids import PositionId
from core.numbers import e164
from lrm_bridge.model import Call

USELESS_AFTER_S = 60.0
"""A window that opens a minute after the voice helps nobody."""
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
TRY_TIMEOUT_S = 5.0
_TRY_AGAIN = frozenset({408, 425, 429})

# --- one message ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """How one try went. ``status`` is ``None`` where no answer came."""

    status: int | None
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """A 2xx is a receipt: the LRM has the call."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether trying again would get the same answer: the LRM refuses what it was told."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in _TRY_AGAIN

    def __str__(self) -> str:
        """What went wrong, for a log and the journal."""
        return f"status {self.status}" if self.status is not None else self.detail


def unwell(answer: Answer) -> bool:
    """Whether the LRM itself does not work: it took no note of the call, and did not refuse it either."""
    return not answer.accepted and not answer.final


def too_late(age_s: float) -> bool:
    """Whether telling the LRM would help nobody any more."""
    return age_s > USELESS_AFTER_S


def next_delay(attempts: int, age_s: float, answer: Answer, *, newer: bool = False) -> float | None:
    """Seconds to wait before the next try, or ``None`` to stop.

    Args:
        attempts: tries made so far.
        age_s: seconds since the agent took the call.
        answer: to the last try.
        newer: whether the agent has taken another call since: it must not wait behind this one.
    """
    if newer:
        return None
    delay = min(FIRST_DELAY_S * float(2 ** (attempts - 1)), LONGEST_DELAY_S)
    if answer.accepted or answer.final or age_s + delay > USELESS_AFTER_S:
        return None
    return delay


# --- the circuit breaker of an LRM ------------------------------------------------------------------------

BREAKS_AFTER: Final = 3
"""Failures in a row, whosever calls they were about."""
FIRST_PROBE_S: Final = 1.0
LONGEST_PROBE_S: Final = 8.0


@dataclass(slots=True)
class Breaker:
    """Whether an LRM is worth a try::

    CLOSED ──BREAKS_AFTER failures in a row──► OPEN ──probe_at passed──► one probe at a time
    any of them ──a success──► CLOSED            ▲────────failure, wait twice as long──┘
    """

    failures: int = 0
    open_since: datetime | None = None
    probe_at: datetime | None = None
    probing: bool = False
    probes: int = 0

    def allows(self, now: datetime) -> bool:
        """Whether a try may begin now."""
        if self.open_since is None or self.probe_at is None:
            return True
        return not self.probing and now >= self.probe_at

    def begin(self) -> bool:
        """A try begins; whether it is the one that an open breaker allows."""
        self.probing = self.probing or self.open_since is not None
        return self.open_since is not None

    def end(self, answer: Answer, now: datetime, *, probe: bool) -> None:
        """A try is over. One that began before the breaker opened opens it no further."""
        if probe:
            self.probing = False
        if not unwell(answer):
            self.failures, self.open_since, self.probe_at, self.probes = 0, None, None, 0
            return
        self.failures += 1
        if self.failures >= BREAKS_AFTER and (probe or self.open_since is None):
            self.open_since = self.open_since or now
            self.probe_at = now + timedelta(seconds=min(FIRST_PROBE_S * 2.0**self.probes, LONGEST_PROBE_S))
            self.probes = min(self.probes + 1, 10)

    def next_look(self, now: datetime) -> datetime:
        """When to ask again whether it allows a try, where it does not now."""
        soon = now + timedelta(seconds=FIRST_DELAY_S)
        return max(self.probe_at, soon) if self.probe_at is not None else soon


# --- a click in the LRM -----------------------------------------------------------------------------------


class Click(StrEnum):
    """What becomes of a click-to-call."""

    CALL = "call"
    IGNORED = "ignored"
    """The number rings or talks already at this position: clicked twice."""
    NOT_LOGGED_IN = "not_logged_in"
    TWO_CALLS = "two_calls"
    CONFERENCE = "conference"


CLICK_STATUS: Final = {
    Click.CALL: 202,
    Click.IGNORED: 202,
    Click.NOT_LOGGED_IN: 404,
    Click.TWO_CALLS: 409,
    Click.CONFERENCE: 409,
}
"""What the contract answers."""


def same_number(one: str, other: str) -> bool:
    """Whether two ways of writing mean the same number."""
    return one == other or ((e164(one) or one) == (e164(other) or other))


def click_to_call(position_id: PositionId | None, calls: Sequence[Call], number: str) -> Click:
    """What a click on a number becomes for an agent with these calls, at a position or logged in nowhere."""
    if position_id is None:
        return Click.NOT_LOGGED_IN
    if any(same_number(number, each) for call in calls for each in call.numbers()):
        return Click.IGNORED
    if any(call.others_than(position_id) > 1 for call in calls):
        return Click.CONFERENCE
    return Click.TWO_CALLS if len(calls) > 1 else Click.CALL
