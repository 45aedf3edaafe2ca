"""A caller and an agent who talk: what each says is a tone, so what each hears is told by its content."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.events import CallAnswered
from core.ids import CallId
from simulator.callers import Caller
from tests.e2e.pages import Desk
from tests.support.audio import Pcm, contains_tone
from tests.support.centre_process import CentreProcess, new_number
from tests.support.witness import Witness

CALLER_HZ = 440.0
"""What callers say, unless a test has two of them."""
_FOR_EVER = 115.0
"""Seconds: longer than a test lasts, shorter than what is kept of it."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call, its caller, and the journal since before it."""

    caller: Caller
    number: str
    call_id: CallId
    witness: Witness
    hz: float

    async def heard_by(self, desk: Desk, seconds: float = 60) -> None:
        """Wait until the agent hears the caller."""
        await desk.ear.hears(self.hz, seconds)

    async def hears(self, hz: float, seconds: float = 60) -> None:
        """Wait until the caller hears a tone."""
        await self.caller.hears(lambda pcm: contains_tone(pcm, hz), seconds)

    async def both_hear(self, desk: Desk, seconds: float = 60) -> None:
        """From now on, each must come to hear the other."""
        self.caller.forget()
        await desk.ear.forget()
        await asyncio.gather(self.heard_by(desk, seconds), self.hears(desk.hz, seconds))

    async def goes_on(self, desk: Desk, seconds: float) -> None:
        """What was said since both sides last forgot was heard all the time, for so long at least."""

        def whole(pcm: Pcm, hz: float) -> bool:
            return len(pcm) >= seconds * 8000 and contains_tone(pcm, hz, seconds=len(pcm) / 8000 - 0.75)

        await asyncio.gather(
            desk.ear.until(lambda pcm: whole(pcm, self.hz), "the caller, all the time", seconds + 60, 20),
            self.caller.hears(lambda pcm: whole(pcm, desk.hz), seconds + 60, 20),
        )


@asynccontextmanager
async def waiting_call(
    centre: CentreProcess, hz: float = CALLER_HZ, *, hidden: bool = False, number: str = ""
) -> AsyncIterator[Conversation]:
    """A caller who has heard enough of the welcome, and waits, speaking all the time."""
    witness, number = centre.witness(), number or new_number()
    async with centre.caller() as caller:
        caller.call("15", number=number, hidden=hidden)
        await caller.answered()
        caller.send_tone(hz, _FOR_EVER)
        call_id = await witness.call_of(None if hidden else number)
        caller.press("1")
        yield Conversation(caller, number, call_id, witness, hz)


@asynccontextmanager
async def talking(centre: CentreProcess, desk: Desk, hz: float = CALLER_HZ) -> AsyncIterator[Conversation]:
    """A call that the agent took, and in which both hear each other."""
    async with waiting_call(centre, hz) as talk:
        await desk.strip.until("offered")
        await desk.strip.press("accept")
        await desk.strip.until("on_call")
        await talk.witness.until_told(talk.call_id, CallAnswered)
        await talk.both_hear(desk)
        yield talk
