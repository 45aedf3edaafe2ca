"""A centre whose core dies, freezes or hands over, with calls in it: who hears what, and how long nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from core.events import CallQueued
from core.ids import CallId
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.ear import Ear
from simulator.robot_position import RobotPosition
from tests.support.attention import Attention
from tests.support.audio import contains_tone
from tests.support.centre_process import CORE, STANDBY, CentreProcess, new_number
from tests.support.witness import Witness

CALLER_HZ, AGENT_HZ, CALLEE_HZ = 1300.0, 2600.0, 1900.0
LONG = 300.0
"""Seconds of a tone that lasts as long as a test."""
ARRIVALS_SECONDS = 0.33
"""Between callers."""


@dataclass(frozen=True, slots=True)
class Known:
    """A caller whose call is known, and who notes for how long nothing was heard."""

    caller: Caller
    call_id: CallId
    ear: Ear

    async def hears(self, hz: float, seconds: float = 60) -> None:
        """Wait until that tone is heard."""
        self.caller.forget()
        await self.caller.hears(lambda pcm: contains_tone(pcm, hz), seconds)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller who came while the core changed. ``took``: seconds to the answer."""

    caller: Caller
    number: str
    at: datetime
    took: float


class Scene:
    """One test's callers and agents."""

    def __init__(self, centre: CentreProcess, operator: Operator, *robots: RobotPosition) -> None:
        self.centre = centre
        self.operator = operator
        self.robots = robots
        self.witness: Witness = centre.witness()
        self._stack = AsyncExitStack()
        self._attention = Attention()

    async def __aenter__(self) -> "Scene":
        attending = asyncio.ensure_future(self._attention.run())
        self._stack.callback(attending.cancel)
        return self

    async def __aexit__(self, *_: object) -> None:
        for robot in self.robots:
            robot.hush()
        await self._stack.aclose()

    async def calls(self, line: str = "15") -> Known:
        """A caller, answered by the centre."""
        caller = await self._stack.enter_async_context(self.centre.caller())
        ear, number = Ear(self._attention), new_number()
        caller.lend(ear)
        caller.call(line, number=number)
        await caller.answered(60)
        return Known(caller, await self.witness.call_of(number), ear)

    async def waits(self, line: str = "2") -> Known:
        """A caller in the waiting room."""
        call = await self.calls(line)
        await self.witness.until_told(call.call_id, CallQueued)
        return call

    async def talks(self, robot: RobotPosition) -> Known:
        """A caller who talks with an agent; both go on sounding their tone."""
        call = await self.waits()
        await self.answers(robot, call)
        return call

    async def answers(self, robot: RobotPosition, call: Known) -> None:
        """The agent takes the call, which is offered; both come to hear each other."""
        await robot.until(lambda view: view.get("offer", {}).get("callId") == call.call_id, 60)
        robot.send_tone(AGENT_HZ, LONG)  # the caller hears it from the first moment on
        await robot.accept()
        await robot.until(lambda view: view.get("call", {}).get("state") == "talking")
        await self.hear_each_other(robot, call)

    async def hear_each_other(self, robot: RobotPosition, call: Known, callee: Callee | None = None) -> None:
        """Each sounds its tone and hears all the others'."""
        parties: list[tuple[float, RobotPosition | Caller | Callee]] = [
            (AGENT_HZ, robot),
            (CALLER_HZ, call.caller),
        ]
        if callee is not None:
            parties.append((CALLEE_HZ, callee))
        for hz, party in parties:
            party.hush()
            party.send_tone(hz, LONG)
        for own, party in parties:
            for hz in (hz for hz, _ in parties if hz != own):
                party.forget()
                await party.hears(lambda pcm, hz=hz: contains_tone(pcm, hz, min_snr_db=-8), 60)  # type: ignore[misc]

    async def arrivals(self, stop: asyncio.Event) -> list["Arrival"]:
        """Somebody calls every third of a second, until told to stop and once more; each is answered."""
        calling: list[asyncio.Task[Arrival]] = []
        while not stop.is_set():
            calling.append(asyncio.create_task(self._arrives()))
            await asyncio.sleep(ARRIVALS_SECONDS)
        calling.append(asyncio.create_task(self._arrives()))
        return await asyncio.gather(*calling)

    async def _arrives(self) -> "Arrival":
        caller, number = await self._stack.enter_async_context(self.centre.caller()), new_number()
        at, began = datetime.now(UTC), time.monotonic()
        caller.call("2", number=number)
        await caller.answered(60)
        return Arrival(caller, number, at, time.monotonic() - began)

    async def number(self, command: Awaitable[None]) -> Callee:
        """Somebody with a number, called by a command, who picks up and sounds a tone."""
        await command
        callee = await self.operator.called()
        callee.ring()
        callee.answer()
        callee.send_tone(CALLEE_HZ, LONG)
        return callee

    @asynccontextmanager
    async def moving(self, *calls: Known) -> AsyncIterator[None]:
        """The core changes in this block; at its end the strips are those of the new one."""
        before = [robot.live for robot in self.robots]
        for call in calls:
            call.ear.listen()
        yield
        for robot, live in zip(self.robots, before, strict=True):
            async with asyncio.timeout(30):
                while robot.live is live:  # noqa: ASYNC110 - the robot opens another by itself
                    await asyncio.sleep(0.05)
            await robot.strip_up(60)


async def killed(centre: CentreProcess, witness: Witness) -> float:
    """The core at work dies; the seconds until the other one commands Asterisk."""
    other = STANDBY if centre.at_work == CORE else CORE
    died = datetime.now(UTC)
    await centre.kill_core()
    return (await centre.taken_over(witness, other) - died).total_seconds()


async def until_ready(robot: RobotPosition) -> None:
    """Wait until an agent is free for a call."""
    await robot.until(lambda view: view["position"]["state"] == "ready" and "call" not in view, 60)


Check = Callable[[], Awaitable[None]]
"""What must hold once the new core is at work."""
