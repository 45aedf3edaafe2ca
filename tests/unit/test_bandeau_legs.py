"""Audio legs and their standing bridges: one leg for each position taken, the newest."""

from collections.abc import Awaitable

import pytest

from bandeau.legs import LegKeeper
from core.ids import ChannelId, PositionId
from core.switch import ChannelGone, LegOpened, SwitchUp, position_bridge
from tests.support.centre import FakeSwitch, settle

pytestmark = pytest.mark.unit

ARM1, ARM2 = PositionId("arm1"), PositionId("arm2")
BRIDGE1 = position_bridge(ARM1)


class LegSwitch(FakeSwitch):
    """Remembers which legs were hung up."""

    def __init__(self) -> None:
        super().__init__()
        self.hung_up: list[str] = []

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        self.hung_up.append(channel)
        return super().hang_up(channel)


class Legs:
    """The keeper, with its switch and what it said."""

    def __init__(self, *taken: PositionId) -> None:
        self.switch = LegSwitch()
        self.said: list[tuple[PositionId, bool]] = []
        self.taken = set(taken)
        self.keeper = LegKeeper(self.switch, lambda p: self.said.append((p, self.keeper.is_up(p))))

    async def opened(self, name: str, position: PositionId = ARM1) -> None:
        channel = ChannelId(name)
        self.switch.legs[channel] = position
        self.keeper.on_switch(LegOpened(position_id=position, channel_id=channel), self.taken)
        await settle()

    async def reconnected(self) -> None:
        self.keeper.on_switch(SwitchUp(truth=self.switch.truth()), self.taken)
        await settle()


async def test_a_leg_is_up_once_it_is_under_command_and_its_bridge_is_ready() -> None:
    legs = Legs(ARM1)
    await legs.opened("leg-1")
    assert legs.switch.bridges == {BRIDGE1: set()}
    assert legs.said == [(ARM1, True)]


async def test_a_leg_of_nobody_is_hung_up() -> None:
    legs = Legs()
    await legs.opened("leg-1")
    assert legs.switch.hung_up == ["leg-1"]
    assert legs.said == []


async def test_the_newest_leg_replaces_the_older() -> None:
    legs = Legs(ARM1)
    await legs.opened("leg-1")
    await legs.opened("leg-2")
    assert legs.switch.hung_up == ["leg-1"]
    legs.keeper.on_switch(ChannelGone(channel_id=ChannelId("leg-1"), cause=16), legs.taken)
    assert legs.keeper.is_up(ARM1)
    legs.keeper.on_switch(ChannelGone(channel_id=ChannelId("leg-2"), cause=16), legs.taken)
    assert legs.said[-1] == (ARM1, False)


async def test_leaving_a_position_ends_its_leg_and_bridge() -> None:
    legs = Legs(ARM1)
    await legs.opened("leg-1")
    legs.keeper.close(ARM1)
    legs.keeper.close(ARM2)
    assert legs.switch.hung_up == ["leg-1"]
    assert legs.switch.bridges == {}
    assert not legs.keeper.is_up(ARM1)


async def test_reconnection_finds_legs_again_and_cleans() -> None:
    legs = Legs(ARM1, ARM2)
    legs.switch.legs = {
        ChannelId("in-bridge"): ARM1,
        ChannelId("double"): ARM1,
        ChannelId("outside"): ARM2,
        ChannelId("stranger"): PositionId("left"),
    }
    legs.switch.bridges = {BRIDGE1: {ChannelId("in-bridge")}}
    await legs.reconnected()
    assert sorted(legs.switch.hung_up) == ["double", "stranger"]
    assert legs.switch.bridges == {BRIDGE1: {"in-bridge"}, position_bridge(ARM2): set()}
    assert legs.keeper.is_up(ARM1)
    assert legs.keeper.is_up(ARM2)


async def test_reconnection_notices_legs_that_are_gone() -> None:
    legs = Legs(ARM1)
    await legs.opened("leg-1")
    legs.switch.legs.clear()
    legs.switch.bridges.clear()
    await legs.reconnected()
    assert legs.said[-1] == (ARM1, False)
