"""Calls in every state, made one after the other; and what has become of each."""

import asyncio
import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
from websockets.exceptions import WebSocketException

from acd.defaults import PARKING
from acd.model.room import Room
from acd.model.rules import RoomPlan
from calls.call import Call, PartyState
from calls.model import LiveCalls
from core.events import CallHeld, CallQueued, Envelope
from core.ids import CallId, PartyId, PositionId, QueueId
from simulator.bad_line import BadLine
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.live_client import LiveClient, View
from simulator.robot_position import RobotPosition
from simulator.sound import tone
from tests.chaos.centre import DIRECT, MORE_AGENTS, ON_THE_WALL, OPERATOR, USUAL, HurtCentre
from tests.chaos.log import Logged
from tests.chaos.plan import Plan
from tests.chaos.states import State
from tests.support.attention import Attention
from tests.support.centre_process import ARM1, ARM2, PASSWORD, SUPERVISOR, TRUNK, Person
from tests.support.witness import Witness
from web.auth import COOKIE

AGENT_TONE, NUMBER_TONE = tone(1500.0, 100), tone(2100.0, 100)
AGENTS: dict[State, Person] = {
    State.TALKING: ARM1,
    State.HELD: ARM2,
    State.CONSULTING: MORE_AGENTS[0],
    State.CONFERENCE: SUPERVISOR,
    State.PARKED: MORE_AGENTS[1],
    State.OFFERED: MORE_AGENTS[1],
}
"""Who makes a call be in that state."""
_CALLS = 3
_CLAIMED = 8.0
"""Seconds within which a call that the core has claimed is in the journal, on a loaded machine."""
SLOW = 40.0
"""Seconds that a step of the stage may take on a loaded machine."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A call brought into a state."""

    state: State
    logged: Logged
    call_id: CallId
    position: PositionId | None


class Scene:
    """Agents, callers, numbers and a wallboard. Use as an async context manager."""

    def __init__(self, centre: HurtCentre, plan: Plan, attention: Attention) -> None:
        self.centre = centre
        self.plan = plan
        self.attention = attention
        self.witness: Witness = centre.witness()
        self.robots: dict[str, RobotPosition] = {}
        self.staged: list[Staged] = []
        self.callers: list[Logged] = []
        self.callees: list[Callee] = []
        self.line: BadLine | None = None
        """What the lines of callers to come are like, where not good."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Scene":
        async with AsyncExitStack() as stack:
            self.operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
            people = {AGENTS[state].login for state, _ in self.plan.staged if state in AGENTS}
            for login in sorted(people):
                self.robots[login] = await self._robot(stack, login)
            self.board = await stack.enter_async_context(Wallboard(self.centre.url))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _robot(self, stack: AsyncExitStack, login: str) -> RobotPosition:
        robot = RobotPosition(self.centre.url, login, PASSWORD, voice=AGENT_TONE)
        await stack.enter_async_context(robot)
        await robot.until(lambda view: view.get("position", {}).get("state") == "ready", SLOW)
        await robot.command("pause", reason="break")
        return robot

    # --- bringing calls into their states -------------------------------------------------------------

    async def stage(self) -> None:
        """Make the plan's calls, in its order."""
        for state, number in self.plan.staged:
            logged, call_id = await self._with_the_core(number, USUAL if state is State.SVI else DIRECT)
            if state is not State.SVI:
                await self.witness.until_told(call_id, CallQueued, SLOW)
            position = None
            if state in AGENTS:
                login = AGENTS[state].login
                position = PositionId(login)
                await self._bring(self.robots[login], call_id, state)
            self.staged.append(Staged(state, logged, call_id, position))

    async def _with_the_core(self, number: str, line: str) -> tuple[Logged, CallId]:
        """Call until the core has the call: on a machine with too much to do the fallback may come first."""
        for _ in range(_CALLS):
            logged = await self.caller(number)
            logged.dial(line)
            await logged.caller.answered(SLOW)
            with contextlib.suppress(AssertionError):
                return logged, await self.witness.call_of(number, _CLAIMED)
            logged.hang_up()
        raise AssertionError(
            f"the fallback took {_CALLS} calls in a row: the core is there, and claims nothing"
        )

    async def _bring(self, robot: RobotPosition, call_id: CallId, state: State) -> None:
        await robot.command("ready")
        await robot.until(lambda view: view.get("offer", {}).get("callId") == call_id, SLOW)
        if state is State.OFFERED:
            return
        await robot.accept()
        await robot.until(lambda view: view.get("call", {}).get("state") == "talking", SLOW)
        robot.say(AGENT_TONE)
        if state is State.HELD:
            await robot.command("hold")
            await self.witness.until_told(call_id, CallHeld, SLOW)
        elif state is State.CONSULTING:
            await robot.command("place_call", kind="number", value="+33199009998")
            await self._picked_up()
            await robot.until(lambda view: len(view.get("calls", {})) == 2, SLOW)
        elif state is State.CONFERENCE:
            await robot.command("invite", kind="number", value="+33199009999")
            await self._picked_up()
        elif state is State.PARKED:
            await robot.command("transfer", callId=call_id, kind="room", value=PARKING, priority="")
            await self.witness.until_told(call_id, CallQueued, SLOW, 2)
            robot.hush()
            await robot.command("pause", reason="break")

    async def _picked_up(self) -> Callee:
        callee = await self.operator.called(SLOW)
        self.callees.append(callee)
        callee.ring()
        callee.answer()
        callee.say(NUMBER_TONE)
        return callee

    async def caller(self, number: str) -> Logged:
        """Somebody with a telephone and a log."""
        caller = await Caller.open(TRUNK, "127.0.0.1")
        self._stack.push_async_callback(caller.close)
        caller.suffer(self.line)
        logged = Logged(caller, number, self.attention, self.centre.now())
        self.callers.append(logged)
        return logged

    # --- what became of them --------------------------------------------------------------------------

    async def misplaced(self, rooms: RoomPlan) -> list[str]:
        """The staged calls that are not where they were, by the journal and by their callers."""
        calls, room = folded(await self.witness.events(), rooms)
        wrong = []
        for staged in self.staged:
            if not staged.logged.up:
                wrong.append(f"{staged.state} {staged.call_id}: the caller is not on the line")
            elif not _is_in(staged, calls, room):
                wrong.append(f"{staged.state} {staged.call_id}: {_told(staged.call_id, calls, room)}")
        waiting = [s.call_id for s in self.staged if s.state is State.WAITING]
        in_order = [call_id for call_id in room.in_order(QueueId("15")) if call_id in waiting]
        if in_order != [call_id for call_id in waiting if call_id in in_order]:
            wrong.append(f"those waiting are in another order: {in_order}")
        return wrong

    def leave(self) -> None:
        """Everybody hangs up."""
        for logged in self.callers:
            logged.hang_up()
        for callee in self.callees:
            callee.hang_up()


def folded(envelopes: Sequence[Envelope], rooms: RoomPlan) -> tuple[LiveCalls, Room]:
    """The calls and rooms that a journal adds up to."""
    calls, room = LiveCalls(), Room(rooms)
    for envelope in envelopes:
        calls.fold(envelope)
        room.fold(envelope)
    return calls, room


def _is_in(staged: Staged, calls: LiveCalls, room: Room) -> bool:
    call, waiting = calls.by_id.get(staged.call_id), room.waiting.get(staged.call_id)
    if call is None:
        return False
    agent = call.parties.get(PartyId(staged.position or ""))
    with_agent = agent is not None and agent.state is PartyState.IN
    numbers = [party for party in call.outside() if party.party_id != "caller"]
    match staged.state:
        case State.TALKING:
            return with_agent and agent is not None and not agent.held
        case State.HELD:
            return with_agent and agent is not None and agent.held
        case State.CONSULTING:
            two = calls.calls_of(staged.position) if staged.position is not None else []
            return with_agent and agent is not None and agent.held and len(two) == 2
        case State.CONFERENCE:
            return with_agent and len(numbers) == 1
        case State.PARKED:
            return waiting is not None and waiting.queue == PARKING
        case State.SVI:
            return True  # it goes on into the room, and may be offered there
        case _:
            return waiting is not None and waiting.queue != PARKING


def _told(call_id: CallId, calls: LiveCalls, room: Room) -> str:
    call: Call | None = calls.by_id.get(call_id)
    if call is None:
        return "it is over"
    parties = ", ".join(f"{p.party_id} {p.state}{' held' if p.held else ''}" for p in call.parties.values())
    waiting = room.waiting.get(call_id)
    return f"{call.stage}; {parties}; {'waits in ' + waiting.queue if waiting else 'does not wait'}"


class Wallboard:
    """A wallboard that is left on: what is lost is opened again and resumed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cookie = ""
        self._live: LiveClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    async def __aenter__(self) -> "Wallboard":
        async with httpx2.AsyncClient(base_url=self._url, trust_env=False, timeout=20) as http:
            answer = await http.post("/api/login", json={"login": ON_THE_WALL.login, "password": PASSWORD})
            answer.raise_for_status()
            self._cookie = f"{COOKIE}={answer.cookies[COOKIE]}"
        self._task = asyncio.get_running_loop().create_task(self._keep())
        async with asyncio.timeout(SLOW):
            await self._up.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def view(self) -> View:
        """What it shows."""
        return self._live.view if self._live is not None else {}

    async def fresh(self) -> View:
        """What one that is switched on now shows."""
        live = await self._open(None)
        try:
            return await live.until(bool, SLOW)
        finally:
            await live.close()

    async def _open(self, before: LiveClient | None) -> LiveClient:
        address = self._url.replace("http", "ws", 1) + "/ws/salle"
        return await LiveClient.open(address, cookie=self._cookie, origin=self._url, before=before)

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                self._live = await self._open(self._live)
                try:
                    await self._live.until(bool, SLOW)
                    self._up.set()
                    await self._live.closed()
                finally:
                    await self._live.close()
            await asyncio.sleep(0.5)
