"""Callers on a real Asterisk, through the real switch: what happens to one call."""

import asyncio

import pytest

from core.errors import SwitchRefused
from core.ids import BridgeId, ChannelId, PlaybackId
from core.switch import CallerArrived, ChannelGone, DigitPressed, PlaybackEnded, SwitchUp
from core.words import CallerNumber
from simulator.callers import Caller
from simulator.sip_call import EndedBy
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, WatchedSwitch, hear_tone
from tests.support.audio import contains_tone
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

CALLER_HZ = 1300.0
OTHER_HZ = 1700.0


async def falls_silent(caller: Caller) -> None:
    """Wait until nothing more is sent to the caller."""
    async with asyncio.timeout(5):
        while True:
            caller.forget()
            await asyncio.sleep(0.3)
            if len(caller.heard()) < 800:
                return


async def test_a_caller_is_claimed_described_and_picked_up(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15", number="0612345678")
        channel = await switch.caller()
        assert channel.line == "15"
        assert channel.caller == CallerNumber(e164="+33612345678")
        assert str(channel.call_id) == str(channel.channel_id)
        assert channel.call_id.startswith("FR751-asterisk-a-")
        assert caller.status < 200
        await switch.pick_up(channel.channel_id)
        await caller.answered()


async def test_the_caller_hears_the_announcement_then_the_music(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await switch.play(channel, PlaybackId("w1"), "welcome")
        await hear_tone(caller, TONES["welcome"])
        caller.press("5")
        assert (await switch.next(DigitPressed)) == DigitPressed(channel_id=channel, digit="5")
        await switch.stop_playback(PlaybackId("w1"))
        assert (await switch.next(PlaybackEnded)) == PlaybackEnded(playback_id=PlaybackId("w1"), ok=True)
        await switch.start_music(channel, "hold")
        await hear_tone(caller, TONES["music"])
        await switch.stop_music(channel)
        await falls_silent(caller)


async def test_who_hangs_up_in_the_announcement_is_gone_not_at_its_end(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await switch.play(channel, PlaybackId("w1"), "welcome")
        await hear_tone(caller, TONES["welcome"])
        caller.hang_up()
        await switch.next(ChannelGone)
        assert not switch.all(PlaybackEnded)


async def test_an_announcement_that_is_not_there_fails_aloud(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await switch.play(channel, PlaybackId("w1"), "no-such-sound")
        assert (await switch.next(PlaybackEnded)) == PlaybackEnded(playback_id=PlaybackId("w1"), ok=False)


async def test_two_channels_joined_hear_each_other_and_music_stops(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    room = BridgeId("room")
    async with await Caller.open(TRUNK) as one, await Caller.open(TRUNK) as other:
        one.call("15")
        first = await switch.picked_up()
        other.call("112")
        await until(lambda: len(switch.all(CallerArrived)) == 2, "the second caller")
        second = await switch.picked_up()
        await one.answered()
        await other.answered()
        await switch.open_bridge(room)
        await switch.open_bridge(room)
        switch.start_music(first, "waiting")
        await hear_tone(one, TONES["music"])
        switch.join(room, second)
        await switch.join(room, first)
        one.send_tone(CALLER_HZ, 4)
        other.send_tone(OTHER_HZ, 4)
        await one.hears(
            lambda pcm: contains_tone(pcm, OTHER_HZ) and not contains_tone(pcm, TONES["music"], seconds=0.25)
        )
        await hear_tone(other, CALLER_HZ)
        await switch.leave(room, first)
        await falls_silent(one)
        await switch.close_bridge(room)
        one.hang_up()
        await switch.next(ChannelGone, lambda event: event.channel_id == first)
    said, given = await centre_asterisk.tracks(first)
    assert contains_tone(said, CALLER_HZ)
    assert contains_tone(given, OTHER_HZ)
    assert contains_tone(given, TONES["music"])
    assert not contains_tone(said, OTHER_HZ, seconds=0.25)
    assert not contains_tone(given, CALLER_HZ, seconds=0.25)
    assert abs(len(said) - len(given)) < 8000 * 0.1


@pytest.mark.parametrize("numbers", [(30_000, 10_000), (10_000, 60_000), (10_000, 30_000)], ids=str)
async def test_the_second_party_is_recorded_whatever_the_numbers_of_its_packets(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk, numbers: tuple[int, int]
) -> None:
    tones = (OTHER_HZ, 2300.0)
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        for number, hz in zip(numbers, tones, strict=True):
            room = BridgeId(f"room-{number}")
            arrived = len(switch.all(CallerArrived))
            async with await Caller.open(TRUNK, first_packet=number) as other:
                other.call("112")
                await switch.more_than(arrived, CallerArrived)
                second = await switch.picked_up()
                await other.answered()
                await switch.open_bridge(room)
                await switch.join(room, second)
                await switch.join(room, channel)
                caller.forget()
                other.send_tone(hz, 20)
                await hear_tone(caller, hz)
                await switch.leave(room, channel)
                switch.start_music(channel, "waiting")
                caller.forget()
                await hear_tone(caller, TONES["music"])
        caller.hang_up()
        await switch.next(ChannelGone, lambda event: event.channel_id == channel)
    _, given = await centre_asterisk.tracks(channel)
    assert all(contains_tone(given, hz) for hz in tones), "what the caller heard is in the recording"


@pytest.mark.parametrize("numbers", [(30_000, 10_000), (10_000, 30_000)], ids=str)
async def test_a_caller_whose_far_end_moves_the_call_is_still_heard_and_recorded(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk, numbers: tuple[int, int]
) -> None:
    room = BridgeId("room")
    async with (
        await Caller.open(TRUNK, first_packet=numbers[0]) as caller,
        await Caller.open(TRUNK) as other,
    ):
        caller.call("15")
        channel = await switch.picked_up()
        other.call("112")
        await switch.more_than(1, CallerArrived)
        second = await switch.picked_up()
        await other.answered()
        await switch.open_bridge(room)
        await switch.join(room, second)
        await switch.join(room, channel)
        caller.send_tone(CALLER_HZ, 20)
        await hear_tone(other, CALLER_HZ)
        caller.hush()
        caller.move(numbers[1])
        caller.send_tone(OTHER_HZ, 20)
        await other.hears(lambda pcm: contains_tone(pcm, OTHER_HZ, seconds=2), window=60)
        caller.hang_up()
        await switch.next(ChannelGone, lambda event: event.channel_id == channel)
    said, _ = await centre_asterisk.tracks(channel)
    assert contains_tone(said, OTHER_HZ)


async def test_a_caller_who_hangs_up_is_told_once_with_the_cause(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        caller.hang_up()
        assert (await switch.next(ChannelGone)) == ChannelGone(channel_id=channel, cause=16)
        with pytest.raises(SwitchRefused) as refused:
            await switch.pick_up(channel)
        assert refused.value.status == 404
    assert len(switch.all(ChannelGone)) == 1


async def test_a_caller_who_gives_up_while_ringing_is_told_once(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = (await switch.caller()).channel_id
        caller.hang_up()
        assert (await switch.next(ChannelGone)) == ChannelGone(channel_id=channel, cause=16)
    assert len(switch.all(ChannelGone)) == 1


async def test_a_call_ended_by_the_centre_is_told_once(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await switch.hang_up(channel)
        assert (await switch.next(ChannelGone)) == ChannelGone(channel_id=channel, cause=16)
        await caller.ended()
        assert caller.ended_by is EndedBy.PEER


async def test_a_call_handed_back_goes_to_the_fallback(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        await switch.hand_back(channel)
        assert (await switch.next(ChannelGone)).channel_id == channel
        await hear_tone(caller, TONES["fallback-welcome"])


async def test_the_recording_begins_at_the_answer(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = (await switch.caller()).channel_id
        await asyncio.sleep(1)  # rings for a second: time that must not be in the recording
        await switch.pick_up(channel)
        await caller.answered()
        await switch.play(channel, PlaybackId("w1"), "welcome")
        caller.send_tone(CALLER_HZ, 1)
        await switch.next(PlaybackEnded, seconds=10)
        caller.hang_up()
        await switch.next(ChannelGone)
    said, given = await centre_asterisk.tracks(channel)
    assert 2.9 < len(given) / 8000 < 3.6
    assert contains_tone(said[:12000], CALLER_HZ)
    assert contains_tone(given, TONES["welcome"], seconds=2.5)


async def test_a_core_that_does_not_accept_leaves_calls_to_the_fallback(switch: WatchedSwitch) -> None:
    switch.accepting = False
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        await caller.answered()
        await hear_tone(caller, TONES["fallback-welcome"])
    assert switch.all(CallerArrived) == []


async def test_a_call_costs_few_events_and_bytes(switch: WatchedSwitch) -> None:
    room = BridgeId("room")
    await switch.open_bridge(room)
    events, octets = switch.server.frames_received, switch.server.bytes_received
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await switch.play(channel, PlaybackId("w1"), "welcome")
        await switch.stop_playback(PlaybackId("w1"))
        await switch.next(PlaybackEnded)
        await switch.start_music(channel, "waiting")
        await switch.join(room, channel)
        await switch.hang_up(channel)
        await switch.next(ChannelGone)
    assert switch.server.frames_received - events <= 14
    assert switch.server.bytes_received - octets <= 6000


async def test_bridges_and_channels_are_read_back(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    room = BridgeId("position-arm1")
    async with await Caller.open(TRUNK) as caller:
        caller.call("15", headers=(("X-Bandeau-Test", "1"),))
        channel = await switch.picked_up()
        await switch.open_bridge(room)
        await switch.join(room, channel)
        await switch.close()
        async with centre_asterisk.switch() as later:
            truth = (await later.next(SwitchUp)).truth
            (found,) = truth.channels
            assert found.caller == switch.all(CallerArrived)[0].channel
            assert found.caller is not None
            assert found.caller.caller.test
            assert found.up
            assert truth.bridges == {room: frozenset({ChannelId(channel)})}
            await later.hang_up(channel)
            await later.next(ChannelGone)
