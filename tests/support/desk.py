"""An abandoned-call desk on a bus, with a journal in memory and a held clock: calls are told, not made."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from app.bus import InProcessBus
from core.commands import PlaceCall
from core.desk import LostItem
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallPlaced,
    CallQueued,
    Envelope,
    PartyInvited,
    PartyJoined,
)
from core.ids import AgentId, CallId, CentreId, ChannelId, OfferId, PartyId, PositionId, QueueId
from core.words import CallerNumber, CallKind, EndedBy, FrontOffice, Outcome, Priority
from desk.policy import DeskRules
from desk.service import DeskService
from tests.support.centre import START, HeldClock, MemoryJournal


class DeskCentre:
    """The desk's service, restored from a journal, and the events around it."""

    def __init__(
        self, past: Iterable[Envelope] = (), *, at: datetime | None = None, look_back: timedelta | None = None
    ) -> None:
        self.clock = HeldClock(at or START)
        self.journal = MemoryJournal(past)
        self.failures: list[Exception] = []
        self.bus = InProcessBus(
            self.journal, self.clock, CentreId("FR751"), lambda _, error: self.failures.append(error)
        )
        self.registry = CollectorRegistry()
        self.desk = DeskService(
            bus=self.bus, clock=self.clock, epoch="epoch", rules=DeskRules(), registry=self.registry
        )
        self.refuse_calls: Exception | None = None
        self.bus.handle(PlaceCall, self._place)
        last = self.journal.envelopes[-1].occurred_at if self.journal.envelopes else self.clock.now()
        for envelope in self.journal.envelopes:
            if look_back is None or envelope.occurred_at >= last - look_back:
                self.bus.replay(envelope)
        self._calls = len(self.journal.envelopes)

    @property
    def items(self) -> list[LostItem]:
        return list(self.desk.desk.items.values())

    def advance(self, seconds: float) -> None:
        self.desk.tick(self.clock.advance(seconds))

    def new_id(self) -> CallId:
        self._calls += 1
        return CallId(f"FR751-{self._calls}")

    # --- what callers do ---

    def arrives(
        self, number: str | None, *, test: bool = False, queued: Priority | None = Priority.PX
    ) -> CallId:
        """A caller; with ``queued``, in the waiting room at once."""
        call_id = self.new_id()
        self.bus.publish(
            CallArrived(
                call_id=call_id, channel_id=ChannelId(call_id), line="15", caller=CallerNumber(number, test)
            )
        )
        if queued is not None:
            self.queued(call_id, queued)
        return call_id

    def queued(self, call_id: CallId, priority: Priority = Priority.PX) -> None:
        self.bus.publish(
            CallQueued(
                call_id=call_id,
                flow="15",
                queue=QueueId("15"),
                priority=priority,
                front_office=FrontOffice.FO1,
            )
        )

    def answered(self, call_id: CallId, who: str = "arm1") -> None:
        self.bus.publish(
            CallAnswered(
                call_id=call_id, offer_id=OfferId("o"), position_id=PositionId(who), agent_id=AgentId(who)
            )
        )

    def ended(self, call_id: CallId, outcome: Outcome = Outcome.ABANDONED_QUEUE) -> None:
        self.bus.publish(CallEnded(call_id=call_id, outcome=outcome, ended_by=EndedBy.CALLER))

    def lost(
        self,
        number: str | None = "+33199000001",
        seconds: float = 30,
        priority: Priority = Priority.PX,
        *,
        test: bool = False,
        outcome: Outcome = Outcome.ABANDONED_QUEUE,
    ) -> CallId:
        """A whole call lost after so many seconds."""
        call_id = self.arrives(number, test=test, queued=priority)
        self.advance(seconds)
        self.ended(call_id, outcome)
        return call_id

    # --- what the core's calls do ---

    def _place(self, command: PlaceCall) -> None:
        if self.refuse_calls is not None:
            raise self.refuse_calls
        call_id = self.new_id()
        self.bus.publish(
            CallPlaced(
                call_id=call_id,
                position_id=command.position_id,
                agent_id=AgentId(command.position_id),
                kind=CallKind.OUTGOING,
                target=command.target,
            )
        )
        self.bus.publish(
            PartyInvited(
                call_id=call_id,
                party_id=PartyId(f"party-{call_id}"),
                target=command.target,
                deadline=self.clock.now() + timedelta(seconds=45),
                by=command.position_id,
            )
        )

    @property
    def last_placed(self) -> CallId:
        """The last call placed."""
        return self.journal.events(CallPlaced)[-1].call_id

    def picks_up(self, call_id: CallId, party: str | None = None) -> None:
        """The called number answers."""
        self.bus.publish(
            PartyJoined(
                call_id=call_id,
                party_id=PartyId(party or f"party-{call_id}"),
                channel_id=ChannelId(f"out-{call_id}"),
            )
        )
