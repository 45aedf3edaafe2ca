"""Several Asterisks as one switch: orders go where their channel is, accounts to all, and all are heard."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from core.errors import SwitchUnavailable
from core.ids import BridgeId, CallId, ChannelId, PlaybackId, PositionId
from core.nodes import Nodes
from core.switch import FallbackCaller, FallbackRecord, LegOpened, PlaybackEnded, SwitchEvent, SwitchTruth
from core.words import CallerNumber
from telephony.nodes import FallbackNodes, QueueNodes, SwitchNodes
from tests.support.centre import FakeSwitch, settle

pytestmark = pytest.mark.unit

NODES = Nodes.of_centre("FR751", ("asterisk-a", "asterisk-b"))
A, B = ChannelId("FR751-asterisk-a-1795310037.1"), ChannelId("FR751-asterisk-b-1795310037.1")
ARM1 = PositionId("arm1")


class FakeNode(FakeSwitch):
    """One of the Asterisks, with accounts."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[PositionId, str] = {}
        self.banned: set[str] = set()

    async def create(self, position_id: PositionId, secret: str) -> None:
        if not self.up:
            raise SwitchUnavailable("down")
        self.accounts[position_id] = secret

    async def ban(self, source: str) -> None:
        self.banned.add(source)

    async def release(self, source: str) -> None:
        self.banned.discard(source)

    async def delete(self, position_id: PositionId) -> None:
        if not self.up:
            raise SwitchUnavailable("down")
        self.accounts.pop(position_id, None)


class Pair:
    """Two nodes and what they told."""

    def __init__(self) -> None:
        self.a, self.b = FakeNode(), FakeNode()
        self.switch = SwitchNodes(NODES, {"asterisk-a": self.a, "asterisk-b": self.b})
        self.told: list[SwitchEvent] = []
        self.switch.listen(self.told.append)
        self.a.legs[A], self.b.legs[B] = ARM1, ARM1


def test_an_id_tells_its_node() -> None:
    assert (NODES.of(A), NODES.of(B), NODES.of("FR752-asterisk-b-1.1"), NODES.first) == (
        "asterisk-a",
        "asterisk-b",
        "asterisk-a",
        "asterisk-a",
    )
    assert NODES.elsewhere("asterisk-a") == ("FR751-asterisk-b-",)
    truth = SwitchTruth(switch="asterisk-a", elsewhere=NODES.elsewhere("asterisk-a"))
    assert (truth.covers(A), truth.covers(B), truth.covers("unknown")) == (True, False, True)
    assert SwitchTruth(switch="asterisk-a").covers(B)


async def test_an_order_goes_to_the_node_of_its_channel() -> None:
    pair = Pair()
    bridge = BridgeId("position-arm1")
    await pair.switch.open_bridge(bridge)
    await pair.switch.join(bridge, A)
    await pair.switch.join(bridge, B)
    assert (pair.a.bridges, pair.b.bridges) == ({bridge: {A}}, {bridge: {B}})
    await pair.switch.close_bridge(bridge)
    assert (pair.a.bridges, pair.b.bridges) == ({}, {})
    await pair.switch.call_out(ChannelId(f"{B}9"), CallId("c"), "18")
    assert (len(pair.a.callees), len(pair.b.callees)) == (0, 1)
    pair.b.cut()
    with pytest.raises(SwitchUnavailable):
        await pair.switch.mute(B, True)
    await pair.switch.mute(A, True)
    assert pair.switch.up == {"asterisk-a"}


async def test_what_is_played_is_stopped_where_it_plays() -> None:
    pair = Pair()
    playback = PlaybackId("p")
    await pair.switch.play(B, playback, "welcome")
    assert (list(pair.a.playing), list(pair.b.playing)) == ([], [playback])
    await pair.switch.stop_playback(playback)
    assert not pair.b.playing
    pair.a.playing[playback] = (A, ())  # by an earlier core
    await pair.switch.stop_playback(playback)
    assert not pair.a.playing


async def test_all_nodes_are_heard() -> None:
    pair = Pair()
    opened = LegOpened(position_id=ARM1, channel_id=B)
    ended = PlaybackEnded(playback_id=PlaybackId("p"), ok=True)
    pair.b.tell(opened)
    pair.a.tell(ended)
    assert pair.told == [opened, ended]


async def test_a_node_that_was_away_is_told_of_accounts_when_it_is_back() -> None:
    pair = Pair()
    pair.b.cut()
    await pair.switch.create(ARM1, "first")
    await pair.switch.create(PositionId("arm2"), "second")
    await pair.switch.delete(PositionId("arm2"))
    pair.b.accounts[PositionId("arm2")] = "of long ago"
    pair.b.mend()
    await settle()
    assert pair.a.accounts == pair.b.accounts == {ARM1: "first"}
    pair.a.cut()
    pair.b.cut()
    with pytest.raises(SwitchUnavailable):
        await pair.switch.create(ARM1, "third")
    await pair.switch.close()


async def test_an_address_is_kept_out_everywhere() -> None:
    pair = Pair()
    await pair.switch.ban("192.0.2.7")
    assert pair.a.banned == pair.b.banned == {"192.0.2.7"}
    pair.b.cut()
    await pair.switch.release("192.0.2.7")
    assert (pair.a.banned, pair.b.banned) == (set(), {"192.0.2.7"})


class FakeQueue:
    """The fallback's queue of one node."""

    def __init__(self, error: Exception | None = None) -> None:
        self.members: set[PositionId] = set()
        self.error = error

    async def add(self, position_id: PositionId) -> None:
        if self.error is not None:
            raise self.error
        self.members.add(position_id)

    async def remove(self, position_id: PositionId) -> None:
        self.members.discard(position_id)


async def test_strips_ring_for_the_fallback_of_every_node() -> None:
    one, other = FakeQueue(), FakeQueue(SwitchUnavailable("down"))
    queues = QueueNodes([one, other])
    await queues.add(ARM1)
    assert one.members == {ARM1}
    one.error = SwitchUnavailable("down")
    with pytest.raises(SwitchUnavailable):
        await queues.add(ARM1)
    one.error = None
    other.error = ValueError("a fault of ours")
    with pytest.raises(ValueError, match="of ours"):
        await queues.add(ARM1)
    await queues.remove(ARM1)
    assert one.members == set()
    await asyncio.sleep(0)


class FakeFallback:
    """The calls of mode secours on one node."""

    def __init__(self, *channels: ChannelId, error: Exception | None = None) -> None:
        self.channels = channels
        self.error = error
        self.taken_back: list[ChannelId] = []
        self.unsettled: list[CallId] | None = None

    async def present(self) -> tuple[FallbackCaller, ...]:
        if self.error is not None:
            raise self.error
        return tuple(FallbackCaller(channel_id=channel) for channel in self.channels)

    async def take_back(self, channel: ChannelId) -> None:
        self.taken_back.append(channel)

    async def noted(self) -> tuple[FallbackRecord, ...]:
        return tuple(
            FallbackRecord(
                call_id=CallId(channel),
                line="15",
                caller=CallerNumber(),
                arrived_at=datetime.fromtimestamp(float(channel.rpartition("-")[2]), UTC),
            )
            for channel in self.channels
        )

    async def settled(self, unsettled: Collection[CallId]) -> None:
        self.unsettled = list(unsettled)


async def test_the_calls_of_mode_secours_are_those_of_every_node() -> None:
    earlier = ChannelId("FR751-asterisk-b-1795310000.1")
    one, other = FakeFallback(A), FakeFallback(B, earlier)
    fallbacks = FallbackNodes(NODES, {"asterisk-a": one, "asterisk-b": other})
    assert [caller.channel_id for caller in await fallbacks.present()] == [A, B, earlier]
    assert [record.call_id for record in await fallbacks.noted()] == [CallId(earlier), CallId(A), CallId(B)]
    await fallbacks.take_back(B)
    assert (one.taken_back, other.taken_back) == ([], [B])
    await fallbacks.settled([CallId(A)])
    assert one.unsettled == other.unsettled == [CallId(A)]
    one.error = SwitchUnavailable("down")
    assert len(await fallbacks.present()) == 2
    other.error = SwitchUnavailable("down")
    with pytest.raises(SwitchUnavailable):
        await fallbacks.present()
