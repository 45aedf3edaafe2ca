"""Calls on two Asterisks, the same agents for both: each call stays where it is, with the leg that is there."""

import pytest

from core.commands import AcceptOffer, HangUp, HoldCall, MergeCalls, PlaceCall, TakeCall
from core.errors import CommandRefused
from core.events import CallAnswered, CallEnded, CallOffered, CallPlaced, PositionReadinessChanged
from core.ids import CallId, ChannelId, PositionId
from core.nodes import Nodes
from core.switch import CallerChannel, ChannelGone, DigitPressed, SwitchDied, SwitchDown, SwitchTruth, SwitchUp
from core.words import CallerNumber, Outcome, Target, TargetKind
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit

NODES = Nodes.of_centre("FR751", ("asterisk-a", "asterisk-b"))
ARM1, ARM2 = PositionId("arm1"), PositionId("arm2")


class TwoNodes:
    """A centre with two Asterisks, both up, on one fake that holds the channels of both."""

    def __init__(self) -> None:
        self.centre = FakeCentre(wrap_up_seconds=0, nodes=NODES)
        self.count = 0
        for node in NODES.prefixes:
            self.up(node)

    def truth(self, node: str) -> SwitchTruth:
        """What one of them holds."""
        truth = self.centre.switch.truth()
        mine = {c.channel_id for c in truth.channels if NODES.of(c.channel_id) == node}
        return SwitchTruth(
            switch=node,
            channels=tuple(c for c in truth.channels if c.channel_id in mine),
            bridges={name: members & mine for name, members in truth.bridges.items() if members & mine},
            elsewhere=NODES.elsewhere(node),
        )

    def up(self, node: str) -> None:
        self.centre.switch.tell(SwitchUp(truth=self.truth(node)))

    async def caller(self, node: str) -> CallId:
        """A caller who waits."""
        self.count += 1
        channel = ChannelId(f"{NODES.prefixes[node]}1795310037.{self.count}")
        call_id = CallId(channel)
        self.centre.switch.caller_arrives(
            CallerChannel(
                channel_id=channel,
                call_id=call_id,
                line="15",
                caller=CallerNumber(f"+3361234567{self.count}"),
                created_at=self.centre.clock.now(),
            )
        )
        await settle()
        self.centre.switch.tell(DigitPressed(channel_id=channel, digit="#"))
        return call_id

    def agent(self, name: PositionId, *nodes: str) -> None:
        """An agent with a leg on these nodes."""
        self.centre.agent(name, ready=False)
        self.legs(name, *nodes)

    def legs(self, name: PositionId, *nodes: str) -> None:
        for node in nodes:
            leg = ChannelId(f"{NODES.prefixes[node]}1795310000.{name}")
            self.centre.switch.legs[leg] = name
            self.centre.calls._hands.wirer.leg_opened(name, leg)
        self.centre.bus.publish(
            PositionReadinessChanged(position_id=name, leg=bool(nodes), strip=True, nodes=nodes)
        )

    def offers(self) -> list[tuple[CallId, PositionId]]:
        return [(e.call_id, e.position_id) for e in self.centre.journal.events(CallOffered)]

    async def accept(self) -> None:
        offer = self.centre.journal.events(CallOffered)[-1]
        self.centre.bus.execute(AcceptOffer(position_id=offer.position_id, offer_id=offer.offer_id))
        await settle()

    def outcomes(self) -> dict[CallId, Outcome]:
        return {e.call_id: e.outcome for e in self.centre.journal.events(CallEnded)}


async def test_a_call_is_offered_only_where_it_can_be_heard() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a")
    on_b = await it.caller("asterisk-b")
    with pytest.raises(CommandRefused, match="no_audio"):
        it.centre.bus.execute(TakeCall(position_id=ARM1, call_id=on_b))
    on_a = await it.caller("asterisk-a")
    assert it.offers() == [(on_a, ARM1)]
    it.agent(ARM2, "asterisk-a", "asterisk-b")
    assert it.offers() == [(on_a, ARM1), (on_b, ARM2)]


async def test_an_offer_goes_on_to_somebody_else_when_the_leg_there_is_lost() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a", "asterisk-b")
    on_b = await it.caller("asterisk-b")
    it.legs(ARM1, "asterisk-a")
    it.agent(ARM2, "asterisk-b")
    assert it.offers() == [(on_b, ARM1), (on_b, ARM2)]


async def test_a_call_is_joined_with_the_leg_on_its_node() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a", "asterisk-b")
    call = await it.caller("asterisk-b")
    await it.accept()
    assert it.centre.journal.events(CallAnswered)[-1].call_id == call
    bridges = it.centre.switch.bridges
    leg = ChannelId(f"{NODES.prefixes['asterisk-b']}1795310000.arm1")
    assert [members for members in bridges.values() if members] == [{ChannelId(call), leg}]


async def test_one_node_that_ends_cuts_its_calls_alone() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a", "asterisk-b")
    it.agent(ARM2, "asterisk-a", "asterisk-b")
    on_a = await it.caller("asterisk-a")
    await it.accept()
    on_b = await it.caller("asterisk-b")
    await it.accept()
    waiting = await it.caller("asterisk-b")
    for channel in [c for c in it.centre.switch.callers if NODES.of(c) == "asterisk-a"]:
        del it.centre.switch.callers[channel]
    it.centre.switch.tell(SwitchDown(switch="asterisk-a", detail="gone"))
    it.centre.switch.tell(SwitchDied(truth=it.truth("asterisk-a")))
    assert it.outcomes() == {on_a: Outcome.TECHNICAL_FAILURE}
    assert it.centre.calls.nodes_down == ["asterisk-a"]
    assert it.centre.calls.switch_up
    assert set(it.centre.calls.calls.by_id) == {on_b, waiting}
    it.up("asterisk-a")
    assert it.outcomes() == {on_a: Outcome.TECHNICAL_FAILURE}
    it.centre.switch.tell(ChannelGone(channel_id=ChannelId(on_b), cause=16))
    assert it.outcomes()[on_b] is Outcome.ANSWERED


async def test_calls_on_two_nodes_cannot_become_one() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a", "asterisk-b")
    await it.caller("asterisk-a")
    await it.accept()
    it.centre.bus.execute(HoldCall(position_id=ARM1))
    on_b = await it.caller("asterisk-b")
    it.centre.bus.execute(TakeCall(position_id=ARM1, call_id=on_b))
    await settle()
    with pytest.raises(CommandRefused, match="calls_on_two_nodes"):
        it.centre.bus.execute(MergeCalls(position_id=ARM1))
    it.centre.bus.execute(HangUp(position_id=ARM1))


async def test_a_consultation_begins_on_the_node_of_the_call() -> None:
    it = TwoNodes()
    it.agent(ARM1, "asterisk-a", "asterisk-b")
    it.agent(ARM2, "asterisk-a", "asterisk-b")
    await it.caller("asterisk-b")
    await it.accept()
    taker = it.centre.journal.events(CallAnswered)[-1].position_id
    other = ARM2 if taker == ARM1 else ARM1
    target = Target(TargetKind.POSITION, other)
    it.centre.bus.execute(PlaceCall(position_id=taker, target=target))
    placed = it.centre.journal.events(CallPlaced)[-1].call_id
    assert NODES.of(placed) == "asterisk-b"
