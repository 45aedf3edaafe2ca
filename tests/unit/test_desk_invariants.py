"""What must hold on the desk: no lost call without item, one open item a number, closed exactly once."""

import asyncio
import contextlib
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.commands import CallBack, CloseItem, NoteItem, ReleaseItem, TakeItem
from core.errors import CommandRefused
from core.events import CallArrived, CallEnded, CallPlaced, ItemClosed, ItemEvent, LostCallFiled
from core.ids import AgentId, CallId, ItemId, PositionId
from core.words import ItemOutcome, Outcome, Priority, Role
from desk.model import Desk
from desk.policy import place_of
from desk.screen import DESK, DeskScreen
from tests.support.desk import DeskCentre
from web.live import LiveHub, View

pytestmark = pytest.mark.unit

NUMBERS = (None, "+33199000001", "+33199000002")
AGENTS = ("arm1", "arm2")
LOST = [outcome for outcome in Outcome if place_of(outcome, answered=False, left_alone=False) is not None]
LOOK_BACK = timedelta(hours=26)
LONG_CALL = timedelta(hours=18)
LOOKS_EVERY = 6 * 3600.0


class DeskMachine(RuleBasedStateMachine):
    """Callers who leave and come back, agents who call back, time, and cores that die at any event."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.centre = DeskCentre()
        self.start()
        self.live: dict[CallId, datetime] = {}
        self.placed: dict[CallId, datetime] = {}

    def teardown(self) -> None:
        self.loop.close()

    def start(self) -> None:
        self.loop.run_until_complete(self.centre.desk.start())

    # --- what happens ---

    @rule(number=st.sampled_from(NUMBERS), test=st.sampled_from([False, False, True]), queued=st.booleans())
    def caller_arrives(self, number: str | None, test: bool, queued: bool) -> None:
        call_id = self.centre.arrives(number, test=test, queued=Priority.PX if queued else None)
        self.live[call_id] = self.centre.clock.now()

    @precondition(lambda self: self.live)
    @rule(data=st.data(), outcome=st.sampled_from([*LOST, *LOST, *Outcome]))
    def caller_leaves(self, data: st.DataObject, outcome: Outcome) -> None:
        call_id = data.draw(st.sampled_from(list(self.live)))
        del self.live[call_id]
        self.centre.ended(call_id, outcome)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), again=st.booleans())
    def caller_is_answered(self, data: st.DataObject, again: bool) -> None:
        call_id = data.draw(st.sampled_from(list(self.live)))
        self.centre.answered(call_id)
        if again:
            self.centre.queued(call_id, Priority.P1)

    @precondition(lambda self: self.centre.items)
    @rule(
        data=st.data(),
        who=st.sampled_from(AGENTS),
        role=st.sampled_from([Role.ARM, Role.SUPERVISOR]),
        make=st.sampled_from([TakeItem, ReleaseItem, CallBack, CallBack, NoteItem, CloseItem]),
    )
    def agent_asks(self, data: st.DataObject, who: str, role: Role, make: type) -> None:
        item = data.draw(st.sampled_from(self.centre.items))
        more: dict[str, object] = {}
        if make is NoteItem:
            more["text"] = "note"
        if make is CloseItem:
            more["outcome"] = ItemOutcome.NO_REPLY
        before = len(self.centre.journal.events(CallPlaced))
        with contextlib.suppress(CommandRefused):
            self.centre.desk.execute(
                make(
                    position_id=PositionId(who),
                    agent_id=AgentId(who),
                    name=who,
                    role=role,
                    item_id=item.item_id,
                    **more,
                )
            )
        if len(self.centre.journal.events(CallPlaced)) > before:
            self.placed[self.centre.last_placed] = self.centre.clock.now()

    @precondition(lambda self: self.placed)
    @rule(data=st.data(), reached=st.booleans())
    def callback_ends(self, data: st.DataObject, reached: bool) -> None:
        call_id = data.draw(st.sampled_from(list(self.placed)))
        del self.placed[call_id]
        if reached:
            self.centre.picks_up(call_id)
        self.centre.ended(call_id, Outcome.ANSWERED if reached else Outcome.NOT_REACHED)

    @rule(seconds=st.sampled_from([1, 14.9, 60]))
    def time_passes(self, seconds: float) -> None:
        """A core that lives looks again and again, and no call lasts as long as it looks back."""
        while seconds > 0:
            self.centre.advance(min(seconds, LOOKS_EVERY))
            seconds -= LOOKS_EVERY
            for call_id, began in [*self.live.items(), *self.placed.items()]:
                if self.centre.clock.now() - began > LONG_CALL:
                    lost = self.live.pop(call_id, None) is not None
                    self.placed.pop(call_id, None)
                    self.centre.ended(call_id, Outcome.ABANDONED_QUEUE if lost else Outcome.NOT_REACHED)

    @precondition(lambda self: not self.live and not self.placed)
    @rule(hours=st.sampled_from([1, 7, 13, 25]))
    def hours_pass(self, hours: int) -> None:
        """No call lasts longer than what a start looks back."""
        self.centre.advance(hours * 3600)

    @rule(cut=st.integers(0, 3))
    def core_dies_and_comes_back(self, cut: int) -> None:
        """The last events may not have been written: what had caused them is seen again."""
        journal = self.centre.journal.envelopes
        kept = len(journal)
        while kept and cut and isinstance(journal[kept - 1].event, LostCallFiled | ItemClosed):
            kept, cut = kept - 1, cut - 1
        by_agents = [e.event for e in journal[kept:] if isinstance(e.event, ItemClosed) and e.event.agent_id]
        self.centre = DeskCentre(journal[:kept], at=self.centre.clock.now(), look_back=LOOK_BACK)
        self.start()
        for closed in by_agents:  # nobody was told: the agent asks again
            if closed.item_id in self.centre.desk.desk.items:
                self.centre.bus.publish(closed)

    # --- what must hold ---

    @invariant()
    def nothing_failed(self) -> None:
        assert self.centre.failures == []

    @invariant()
    def no_lost_call_without_item(self) -> None:
        journal = self.centre.journal
        tests = {e.call_id for e in journal.events(CallArrived) if e.caller.test}
        placed = {e.call_id for e in journal.events(CallPlaced)}
        lost = {e.call_id for e in journal.events(CallEnded) if e.outcome in LOST} - tests - placed
        filed = Counter(e.call_id for e in journal.events(LostCallFiled))
        assert lost <= set(filed)
        assert not tests & set(filed)
        assert set(filed.values()) <= {1}
        assert self.centre.desk.desk.pending == {}

    @invariant()
    def one_open_item_a_number(self) -> None:
        numbers = Counter(item.number for item in self.centre.items if item.number is not None)
        assert set(numbers.values()) <= {1}
        assert self.centre.desk.desk.by_number == {
            item.number: item.item_id for item in self.centre.items if item.number is not None
        }

    @invariant()
    def closed_exactly_once_and_then_over(self) -> None:
        opened: set[ItemId] = set()
        closed: set[ItemId] = set()
        for envelope in self.centre.journal.envelopes:
            event = envelope.event
            if not isinstance(event, LostCallFiled | ItemEvent):
                continue
            assert event.item_id not in closed
            if isinstance(event, LostCallFiled):
                opened.add(event.item_id)
            elif isinstance(event, ItemClosed):
                closed.add(event.item_id)
            assert event.item_id in opened
        assert opened - closed == {item.item_id for item in self.centre.items}

    @invariant()
    def nothing_settled_stays_open(self) -> None:
        assert self.centre.desk.desk.settled == {}

    @invariant()
    def the_page_is_the_fold(self) -> None:
        fresh = Desk()
        for envelope in self.centre.journal.envelopes:
            fresh.fold(envelope)
        truth = LiveHub("fresh")
        screen = DeskScreen(fresh, self.centre.clock.now())
        truth.reset(1, screen.sections(), self.centre.clock.now())
        assert items_of(self.centre.desk.hub) == items_of(truth)


def items_of(hub: LiveHub) -> View:
    items: View = hub.snapshot((DESK,))["items"]
    return items


DeskMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDesk = DeskMachine.TestCase
