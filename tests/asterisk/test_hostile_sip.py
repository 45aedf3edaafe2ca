"""What a door on a public address receives: broken, odd, huge and false messages. Calls go on all the same."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import GuardSettings, RoomSettings
from core.events import CallArrived, SecurityIncidentSeen, SourceBanned, SwitchConnected, SwitchLost
from simulator.torture import Blow, Workshop
from tests.support.audio import contains_tone
from tests.support.centre_process import TONES, TRUNK, CentreProcess, asterisk_below
from tests.support.netns import ADDRESS

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OUTSIDE = (ADDRESS, TRUNK[1])
BORNE = 1500
"""Refusals before a ban: broken messages must reach what lies behind the ban."""
AT_ONCE = 20
"""Messages sent before Asterisk is asked whether it still answers."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=20, wrap_up_seconds=1)
    async with CentreProcess(room=room, guard=GuardSettings(refusals=BORNE)) as centre:
        yield centre


class Rogue:
    """Somebody with a socket who strikes, and counts what is answered."""

    def __init__(self, server: tuple[str, int], address: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((address, 0))
        self._socket.connect(server)
        name = self._socket.getsockname()
        self.workshop = Workshop(server[0], f"{name[0]}:{name[1]}")

    async def strike(self, blows: Iterable[Blow]) -> None:
        """Send them all, no faster than Asterisk can be heard to live."""
        for place, blow in enumerate(blows):
            self.send(blow.data[:65_000])
            if place % AT_ONCE == AT_ONCE - 1:
                await self.answer()
        await self.answer()

    def send(self, data: bytes) -> None:
        """Send one, and wait for nothing."""
        with suppress(BlockingIOError):
            self._socket.send(data)

    async def answer(self, request: bytes | None = None) -> int:
        """Ask until something right is answered, and that finally: its status."""
        loop = asyncio.get_running_loop()
        asked = request or self.workshop.request(b"OPTIONS")
        mark = b"Call-ID: " + asked.split(b"Call-ID: ")[1].split(b"\r\n")[0]
        async with asyncio.timeout(30):
            while True:
                self._socket.send(asked)
                try:
                    async with asyncio.timeout(0.5):
                        got = b""
                        while mark not in got or got.startswith(b"SIP/2.0 1"):
                            got = await loop.sock_recv(self._socket, 65_535)
                except (TimeoutError, ConnectionRefusedError):
                    continue
                return int(got.split(b" ", 2)[1])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["trunk", "stranger"])
def rogue(request: pytest.FixtureRequest) -> Iterable[Rogue]:
    rogue = Rogue(TRUNK, "127.0.0.9") if request.param == "trunk" else Rogue(OUTSIDE, ADDRESS)
    yield rogue
    rogue.close()


def _pid(centre: CentreProcess) -> int:
    return asterisk_below(os.getpid(), centre.asterisk_config)


async def a_call_is_welcomed(centre: CentreProcess) -> None:
    """By the core or, where what was just sent keeps it too busy to claim the call in time, in mode secours."""
    welcomes = (TONES["welcome"], TONES["fallback-welcome"])
    async with centre.caller() as caller:
        caller.call("15")
        await caller.answered(60)
        await caller.hears(lambda pcm: any(contains_tone(pcm, hz) for hz in welcomes), 60)


async def test_a_caller_whom_asterisk_cannot_describe_costs_no_other_caller(centre: CentreProcess) -> None:
    odd, witness = Rogue(TRUNK, "127.0.0.9"), centre.witness()
    try:
        assert await odd.answer(odd.workshop.invite(Call_ID=b"octets \xff\xfe of no text")) == 200
        async with centre.ari_cut():
            pass  # the core asks Asterisk anew for all that it holds
        await witness.next(SwitchConnected)
        await a_call_is_welcomed(centre)
        await witness.next(CallArrived)  # by the core: of the odd one it is told nothing
        assert "channel_without_words" in centre.core_log.read_text(), "the odd one was met, and borne"
        told = [type(each.event) for each in await witness.events()]
        assert told.count(SwitchConnected) == told.count(SwitchLost) == 1
    finally:
        odd.close()


async def test_no_broken_message_stops_the_centre(centre: CentreProcess, rogue: Rogue) -> None:
    before = _pid(centre)
    await rogue.strike(rogue.workshop.blows())
    assert _pid(centre) == before
    await a_call_is_welcomed(centre)


async def test_no_message_spoilt_by_chance_stops_the_centre(centre: CentreProcess, rogue: Rogue) -> None:
    before = _pid(centre)
    await rogue.strike(rogue.workshop.mutated(seed=15, count=2000))
    assert _pid(centre) == before
    await a_call_is_welcomed(centre)


async def test_a_stream_of_rubbish_is_cut_off_and_the_door_stays_open(centre: CentreProcess) -> None:
    workshop = Workshop(TRUNK[0], "127.0.0.1:5999")
    for blow in [
        *workshop.blows(),
        Blow("endless header", b"OPTIONS sip:15 SIP/2.0\r\nSubject: " + b"x" * 300_000),
    ]:
        reader, writer = await asyncio.open_connection(*TRUNK)
        writer.write(blow.data)
        writer.write_eof()
        writer.close()
        del reader
    await a_call_is_welcomed(centre)


async def test_who_looks_for_accounts_finds_none_and_is_shut_out(centre: CentreProcess) -> None:
    witness = centre.witness()
    scanner = Rogue(OUTSIDE, ADDRESS)
    try:
        statuses = set()
        for place in range(BORNE + 200):
            account = b"%d" % (100 + place)
            request = scanner.workshop.request(
                b"REGISTER",
                line=b"REGISTER sip:" + ADDRESS.encode() + b" SIP/2.0",
                To=b"<sip:" + account + b"@x>",
                more=b'Authorization: Digest username="%s", realm="asterisk", nonce="1", uri="sip:x", '
                b'response="00000000000000000000000000000000"\r\n' % account,
            )
            if place % AT_ONCE:
                scanner.send(request)
            else:
                statuses.add(await scanner.answer(request))
        assert statuses <= {401, 403}, "an account that exists is answered as one that does not"
        banned = await witness.next(SourceBanned)
        assert banned.source == ADDRESS
        async with asyncio.timeout(10):
            while await scanner.answer() != 403:  # the order is on its way
                pass
        told = [e.event for e in await witness.events() if isinstance(e.event, SecurityIncidentSeen)]
        assert {event.source for event in told} == {ADDRESS}
        assert len(told) < 20, "told once in a while, not once each"
    finally:
        scanner.close()
    await a_call_is_welcomed(centre)
