"""The real page keeps a leg on each of two Asterisks: it takes calls from both, also while one is down."""

import asyncio
import signal
from contextlib import AsyncExitStack

import pytest

from core.events import CallAnswered, CallEnded, LostCallFiled, PositionReadinessChanged
from core.ids import CallId
from core.words import Outcome
from simulator.callers import Caller
from tests.e2e.conftest import TakePosition
from tests.e2e.pages import Desk, Ear
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, CentreProcess, new_number
from tests.support.two_nodes import NODES, call_either
from tests.support.witness import Witness

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

CALLER_HZ = 440.0


async def reachable(witness: Witness, *nodes: str) -> None:
    """The page's legs are on these Asterisks."""
    await witness.next(PositionReadinessChanged, lambda event: event.nodes == nodes, 60)


async def taken(witness: Witness, stack: AsyncExitStack, desk: Desk, node: str) -> tuple[Caller, CallId]:
    """A caller on one of the Asterisks, taken on the strip."""
    number = new_number()
    caller, where = await call_either(stack, number, node)
    assert where == node
    caller.send_tone(CALLER_HZ, 115)
    call_id = await witness.call_of(number)
    caller.press("1")
    await desk.strip.until("offered")
    await desk.strip.press("accept")
    await desk.strip.until("on_call")
    await witness.until_told(call_id, CallAnswered)
    return caller, call_id


async def they_hear_each_other(caller: Caller, desk: Desk, ear: Ear) -> None:
    """From now on."""
    caller.forget()
    await ear.forget()
    await asyncio.gather(ear.hears(CALLER_HZ), caller.hears(lambda pcm: contains_tone(pcm, desk.hz), 60))


async def test_a_page_takes_calls_from_both_and_goes_on_without_one(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        desk = await at_work(ARM1)
        on_first, on_second = desk.ear, Ear(desk.page, "leg-audio-2")
        await reachable(witness, *NODES)
        caller, call_id = await taken(witness, stack, desk, "asterisk-b")
        await they_hear_each_other(caller, desk, on_second)

        again = centre.witness()
        centre.hurt_asterisk(signal.SIGKILL, "asterisk-a")
        await they_hear_each_other(caller, desk, on_second)
        await reachable(again, *NODES)  # by itself, in mid-call
        await they_hear_each_other(caller, desk, on_second)
        await desk.strip.press("hang-up")
        story = await witness.until_told(call_id, CallEnded)
        assert story.ended.outcome is Outcome.ANSWERED

        caller, call_id = await taken(witness, stack, desk, "asterisk-a")
        await they_hear_each_other(caller, desk, on_first)
        centre.hurt_asterisk(signal.SIGKILL, "asterisk-a")
        filed = (await witness.until_told(call_id, LostCallFiled)).only(LostCallFiled)
        assert filed.last_agent is not None
        assert filed.last_agent.name == ARM1.name
        await desk.strip.until("ready")
        caller, _ = await taken(witness, stack, desk, "asterisk-b")
        await they_hear_each_other(caller, desk, on_second)
        await desk.strip.press("hang-up")
        await caller.ended()
