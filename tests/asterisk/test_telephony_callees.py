"""Numbers called by a real Asterisk through the outgoing trunk: made, rung, heard, recorded, refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from core.errors import SwitchRefused
from core.ids import BridgeId, CallId, ChannelId, PlaybackId, PositionId
from core.switch import (
    CalleeAnswered,
    CalleeProgress,
    CalleeReady,
    CalleeRinging,
    ChannelGone,
    LegOpened,
    SwitchUp,
)
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.sip_call import CallState
from simulator.webrtc import WebRtcSession
from tests.support.asterisk import OPERATOR, TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.audio import contains_tone, tone
from tests.support.strip import Strip
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

NUMBER = "+33612345678"
PRESENTED = "+33144000015"
CALL = CallId("FR751-asterisk-a-1795321810.900000000001")
CHANNEL = ChannelId(CALL)
ROOM = BridgeId("position-arm1")
AGENT_HZ, CALLEE_HZ, RING_HZ, NETWORK_HZ = 1900.0, 1300.0, 440.0, 1500.0


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    async with await Operator.open(OPERATOR, TRUNK) as operator:
        yield operator


@pytest.fixture
async def agent(switch: WatchedSwitch) -> AsyncIterator[WebRtcSession]:
    """A strip's leg, in its standing bridge."""
    await switch.create(PositionId("arm1"), "secret")
    async with Strip.registered("arm1", "secret") as strip:
        _, sound = await strip.call("leg")
        leg = await switch.next(LegOpened)
        await switch.open_bridge(ROOM)
        await switch.join(ROOM, leg.channel_id)
        yield sound


async def calling(
    switch: WatchedSwitch, operator: Operator, *, heard: bool = False, channel: ChannelId = CHANNEL
) -> Callee:
    """Call the number; give the far end, rung."""
    await switch.call_out(channel, CALL, NUMBER)
    await switch.next(CalleeReady, lambda event: event.channel_id == channel)
    if heard:
        await switch.join(ROOM, channel)
    await switch.ring(channel, PRESENTED, 20)
    return await operator.called()


async def test_a_number_rings_is_shown_the_number_chosen_and_answers(
    switch: WatchedSwitch, operator: Operator, centre_asterisk: CentreAsterisk
) -> None:
    callee = await calling(switch, operator)
    assert (callee.number, callee.shown) == (NUMBER, PRESENTED)
    assert PRESENTED in (callee.invite.get("P-Asserted-Identity") or "")
    callee.ring()
    assert (await switch.next(CalleeRinging)).channel_id == CHANNEL
    assert not switch.all(CalleeAnswered)
    callee.answer()
    assert (await switch.next(CalleeAnswered)).channel_id == CHANNEL
    callee.send_tone(CALLEE_HZ, 1)
    await switch.send_digits(CHANNEL, "12#")
    await until(lambda: callee.keys == "12#", "the keys have come")
    await switch.hang_up(CHANNEL)
    await callee.ended()
    assert (await switch.next(ChannelGone)).channel_id == CHANNEL
    said, _ = await centre_asterisk.tracks(CHANNEL)
    assert contains_tone(said, CALLEE_HZ)


async def test_the_agent_hears_it_ring_then_the_network_then_the_callee(
    switch: WatchedSwitch, operator: Operator, agent: WebRtcSession
) -> None:
    callee = await calling(switch, operator, heard=True)
    assert callee.shown == PRESENTED
    leg = switch.all(LegOpened)[0].channel_id
    callee.ring()
    await switch.next(CalleeRinging)
    await switch.start_ringback(leg, PlaybackId("ring-1"))
    await until(lambda: contains_tone(agent.heard(1), RING_HZ), "the agent hears it ring")
    callee.announce(NETWORK_HZ, 3)
    await switch.next(CalleeProgress)
    await switch.stop_playback(PlaybackId("ring-1"))
    await until(lambda: contains_tone(agent.heard(1), NETWORK_HZ), "the agent hears the network")
    callee.hush()
    callee.answer()
    await switch.next(CalleeAnswered)
    await switch.join(ROOM, CHANNEL)
    callee.send_tone(CALLEE_HZ, 5)
    agent.say(tone(AGENT_HZ, 5))
    await until(lambda: contains_tone(agent.heard(1), CALLEE_HZ), "the agent hears the callee")
    await callee.hears(lambda pcm: contains_tone(pcm, AGENT_HZ))
    await switch.mute(CHANNEL, True)
    await asyncio.sleep(0.3)  # what was on its way arrives
    agent.forget()
    await asyncio.sleep(0.8)  # time in which it would be heard
    assert not contains_tone(agent.heard(), CALLEE_HZ, seconds=0.25)
    await switch.mute(CHANNEL, False)
    callee.send_tone(CALLEE_HZ, 3)
    await until(lambda: contains_tone(agent.heard(1), CALLEE_HZ), "the agent hears the callee again")


async def test_why_a_number_is_not_reached_is_told(switch: WatchedSwitch, operator: Operator) -> None:
    refusals = {486: {17}, 603: {21}, 404: {1, 3}, 480: {18, 19, 20}, 503: {34, 38, 41, 42}}
    for status, causes in refusals.items():
        channel = ChannelId(f"{CHANNEL}-{status}")
        callee = await calling(switch, operator, channel=channel)
        callee.refuse(status, "No")
        gone = await switch.next(ChannelGone, lambda event, channel=channel: event.channel_id == channel)  # type: ignore[misc]
        assert gone.cause in causes, status
    assert not switch.all(CalleeAnswered)


async def test_a_number_that_nobody_answers_is_given_up(switch: WatchedSwitch, operator: Operator) -> None:
    await switch.call_out(CHANNEL, CALL, NUMBER)
    await switch.next(CalleeReady)
    await switch.ring(CHANNEL, PRESENTED, 1)
    callee = await operator.called()
    callee.ring()
    assert (await switch.next(ChannelGone)).channel_id == CHANNEL
    await callee.ended()


async def test_giving_up_a_number_that_rings_ends_it(switch: WatchedSwitch, operator: Operator) -> None:
    callee = await calling(switch, operator)
    callee.ring()
    await switch.next(CalleeRinging)
    await switch.hang_up(CHANNEL)
    await callee.ended()
    assert (await switch.next(ChannelGone)).channel_id == CHANNEL


async def test_a_network_may_not_send_the_call_elsewhere(switch: WatchedSwitch, operator: Operator) -> None:
    callee = await calling(switch, operator)
    callee.refuse(302, "Moved Temporarily")
    assert (await switch.next(ChannelGone)).channel_id == CHANNEL  # which it would not be, sent on
    assert operator.nobody_called


async def test_a_callee_may_not_pass_the_call_on(switch: WatchedSwitch, operator: Operator) -> None:
    callee = await calling(switch, operator)
    callee.answer()
    await switch.next(CalleeAnswered)
    refer = callee.call.dialog.request("REFER", ("Refer-To", "<sip:+33899000000@127.0.0.1>"))
    with contextlib.suppress(TimeoutError):  # Asterisk does not even answer it
        async with asyncio.timeout(1):
            assert (await operator.agent.ask(refer)).status >= 400
    assert operator.nobody_called
    assert callee.call.state is CallState.UP


async def test_what_is_no_number_is_never_called(switch: WatchedSwitch, operator: Operator) -> None:
    for number in ("", "1", "0612345678@192.0.2.9", "../leg", "+33 6", "0" * 16, "0612;x=y"):
        with pytest.raises(SwitchRefused):
            await switch.call_out(CHANNEL, CALL, number)
    assert (await calling(switch, operator)).number == NUMBER, "the first that is called"
    assert operator.nobody_called


async def test_no_strip_and_no_caller_reaches_the_outgoing_trunk(
    switch: WatchedSwitch, operator: Operator
) -> None:
    await switch.create(PositionId("arm1"), "secret")
    async with Strip.registered("arm1", "secret") as strip:
        for dialled in (NUMBER, "0612345678", "00442012345678", "s", "callee-answered", "trunk-out"):
            call, _ = await strip.call(dialled)
            assert call.state is CallState.ENDED
            assert call.status == 404
    async with await Caller.open(TRUNK) as caller:
        caller.call("0612345678")  # a number dialled on the trunk is a line of ours
        await switch.picked_up()
        await caller.answered()
    assert operator.nobody_called


async def test_callees_are_read_back_as_far_as_they_are(
    switch: WatchedSwitch, operator: Operator, centre_asterisk: CentreAsterisk
) -> None:
    callee = await calling(switch, operator)
    callee.ring()
    await switch.next(CalleeRinging)
    await switch.close()
    async with centre_asterisk.switch() as second:
        (found,) = (await second.next(SwitchUp)).truth.channels
        assert (found.channel_id, found.callee, found.up, found.recorded) == (CHANNEL, CALL, False, False)
        callee.answer()
        await second.next(CalleeAnswered)
    async with centre_asterisk.switch() as third:
        (found,) = (await third.next(SwitchUp)).truth.channels
        assert (found.callee, found.up, found.recorded) == (CALL, True, True)
        await third.hang_up(CHANNEL)
        await third.next(ChannelGone)


async def test_who_picked_up_with_no_core_is_recorded_when_one_comes(
    switch: WatchedSwitch, operator: Operator, centre_asterisk: CentreAsterisk
) -> None:
    callee = await calling(switch, operator)
    await switch.close()
    await centre_asterisk.left_alone()
    callee.answer()
    await until(lambda: callee.call.state is CallState.UP, "picked up")
    async with centre_asterisk.switch() as later:
        await later.ready()
        await later.next(CalleeAnswered)
        callee.send_tone(CALLEE_HZ, 1)
        await until(lambda: callee.saying == 0, "the tone is said")
        await later.hang_up(CHANNEL)
        await later.next(ChannelGone)
    said, _ = await centre_asterisk.tracks(CHANNEL)
    assert contains_tone(said, CALLEE_HZ)
