"""What must hold whatever happens: no call lost, never two winners, order kept, one outcome each."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acd.policy.matching import next_match
from calls.call import PartyState
from core.commands import AcceptOffer, DeclineOffer, GoReady, HangUp, HoldCall, LogOut, Pause, ResumeCall
from core.errors import CommandRefused
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallQueued,
    OfferAccepted,
    OfferWithdrawn,
)
from core.ids import CallId, ChannelId, OfferId, PositionId
from core.switch import DigitPressed, PlaybackEnded
from core.words import PauseReason, PositionState
from tests.support.audited import assert_sound
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit

NAMES = ("arm1", "arm2", "arm3")


class Centre(RuleBasedStateMachine):
    """Callers, agents, faults and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.centre = FakeCentre()
        self.seen_offers: list[tuple[PositionId, OfferId]] = []
        self.numbers = itertools.count()
        self.run(self.centre.start)

    def teardown(self) -> None:
        self.loop.close()
        assert_sound(self.centre.journal.envelopes, self.centre.clock, self.centre.plan)

    def run(self, action: Callable[[], object]) -> None:
        async def step() -> None:
            action()
            await settle()

        self.loop.run_until_complete(step())
        assert self.centre.failures == []

    def ask(self, action: Callable[[], object]) -> None:
        """Run an agent's command; a refusal is an answer like any other."""

        def asked() -> None:
            with contextlib.suppress(CommandRefused):
                action()

        self.run(asked)

    @property
    def live(self) -> list[CallId]:
        return list(self.centre.calls.calls.by_id)

    @rule(hidden=st.booleans())
    def caller_arrives(self, hidden: bool) -> None:
        number = (
            f"+336{next(self.numbers):08d}"  # never one that calls again: that one would go before the others
        )
        self.run(lambda: self.centre.caller(None if hidden else number))

    @precondition(lambda self: self.centre.switch.callers)
    @rule(data=st.data())
    def caller_leaves(self, data: st.DataObject) -> None:
        channel = data.draw(st.sampled_from(sorted(self.centre.switch.callers)))
        self.run(lambda: self.centre.switch.channel_ends(channel))

    @precondition(lambda self: self.centre.switch.up and self.centre.ivr.greetings.by_call)
    @rule(data=st.data(), key=st.booleans())
    def welcome_ends(self, data: st.DataObject, key: bool) -> None:
        greeting = data.draw(st.sampled_from(list(self.centre.ivr.greetings.by_call.values())))
        event = (
            DigitPressed(channel_id=greeting.channel_id, digit="1")
            if key
            else PlaybackEnded(playback_id=greeting.playback_id, ok=True)
        )
        self.run(lambda: self.centre.switch.tell(event))

    @rule(name=st.sampled_from(NAMES))
    def agent_logs_in(self, name: str) -> None:
        self.ask(lambda: self.centre.agent(name))

    @rule(name=st.sampled_from(NAMES), ready=st.booleans())
    def readiness_changes(self, name: str, ready: bool) -> None:
        if PositionId(name) in self.centre.acd.room.positions:
            self.run(lambda: self.centre.readiness(PositionId(name), ready=ready))

    @rule(name=st.sampled_from(NAMES))
    def agent_accepts(self, name: str) -> None:
        position = self.centre.acd.room.positions.get(PositionId(name))
        if position and position.offer:
            offer = position.offer.offer_id
            self.ask(lambda: self.centre.bus.execute(AcceptOffer(position_id=PositionId(name), offer_id=offer)))

    @precondition(lambda self: self.seen_offers)
    @rule(data=st.data(), thief=st.sampled_from(NAMES))
    def stale_or_foreign_accept(self, data: st.DataObject, thief: str) -> None:
        _, offer = data.draw(st.sampled_from(self.seen_offers))
        self.ask(lambda: self.centre.bus.execute(AcceptOffer(position_id=PositionId(thief), offer_id=offer)))

    @rule(
        name=st.sampled_from(NAMES),
        make=st.sampled_from(
            [
                lambda p: HangUp(position_id=p),
                lambda p: HoldCall(position_id=p),
                lambda p: ResumeCall(position_id=p),
                lambda p: GoReady(position_id=p),
                lambda p: LogOut(position_id=p),
                lambda p: Pause(position_id=p, reason=PauseReason.MEAL),
            ]
        ),
    )
    def agent_asks(self, name: str, make: Callable[[PositionId], HangUp]) -> None:
        self.ask(lambda: self.centre.bus.execute(make(PositionId(name))))
        self.run(self.centre.switch.carry_out_hang_ups)

    @rule(name=st.sampled_from(NAMES))
    def agent_declines(self, name: str) -> None:
        position = self.centre.acd.room.positions.get(PositionId(name))
        if position and position.offer:
            offer = position.offer.offer_id
            self.ask(
                lambda: self.centre.bus.execute(DeclineOffer(position_id=PositionId(name), offer_id=offer))
            )

    @rule(refuse=st.booleans())
    def joins_fail(self, refuse: bool) -> None:
        self.centre.switch.refuse_joins = refuse

    @rule(seconds=st.sampled_from([0.1, 14.9, 15, 19.9, 20, 60]))
    def time_passes(self, seconds: float) -> None:
        self.run(lambda: self.centre.advance(seconds))

    @precondition(lambda self: self.centre.switch.up)
    @rule()
    def link_cut(self) -> None:
        self.run(self.centre.switch.cut)

    @precondition(lambda self: not self.centre.switch.up)
    @rule()
    def link_mended(self) -> None:
        self.run(self.centre.switch.mend)

    @rule()
    def core_killed_and_restarted(self) -> None:
        """State comes back from the journal and from Asterisk alone."""
        before = self.centre
        self.centre = FakeCentre(before.journal.envelopes)
        self.centre.clock.advance(before.clock.monotonic())
        self.centre.switch.go_on_from(before.switch)
        self.run(self.centre.start)

    # --- what must hold ---

    @invariant()
    def remember_offers(self) -> None:
        known = {offer for _, offer in self.seen_offers}
        for event in self.centre.journal.events(CallOffered):
            if event.offer_id not in known:
                self.seen_offers.append((event.position_id, event.offer_id))

    @invariant()
    def no_call_is_lost(self) -> None:
        if self.centre.switch.up:
            assert set(self.centre.switch.callers) == set(self.centre.calls.calls.by_channel)
        arrived = {e.call_id for e in self.centre.journal.events(CallArrived)}
        ended = {e.call_id for e in self.centre.journal.events(CallEnded)}
        assert arrived == ended | set(self.live)

    @invariant()
    def never_two_winners(self) -> None:
        winner: dict[CallId, PositionId] = {}
        for event in self.centre.journal.events(OfferAccepted, OfferWithdrawn, CallEnded):
            if isinstance(event, OfferAccepted):
                assert event.call_id not in winner
                winner[event.call_id] = event.position_id
            elif isinstance(event, OfferWithdrawn | CallEnded):
                winner.pop(event.call_id, None)
        assert len(set(winner.values())) == len(winner), "an agent is in two calls"

    @invariant()
    def answers_follow_acceptance(self) -> None:
        accepted = {
            e.offer_id for e in self.centre.journal.events(OfferAccepted) if isinstance(e, OfferAccepted)
        }
        answered = [e.offer_id for e in self.centre.journal.events(CallAnswered)]
        assert set(answered) <= accepted
        assert len(answered) == len(set(answered))

    @invariant()
    def order_is_priority_then_arrival(self) -> None:
        queued = {
            e.call_id: i
            for i, e in enumerate(self.centre.journal.events(CallQueued))
            if isinstance(e, CallQueued)
        }
        order = [queued[call_id] for call_id in self.centre.acd.room.in_order()]
        assert order == sorted(order)

    @invariant()
    def nobody_waits_while_somebody_is_ready(self) -> None:
        room = self.centre.acd.room
        assert next_match(room, self.centre.clock.now()) is None
        ready = [p for p in room.positions.values() if p.free]
        assert not (room.in_order() and ready)

    @invariant()
    def every_position_is_where_its_call_is(self) -> None:
        room, calls = self.centre.acd.room, self.centre.calls.calls
        for position in room.positions.values():
            busy = position.state is PositionState.ON_CALL
            assert busy == (position.position_id in calls.by_position)
            assert (position.state is PositionState.OFFERED) == (position.offer is not None)

    @invariant()
    def no_call_is_left_half_joined(self) -> None:
        if self.centre.switch.up:
            calls = self.centre.calls.calls.by_id.values()
            assert PartyState.JOINING not in {p.state for call in calls for p in call.parties.values()}

    @invariant()
    def everybody_waiting_hears_something(self) -> None:
        if not self.centre.switch.up:
            return
        for call_id in self.centre.acd.room.in_order():
            assert ChannelId(call_id) in self.centre.switch.music


Centre.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCentre = Centre.TestCase
