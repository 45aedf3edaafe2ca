"""What must hold in many rooms whatever happens: nothing lost, one winner, the policy's order."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from acd.model.index import Line
from acd.model.room import Room
from acd.model.rules import Mode, Strategy
from acd.policy.matching import next_match
from acd.policy.serving import serves, step_at, wanted_at
from core.commands import (
    AcceptOffer,
    ChangePriority,
    ChangeRoomRule,
    CheckedBack,
    Command,
    DeclineOffer,
    GoReady,
    LogOut,
    Pause,
    TakeCall,
)
from core.errors import CommandRefused
from core.events import (
    CallArrived,
    CallDismissed,
    CallEnded,
    CallOffered,
    CallPlaced,
    Envelope,
    OverflowTriggered,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyNotReached,
    TransferStarted,
)
from core.ids import CallId, ChannelId, PartyId, PositionId, QueueId
from core.switch import PlaybackEnded
from core.words import (
    CallKind,
    OfferKind,
    PartyEnd,
    PauseReason,
    PositionState,
    Priority,
    Role,
    RoomSetting,
    Target,
    TargetKind,
)
from tests.support.audited import assert_sound
from tests.support.floor import CROWDED, EVERYONE, LANGUAGES, REFUSING, Floor

pytestmark = pytest.mark.unit

ROLES = {
    "arm1": Role.ARM,
    "arm2": Role.ARM,
    "mu1": Role.PHYSICIAN_MU,
    "chef": Role.SUPERVISOR,
}
NAMES = sorted(ROLES)
ROOMS = ["15", LANGUAGES, EVERYONE, CROWDED, REFUSING, "Choix", "MU", "inconnue"]
names = st.sampled_from(NAMES)


class Rooms(RuleBasedStateMachine):
    """Callers, agents of every role, transfers, invitations, overflow and restarts in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.checked = 0
        for name in ("arm1", "mu1"):
            self.floor.agent(name, ROLES[name])

    def teardown(self) -> None:
        assert_sound(self.floor.journal.envelopes, self.floor.clock, self.floor.plan)

    def ask(self, command: Command) -> None:
        """A refusal is an answer like any other."""
        with contextlib.suppress(CommandRefused):
            self.floor.bus.execute(command)

    @property
    def live(self) -> list[CallId]:
        ended = {e.call_id for e in self.floor.journal.events(CallEnded)}
        return [e.call_id for e in self.floor.journal.events(CallArrived) if e.call_id not in ended]

    def talking(self, name: str) -> CallId | None:
        position = self.floor.room.positions.get(PositionId(name))
        return next(iter(position.calls), None) if position else None

    # --- what happens ---

    @rule(
        queue=st.sampled_from(ROOMS),
        priority=st.sampled_from([Priority.UV, Priority.PX, Priority.PX, Priority.P1]),
        skilled=st.booleans(),
        number=st.sampled_from([None, "+331", "+332"]),
    )
    def caller_comes(self, queue: str, priority: Priority, skilled: bool, number: str | None) -> None:
        self.floor.call(queue, priority=priority, skills=("anglais",) if skilled else (), number=number)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def call_ends(self, data: st.DataObject) -> None:
        self.floor.end(data.draw(st.sampled_from(self.live)))

    @rule(name=names)
    def logs_in(self, name: str) -> None:
        with contextlib.suppress(CommandRefused):
            self.floor.agent(name, ROLES[name])

    @rule(name=names, ready=st.booleans())
    def readiness(self, name: str, ready: bool) -> None:
        self.floor.readiness(PositionId(name), ready=ready)

    @rule(name=names, accepts=st.booleans(), joins=st.booleans())
    def answers(self, name: str, accepts: bool, joins: bool) -> None:
        position = self.floor.room.positions.get(PositionId(name))
        if position is not None and position.offer is not None:
            self.floor.joins = joins or position.offer.kind is not OfferKind.DISTRIBUTED
            make = AcceptOffer if accepts else DeclineOffer
            self.ask(make(position_id=position.position_id, offer_id=position.offer.offer_id))
            self.floor.joins = True

    @rule(
        name=names,
        make=st.sampled_from(
            [
                lambda p: GoReady(position_id=p),
                lambda p: GoReady(position_id=p),
                lambda p: LogOut(position_id=p),
                lambda p: Pause(position_id=p, reason=PauseReason.MEAL),
            ]
        ),
    )
    def asks(self, name: str, make: Callable[[PositionId], Command]) -> None:
        self.ask(make(PositionId(name)))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), name=names)
    def takes(self, data: st.DataObject, name: str) -> None:
        call_id = data.draw(st.sampled_from(self.live))
        self.ask(TakeCall(position_id=PositionId(name), call_id=call_id))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), name=names, priority=st.sampled_from(Priority))
    def looks_after(self, data: st.DataObject, name: str, priority: Priority) -> None:
        call_id = data.draw(st.sampled_from(self.live))
        self.ask(ChangePriority(position_id=PositionId(name), call_id=call_id, priority=priority))
        self.ask(CheckedBack(position_id=PositionId(name), call_id=call_id))

    @rule(name=names, queue=st.sampled_from(ROOMS), priority=st.none() | st.sampled_from(Priority))
    def transfers(self, name: str, queue: str, priority: Priority | None) -> None:
        if (call_id := self.talking(name)) is None:
            return
        for position in self.floor.room.positions_in(call_id):
            party = PartyId(position.position_id)
            self.floor.say(PartyLeft(call_id=call_id, party_id=party, reason=PartyEnd.TRANSFERRED))
        target = Target(TargetKind.ROOM, queue)
        self.floor.say(
            TransferStarted(call_id=call_id, position_id=PositionId(name), target=target, priority=priority)
        )

    @rule(name=names, whom=st.sampled_from([*NAMES, "everybody", "nobody"]))
    def invites(self, name: str, whom: str) -> None:
        if (call_id := self.talking(name)) is None or whom == name:
            return
        target = Target(TargetKind.EVERYBODY) if whom == "everybody" else Target(TargetKind.POSITION, whom)
        deadline = self.floor.clock.now()
        self.floor.say(
            PartyInvited(
                call_id=call_id,
                party_id=PartyId(whom),
                target=target,
                deadline=deadline,
                by=PositionId(name),
            )
        )

    @rule(name=names)
    def invitation_withdrawn(self, name: str) -> None:
        position = self.floor.room.positions.get(PositionId(name))
        if position is not None and position.offer is not None and not position.offer.from_room:
            self.floor.say(
                PartyNotReached(
                    call_id=position.offer.call_id, party_id=PartyId(name), reason=PartyEnd.CANCELLED
                )
            )

    @rule(name=names)
    def calls_somebody(self, name: str) -> None:
        position = self.floor.room.positions.get(PositionId(name))
        if position is None or not position.free:
            return
        call_id = CallId(f"o{len(self.floor.journal.envelopes)}")
        self.floor.say(
            CallPlaced(
                call_id=call_id,
                position_id=position.position_id,
                agent_id=position.agent_id,
                kind=CallKind.OUTGOING,
                target=Target(TargetKind.NUMBER, "+333"),
            )
        )

    @rule(name=names)
    def leaves_call(self, name: str) -> None:
        if (call_id := self.talking(name)) is not None:
            self.floor.say(PartyLeft(call_id=call_id, party_id=PartyId(name), reason=PartyEnd.LEFT))

    @precondition(lambda self: any(c.away for c in self.floor.room.waiting.values()))
    @rule(reached=st.booleans())
    def number_rung(self, reached: bool) -> None:
        call = next(c for c in self.floor.room.waiting.values() if c.away)
        party = PartyId("n1")
        if reached:
            self.floor.say(PartyJoined(call_id=call.call_id, party_id=party, channel_id=ChannelId("n1")))
        else:
            self.floor.say(PartyNotReached(call_id=call.call_id, party_id=party, reason=PartyEnd.BUSY))

    @precondition(lambda self: self.floor.switch.playing)
    @rule(ok=st.booleans())
    def message_is_over(self, ok: bool) -> None:
        playback = next(iter(self.floor.switch.playing))
        del self.floor.switch.playing[playback]
        self.floor.acd.on_switch(PlaybackEnded(playback_id=playback, ok=ok))

    @rule(
        queue=st.sampled_from(ROOMS),
        change=st.sampled_from(
            [
                (RoomSetting.MODE, "manual", ""),
                (RoomSetting.MODE, "", ""),
                (RoomSetting.WEIGHT, "5", ""),
                (RoomSetting.CLOSED, "yes", ""),
                (RoomSetting.OVERFLOW_LIMIT, "5", "long"),
            ]
        ),
    )
    def supervisor_changes_a_rule(self, queue: str, change: tuple[RoomSetting, str, str]) -> None:
        setting, value, overflow = change
        self.ask(
            ChangeRoomRule(
                position_id=PositionId("chef"),
                queue=QueueId(queue),
                setting=setting,
                value=value,
                rule=overflow,
            )
        )

    @rule(seconds=st.sampled_from([0.1, 5, 15, 20, 60]))
    def time_passes(self, seconds: float) -> None:
        self.floor.advance(seconds)

    @rule()
    def killed_and_restarted(self) -> None:
        before = self.floor
        self.floor = Floor(before.journal.envelopes)
        self.floor.clock.advance(before.clock.monotonic())
        self.floor.advance(0)

    # --- what must hold ---

    @invariant()
    def nothing_failed(self) -> None:
        assert self.floor.failures == []

    @invariant()
    def no_call_is_lost(self) -> None:
        """A live call waits in a room, or somebody is in it, or was and has left it to the others."""
        room = self.floor.room
        told = self.floor.journal.envelopes
        for call_id in self.live:
            last = [e.event for e in told if e.call_id == call_id]
            if call_id not in room.waiting and not room.positions_in(call_id):
                assert any(isinstance(e, PartyLeft | PartyJoined) for e in last), [
                    type(e).__name__ for e in last
                ]

    @invariant()
    def one_winner(self) -> None:
        for call in self.floor.room.waiting.values():
            assert call.accepted_by is None or not call.offers
            ring_all = self.floor.room.rule(call.queue).strategy is Strategy.RING_ALL
            assert ring_all or len(call.offers) <= 1
        ringing = [o.call_id for o in self.floor.room.offers.values() if o.from_room]
        assert all(call_id in self.floor.room.waiting for call_id in ringing)

    @invariant()
    def positions_are_where_their_calls_are(self) -> None:
        for position in self.floor.room.positions.values():
            assert (position.state is PositionState.ON_CALL) == bool(position.calls)
            assert len(position.calls) <= 2
            if position.state is PositionState.OFFERED:
                assert position.offer is not None
            if position.offer is not None:
                assert position.state in (PositionState.OFFERED, PositionState.ON_CALL)
                assert position.offer.offer_id in self.floor.room.offers

    @invariant()
    def same_journal_same_state_and_nobody_left_waiting(self) -> None:
        room, fresh = self.floor.room, self.folded(self.floor.journal.envelopes)
        now = self.floor.clock.now()
        room.catch_up(now)
        fresh.catch_up(now)
        assert fresh.in_order() == room.in_order()
        assert fresh.positions == room.positions
        assert fresh.offers == room.offers
        assert fresh.waiting == room.waiting
        assert next_match(fresh, now) is None
        for call_id in room.in_order():
            line = room.index.line_of(call_id)
            assert line is not None
            if line.rule.mode is Mode.AUTOMATIC:
                free = [p for p in room.positions.values() if p.free]
                assert not any(serves(line.rule, p.profile, line.step, line.wanted) for p in free)

    @invariant()
    def same_journal_same_decisions(self) -> None:
        """Each distributed offer is what a room folded anew from what came before would choose."""
        envelopes = self.floor.journal.envelopes
        new, self.checked = range(self.checked, len(envelopes)), len(envelopes)
        offers = [i for i in new if self.distributed(envelopes[i])]
        if not offers:
            return
        room = Room(self.floor.plan)
        done, rung = 0, 0
        for i in offers:
            event = envelopes[i].event
            assert isinstance(event, CallOffered)
            for envelope in envelopes[done:i]:
                room.fold(envelope)
            done = i
            call = room.waiting[event.call_id]
            of = room.rule(call.queue)
            if call.offers:  # one more of those rung at once
                assert of.strategy is Strategy.RING_ALL
                rung += 1
                continue
            room.index.changed_lines.update(dict.fromkeys(self.all_lines(room)))
            match = next_match(room, envelopes[i].occurred_at)
            assert match is not None
            assert match.call.call_id == event.call_id
            assert event.position_id in {p.position_id for p in match.positions}
            assert match.reasons[:2] == event.reasons[:2]
            step = step_at(of, (envelopes[i].occurred_at - call.since).total_seconds())
            wanted = wanted_at(of, call.skills, step)
            assert serves(of, room.positions[event.position_id].profile, step, wanted)

    @staticmethod
    def all_lines(room: Room) -> list[Line]:
        return [line for order in room.index.waiting.values() for _, _, line in order]

    @staticmethod
    def distributed(envelope: Envelope) -> bool:
        return isinstance(envelope.event, CallOffered) and envelope.event.kind is OfferKind.DISTRIBUTED

    def folded(self, envelopes: list[Envelope]) -> Room:
        room = Room(self.floor.plan)
        for envelope in envelopes:
            room.fold(envelope)
        return room

    @invariant()
    def overflow_leads_on(self) -> None:
        """A call sent to a room is in it, or has gone on from there."""
        for event in self.floor.journal.events(OverflowTriggered):
            if event.target.kind is TargetKind.ROOM and event.call_id in self.floor.room.waiting:
                assert (event.queue, event.rule) in self.floor.room.waiting[event.call_id].overflowed or (
                    self.floor.room.waiting[event.call_id].by is not None
                )

    @invariant()
    def only_who_has_heard_the_last_message_and_may_be_ended_is_dismissed(self) -> None:
        for event in self.floor.journal.events(CallDismissed):
            call = self.floor.room.waiting.get(event.call_id)
            if call is None:
                continue
            assert call.dismissed
            assert call.last_words
            assert not call.offers
            assert call.accepted_by is None
            assert call.call_id not in self.floor.room.in_order()


Rooms.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRooms = Rooms.TestCase
