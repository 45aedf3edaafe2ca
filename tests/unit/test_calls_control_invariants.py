"""Whatever agents, callers, numbers and faults do: nobody is in silence or lost, the sound where it belongs."""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calls.call import Call, PartyState
from calls.policy import MOST_CALLS, MOST_PARTIES, is_call_of_all
from core.commands import (
    AcceptOffer,
    Command,
    CompleteTransfer,
    DeclineOffer,
    DropParty,
    HangUp,
    HoldCall,
    InviteParty,
    LeaveCall,
    MergeCalls,
    MuteParty,
    PlaceCall,
    ResumeCall,
    SendDigits,
    SwapCalls,
    TakeOverCall,
    TransferCall,
)
from core.errors import CommandRefused
from core.events import CallArrived, CallEnded, CallPlaced
from core.ids import CallId, ChannelId, PartyId, PositionId
from core.switch import LegOpened
from core.words import Target, TargetKind
from tests.support.audited import assert_sound
from tests.support.centre import FakeCentre, settle
from tests.support.control import RULES, Control, discord
from tests.support.recorded import assert_tiled, assert_told_as_wired, indexes_of, with_recordings

pytestmark = pytest.mark.unit

LEGS = count()
"""Numbers of the legs made: none has the id of another."""

NAMES = ("arm1", "arm2", "arm3")
TARGETS = (
    *(Target(TargetKind.POSITION, name) for name in NAMES),
    *(Target(TargetKind.NUMBER, f"+3314000000{i}") for i in range(3)),
    Target(TargetKind.EVERYBODY),
    Target(TargetKind.ROOM, "MU"),
    Target(TargetKind.ROOM, "15"),
    Target(TargetKind.NUMBER, "rubbish"),
)
SIMPLE: tuple[Callable[[PositionId], Command], ...] = (
    lambda p: HoldCall(position_id=p),
    lambda p: ResumeCall(position_id=p),
    lambda p: SwapCalls(position_id=p),
    lambda p: MergeCalls(position_id=p),
    lambda p: CompleteTransfer(position_id=p),
    lambda p: HangUp(position_id=p),
    lambda p: SendDigits(position_id=p, digits="1"),
)


class Rooms(RuleBasedStateMachine):
    """Three agents with their legs, callers and numbers, doing anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.control = Control.__new__(Control)
        self.use(FakeCentre(rules=RULES, wrap_up_seconds=0))
        self.run(self.centre.start)
        for name in NAMES:
            self.loop.run_until_complete(self.control.agent(name))

    def use(self, centre: FakeCentre) -> None:
        self.centre = centre
        self.control.__init__(centre)  # type: ignore[misc]

    def teardown(self) -> None:
        self.loop.close()
        assert_sound(self.centre.journal.envelopes, self.centre.clock, self.centre.plan)
        for index in indexes_of(with_recordings(self.centre.journal.envelopes)):
            assert_tiled(index)

    def run(self, action: Callable[[], object]) -> None:
        async def step() -> None:
            with contextlib.suppress(CommandRefused):
                action()
            for _ in range(3):
                await settle()
                self.centre.switch.carry_out_hang_ups()
            await settle()

        self.loop.run_until_complete(step())
        assert self.centre.failures == []

    def ask(self, command: Command) -> None:
        self.run(lambda: self.centre.bus.execute(command))

    @property
    def live(self) -> list[Call]:
        return list(self.centre.calls.calls.by_id.values())

    # --- callers and numbers ---

    @precondition(lambda self: len(self.centre.switch.callers) < 4)
    @rule()
    def caller_reaches_the_room(self) -> None:
        async def step() -> None:
            await self.control.queued()

        if self.centre.switch.up:
            self.loop.run_until_complete(step())

    @precondition(lambda self: self.centre.switch.callers or self.centre.switch.callees)
    @rule(data=st.data(), cause=st.sampled_from([1, 16, 17, 21]))
    def somebody_outside_hangs_up(self, data: st.DataObject, cause: int) -> None:
        switch = self.centre.switch
        channel = data.draw(st.sampled_from(sorted({*switch.callers, *switch.callees})))
        self.run(lambda: switch.channel_ends(channel, cause))

    @precondition(lambda self: any(not c.answered for c in self.centre.switch.callees.values()))
    @rule(data=st.data(), what=st.sampled_from(["rings", "progress", "answers", "answers"]))
    def a_number(self, data: st.DataObject, what: str) -> None:
        switch = self.centre.switch
        channel = data.draw(st.sampled_from(sorted(c for c, n in switch.callees.items() if not n.answered)))
        actions: dict[str, Callable[[], object]] = {
            "rings": lambda: switch.callee_rings(channel),
            "progress": lambda: switch.callee_progresses(channel),
            "answers": lambda: switch.callee_answers(channel),
        }
        self.run(actions[what])

    # --- agents ---

    @rule(name=st.sampled_from(NAMES), accept=st.sampled_from([True, True, True, False]))
    def offer_answered(self, name: str, accept: bool) -> None:
        position = self.centre.acd.room.positions.get(PositionId(name))
        if position and position.offer:
            offer = position.offer.offer_id
            made = AcceptOffer if accept else DeclineOffer
            self.ask(made(position_id=PositionId(name), offer_id=offer))

    @rule(name=st.sampled_from(NAMES), make=st.sampled_from(SIMPLE))
    def simple_command(self, name: str, make: Callable[[PositionId], Command]) -> None:
        self.ask(make(PositionId(name)))

    @rule(name=st.sampled_from(NAMES), whom=st.sampled_from(TARGETS), invite=st.booleans())
    def somebody_called(self, name: str, whom: Target, invite: bool) -> None:
        made = InviteParty if invite else PlaceCall
        self.ask(made(position_id=PositionId(name), target=whom))

    @precondition(lambda self: self.centre.calls.calls.by_id)
    @rule(data=st.data(), name=st.sampled_from(NAMES), whom=st.sampled_from(TARGETS), muted=st.booleans())
    def a_call_is_handled(self, data: st.DataObject, name: str, whom: Target, muted: bool) -> None:
        position = PositionId(name)
        call = data.draw(st.sampled_from(sorted(self.live, key=lambda c: c.call_id)))
        party = data.draw(st.sampled_from(sorted(call.parties)))
        command = data.draw(
            st.sampled_from(
                [
                    TransferCall(position_id=position, call_id=call.call_id, target=whom),
                    LeaveCall(position_id=position, call_id=call.call_id),
                    TakeOverCall(position_id=position, call_id=call.call_id),
                    DropParty(position_id=position, call_id=call.call_id, party_id=party),
                    MuteParty(position_id=position, call_id=call.call_id, party_id=party, muted=muted),
                    HangUp(position_id=position, call_id=call.call_id),
                ]
            )
        )
        self.ask(command)

    @rule(name=st.sampled_from(NAMES))
    def leg_opened_anew(self, name: str) -> None:
        """As after a reload: the older leg ends, the newer takes its place."""
        switch, position = self.centre.switch, PositionId(name)
        older = [leg for leg, of in switch.legs.items() if of == position]
        newer = ChannelId(f"leg-{name}-{next(LEGS)}")

        def reload() -> None:
            switch.legs[newer] = position
            switch.tell(LegOpened(position_id=position, channel_id=newer))
            for leg in older:
                switch.channel_ends(leg)

        if switch.up:
            self.run(reload)

    @rule(seconds=st.sampled_from([1, 31, 40]))
    def time_passes(self, seconds: float) -> None:
        self.run(lambda: self.centre.advance(seconds))

    # --- faults ---

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
        centre = FakeCentre(before.journal.envelopes, rules=RULES, wrap_up_seconds=0)
        centre.clock.advance(before.clock.monotonic())
        centre.switch.go_on_from(before.switch)
        self.use(centre)
        self.run(centre.start)

    # --- what must hold ---

    @invariant()
    def the_sound_is_as_it_should_be(self) -> None:
        if self.centre.switch.up:
            assert discord(self.centre) == []

    @invariant()
    def recordings_are_told_what_is_heard(self) -> None:
        assert_told_as_wired(self.centre.journal.envelopes, self.centre.calls.calls)

    @invariant()
    def nobody_outside_is_in_silence(self) -> None:
        """Each caller, and each number that answered, hears somebody or music."""
        switch = self.centre.switch
        if not switch.up:
            return
        for call in self.live:
            for party in call.outside():
                channel = party.channel_id
                assert channel is not None
                bridge = switch.where(channel)
                others = switch.bridges[bridge] - {channel} if bridge is not None else set()
                assert others or channel in switch.music, f"{channel} hears nothing"

    @invariant()
    def no_channel_is_forgotten(self) -> None:
        switch = self.centre.switch
        if switch.up:
            known = set(self.centre.calls.calls.by_channel)
            assert set(switch.callers) <= known
            assert {c for c, callee in switch.callees.items() if callee.answered} <= known

    @invariant()
    def every_call_is_live_or_over(self) -> None:
        begun = {e.call_id for e in self.centre.journal.events(CallArrived, CallPlaced)}
        ended = {e.call_id for e in self.centre.journal.events(CallEnded)}
        assert begun == ended | {call.call_id for call in self.live}

    @invariant()
    def an_agent_hears_one_call_and_has_two_at_most(self) -> None:
        calls = self.centre.calls.calls
        for name in NAMES:
            mine = calls.calls_of(PositionId(name))
            assert len(mine) <= MOST_CALLS
            assert sum(not c.parties[PartyId(name)].held for c in mine) <= 1

    @invariant()
    def conferences_are_bounded_and_have_somebody_to_talk_with(self) -> None:
        for call in self.live:
            assert len(call.parties) <= MOST_PARTIES or is_call_of_all(call)
            assert call.parties, "a call of nobody"

    @invariant()
    def nobody_is_left_half_joined(self) -> None:
        if self.centre.switch.up:
            parties = [p for call in self.live for p in call.parties.values()]
            assert PartyState.JOINING not in {p.state for p in parties}

    @invariant()
    def positions_are_on_call_while_they_have_one(self) -> None:
        calls = self.centre.calls.calls
        for position in self.centre.acd.room.positions.values():
            assert set(position.calls) == {CallId(c.call_id) for c in calls.calls_of(position.position_id)}


Rooms.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRooms = Rooms.TestCase
