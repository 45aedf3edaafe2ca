"""The core at work dies, freezes or hands over while callers arrive: another takes over, and nobody is lost."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from app.handover import hand_over
from app.settings import RoomSettings
from core.events import CallArrived, CallEnded, CoreStarted
from simulator.callees import Operator
from simulator.robot_position import RobotPosition
from storage.lease import AT_WORK, STANDING_BY, living
from tests.support.centre_process import ARM1, CORE, PASSWORD, STANDBY, TRUNK, CentreProcess
from tests.support.moving_centre import Scene, killed, until_ready
from tests.support.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
CLAIM_MS = 2000
"""How long a caller waits to be claimed: the longest that may be set, for slow machines."""
ANSWERED_WITHIN = 8.0
"""Seconds to the answer of a call, the core gone: it waits for a claim; the rest is for slow machines."""
FROZEN_SECONDS = 8.0
SILENCE_SECONDS = 2.0
"""Of the core at work, until it is held for frozen."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=60, wrap_up_seconds=1)
    async with CentreProcess(room=room, standby=True, claim_timeout_ms=CLAIM_MS) as centre:
        yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def scene(centre: CentreProcess) -> AsyncIterator[Scene]:
    """An agent, and two cores: one at work, one that stands by."""
    await centre.start_standby()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(RobotPosition(centre.url, ARM1.login, PASSWORD))
        operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        await until_ready(one)
        async with Scene(centre, operator, one) as scene:
            yield scene
        await until_ready(one)
        await one.log_out()


async def dies(scene: Scene) -> float:
    return await killed(scene.centre, scene.witness)


async def freezes(scene: Scene) -> float:
    """It is stopped, and continued eight seconds later, when another one is long at work."""
    before, after = scene.centre.at_work, STANDBY if scene.centre.at_work == CORE else CORE
    frozen = datetime.now(UTC)
    scene.centre.signal_core(before, signal.SIGSTOP)
    took = (await scene.centre.taken_over(scene.witness, after) - frozen).total_seconds()
    await asyncio.sleep(max(0.0, FROZEN_SECONDS - (datetime.now(UTC) - frozen).total_seconds()))
    scene.centre.signal_core(before, signal.SIGCONT)
    assert took >= SILENCE_SECONDS - 0.5 - 0.1, "a core that only hiccups is left at work"
    return took


async def hands_over(scene: Scene) -> float:
    """As ``bandeau15 handover`` does it, while the centre works."""
    after = STANDBY if scene.centre.at_work == CORE else CORE
    ordered = datetime.now(UTC)
    moved = await asyncio.to_thread(hand_over, scene.centre.settings.storage.cores_dir, fresh=False)
    assert moved.after == after
    return (await scene.centre.taken_over(scene.witness, after) - ordered).total_seconds()


@pytest.mark.parametrize("change", [dies, freezes, hands_over])
async def test_callers_who_come_meanwhile_are_all_answered(
    scene: Scene, change: Callable[[Scene], Awaitable[float]]
) -> None:
    centre, [one] = scene.centre, scene.robots
    before = centre.at_work
    talk = await scene.talks(one)
    stop = asyncio.Event()
    arriving = asyncio.create_task(scene.arrivals(stop))
    try:
        await scene.witness.next(CallArrived, lambda event: event.call_id != talk.call_id)
        async with scene.moving(talk):
            took = await change(scene)
            stop.set()
    finally:
        stop.set()
        arrivals = await arriving
    await scene.hear_each_other(one, talk)
    assert centre.at_work != before
    assert talk.ear.longest <= 2.0
    worst = max(arrival.took for arrival in arrivals)
    assert worst < ANSWERED_WITHIN, f"answered after {worst:.2f} s"
    envelopes = await scene.witness.events()
    arrived = {e.event.caller.e164 for e in envelopes if isinstance(e.event, CallArrived)}
    by_fallback = [arrival for arrival in arrivals if arrival.number not in arrived]
    print(
        f"{change.__name__}: {took:.2f} s; {len(arrivals)} callers, worst answer {worst:.2f} s,"
        f" {len(by_fallback)} by the fallback"
    )
    assert all(arrival.caller.ended_by is None for arrival in arrivals), "nobody is cut"
    assert len(arrived) >= len(arrivals) - len(by_fallback) + 1
    if change is hands_over:
        assert by_fallback == [], "a handover is noticed by nobody"
    places = [envelope.seq for envelope in envelopes]
    assert places == list(range(places[0], places[0] + len(places))), "one writer, no place twice"
    starts = [e.event for e in envelopes if isinstance(e.event, CoreStarted)]
    assert [start.core for start in starts] == [centre.at_work], "who was replaced did not come back by itself"
    for arrival in arrivals:
        arrival.caller.hang_up()
    await one.command("hang_up")
    await scene.witness.until_told(talk.call_id, CallEnded)
    await scene.witness.until(
        lambda journal: (
            arrived
            <= {
                a.event.caller.e164
                for a in journal
                if isinstance(a.event, CallArrived)
                and any(isinstance(e.event, CallEnded) and e.event.call_id == a.event.call_id for e in journal)
            }
        ),
        "every call that arrived has ended",
    )


async def test_a_drained_core_hands_over_and_stays_out(scene: Scene) -> None:
    centre = scene.centre
    before = centre.at_work
    async with scene.moving():
        assert "is out" in await centre.command("drain", before)
    assert centre.at_work != before
    await centre.start_standby(drained=True)
    states = {sign.core: sign.state for sign in living(centre.settings.storage.cores_dir)}
    assert states == {before: "drained", centre.at_work: AT_WORK}
    await centre.command("drain", before, "--back")
    await until(
        lambda: STANDING_BY in [s.state for s in living(centre.settings.storage.cores_dir)],
        "it stands by again",
    )
    said = await centre.command("cores")
    assert AT_WORK in said
    assert STANDING_BY in said


async def test_nothing_is_handed_over_to_nobody(centre: CentreProcess) -> None:
    if await centre.stop_standby():
        began = datetime.now(UTC)
        with pytest.raises(AssertionError, match="no core stands by"):
            await centre.command("handover")
        assert datetime.now(UTC) - began < timedelta(seconds=30)
    with pytest.raises(AssertionError, match="no core stands by"):
        await centre.command("drain", centre.at_work)
