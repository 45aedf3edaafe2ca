"""Distribution alone, on a bus of its own: what calls/ and ivr/ would say is said by hand, or by a stand-in."""

from collections.abc import Awaitable, Generator, Iterable
from dataclasses import replace

from acd.defaults import ARM, MU, default_plan
from acd.model.room import Room
from acd.model.rules import Mode, OverflowRule, RoomPlan, Strategy, Widening
from acd.service import DistributionService
from app.bus import InProcessBus
from core.commands import LogIn
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOriented,
    Envelope,
    Event,
    OfferAccepted,
    OfferWithdrawn,
    PositionReadinessChanged,
)
from core.ids import AgentId, CallId, CentreId, ChannelId, PositionId, QueueId
from core.words import (
    CallerNumber,
    EndedBy,
    Outcome,
    OverflowCause,
    Priority,
    Role,
    Target,
    TargetKind,
    WithdrawReason,
)
from tests.support.centre import FakeSwitch, HeldClock, MemoryJournal

LANGUAGES = QueueId("Langues")
EVERYONE = QueueId("Tous")
CROWDED = QueueId("Plein")
REFUSING = QueueId("Refus")


def varied_plan() -> RoomPlan:
    """The usual rooms, and one for each thing a room may do."""
    usual = default_plan()
    first = usual.rooms[QueueId("15")]
    langues = replace(
        first,
        queue=LANGUAGES,
        name="Langues",
        strategy=Strategy.FEWEST_CALLS,
        ageing_seconds=30,
        widenings=(Widening(after=20, drops=None), Widening(after=40, roles=MU)),
    )
    tous = replace(first, queue=EVERYONE, name="Tous", strategy=Strategy.RING_ALL, weight=3)
    plein = replace(
        first,
        queue=CROWDED,
        name="Plein",
        strategy=Strategy.SEQUENTIAL,
        agents=(PositionId("mu1"),),
        roles=ARM,
        overflows=(
            OverflowRule(name="long", cause=OverflowCause.WAIT, target=Target(TargetKind.ROOM, "15"), limit=30),
            OverflowRule(
                name="dehors", cause=OverflowCause.LENGTH, target=Target(TargetKind.NUMBER, "+331"), limit=2
            ),
        ),
    )
    refus = replace(
        first,
        queue=REFUSING,
        name="Refus",
        overflows=(
            OverflowRule(
                name="adieu",
                cause=OverflowCause.WAIT,
                target=Target(TargetKind.MESSAGE, "rappelez"),
                limit=10,
                ends=True,
            ),
        ),
    )
    choisie = replace(first, queue=QueueId("Choix"), name="Choix", mode=Mode.MANUAL)
    rooms = {**usual.rooms, **{rule.queue: rule for rule in (langues, tous, plein, refus, choisie)}}
    return replace(usual, rooms=rooms, agent_skills={PositionId("arm1"): frozenset({"anglais"})})


class _Done:
    """An order carried out: nobody needs a loop to know it."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


class LooplessSwitch(FakeSwitch):
    """Takes every order outside of any event loop."""

    def _known(self, channel: ChannelId) -> Awaitable[None]:
        return _Done()

    def _done(self) -> Awaitable[None]:
        return _Done()


class Floor:
    """Waiting rooms and positions. ``joins``: whether accepted calls can be joined."""

    def __init__(self, past: Iterable[Envelope] = (), plan: RoomPlan | None = None) -> None:
        self.plan = plan or varied_plan()
        self.clock = HeldClock()
        self.journal = MemoryJournal(past)
        self.switch = LooplessSwitch()
        self.failures: list[Exception] = []
        self.joins = True
        self.bus = InProcessBus(
            self.journal, self.clock, CentreId("FR751"), lambda envelope, error: self.failures.append(error)
        )
        self.acd = DistributionService(self.bus, self.switch, self.clock, self.plan)
        for envelope in self.journal.envelopes:
            self.acd.room.fold(envelope)
        self.bus.subscribe((OfferAccepted,), self._join)
        self._calls = 0

    @property
    def room(self) -> Room:
        return self.acd.room

    def _join(self, envelope: Envelope) -> None:
        event = envelope.event
        assert isinstance(event, OfferAccepted)
        if self.joins:
            self.bus.publish(
                CallAnswered(
                    call_id=event.call_id,
                    offer_id=event.offer_id,
                    position_id=event.position_id,
                    agent_id=event.agent_id,
                ),
                envelope,
            )
        else:
            self.bus.publish(
                OfferWithdrawn(
                    call_id=event.call_id,
                    offer_id=event.offer_id,
                    position_id=event.position_id,
                    reason=WithdrawReason.CONNECT_FAILED,
                ),
                envelope,
            )

    def say(self, event: Event) -> Envelope:
        return self.bus.publish(event)

    def call(
        self,
        queue: str = "15",
        *,
        priority: Priority = Priority.PX,
        skills: tuple[str, ...] = (),
        number: str | None = None,
    ) -> CallId:
        """A caller gets to a room."""
        call_id = CallId(f"c{len(self.journal.envelopes)}")
        self.say(
            CallArrived(call_id=call_id, channel_id=ChannelId(call_id), line="15", caller=CallerNumber(number))
        )
        room = QueueId(queue)
        level = self.plan.rule(room).front_office
        self.say(
            CallOriented(
                call_id=call_id, flow="15", queue=room, priority=priority, front_office=level, skills=skills
            )
        )
        return call_id

    def end(self, call_id: CallId) -> None:
        """A call is over."""
        waiting = call_id in self.room.waiting
        outcome = Outcome.ABANDONED_QUEUE if waiting else Outcome.ANSWERED
        self.say(CallEnded(call_id=call_id, outcome=outcome, ended_by=EndedBy.CALLER))

    def agent(self, name: str, role: Role = Role.ARM, *, ready: bool = True) -> PositionId:
        """An agent takes a position."""
        position_id = PositionId(name)
        self.bus.execute(LogIn(position_id=position_id, agent_id=AgentId(name), name=name, role=role))
        if ready:
            self.readiness(position_id, ready=True)
        return position_id

    def readiness(self, position_id: PositionId, *, ready: bool) -> None:
        """Its strip and leg are there, or not."""
        self.say(PositionReadinessChanged(position_id=position_id, leg=ready, strip=True))

    def advance(self, seconds: float) -> None:
        """Let time pass and look at the deadlines."""
        self.acd.tick(self.clock.advance(seconds))
