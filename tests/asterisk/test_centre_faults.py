"""A whole centre is hurt with calls in every state: none is lost, each goes on where it was, each ends once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from app.settings import RoomSettings
from core.events import CallAnswered, CallEnded, CallHeld, CallOffered, CallQueued, SwitchLost
from core.ids import CallId
from core.words import EndedBy, Outcome
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import contains_tone
from tests.support.centre_process import (
    ARM1,
    ARM2,
    PASSWORD,
    SUPERVISOR,
    TONES,
    CentreProcess,
    Person,
    new_number,
)
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

CALLER_HZ, AGENT_HZ = 1300.0, 2600.0
ANSWERED_WITHIN = 5.0
"""Seconds to the answer of a call that no core claims: it waits 0.3 s; the rest is for slow machines."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(room=RoomSettings(offer_seconds=60, wrap_up_seconds=1)) as centre:
        yield centre


@dataclass(frozen=True, slots=True)
class Known:
    """A caller whose call is known."""

    caller: Caller
    call_id: CallId

    async def hears(self, hz: float, seconds: float = 60) -> None:
        self.caller.forget()
        await self.caller.hears(lambda pcm: contains_tone(pcm, hz), seconds)


@asynccontextmanager
async def robot(centre: CentreProcess, person: Person = ARM1) -> AsyncIterator[RobotPosition]:
    """An agent, ready."""
    async with RobotPosition(centre.url, person.login, PASSWORD) as one:
        await one.until(lambda view: view["position"]["state"] == "ready", 60)
        yield one
        await one.log_out()


async def calling(centre: CentreProcess, witness: Witness, stack: AsyncExitStack) -> Known:
    """A caller who waits."""
    caller, number = await stack.enter_async_context(centre.caller()), new_number()
    caller.call("15", number=number)
    await caller.answered(60)
    call_id = await witness.call_of(number)
    caller.press("1")
    await witness.until_told(call_id, CallQueued)
    return Known(caller, call_id)


async def answer(one: RobotPosition, call: Known) -> None:
    """The agent takes the call offered, which is this one; both hear each other."""
    await one.until(lambda view: view.get("offer", {}).get("callId") == call.call_id, 60)
    await one.accept()
    await one.until(lambda view: view.get("call", {}).get("state") == "talking")
    await they_talk(one, call)


async def they_talk(one: RobotPosition, call: Known) -> None:
    """From now on each comes to hear the other."""
    one.forget()
    call.caller.forget()
    one.send_tone(AGENT_HZ, 60)
    call.caller.send_tone(CALLER_HZ, 60)
    await asyncio.gather(
        call.caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ), 60),
        one.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), 60),
    )
    one.hush()
    call.caller.hush()


async def test_calls_in_every_state_survive_the_death_of_the_core(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        talker, holder, ringer = [
            await stack.enter_async_context(robot(centre, person)) for person in (ARM1, ARM2, SUPERVISOR)
        ]
        talking = await calling(centre, witness, stack)
        await answer(talker, talking)
        held = await calling(centre, witness, stack)
        await answer(holder, held)
        await holder.command("hold")
        await witness.until_told(held.call_id, CallHeld)
        offered = await calling(centre, witness, stack)
        await ringer.until(lambda view: "offer" in view, 60)
        waiting = [await calling(centre, witness, stack) for _ in range(3)]
        greeted = await stack.enter_async_context(centre.caller())
        number = new_number()
        greeted.call("15", number=number)
        await greeted.hears(lambda pcm: contains_tone(pcm, TONES["welcome"]), 60)
        welcomed = Known(greeted, await witness.call_of(number))
        leaving = await calling(centre, witness, stack)

        await centre.kill_core()
        await they_talk(talker, talking)
        await held.hears(TONES["music"])
        await asyncio.gather(*(call.hears(TONES["music"]) for call in (offered, *waiting)))
        leaving.caller.hang_up()
        await centre.start_core()

        for one in (talker, holder, ringer):
            await one.strip_up(60)
            await one.leg_up(60)
        await talker.until(lambda view: view.get("call", {}).get("id") == talking.call_id, 60)
        await they_talk(talker, talking)
        await holder.until(lambda view: view.get("call", {}).get("state") == "held", 60)
        await holder.command("resume")
        await they_talk(holder, held)
        story = await witness.until_told(leaving.call_id, CallEnded, 60)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ABANDONED_QUEUE, EndedBy.CALLER)
        await witness.until_told(welcomed.call_id, CallQueued, 60)
        # Those who waited are still in their order: one agent takes them all.
        await talker.command("hang_up")
        await holder.command("hang_up")
        for one in (talker, holder):
            await one.until(lambda view: view["position"]["state"] == "wrap_up")
            await one.command("pause", reason="break")
        for call in (offered, *waiting, welcomed):
            await answer(ringer, call)
            await ringer.command("hang_up")
            await ringer.until(lambda view: "call" not in view)
        for call in (talking, held, offered, *waiting, welcomed):
            story = await witness.until_told(call.call_id, CallEnded)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
            assert len(story.all(CallAnswered)) == 1
            assert (await centre.ledger_of(call.call_id)).outcome is Outcome.ANSWERED


async def healthz_tells(centre: CentreProcess, status: int, failing: list[str]) -> None:
    """Wait until a watchdog is told so."""
    end = time.monotonic() + 20
    async with httpx2.AsyncClient(base_url=centre.url) as watchdog:
        while (answer := await watchdog.get("/healthz")).status_code != status:
            assert time.monotonic() < end, f"healthz is {answer.status_code}, not {status}"
            await asyncio.sleep(0.1)
    told = answer.json()
    assert told["failing"] == failing
    assert told["switch"] == ("down" if failing else "up")
    assert told["journal"] == "up"


@pytest.mark.parametrize("silently", [False, True], ids=["broken", "silent"])
async def test_who_calls_while_ari_is_cut_is_answered_by_the_fallback(
    centre: CentreProcess, silently: bool
) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(robot(centre))
        before = await calling(centre, witness, stack)
        await answer(one, before)
        async with centre.ari_cut(silently=silently):
            await witness.next(SwitchLost)
            caller = await stack.enter_async_context(centre.caller())
            began, number = time.monotonic(), new_number()
            caller.call("15", number=number)
            await caller.answered()
            took = time.monotonic() - began
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["fallback-welcome"]), 60)
            await they_talk(one, before)
            await healthz_tells(centre, 503, ["switch"])
        assert took < ANSWERED_WITHIN, f"answered after {took:.2f} s"
        await one.until(lambda view: view["platform"]["switch"] == "up", 60)
        await healthz_tells(centre, 200, [])
        await they_talk(one, before)
        after = await calling(centre, witness, stack)
        await one.command("hang_up")
        story = await witness.until_told(before.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
        first = await witness.next(CallOffered, lambda event: event.call_id != before.call_id)
        assert first.call_id == await witness.call_of(number), "who waited in the fallback comes first"
        assert not (await witness.story(after.call_id)).all(CallOffered)


async def test_who_calls_while_the_core_is_frozen_does_not_wait_for_it(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        async with centre.core_frozen():
            caller = await stack.enter_async_context(centre.caller())
            began = time.monotonic()
            caller.call("15", number=new_number())
            await caller.answered()
            took = time.monotonic() - began
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["fallback-welcome"]), 60)
        assert took < ANSWERED_WITHIN, f"answered after {took:.2f} s"
        after = await calling(centre, witness, stack)  # the core serves again
        await after.hears(TONES["music"])
        assert caller.ended_by is None
