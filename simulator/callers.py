"""A robot caller: a SIP client with real RTP that calls a centre's line, speaks, listens, presses keys, leaves.

async with await Caller.open(("127.0.0.1", 5060)) as caller:
    caller.call("15", number="+33612345678")
    await caller.answered()
    caller.send_tone(1000, 2)
    await caller.hears(lambda pcm: contains_tone(pcm, 400))
    caller.hang_up()
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Literal

from simulator.bad_line import BadLine
from simulator.ear import Ear
from simulator.rtp import RtpSession
from simulator.sip_agent import SipAgent
from simulator.sip_call import Call, CallState, EndedBy
from simulator.sip_stream import StreamPhone
from simulator.sip_udp import UdpPhone
from simulator.sound import Pcm, tone

Road = Literal["udp", "tcp", "tls"]
"""What carries SIP."""
Server = tuple[str, int]
"""Host and port of a SIP trunk."""


class CallNotAnswered(Exception):
    """The call ended before it was picked up. ``status`` is the SIP status (0: none came)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"not answered: {status}")
        self.status = status


class Caller:
    """One caller, for one call at a time."""

    def __init__(self, phone: UdpPhone | StreamPhone, sound: RtpSession) -> None:
        self._phone = phone
        self._sound = sound
        self._call: Call | None = None

    @classmethod
    async def open(
        cls,
        server: Server,
        address: str = "",
        *,
        road: Road = "udp",
        tls: ssl.SSLContext | None = None,
        encrypted: bool = False,
        first_packet: int | None = None,
    ) -> "Caller":
        """A caller of that trunk.

        Args:
            server: the trunk.
            address: the caller's own; empty: the one by which the trunk is reached.
            road: what carries SIP.
            tls: whom the caller trusts, for ``tls``.
            encrypted: whether sound is SRTP, with keys in the SDP.
            first_packet: number of its first packet of sound, 0 to 65535; none: drawn.

        Raises:
            OSError: over TCP or TLS, the trunk is not there or not trusted.
        """
        phone: UdpPhone | StreamPhone
        if road == "udp":
            phone = await UdpPhone.open(server, address)
        else:
            trust = (tls or ssl.create_default_context()) if road == "tls" else None
            phone = await StreamPhone.open(server, address, trust)
        sound = await RtpSession.open(phone.address, encrypted=encrypted, first_packet=first_packet)
        return cls(phone, sound)

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up if need be, and give everything back."""
        self._sound.close()
        await self._phone.close()

    def call(
        self,
        to: str,
        *,
        number: str = "+33612345678",
        hidden: bool = False,
        headers: tuple[tuple[str, str], ...] = (),
        pidf: str = "",
    ) -> Call:
        """Dial a line, as the operator would deliver it.

        Args:
            to: the line.
            number: the caller's.
            hidden: the number is in P-Asserted-Identity only.
            headers: further ones.
            pidf: a PIDF-LO document that says where the caller is (``simulator.pidf_lo``).
        """
        host, port = self._phone.server
        target = f"sip:{to}@{host}:{port}"
        shown = f"<sip:{number}@{host}>"
        extra = [("P-Asserted-Identity", shown), *headers]
        if hidden:
            extra.append(("Privacy", "id"))
            shown = '"Anonymous" <sip:anonymous@anonymous.invalid>'
        dialog = self._phone.agent.dialog(shown, f"<{target}>", target)
        call = self._phone.agent.call(dialog, self._sound.sdp, headers=tuple(extra), pidf=pidf)
        call.watch(lambda state: self._sound.start(call.remote_sdp) if state is CallState.UP else None)
        self._call = call
        return call

    @property
    def agent(self) -> SipAgent:
        """Its SIP user agent, for tests that look at messages."""
        return self._phone.agent

    @property
    def state(self) -> CallState | None:
        """Where its call is; ``None`` before any."""
        return self._call.state if self._call else None

    @property
    def status(self) -> int:
        """The last SIP status of its INVITE."""
        return self._call.status if self._call else 0

    @property
    def ended_by(self) -> EndedBy | None:
        """Why the call is over."""
        return self._call.ended_by if self._call else None

    async def ringing(self, seconds: float = 60) -> None:
        """Wait until it rings, or is picked up.

        Raises:
            CallNotAnswered: it ended first.
            TimeoutError: nothing in that time.
        """
        await self._reach(seconds, CallState.RINGING, CallState.UP)

    async def answered(self, seconds: float = 60) -> None:
        """Wait until the line is picked up. Errors: those of :meth:`ringing`."""
        await self._reach(seconds, CallState.UP)

    async def ended(self, seconds: float = 60) -> None:
        """Wait until the call is over.

        Raises:
            TimeoutError: it is not, in that time.
        """
        async with asyncio.timeout(seconds):
            await self._need().until(CallState.ENDED)

    def say(self, pcm: Pcm) -> None:
        """Speak: 8 kHz samples, after what is already waiting to be said."""
        self._sound.say(pcm)

    def send_tone(self, hz: float, seconds: float = 3) -> None:
        """Sound a tone."""
        self._sound.say(tone(hz, seconds))

    def move(self, first_packet: int) -> None:
        """Let the far end move the call: sound comes from another source, numbered from there on."""
        self._sound.begin_again(first_packet)

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

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._sound.forget()

    async def hears(self, test: Callable[[Pcm], bool], seconds: float = 60, window: float = 1) -> None:
        """Wait until the last ``window`` seconds heard pass the test.

        Raises:
            TimeoutError: they do not, in that time.
        """
        await self._sound.hears(test, seconds, window)

    def lend(self, ear: Ear) -> None:
        """Let somebody take note of what it hears from now on."""
        self._sound.ear = ear

    def suffer(self, line: BadLine | None) -> None:
        """Have a bad line from now on (over UDP, sound alone otherwise), or a good one again."""
        self._sound.line = line
        if isinstance(self._phone, UdpPhone):
            self._phone.line = line

    def press(self, key: str) -> None:
        """Press a key of ``0123456789*#ABCD``."""
        self._sound.press(key)

    def hang_up(self) -> None:
        """Leave, in whatever state: CANCEL before the answer, BYE after."""
        self._need().hang_up()

    def _need(self) -> Call:
        if self._call is None:
            raise RuntimeError("no call was made")
        return self._call

    async def _reach(self, seconds: float, *states: CallState) -> None:
        call = self._need()
        async with asyncio.timeout(seconds):
            if await call.until(*states) is CallState.ENDED:
                raise CallNotAnswered(call.status)
