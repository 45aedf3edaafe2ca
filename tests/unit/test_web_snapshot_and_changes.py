"""Snapshot + changes equals a fresh snapshot, for every event type, on strips and wallboard.

Random journals (any event, few ids, so that events meet), and journals of a real centre (services on a fake
switch). Screens connect, leave and resume at any moment; what the whole room sees is told by turns.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.cards import cards
from acd.defaults import default_plan
from bandeau.model import ROOM, StripModel, audiences
from core.commands import AcceptOffer, DeclineOffer, GoReady, HangUp, HoldCall, LogOut, Pause, ResumeCall
from core.errors import CommandRefused
from core.events import (
    EVENT_TYPES,
    AgentLoggedIn,
    CallAnswered,
    CallArrived,
    CallHeld,
    CallOffered,
    CallOriented,
    CallPlaced,
    CallQueued,
    CallsMerged,
    Envelope,
    Event,
    OfferAccepted,
    OfferWithdrawn,
    PartyInvited,
    PartyJoined,
)
from core.ids import PositionId, QueueId
from core.switch import PlaybackEnded
from core.words import PauseReason
from supervision.model import PARIS, WALLBOARD, BoardModel
from tests.support.centre import FakeCentre, settle
from tests.support.events import NOON, envelope, events_of
from tests.unit.test_web_live import FakeScreen
from web.live import LiveHub, Section, View

pytestmark = pytest.mark.unit

QUEUE = QueueId("15")
POSITIONS = [PositionId(f"arm{i}") for i in range(2)]
LISTS = [QueueId("MU"), QueueId("ML"), QueueId("15")]
CARDS = [card for card in cards(default_plan()) if card.queue in LISTS]
FEW: dict[str, list[str]] = {
    "call_id": ["c1", "c2"],
    "channel_id": ["ch1", "ch2"],
    "position_id": list(POSITIONS),
    "agent_id": ["a1", "a2"],
    "offer_id": ["o1", "o2"],
    "queue": ["15", "MU", "ML", "autre"],
    "by": list(POSITIONS),
    "party_id": [*POSITIONS, "caller", "everybody", "p1"],
    "merged_id": ["c1", "c2"],
    "subject": ["", "asterisk-a"],
}


def meeting(cls: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of one type, about a few calls and positions."""
    return _MEETING[cls]


def _meeting(cls: type[Event]) -> st.SearchStrategy[Event]:
    few = {f.name: st.sampled_from(FEW[f.name]) for f in fields(cls) if f.name in FEW}
    return st.builds(lambda event, **ids: replace(event, **ids), events_of(cls), **few)


_MEETING = {cls: _meeting(cls) for cls in EVENT_TYPES.values()}


OFTEN = (
    CallArrived,
    CallOriented,
    CallQueued,
    CallOffered,
    OfferWithdrawn,
    OfferAccepted,
    CallAnswered,
    CallHeld,
    CallPlaced,
    PartyInvited,
    PartyJoined,
    CallsMerged,
)
meeting_events = st.sampled_from([*EVENT_TYPES.values(), *OFTEN, *OFTEN]).flatmap(meeting)


@dataclass(eq=False)
class Client:
    """A screen that comes and goes."""

    listens: tuple[str, ...]
    screen: FakeScreen = field(default_factory=FakeScreen)
    connected: bool = False


OWN = ("agent", "position", "offer", "call", "calls", "recall", "parked", "alarms", "waiting")
"""What a strip shows of its own position: told at once."""


class Screens:
    """A hub with screens, checked against what a model rebuilt from the whole journal shows."""

    def __init__(
        self,
        sections: dict[Section, View],
        now: datetime,
        listened: list[tuple[str, ...]],
        patient: tuple[str, ...] = (),
    ) -> None:
        self.hub = LiveHub("epoch", keep=6, patient=patient)
        self.patient = patient
        self.hub.reset(0, sections, now)
        self.clients = [Client(a) for a in listened]

    def toggle(self, index: int, now: datetime) -> None:
        client = self.clients[index % len(self.clients)]
        if client.connected:
            self.hub.leave(client.screen)
        else:
            self.hub.join(client.screen, client.listens, client.screen.hello(), now)
        client.connected = not client.connected

    def check(self, fresh: dict[Section, View], *, told: bool = True) -> None:
        """Compare; not ``told``: what the patient audiences see may still be on its way."""
        if told:
            self.hub.flush()
        truth = LiveHub("fresh")
        truth.reset(0, fresh, NOON)
        for client in self.clients:
            expected = plain(truth.snapshot(client.listens))
            assert plain(self.hub.snapshot(client.listens)) == expected
            if client.connected and told:
                assert plain(client.screen.view) == expected
            elif client.connected:
                own = truth.snapshot(audience for audience in client.listens if audience not in self.patient)
                assert {name: client.screen.view.get(name) for name in OWN} == {
                    name: own.get(name) for name in OWN
                }


def plain(view: Any) -> str:
    assert has_no_null(view), "views hold no nulls"
    return json.dumps(view, sort_keys=True)


def has_no_null(view: Any) -> bool:
    return all(map(has_no_null, view.values())) if isinstance(view, dict) else view is not None


steps = st.lists(meeting_events | st.integers(0, 5), max_size=30)
opening = st.tuples(meeting(AgentLoggedIn), meeting(AgentLoggedIn), meeting(CallArrived), meeting(CallArrived))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(opening, steps, st.lists(st.sampled_from([0, 1, 60, 3600, 40000]), min_size=40, max_size=40))
def test_strips_and_wallboard_follow_any_journal(
    first: tuple[Event, ...], plan: list[Event | int], gaps: list[int]
) -> None:
    run([*first, 0, 1, 2, *plan], gaps)


@settings(max_examples=15)
@given(opening, st.permutations(sorted(EVENT_TYPES)), st.data())
def test_every_type_is_followed(first: tuple[Event, ...], names: list[str], data: st.DataObject) -> None:
    """No type is left out of the random journals by bad luck: each once, in any order."""
    every = [data.draw(meeting(EVENT_TYPES[name])) for name in names]
    plan: list[Event | int] = [*first, 0, 1, 2, *every]
    run(plan, data.draw(st.lists(st.sampled_from([0, 1]), min_size=len(plan), max_size=len(plan))))


def run(plan: list[Event | int], gaps: list[int]) -> None:
    now, seq = NOON, 0
    strip, board = StripModel(QUEUE, CARDS), BoardModel(QUEUE, NOON, CARDS)
    strips = Screens(strip.sections(), now, [audiences(p, LISTS) for p in POSITIONS], (ROOM,))
    boards = Screens(board.sections(), now, [(WALLBOARD,)] * 3)
    journal: list[Envelope] = []
    for step, gap in zip(plan, gaps, strict=False):
        now += timedelta(seconds=gap)
        if isinstance(step, int):
            strips.toggle(step, now)
            boards.toggle(step, now)
            if board.roll(now):
                boards.hub.reset(board.room.seq, board.sections(), now)
        else:
            seq += 1
            happened = envelope(step, seq, now)
            journal.append(happened)
            strip.fold(happened)
            board.fold(happened)
            if gap == 60:
                continue  # told with what comes next
            strips.hub.publish(seq, type(step).__name__, strip.changed())
            boards.hub.publish(seq, type(step).__name__, board.changed())
        if journal and journal[-1].seq != strips.hub.seq:
            continue
        strips.check(strip.sections(), told=gap != 1)
        boards.check(board.sections())
    strips.hub.publish(seq, "the last", strip.changed())
    boards.hub.publish(seq, "the last", board.changed())
    fresh_strip, fresh_board = StripModel(QUEUE, CARDS), BoardModel(QUEUE, NOON, CARDS)
    for past in journal:
        fresh_strip.fold(past)
        fresh_board.fold(past)
    fresh_board.roll(board_day(board))
    strips.check(fresh_strip.sections())
    boards.check(fresh_board.sections())


def board_day(board: BoardModel) -> datetime:
    """An instant of the day that a wallboard shows."""
    return datetime.combine(board.today.day, time(12), PARIS)


# --- journals of a real centre ---

Action = Callable[[FakeCentre, PositionId], None]


def _with_offer(make: Callable[..., AcceptOffer | DeclineOffer]) -> Action:
    def act(centre: FakeCentre, name: PositionId) -> None:
        position = centre.acd.room.positions.get(name)
        if position is not None and position.offer is not None:
            centre.bus.execute(make(position_id=name, offer_id=position.offer.offer_id))

    return act


def _welcome_over(centre: FakeCentre, name: PositionId) -> None:
    for greeting in list(centre.ivr.greetings.by_call.values()):
        centre.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))


def _a_caller_leaves(centre: FakeCentre, name: PositionId) -> None:
    if centre.switch.callers:
        centre.switch.channel_ends(next(iter(centre.switch.callers)))


ACTIONS: dict[str, Action] = {
    "caller": lambda c, p: void(c.caller()),
    "hidden": lambda c, p: void(c.caller(None)),
    "welcome over": _welcome_over,
    "leaves": _a_caller_leaves,
    "log in": lambda c, p: void(c.agent(p)),
    "log out": lambda c, p: c.bus.execute(LogOut(position_id=p)),
    "accept": _with_offer(AcceptOffer),
    "decline": _with_offer(DeclineOffer),
    "hold": lambda c, p: c.bus.execute(HoldCall(position_id=p)),
    "resume": lambda c, p: c.bus.execute(ResumeCall(position_id=p)),
    "hang up": lambda c, p: c.bus.execute(HangUp(position_id=p)),
    "pause": lambda c, p: c.bus.execute(Pause(position_id=p, reason=PauseReason.MEAL)),
    "ready": lambda c, p: c.bus.execute(GoReady(position_id=p)),
    "leg lost": lambda c, p: c.readiness(p, ready=False),
    "cut": lambda c, p: c.switch.cut(),
    "mend": lambda c, p: c.switch.mend(),
    "time": lambda c, p: c.advance(21),
}


def void(result: object) -> None:
    """Drop a result."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(POSITIONS), st.none() | st.integers(0, 2)),
        min_size=10,
        max_size=60,
    )
)
async def test_strips_and_wallboard_follow_a_real_centre(
    plan: list[tuple[str, PositionId, int | None]],
) -> None:
    centre = FakeCentre()
    strip, board = StripModel(QUEUE, CARDS), BoardModel(QUEUE, centre.clock.now(), CARDS)
    began = centre.clock.now()
    strips = Screens(strip.sections(), began, [audiences(p, LISTS) for p in POSITIONS], (ROOM,))
    boards = Screens(board.sections(), began, [(WALLBOARD,)] * 3)

    def show(happened: Envelope) -> None:
        name = type(happened.event).__name__
        strip.fold(happened)
        strips.hub.publish(happened.seq, name, strip.changed())
        board.fold(happened)
        boards.hub.publish(happened.seq, name, board.changed())

    centre.bus.subscribe(None, show)
    centre.start()
    for name in POSITIONS:
        centre.agent(name)
    for action, name, toggled in plan:
        with suppress(CommandRefused):
            ACTIONS[action](centre, name)
        centre.switch.carry_out_hang_ups()
        await settle()
        if toggled is not None:
            strips.toggle(toggled, centre.clock.now())
            boards.toggle(toggled, centre.clock.now())
        assert centre.failures == []
    fresh_strip, fresh_board = StripModel(QUEUE, CARDS), BoardModel(QUEUE, began, CARDS)
    for past in centre.journal.envelopes:
        fresh_strip.fold(past)
        fresh_board.fold(past)
    strips.check(fresh_strip.sections())
    boards.check(fresh_board.sections())
    room = strip.room
    assert room.waiting == len(centre.acd.room.waiting) - sum(
        1 for call in centre.acd.room.waiting.values() if call.accepted_by
    )
    assert room.in_svi + room.waiting + room.in_progress == len(centre.calls.calls.by_id)
    assert {p: s.state for p, s in room.positions.items()} == {
        p: s.state for p, s in centre.acd.room.positions.items()
    }
