"""A whole centre, many callers and two agents: served in order, each once, nobody lost, nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallOffered,
    CallQueued,
    Envelope,
    OfferAccepted,
    RecordingEnded,
)
from core.ids import CallId
from core.words import Outcome
from simulator.manners import Manners
from simulator.robot_position import RobotPosition
from simulator.sip_call import EndedBy
from tests.support.audio import contains_tone, tone
from tests.support.centre_process import ARM1, ARM2, PASSWORD, TONES, CentreProcess, new_number

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLS = 20
AGENT_HZ = 2600.0
BRISK = Manners(answer=(0.1, 0.3), talk=(0.8, 1.2), wrap_up=(0.1, 0.1), pause_share=0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(room=RoomSettings(offer_seconds=20, wrap_up_seconds=1)) as centre:
        yield centre


def of(journal: list[Envelope], kind: type[CallEvent], calls: set[CallId]) -> list[CallId]:
    """The calls to which something happened, in the order in which it did."""
    told = [envelope.event for envelope in journal if isinstance(envelope.event, kind)]
    return [event.call_id for event in told if event.call_id in calls]


async def test_twenty_callers_are_served_in_order_by_two_agents(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(centre.caller()) for _ in range(CALLS)]
        numbers = [new_number() for _ in callers]
        for caller, number in zip(callers, numbers, strict=True):
            caller.call("15", number=number)
            await caller.answered(60)
            await witness.call_of(number)
            caller.press("1")
        calls = [await witness.call_of(number) for number in numbers]
        known = set(calls)
        assert len(known) == CALLS
        await witness.until(
            lambda journal: len(of(journal, CallQueued, known)) == CALLS, "everybody in the waiting room", 30
        )
        await callers[-1].hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        queued = of(await witness.events(), CallQueued, known)

        for person in (ARM1, ARM2):
            robot = RobotPosition(
                centre.url, person.login, PASSWORD, manners=BRISK, voice=tone(AGENT_HZ, 2), seed=person.login
            )
            await stack.enter_async_context(robot)
        await witness.until(
            lambda journal: len(of(journal, RecordingEnded, known)) == CALLS, "every call over", 90
        )
        assert [caller.ended_by for caller in callers] == [EndedBy.PEER] * CALLS

    journal = await witness.events()
    assert of(journal, CallOffered, known) == queued
    assert sorted(of(journal, CallAnswered, known)) == sorted(calls)
    assert sorted(of(journal, CallEnded, known)) == sorted(calls)
    assert {(await centre.ledger_of(call)).outcome for call in calls} == {Outcome.ANSWERED}
    nobody_was_in_two_calls(journal)
    for call in calls:
        assert contains_tone(centre.tracks(call)[1], AGENT_HZ)
    assert [e.event.caller.e164 for e in journal if isinstance(e.event, CallArrived)] == numbers
    await nothing_is_left(centre)


def nobody_was_in_two_calls(journal: list[Envelope]) -> None:
    """From the taking of a call to its end, an agent took no other."""
    busy: dict[str, CallId] = {}
    for envelope in journal:
        event = envelope.event
        if isinstance(event, OfferAccepted):
            assert event.position_id not in busy
            busy[event.position_id] = event.call_id
        elif isinstance(event, CallEnded):
            busy = {position: call for position, call in busy.items() if call != event.call_id}


async def nothing_is_left(centre: CentreProcess) -> None:
    """With callers and agents gone, Asterisk has no channel any more."""
    async with asyncio.timeout(10):
        while "0 active channels" not in await centre.asterisk_says("core show channels count"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
