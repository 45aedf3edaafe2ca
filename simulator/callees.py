"""A robot operator: the far end of the centre's outgoing trunk, where numbers ring, answer, speak and listen.

async with await Operator.open(("127.0.0.1", 5090), ("127.0.0.1", 5060)) as operator:
    callee = await operator.called()
    callee.ring()
    callee.answer()
    callee.send_tone(1000, 2)
"""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from simulator.rtp import RtpSession
from simulator.sip_agent import SipAgent
from simulator.sip_call import Call, CallState
from simulator.sip_message import Request, uri_user
from simulator.sound import Pcm, tone

Address = tuple[str, int]


class Callee:
    """One call that reached the operator. Its sound is ready; nothing is said to the caller yet."""

    def __init__(self, call: Call, sound: RtpSession, agent: SipAgent) -> None:
        self.call = call
        self.agent = agent
        self._sound = sound

    @property
    def number(self) -> str:
        """Whom the centre calls."""
        return uri_user(self.call.invite.uri)

    @property
    def shown(self) -> str:
        """The number that the centre shows, in From."""
        return uri_user(self.call.invite.need("From"))

    @property
    def invite(self) -> Request:
        """The INVITE as it came."""
        return self.call.invite

    def ring(self) -> None:
        """Say that it rings (180)."""
        self.call.ring()

    def announce(self, hz: float, seconds: float = 3) -> None:
        """Sound a tone before the answer (183), as a network's announcement."""
        self.call.progress(self._sound.sdp)
        self._sound.start(self.call.remote_sdp)
        self.send_tone(hz, seconds)

    def answer(self) -> None:
        """Pick up."""
        self.call.accept(self._sound.sdp)
        if not self._sound.started:
            self._sound.start(self.call.remote_sdp)

    def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Do not pick up."""
        self.call.refuse(status, reason)

    def hang_up(self) -> None:
        """End the call."""
        self.call.hang_up()

    async def ended(self, seconds: float = 60) -> None:
        """Wait until the call is over.

        Raises:
            TimeoutError: it is not, in that time.
        """
        async with asyncio.timeout(seconds):
            await self.call.until(CallState.ENDED)

    async def over(self, seconds: float) -> bool:
        """Whether the call is over within so long; it is waited for."""
        try:
            await self.ended(seconds)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Give back what its sound needs; a call that goes on is heard no more."""
        self._sound.close()

    def press(self, key: str) -> None:
        """Press a key."""
        self._sound.press(key)

    def send_tone(self, hz: float, seconds: float = 3) -> None:
        """Sound a tone."""
        self._sound.say(tone(hz, seconds))

    def say(self, pcm: Pcm) -> None:
        """Speak: 8 kHz samples."""
        self._sound.say(pcm)

    def hush(self) -> None:
        """Stop speaking."""
        self._sound.hush()

    @property
    def saying(self) -> float:
        """Seconds left to say."""
        return self._sound.saying

    def heard(self, seconds: float = 120) -> Pcm:
        """What it heard in the last seconds, at 8 kHz."""
        return self._sound.heard(seconds)

    @property
    def keys(self) -> str:
        """The keys it was sent."""
        return self._sound.keys_heard

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._sound.forget()

    async def hears(self, test: Callable[[Pcm], bool], seconds: float = 60, window: float = 1) -> None:
        """Wait until the last ``window`` seconds heard pass the test.

        Raises:
            TimeoutError: they do not, in that time.
        """
        await self._sound.hears(test, seconds, window)


class Operator(asyncio.DatagramProtocol):
    """The far end of the outgoing trunk: every call that comes is kept until asked for."""

    def __init__(self, here: Address, centre: Address) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._here = here
        self._centre = centre
        self._came: asyncio.Queue[Call] = asyncio.Queue()
        self._sounds: list[RtpSession] = []
        self.agent = SipAgent(
            self._send,
            via=f"SIP/2.0/UDP {here[0]}:{here[1]}",
            contact=f"<sip:operator@{here[0]}:{here[1]}>",
            reliable=False,
            on_call=self._came.put_nowait,
        )

    @classmethod
    async def open(cls, here: Address, centre: Address) -> "Operator":
        """Listen on an address for the calls of a centre."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind(here)
        except OSError:
            sock.close()
            raise
        _, operator = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(here, centre), sock=sock
        )
        return operator

    async def __aenter__(self) -> "Operator":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the calls properly, then close."""
        await self.agent.leave()
        for sound in self._sounds:
            sound.close()
        if self._transport is not None:
            self._transport.close()

    async def called(self, seconds: float = 60) -> Callee:
        """The next call.

        Raises:
            TimeoutError: none comes in that time.
        """
        async with asyncio.timeout(seconds):
            call = await self._came.get()
        sound = await RtpSession.open(self._here[0])
        self._sounds.append(sound)
        return Callee(call, sound, self.agent)

    @property
    def nobody_called(self) -> bool:
        """Whether no call waits to be looked at."""
        return self._came.empty()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:  # noqa: D102
        if addr[0] == self._centre[0]:
            self.agent.receive(data)

    def error_received(self, exc: Exception) -> None:
        """A closed port at the centre: as if nothing had been heard."""

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self._centre)
