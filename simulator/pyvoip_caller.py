"""A caller by pyVoIP: a SIP stack of another make than the simulator's own, so that the trunk suits others.

pyVoIP 1.6.8 needs help to call a trunk: it insists on registering, acknowledges an answer with a wrong tag (the
call is then dropped after 32 s), makes the same Call-IDs in each process, waits for ever for a first answer,
and stops with its sockets in use. It sends no keys and cannot cancel: see :mod:`simulator.callers` for those.
"""

import asyncio
import contextlib
import re
import socket
import threading
import time
import uuid
from typing import Any, cast

import numpy as np
from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone  # first: pyVoIP's modules import each other

# isort: split
from pyVoIP.SIP import SIPClient, SIPMessage

from simulator.sip_message import new_branch
from simulator.sip_udp import address_towards
from simulator.sound import Pcm

_LONGEST_POLL = 0.02
"""Seconds in which pyVoIP's threads look at their sockets once, at least."""


class PyVoipCaller:
    """One pyVoIP phone, for one call; use as an async context manager."""

    def __init__(self, server: tuple[str, int], number: str) -> None:
        """``server``: host and port of the trunk. ``number``: ours."""
        address = address_towards(server[0])
        ports = _free_port(address), _free_port(address)
        self._phone = VoIPPhone(*server, number, "", address, None, ports[0], ports[1], ports[1])
        self._phone.sip.__class__ = _TrunkClient
        self._client = cast(_TrunkClient, self._phone.sip)
        self._call: VoIPCall | None = None

    async def __aenter__(self) -> "PyVoipCaller":
        self._phone.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._stop)

    def call(self, to: str) -> None:
        """Dial a line."""
        self._call = self._phone.call(to)

    async def answered(self, seconds: float = 10) -> None:
        """Wait until the line is picked up. Raises TimeoutError."""
        await self._reaches(CallState.ANSWERED, seconds)

    async def ended(self, seconds: float = 10) -> None:
        """Wait until the other side has hung up. Raises TimeoutError."""
        await self._reaches(CallState.ENDED, seconds)

    @property
    def talking(self) -> bool:
        """Whether the call is up."""
        return self._call is not None and self._call.state is CallState.ANSWERED

    @property
    def answers(self) -> int:
        """How many times the answer came: more than once where its ACK was not understood."""
        return self._client.answers

    def say(self, pcm: Pcm) -> None:
        """Speak: 8 kHz samples (pyVoIP keeps 8 bits of each)."""
        if self._call is not None:
            self._call.write_audio(((pcm >> 8) + 128).astype(np.uint8).tobytes())

    def heard(self, seconds: float = 120) -> Pcm:
        """What was heard in the last seconds, at 8 kHz."""
        if self._call is None or not self._call.RTPClients:
            return np.zeros(0, np.int16)
        octets = np.frombuffer(self._call.RTPClients[0].pmin.buffer.getvalue(), np.uint8)
        return (octets[-round(seconds * 8000) :].astype(np.int16) - 128) << 8

    def hang_up(self) -> None:
        """End the call, where it is up."""
        if self._call is not None and self.talking:
            self._call.hangup()

    async def _reaches(self, state: CallState, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self._call is None or self._call.state is not state:  # noqa: ASYNC110 - it has no event for it
                await asyncio.sleep(_LONGEST_POLL)

    def _stop(self) -> None:
        self.hang_up()
        if self._call is not None:
            for client in self._call.RTPClients:
                client.NSD = False
        self._client.NSD = False
        time.sleep(3 * _LONGEST_POLL)  # let its threads leave their sockets
        self._client.NSD = True
        self._phone.stop()


class _TrunkClient(SIPClient):
    """pyVoIP's SIP client, able to call a trunk that knows it by its address."""

    answers = 0

    def parse_message(self, message: Any) -> None:
        """Count the answers, then do as pyVoIP does."""
        self.answers += (
            message.heading.startswith(b"SIP/2.0 200") and message.headers["CSeq"]["method"] == "INVITE"
        )
        super().parse_message(message)

    def start(self) -> None:
        """Listen at once, without registering."""
        self.s = self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind((self.myIP, self.myPort))
        self.NSD = True
        threading.Thread(target=self.recv_loop, name="pyVoIP", daemon=True).start()

    def gen_call_id(self) -> str:
        """A Call-ID that no other process makes."""
        return uuid.uuid4().hex

    def gen_ack(self, request: Any) -> str:
        """The ACK of an answer, in its dialog and a transaction of its own."""
        to = request.headers["To"]
        text = re.sub(r"(?m)^To: .*\r$", f"To: {to['raw']};tag={to['tag']}\r", super().gen_ack(request))
        return re.sub(r"branch=[^;\r]+", f"branch={new_branch()}", text, count=1)

    def invite(self, number: str, ms: Any, sendtype: Any) -> tuple[Any, str, int]:
        """Send the INVITE; its answers are heard by the receiving thread."""
        call_id, session = self.gen_call_id(), self.sessID.next()
        text = self.gen_invite(number, str(session), ms, sendtype, new_branch(), call_id)
        self.out.sendto(text.encode(), (self.server, self.port))
        return SIPMessage(text.encode()), call_id, session


def _free_port(address: str) -> int:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
