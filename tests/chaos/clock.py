"""What happens to the clock of a centre's machine, and nights that have an hour or a day too many."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from core.events import Envelope
from tests.chaos.centre import HurtCentre
from tests.chaos.faults import Hurt
from tests.chaos.machine_clock import MachineClock

HOUR = 3600.0
_SEEN_S = 2.0
"""By when every program has seen it: they look once a second."""
_BEFORE_S = 45.0
"""How long before its instant a night begins: the calls are made first."""


def usual(chance: Random) -> float:
    """The true time."""
    return 0.0


def night_of_change(chance: Random) -> float:
    """The hour is about to come twice, or not at all."""
    return _soon(chance.choice([datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)]))


def leap_day(chance: Random) -> float:
    """The 29th of February is about to begin in France, or to end."""
    return _soon(chance.choice([datetime(2028, 2, 28, 23, tzinfo=UTC), datetime(2028, 2, 29, 23, tzinfo=UTC)]))


def _soon(instant: datetime) -> float:
    return (instant - datetime.now(UTC)).total_seconds() - _BEFORE_S


@asynccontextmanager
async def set_forward_and_back(hurt: Hurt) -> AsyncIterator[None]:
    """The machine's clock is set an hour forward, then two back."""
    clock = _clock(hurt)
    clock.set(HOUR)
    await asyncio.sleep(2 * _SEEN_S)
    clock.set(-HOUR)
    await asyncio.sleep(_SEEN_S)
    yield


@asynccontextmanager
async def set_back_and_core_killed(hurt: Hurt) -> AsyncIterator[None]:
    """The machine's clock is set an hour back, then the only core is killed: another one starts in the past."""
    _clock(hurt).set(-HOUR)
    await asyncio.sleep(2 * _SEEN_S)
    async with hurt.centre.core_dead():
        yield


@asynccontextmanager
async def instant_passes(hurt: Hurt) -> AsyncIterator[None]:
    """The instant comes, with the calls that there are."""
    ahead = hurt.centre.began + timedelta(seconds=_BEFORE_S + _SEEN_S) - hurt.centre.now()
    await asyncio.sleep(max(0.0, ahead.total_seconds()))
    yield


async def went_on(centre: HurtCentre, envelopes: Sequence[Envelope]) -> list[str]:
    """Whether the journal's time went on as time does: no event earlier than the one before, or than it was."""
    now, slack = centre.now(), timedelta(seconds=_SEEN_S)
    back = [
        f"event {later.seq} is of {later.occurred_at}, the one before of {earlier.occurred_at}"
        for earlier, later in pairwise(envelopes)
        if later.occurred_at < earlier.occurred_at
    ]
    first, last = envelopes[0].occurred_at, envelopes[-1].occurred_at
    if first < centre.began - slack or last > now + slack:
        back.append(f"the journal goes from {first} to {last}, the run went from {centre.began} to {now}")
    return back


def _clock(hurt: Hurt) -> MachineClock:
    assert hurt.centre.clock is not None, "the row says nothing of a clock"
    return hurt.centre.clock
