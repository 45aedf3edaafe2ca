"""What Asterisk forgets to tell is found by looking; an Asterisk that answers pings only is let go."""

from collections.abc import AsyncIterator

import pytest

from core.ids import BridgeId, ChannelId, PlaybackId, PositionId
from core.switch import CallerArrived, ChannelGone, LegOpened, SwitchDown, SwitchSeen, SwitchUp
from simulator.callers import Caller
from telephony.ari_protocol import EVENTS, uri
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, WatchedSwitch, hear_tone
from tests.support.strip import Strip
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

ARM1, SECRET = PositionId("arm1"), "a-secret-of-the-test"
LOOK_EVERY = 0.3


@pytest.fixture
async def switch(centre_asterisk: CentreAsterisk) -> AsyncIterator[WatchedSwitch]:
    async with centre_asterisk.switch(look_every=LOOK_EVERY) as switch:
        await switch.ready()
        yield switch


async def keep_quiet_about(switch: WatchedSwitch, *unsaid: str) -> None:
    """Let Asterisk tell nothing of these events any more: they are lost for the core."""
    assert switch.link is not None
    said = [{"type": name} for name in EVENTS if name not in unsaid]
    await switch.link.request("PUT", uri("applications", "core-a", "eventFilter"), {"allowed": said})


async def test_an_end_that_was_not_told_is_found(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await keep_quiet_about(switch, "StasisEnd", "ChannelHangupRequest")
        caller.hang_up()
        gone = await switch.next(ChannelGone)
        assert gone == ChannelGone(channel_id=channel, cause=0, found=True)
        looks = len(switch.all(SwitchSeen))
        await switch.more_than(looks + 2, SwitchSeen)
        assert len(switch.all(ChannelGone)) == 1
        assert channel not in switch.all(SwitchSeen)[-1].channels


async def test_an_arrival_that_was_not_told_is_found_and_the_caller_served(switch: WatchedSwitch) -> None:
    await keep_quiet_about(switch, "StasisStart")
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        arrived = await switch.next(CallerArrived)
        assert arrived.found
        assert arrived.channel.line == "15"
        channel = await switch.picked_up()
        await caller.answered()
        await switch.play(channel, PlaybackId("p1"), "welcome")
        await hear_tone(caller, TONES["welcome"])
        looks = len(switch.all(SwitchSeen))
        await switch.more_than(looks + 2, SwitchSeen)
        assert len(switch.all(CallerArrived)) == 1


async def test_a_leg_that_was_not_told_is_found_picked_up_and_its_end_too(switch: WatchedSwitch) -> None:
    await switch.create(ARM1, SECRET)
    await keep_quiet_about(switch, "StasisStart", "StasisEnd", "ChannelHangupRequest")
    async with Strip.registered(ARM1, SECRET) as strip:
        await strip.call("leg")
        leg = await switch.next(LegOpened)
        assert (leg.position_id, leg.found) == (ARM1, True)
        await switch.hang_up(leg.channel_id)
        gone = await switch.next(ChannelGone)
        assert (gone.channel_id, gone.found) == (leg.channel_id, True)


async def test_nothing_healthy_is_found_while_calls_come_and_go(switch: WatchedSwitch) -> None:
    await switch.open_bridge(BridgeId("call-nobody"))
    for _ in range(5):
        async with await Caller.open(TRUNK) as caller:
            known = len(switch.all(CallerArrived))
            caller.call("15")
            await switch.more_than(known, CallerArrived)
            channel = await switch.picked_up()
            await caller.answered()
            looks = len(switch.all(SwitchSeen))
            await switch.more_than(looks, SwitchSeen)
            assert channel in switch.all(SwitchSeen)[-1].channels
            caller.hang_up()
            await switch.next(ChannelGone, lambda gone, of=channel: gone.channel_id == of)  # type: ignore[misc]
    assert not any(told.found for told in switch.all(CallerArrived))
    assert not any(told.found for told in switch.all(ChannelGone))
    await until(
        lambda: any(seen.bridges is not None for seen in switch.all(SwitchSeen)), "bridges are looked at"
    )
    [bridges] = {seen.bridges for seen in switch.all(SwitchSeen) if seen.bridges is not None}
    assert bridges == {BridgeId("call-nobody")}


async def test_a_whisper_is_nobody_s_call(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await switch.whisper(channel, PlaybackId("w1"), "/nonexistent/silence")
        looks = len(switch.all(SwitchSeen))
        await switch.more_than(looks + 4, SwitchSeen)
        assert not [told for told in switch.all(CallerArrived) if told.found]
        assert not switch.all(ChannelGone)
        assert ChannelId(channel) in switch.all(SwitchSeen)[-1].channels


async def test_asterisk_that_answers_no_request_is_let_go_and_dials_again(
    switch: WatchedSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers get lost, and only they: pings are answered all the time."""
    monkeypatch.setattr("telephony.patrol.ANSWER_WITHIN_S", 0.5)
    link = switch.link
    assert link is not None
    monkeypatch.setattr(link, "answered", lambda response: None)
    down = await switch.next(SwitchDown)
    assert down.detail == "no answer to a request"
    await until(lambda: len(switch.all(SwitchUp)) == 2, "Asterisk dialled again")
    assert switch.link is not link
