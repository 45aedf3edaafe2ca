"""A centre without Asterisk, database or time: real services on a fake switch and a held clock."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from acd.defaults import default_plan
from acd.model.rules import RoomPlan
from acd.service import DistributionService
from app.bus import InProcessBus
from calls.service import AidRules, CallService, NumberRules
from core.commands import LogIn
from core.events import Envelope, Event, PositionReadinessChanged
from core.ids import AgentId, CallId, CentreId, ChannelId, PositionId
from core.nodes import ONE_NODE, Nodes
from core.switch import CallerChannel, SwitchEvent
from core.words import CallerNumber, Role
from ivr.model import PlanKey
from ivr.script import CallFlows
from ivr.service import IvrService
from tests.support.fake_switch import FakeSwitch
from tests.support.plan import simple_flows

__all__ = ["START", "FakeCentre", "FakeSwitch", "HeldClock", "MemoryJournal", "settle"]

E = TypeVar("E", bound=Event)

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


class HeldClock:
    """Time that moves only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> datetime:
        self._now += timedelta(seconds=seconds)
        return self._now


class MemoryJournal:
    """The journal as a list."""

    def __init__(self, past: Iterable[Envelope] = ()) -> None:
        self.envelopes = list(past)

    @property
    def next_seq(self) -> int:
        return len(self.envelopes) + 1

    def append(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def events(self, *types: type[E]) -> list[E]:
        return [e.event for e in self.envelopes if isinstance(e.event, types)]


class FakeCentre:
    """Bus, calls, SVI and distribution wired as ``app/`` wires them, on a fake switch and a held clock."""

    def __init__(
        self,
        past: Iterable[Envelope] = (),
        *,
        offer_seconds: float = 20,
        wrap_up_seconds: float = 15,
        flows: CallFlows | None = None,
        plan: RoomPlan | None = None,
        rules: NumberRules | None = None,
        aid: AidRules | None = None,
        nodes: Nodes = ONE_NODE,
        switch: FakeSwitch | None = None,
    ) -> None:
        self.clock = HeldClock()
        self.journal = MemoryJournal(past)
        self.switch = switch or FakeSwitch()
        self.failures: list[Exception] = []
        self.bus = InProcessBus(
            self.journal, self.clock, CentreId("FR751"), lambda envelope, error: self.failures.append(error)
        )
        self.calls = CallService(self.bus, self.switch, self.clock, rules, aid=aid, nodes=nodes)
        self.plans: dict[PlanKey, CallFlows] = {(0, ""): flows or simple_flows()}
        self.ivr = IvrService(self.bus, self.switch, self.clock, self.plans.get)
        self.plan = plan or default_plan(offer_seconds, wrap_up_seconds)
        self.acd = DistributionService(self.bus, self.switch, self.clock, self.plan, nodes)
        for envelope in self.journal.envelopes:
            self.bus.replay(envelope)
        self.switch.listen(self._on_switch)

    def _on_switch(self, event: SwitchEvent) -> None:
        self.calls.before_switch(event)
        self.calls.on_switch(event)
        self.ivr.on_switch(event)
        self.acd.on_switch(event)
        self.calls.after_switch(event)

    def start(self) -> None:
        self.switch.mend()

    def caller(self, number: str | None = "+33612345678", line: str = "15") -> CallId:
        """A caller arrives."""
        call_id = CallId(f"FR751-a-{len(self.journal.envelopes)}.{len(self.switch.callers)}")
        self.switch.caller_arrives(
            CallerChannel(
                channel_id=ChannelId(call_id),
                call_id=call_id,
                line=line,
                caller=CallerNumber(number),
                created_at=self.clock.now(),
            )
        )
        return call_id

    def agent(self, name: str, *, ready: bool = True, role: Role = Role.ARM, agent_id: str = "") -> PositionId:
        """An agent takes a position, its leg open if ``ready``."""
        position = PositionId(name)
        self.bus.execute(LogIn(position_id=position, agent_id=AgentId(agent_id or name), name=name, role=role))
        if ready:
            self.readiness(position, ready=True)
        return position

    def readiness(self, position: PositionId, *, ready: bool) -> None:
        self.bus.publish(PositionReadinessChanged(position_id=position, leg=ready, strip=True))

    def advance(self, seconds: float) -> None:
        """Let time pass and look at the deadlines."""
        now = self.clock.advance(seconds)
        self.calls.tick(now)
        self.ivr.tick(now)
        self.acd.tick(now)


async def settle() -> None:
    """Let the orders given so far be answered."""
    for _ in range(4):
        await asyncio.sleep(0)
