"""States that agree with nothing are found at the second look, healed once, and counted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.policy.stuck import Disagreement, disagreements
from core.alarms import StuckKind
from core.commands import AcceptOffer
from core.events import (
    CallEnded,
    PositionReadinessChanged,
    PositionStateChanged,
    StuckStateHealed,
)
from core.ids import BridgeId, CallId, ChannelId, PositionId
from core.switch import CallerArrived, CallerChannel, ChannelGone, PlaybackEnded, SwitchSeen, call_bridge
from core.words import CallerNumber, EndedBy, Outcome, PositionState
from telephony.patrol import Suspects
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit


def channels(*names: str) -> frozenset[ChannelId]:
    return frozenset(map(ChannelId, names))


NONE = channels()


@pytest.mark.parametrize(
    ("looks", "stuck"),
    [
        ([("a b", "a b"), ("a b", "a b")], (NONE, NONE)),
        ([("a b", "a")], (NONE, NONE)),
        ([("a b", "a"), ("a b", "a")], (channels("b"), NONE)),
        ([("a b", "a"), ("a", "a")], (NONE, NONE)),
        ([("a b", "a"), ("a b", "a b"), ("a b", "a")], (NONE, NONE)),
        ([("a", "a c"), ("a", "a c")], (NONE, channels("c"))),
        ([("a", "a c"), ("a c", "a c")], (NONE, NONE)),
        ([("a", "c"), ("a", "c")], (channels("a"), channels("c"))),
    ],
)
def test_only_what_differs_twice_in_a_row_is_stuck(
    looks: list[tuple[str, str]], stuck: tuple[frozenset[ChannelId], frozenset[ChannelId]]
) -> None:
    suspects = Suspects()
    found = (NONE, NONE)
    for ours, held in looks:
        found = suspects.look(channels(*ours.split()), channels(*held.split()))
    assert found == stuck


class Watched(FakeCentre):
    """A centre that is looked at."""

    def healed(self) -> list[tuple[StuckKind, str | None, str | None]]:
        return [(e.kind, e.call_id, e.position_id) for e in self.journal.events(StuckStateHealed)]

    def look(self, *, times: int = 1, bridges: frozenset[BridgeId] | None = None) -> None:
        """Asterisk is seen as it is."""
        for _ in range(times):
            held = frozenset((*self.switch.callers, *self.switch.legs, *self.switch.callees))
            self.switch.tell(SwitchSeen(switch="a", channels=held, bridges=bridges))

    async def offered(self) -> tuple[CallId, PositionId]:
        position = self.agent("arm1")
        call_id = self.caller()
        for greeting in list(self.ivr.greetings.by_call.values()):
            self.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
        await settle()
        assert self.acd.room.positions[position].offer is not None
        return call_id, position

    async def talking(self) -> tuple[CallId, PositionId]:
        call_id, position = await self.offered()
        offer = self.acd.room.positions[position].offer
        assert offer is not None
        self.bus.execute(AcceptOffer(position_id=position, offer_id=offer.offer_id))
        await settle()
        assert self.acd.room.positions[position].state is PositionState.ON_CALL
        return call_id, position


@pytest.fixture
async def centre() -> Watched:
    watched = Watched()
    watched.start()
    return watched


async def test_a_healthy_centre_is_left_alone(centre: Watched) -> None:
    await centre.talking()
    waiting = centre.caller()
    centre.look(times=5, bridges=frozenset({call_bridge(waiting)}))
    centre.advance(10)
    centre.advance(10)
    assert centre.healed() == []


async def test_an_end_found_by_looking_ends_the_call_and_is_counted(centre: Watched) -> None:
    call_id, position = await centre.talking()
    del centre.switch.callers[ChannelId(call_id)]
    centre.switch.tell(ChannelGone(channel_id=ChannelId(call_id), cause=0, found=True))
    [ended] = centre.journal.events(CallEnded)
    assert (ended.outcome, ended.ended_by) == (Outcome.ANSWERED, EndedBy.CALLER)
    assert centre.healed() == [(StuckKind.CALL_WITHOUT_CHANNEL, call_id, None)]
    assert centre.acd.room.positions[position].state is not PositionState.ON_CALL


async def test_an_end_that_was_told_and_not_noted_is_found_at_the_second_look(centre: Watched) -> None:
    """A fault while it was noted: the register below has let the channel go, the call has not."""
    call_id, _ = await centre.talking()
    del centre.switch.callers[ChannelId(call_id)]
    centre.look()
    assert centre.journal.events(CallEnded) == []
    centre.look(times=3)
    assert len(centre.journal.events(CallEnded)) == 1
    assert centre.healed() == [(StuckKind.CALL_WITHOUT_CHANNEL, call_id, None)]


async def test_the_calls_of_another_asterisk_are_not_missed_in_this_one(centre: Watched) -> None:
    await centre.talking()
    for _ in range(3):
        centre.switch.tell(SwitchSeen(switch="b", channels=NONE))
    assert centre.journal.events(CallEnded) == []


async def test_a_caller_nobody_told_of_is_served_and_counted_once(centre: Watched) -> None:
    call_id = CallId("FR751-a-stray.1")
    channel = CallerChannel(
        channel_id=ChannelId(call_id),
        call_id=call_id,
        line="15",
        caller=CallerNumber("+33612345678"),
        created_at=centre.clock.now(),
    )
    centre.switch.callers[channel.channel_id] = channel
    for _ in range(2):
        centre.switch.tell(CallerArrived(channel=channel, found=True))
    assert call_id in centre.calls.calls.by_id
    assert channel.channel_id in centre.switch.picked_up
    assert centre.healed() == [(StuckKind.CHANNEL_WITHOUT_CALL, call_id, None)]


async def test_the_empty_bridge_of_a_call_that_is_over_is_closed(centre: Watched) -> None:
    call_id, _ = await centre.talking()
    old, standing = call_bridge(CallId("FR751-a-old.1")), BridgeId("position-arm1")
    bridges = frozenset({old, standing, call_bridge(call_id)})
    centre.switch.bridges[old] = set()
    centre.look(bridges=bridges)
    centre.look()  # not looked at
    assert centre.healed() == []
    centre.look(bridges=bridges)
    assert centre.healed() == [(StuckKind.BRIDGE_WITHOUT_CALL, "FR751-a-old.1", None)]
    assert old not in centre.switch.bridges
    assert standing in centre.switch.bridges


# --- positions and calls that do not agree ------------------------------------------------------------------


def forget_offer(centre: Watched, position: PositionId) -> None:
    """The position is shown as being offered a call, and has none."""
    room = centre.acd.room
    offer = room.positions[position].offer
    assert offer is not None
    room._close(offer.offer_id)
    room.positions[position].offer = None
    room.waiting[offer.call_id].offers.clear()


def forget_on_position(centre: Watched, position: PositionId) -> None:
    """The call is offered to a position that knows nothing of it."""
    centre.acd.room.positions[position].offer = None


def forget_open_offer(centre: Watched, position: PositionId) -> None:
    """The position's offer is none of the open ones: it has no deadline any more."""
    offer = centre.acd.room.positions[position].offer
    assert offer is not None
    centre.acd.room._close(offer.offer_id)


def still_wrong(centre: Watched) -> frozenset[Disagreement]:
    room = centre.acd.room
    in_order = room.in_order()
    return disagreements(room.positions, room.waiting.values(), room.offers, in_order.__contains__)


@pytest.mark.parametrize(
    ("break_it", "kinds"),
    [
        (forget_offer, {StuckKind.POSITION_WITHOUT_OFFER, StuckKind.CALL_OUT_OF_LINE}),
        (forget_on_position, {StuckKind.POSITION_WITHOUT_OFFER, StuckKind.CALL_WITHOUT_POSITION}),
        (forget_open_offer, {StuckKind.POSITION_WITHOUT_OFFER}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_an_offer_known_to_one_side_only_is_made_again(
    centre: Watched, break_it: Callable[[Watched, PositionId], None], kinds: set[StuckKind]
) -> None:
    call_id, position = await centre.offered()
    break_it(centre, position)
    for _ in range(4):
        centre.advance(3)
        await settle()
    assert {kind for kind, *_ in centre.healed()} == kinds
    assert centre.failures == []
    room = centre.acd.room
    assert still_wrong(centre) == frozenset()
    offer = room.positions[position].offer
    assert offer is not None, "the caller is offered again"
    assert offer.call_id == call_id


async def test_a_position_shown_in_a_call_that_it_is_not_in_is_free_again(centre: Watched) -> None:
    position = centre.agent("arm1")
    centre.bus.publish(PositionStateChanged(position_id=position, state=PositionState.ON_CALL))
    centre.advance(0.1)
    centre.advance(1)
    assert centre.healed() == []
    centre.advance(3)
    assert centre.healed() == [(StuckKind.POSITION_WITHOUT_CALL, None, position)]
    assert centre.acd.room.positions[position].state is PositionState.READY


ACTIONS = st.sampled_from(["caller", "leaves", "accept", "leg lost", "leg back", "time"])


@given(st.lists(ACTIONS, max_size=40))
async def test_whatever_happens_nothing_healthy_is_healed(actions: list[str]) -> None:
    centre = Watched()
    centre.start()
    positions = [centre.agent("arm1"), centre.agent("arm2")]
    for action in actions:
        position = centre.acd.room.positions[positions[len(centre.journal.envelopes) % 2]]
        if action == "caller":
            centre.caller()
            for greeting in list(centre.ivr.greetings.by_call.values()):
                centre.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
        elif action == "leaves" and centre.switch.callers:
            centre.switch.channel_ends(next(iter(centre.switch.callers)))
        elif action == "accept" and position.offer is not None:
            centre.bus.execute(AcceptOffer(position_id=position.position_id, offer_id=position.offer.offer_id))
        elif action in ("leg lost", "leg back"):
            ready = action == "leg back"
            centre.bus.publish(
                PositionReadinessChanged(position_id=position.position_id, leg=ready, strip=True)
            )
        elif action == "time":
            centre.advance(timedelta(seconds=3).total_seconds())
        await settle()
        centre.switch.carry_out_hang_ups()
        centre.look()
    assert centre.healed() == []
