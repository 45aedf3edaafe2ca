"""Strips on a real Asterisk: accounts made and deleted by the core, kept legs, and what is refused."""

import asyncio
import ssl
from functools import partial
from pathlib import Path

import httpx2
import pytest
import trustme

from core.ids import BridgeId, PlaybackId, PositionId
from core.switch import ChannelGone, LegOpened, PlaybackEnded, SecurityIncident
from simulator.callers import Caller
from simulator.sip_call import CallState
from simulator.sip_message import SipError
from simulator.sound import Pcm, tone
from simulator.webrtc import WebRtcSession
from telephony.ami import ManagerLink
from telephony.strips import RTP_TIMEOUT
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, WatchedSwitch, hear_tone
from tests.support.audio import RATE, contains_tone
from tests.support.netns import ADDRESS
from tests.support.strip import Strip
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

ARM1 = PositionId("arm1")
SECRET = "first-secret"
AGENT_HZ = 1900.0
CALLER_HZ = 1300.0
PLAYED_SECONDS = 3
"""Length of an announcement in these tests."""
ALAW_ZERO = 8
"""A-law has no zero: that is its smallest sample."""


async def test_an_account_works_from_login_to_logout(switch: WatchedSwitch) -> None:
    with pytest.raises(SipError, match=r"401|403"):
        async with Strip.registered(ARM1, SECRET):
            pass
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET):
        pass
    await switch.create(ARM1, "second-secret")
    with pytest.raises(SipError, match=r"401|403"):
        async with Strip.registered(ARM1, SECRET):
            pass
    async with Strip.registered(ARM1, "second-secret"):
        pass
    await switch.delete(ARM1)
    await switch.delete(ARM1)
    with pytest.raises(SipError, match=r"401|403"):
        async with Strip.registered(ARM1, "second-secret"):
            pass


async def test_an_account_survives_a_restart_of_asterisk(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    await switch.create(ARM1, SECRET)
    await centre_asterisk.process.stop()
    await centre_asterisk.process.start()
    async with Strip.registered(ARM1, SECRET):
        pass


async def test_a_caller_and_the_kept_leg_of_a_strip_hear_each_other(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    room = BridgeId("position-arm1")
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip, await Caller.open(TRUNK) as caller:
        _, sound = await strip.call("leg")
        leg = await switch.next(LegOpened)
        assert leg.position_id == ARM1
        await switch.open_bridge(room)
        await switch.join(room, leg.channel_id)
        caller.call("15")
        channel = await switch.picked_up()
        await switch.join(room, channel)
        sound.say(_tone(AGENT_HZ))
        caller.send_tone(CALLER_HZ, 5)
        await hear_tone(caller, AGENT_HZ)
        await until(lambda: contains_tone(sound.heard(1), CALLER_HZ), "the agent hears the caller")
        caller.hang_up()
        await switch.next(ChannelGone, lambda event: event.channel_id == channel)
        assert not [event for event in switch.all(ChannelGone) if event.channel_id == leg.channel_id]
        await switch.hang_up(leg.channel_id)
        await switch.next(ChannelGone, lambda event: event.channel_id == leg.channel_id)
    said, given = await centre_asterisk.tracks(channel)
    assert contains_tone(said, CALLER_HZ)
    assert contains_tone(given, AGENT_HZ)
    assert not contains_tone(said, AGENT_HZ, seconds=0.25)


async def test_a_leg_in_a_bridge_hears_silence_then_the_caller_and_nothing_at_all_outside(
    switch: WatchedSwitch,
) -> None:
    room = BridgeId("position-arm1")
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip, await Caller.open(TRUNK) as caller:
        _, sound = await strip.call("leg")
        leg = await switch.next(LegOpened)
        await switch.open_bridge(room)
        caller.call("15")
        channel = await switch.picked_up()
        caller.send_tone(CALLER_HZ, 60)
        for _ in range(2):  # from one caller to the next the leg's clock goes on, the callers' do not
            before = sound.received
            with pytest.raises(AssertionError, match="not within"):
                await until(partial(_came, sound, before), "idle, it costs nothing", seconds=0.5)
            await switch.join(room, leg.channel_id)
            sound.forget()
            await until(
                lambda: len(sound.heard()) > RATE and abs(sound.heard(0.5)).max() <= ALAW_ZERO,
                "a second of sound comes, and what comes now is silence",
            )
            await switch.join(room, channel)
            await until(lambda: contains_tone(sound.heard(1), CALLER_HZ), "the agent hears the caller")
            await switch.leave(room, channel)
            await switch.leave(room, leg.channel_id)
            await asyncio.sleep(0.1)  # what was on its way


async def test_a_leg_moves_at_once_though_something_is_played_to_it(switch: WatchedSwitch) -> None:
    room = BridgeId("position-arm1")
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip, await Caller.open(TRUNK) as caller:
        _, sound = await strip.call("leg")
        leg = await switch.next(LegOpened)
        await switch.open_bridge(room)
        caller.call("15")
        channel = await switch.picked_up()
        await switch.join(room, channel)
        caller.send_tone(CALLER_HZ, 60)
        for inside in (False, True):
            playback = PlaybackId(f"notice-{inside}")
            await switch.play(leg.channel_id, playback, "welcome")
            await until(lambda: contains_tone(sound.heard(1), TONES["welcome"]), "it is played")
            async with asyncio.timeout(PLAYED_SECONDS / 2):
                if inside:
                    await switch.leave(room, leg.channel_id)
                await switch.join(room, leg.channel_id)
            await switch.next(PlaybackEnded, partial(_is_end_of, playback))
            sound.forget()
            await until(lambda: contains_tone(sound.heard(1), CALLER_HZ), "the agent hears the caller")


def _came(sound: WebRtcSession, packets: int) -> bool:
    return sound.received > packets


def _is_end_of(playback: PlaybackId, event: PlaybackEnded) -> bool:
    return event.playback_id == playback


async def test_a_leg_whose_browser_vanished_is_told(switch: WatchedSwitch) -> None:
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip:
        _, sound = await strip.call("leg")
        leg = await switch.next(LegOpened)
        await sound.close()  # no BYE: only the audio stops
        gone = await switch.next(ChannelGone, seconds=RTP_TIMEOUT + 10)
        assert gone.channel_id == leg.channel_id
        assert gone.cause == 44


async def test_the_echo_test_returns_what_is_said(switch: WatchedSwitch) -> None:
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip:
        _, sound = await strip.call("echo")
        sound.say(_tone(AGENT_HZ))
        await until(lambda: contains_tone(sound.heard(1), AGENT_HZ), "the echo")


async def test_a_strip_of_another_machine_registers_over_tls(
    asterisk_root: Path | None, tmp_path: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert(ADDRESS)
    tls = tmp_path / "tls"
    tls.mkdir()
    certificate.private_key_pem.write_to_path(tls / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tls / "cert.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    asterisk = CentreAsterisk(asterisk_root, tmp_path, tls)
    async with asterisk, asterisk.switch() as switch:
        await switch.ready()
        await switch.create(ARM1, SECRET)
        async with Strip.registered(ARM1, SECRET, f"wss://{ADDRESS}:8089/ws", trust) as strip:
            call, _ = await strip.call("leg")
            assert call.state is CallState.UP
            assert (await switch.next(LegOpened)).position_id == ARM1
        transports = await asterisk.process.rx("pjsip show transports")
        assert "transport-tls" in transports
        assert "0.0.0.0:5061" in transports


async def test_a_strip_can_call_nothing_else(switch: WatchedSwitch) -> None:
    await switch.create(ARM1, SECRET)
    async with Strip.registered(ARM1, SECRET) as strip:
        for number in ("15", "0612345678", "+33899123456", "s", "secours", "arm1"):
            call, _ = await strip.call(number)
            assert (number, call.state, call.status) == (number, CallState.ENDED, 404)


async def test_a_strip_is_rung_by_the_fallback(switch: WatchedSwitch, centre_asterisk: CentreAsterisk) -> None:
    switch.accepting = False
    config = centre_asterisk.config
    async with ManagerLink(port=config.ami_port, secret=config.secrets.ami) as manager:
        await until(lambda: manager.up, "the manager interface")
        await switch.create(ARM1, SECRET)
        await manager.add(ARM1)
        await manager.add(ARM1)
        async with Strip.registered(ARM1, SECRET) as strip, await Caller.open(TRUNK) as caller:
            caller.call("15")
            _, sound = await strip.answer()
            sound.say(_tone(AGENT_HZ))
            caller.send_tone(CALLER_HZ, 5)
            await hear_tone(caller, AGENT_HZ)
            await until(lambda: contains_tone(sound.heard(1), CALLER_HZ), "the agent hears the caller")
            caller.hang_up()
        await manager.remove(ARM1)
        await manager.remove(ARM1)
        assert "No Members" in await centre_asterisk.process.rx("queue show secours")


async def test_the_fallback_keeps_its_members_and_callers_hear_its_notice(
    centre_asterisk: CentreAsterisk,
) -> None:
    config = centre_asterisk.config
    async with ManagerLink(port=config.ami_port, secret=config.secrets.ami) as manager:
        await until(lambda: manager.up, "the manager interface")
        await manager.add(ARM1)
        await centre_asterisk.process.stop()
        await until(lambda: not manager.up, "the loss is seen")
        await centre_asterisk.process.start()
        assert "PJSIP/arm1" in await centre_asterisk.process.rx("queue show secours")
        await until(lambda: manager.up, "it is connected again")
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        await caller.answered()
        await hear_tone(caller, TONES["fallback-welcome"])


async def test_refusals_and_registrations_are_told(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    config = centre_asterisk.config
    told: list[SecurityIncident] = []
    manager = ManagerLink(port=config.ami_port, secret=config.secrets.ami)
    manager.listen(lambda event: told.append(event) if isinstance(event, SecurityIncident) else None)
    async with manager:
        await until(lambda: manager.up, "the manager interface")
        await switch.create(ARM1, SECRET)
        for _ in range(3):
            with pytest.raises(SipError, match=r"401|403"):
                async with Strip.registered(ARM1, "guess"):
                    pass
        wrong = SecurityIncident(kind="wrong_password", source="127.0.0.1")
        await until(lambda: wrong in told, "the wrong password")
        async with Strip.registered(ARM1, SECRET):
            await until(lambda: ARM1 in manager.registered, "the registration")
            late = ManagerLink(port=config.ami_port, secret=config.secrets.ami)
            async with late:
                await until(lambda: ARM1 in late.registered, "the registration, made before")
        await until(lambda: ARM1 not in manager.registered, "its end")
        assert told.count(wrong) >= 3


async def test_an_unknown_sender_is_challenged_and_told(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    config = centre_asterisk.config
    told: list[object] = []
    manager = ManagerLink(port=config.ami_port, secret=config.secrets.ami)
    manager.listen(told.append)
    async with manager:
        await until(lambda: manager.up, "the manager interface")
        # From an address that is no trunk's.
        for _ in range(4):
            async with await Caller.open((ADDRESS, 5060), ADDRESS) as stranger:
                stranger.call("15")
                await stranger.ended()
                assert stranger.status == 401
        incident = SecurityIncident(kind="unknown_account", source=ADDRESS)
        await until(lambda: incident in told, "the stranger")


async def test_who_is_banned_is_refused_before_anything_else_until_let_in(
    switch: WatchedSwitch, centre_asterisk: CentreAsterisk
) -> None:
    async def status() -> int:
        async with await Caller.open((ADDRESS, 5060), ADDRESS) as stranger:
            stranger.call("15")
            await stranger.ended()
            return stranger.status

    await switch.ban(ADDRESS)
    await switch.ban(ADDRESS)
    assert await status() == 403
    async with await Caller.open(TRUNK) as caller:  # the others are let in
        caller.call("15")
        await switch.picked_up()
    await switch.release(ADDRESS)
    await switch.release(ADDRESS)
    assert await status() == 401


async def test_nobody_passes_for_a_trunk_by_its_name(switch: WatchedSwitch) -> None:
    async with await Caller.open((ADDRESS, 5060), ADDRESS) as stranger:
        dialog = stranger.agent.dialog(
            f"<sip:trunk-operator@{ADDRESS}>", f"<sip:15@{ADDRESS}>", f"sip:15@{ADDRESS}:5060"
        )
        call = stranger.agent.call(dialog, "v=0\r\n")
        async with asyncio.timeout(5):
            await call.until(CallState.ENDED)
        assert call.status == 401


async def test_ari_is_for_loopback_only(switch: WatchedSwitch, centre_asterisk: CentreAsterisk) -> None:
    config = centre_asterisk.config
    user = (f"{config.core_app}-user", config.secrets.ari_local)
    async with httpx2.AsyncClient() as client:
        outside = await client.get(f"http://{ADDRESS}:8088/ari/asterisk/ping", auth=user)
        guess = await client.get("http://127.0.0.1:8088/ari/asterisk/ping", auth=(user[0], "guess"))
        inside = await client.get("http://127.0.0.1:8088/ari/asterisk/ping", auth=user)
    assert (outside.status_code, guess.status_code, inside.status_code) == (403, 401, 200)


def _tone(hz: float) -> Pcm:
    return tone(hz, 5)
