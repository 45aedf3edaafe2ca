"""Trunks over each road there is: UDP, TCP, TLS; sound in the clear, and encrypted (SRTP, keys in the SDP)."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from core.ids import PlaybackId
from core.switch import CallerArrived
from core.words import CallerNumber
from simulator.callers import Caller, Road
from tests.support.asterisk import TONES, CentreAsterisk, WatchedSwitch, hear_tone
from tests.support.audio import contains_tone
from tests.support.netns import ADDRESS
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

PORTS: dict[Road, int] = {"udp": 5060, "tcp": 5060, "tls": 5061}
ROADS: list[tuple[Road, bool]] = [(road, encrypted) for road in PORTS for encrypted in (False, True)]
HZ = (1300.0, 1700.0)


@dataclass(frozen=True, slots=True)
class Trunk:
    """A centre's trunk, and who is trusted on it."""

    asterisk: CentreAsterisk
    switch: WatchedSwitch
    trust: ssl.SSLContext

    async def caller(self, road: Road, *, encrypted: bool = False, address: str = "127.0.0.1") -> Caller:
        """A caller by that road, from that address of ours to the same one."""
        server = (address, PORTS[road])
        return await Caller.open(server, address, road=road, tls=self.trust, encrypted=encrypted)


@pytest.fixture
async def trunk(asterisk_root: Path | None, tmp_path: Path) -> AsyncIterator[Trunk]:
    authority = trustme.CA()
    tls = tmp_path / "tls"
    tls.mkdir()
    leaf = authority.issue_cert("127.0.0.1", ADDRESS)
    leaf.private_key_pem.write_to_path(tls / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(tls / "cert.pem")
    trust = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    async with CentreAsterisk(asterisk_root, tmp_path, tls) as asterisk, asterisk.switch() as switch:
        await switch.ready()
        yield Trunk(asterisk, switch, trust)


async def test_a_call_is_answered_and_heard_both_ways_on_each_road(trunk: Trunk) -> None:
    switch = trunk.switch
    for number, (road, encrypted) in enumerate(ROADS):
        known = len(switch.all(CallerArrived))
        async with await trunk.caller(road, encrypted=encrypted) as caller:
            call = caller.call("15", number=f"+3361234567{number}")
            await switch.more_than(known, CallerArrived)
            arrived = switch.all(CallerArrived)[-1].channel
            assert arrived.caller == CallerNumber(e164=f"+3361234567{number}")
            await switch.picked_up()
            await caller.answered()
            assert ("RTP/SAVP " in call.remote_sdp) is encrypted
            # Down: what Asterisk plays is what the caller hears.
            playback = PlaybackId(f"p{number}")
            await switch.play(arrived.channel_id, playback, "welcome")
            await hear_tone(caller, TONES["welcome"])
            await switch.stop_playback(playback)
            # Up: what the caller says is recorded as the caller's. (Sound not sealed with the keys of the SDP
            # would be heard by neither side.)
            caller.send_tone(HZ[number % 2], 1)
            await until(lambda caller=caller: caller.saying == 0, "all is said")  # type: ignore[misc]
            caller.hang_up()
        said, _ = await trunk.asterisk.tracks(arrived.channel_id)
        assert contains_tone(said, HZ[number % 2]), (road, encrypted)


@pytest.mark.parametrize("road", PORTS)
async def test_an_address_that_is_no_trunks_is_refused(trunk: Trunk, road: Road) -> None:
    async with await trunk.caller(road, address=ADDRESS) as stranger:
        stranger.call("15")
        await stranger.ended()
        assert stranger.status == 401
    assert trunk.switch.all(CallerArrived) == []


async def test_a_caller_who_does_not_trust_the_certificate_does_not_call(trunk: Trunk) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await Caller.open(("127.0.0.1", PORTS["tls"]), road="tls")
