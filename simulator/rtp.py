"""RTP of a robot caller: G.711 A-law out and in at 20 ms, keys as telephone events (RFC 4733).

Where asked for, encrypted (SRTP) with keys said in the SDP (SDES, RFC 4568). One paced sender per call; what is
heard is kept, in order of arrival, within a bound.
"""

import asyncio
import random
import re
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import cast

import numpy as np

from simulator.bad_line import BadLine
from simulator.cipher import Cipher
from simulator.ear import Ear
from simulator.sound import RATE, Pcm, decode_alaw, encode_alaw

FRAME = RATE // 50
"""Samples in one packet: 20 ms."""
ALAW = 8
EVENTS = 101
HEARD_SECONDS = 120
"""How much of what was heard is kept."""
_SILENCE = encode_alaw(np.zeros(FRAME, np.int16))
_KEYS = "0123456789*#ABCD"
_KEY_FRAMES = 5
_SDP_ADDRESS = re.compile(r"^c=IN IP4 ([0-9.]{7,15})\s*$", re.MULTILINE)
_SDP_AUDIO = re.compile(r"^m=audio (\d{1,5}) (RTP/S?AVP) ", re.MULTILINE)


class RtpSession(asyncio.DatagramProtocol):
    """The sound of one call. Open it, put :attr:`sdp` in the offer, then :meth:`start` with the answer."""

    def __init__(
        self, address: str, port: int, cipher: Cipher | None = None, first_packet: int | None = None
    ) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: tuple[str, int] | None = None
        self._pacer: asyncio.Task[None] | None = None
        self._to_say: deque[bytes] = deque()
        self._keys: deque[tuple[int, int]] = deque()
        self._heard: deque[bytes] = deque(maxlen=HEARD_SECONDS * 50)
        self._sequence = random.randrange(65_536) if first_packet is None else first_packet
        self._timestamp = random.randrange(2**32)
        self._source = random.randrange(2**32)
        self._cipher = cipher
        self.received = 0
        """Packets of sound heard so far."""
        self.line: BadLine | None = None
        """What the line is like, where not good."""
        self.ear: Ear | None = None
        """Who takes note of silences, if anybody."""
        self.keys_heard = ""
        """Keys received so far."""
        self._key_heard = -1
        profile = "RTP/SAVP" if cipher else "RTP/AVP"
        self.sdp = (
            f"v=0\r\no=- {self._source} 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            f"m=audio {port} {profile} {ALAW} {EVENTS}\r\na=rtpmap:{ALAW} PCMA/8000\r\n"
            f"a=rtpmap:{EVENTS} telephone-event/8000\r\na=fmtp:{EVENTS} 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
            f"{cipher.offer if cipher else ''}"
        )

    @classmethod
    async def open(
        cls, address: str, *, encrypted: bool = False, first_packet: int | None = None
    ) -> "RtpSession":
        """Take a free UDP port of that address. ``first_packet``: its number, 0 to 65535; none: drawn."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind((address, 0))
        except OSError:
            sock.close()
            raise
        port = sock.getsockname()[1]
        _, session = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(address, port, Cipher() if encrypted else None, first_packet), sock=sock
        )
        return session

    def start(self, answer: str) -> None:
        """Begin to send to where the SDP answer says.

        Raises:
            ValueError: it has no audio over RTP, or is encrypted where the offer is not, or the reverse.
        """
        address, audio = _SDP_ADDRESS.search(answer), _SDP_AUDIO.search(answer)
        if address is None or audio is None or audio[1] == "0":
            raise ValueError("no RTP audio in the answer")
        if (audio[2] == "RTP/SAVP") != (self._cipher is not None):
            raise ValueError(f"{audio[2]} was not offered")
        if self._cipher is not None:
            self._cipher.agree(answer)
        self._peer = (address[1], int(audio[1]))
        self._pacer = asyncio.get_running_loop().create_task(self._pace())

    @property
    def started(self) -> bool:
        """Whether sound is being sent."""
        return self._pacer is not None

    def say(self, pcm: Pcm) -> None:
        """Send that sound after what is already waiting to be sent; silence before and after."""
        octets = encode_alaw(pcm)
        frames = (octets[at : at + FRAME] for at in range(0, len(octets), FRAME))
        self._to_say.extend(frame.ljust(FRAME, _SILENCE[:1]) for frame in frames)

    def begin_again(self, first_packet: int) -> None:
        """Go on as another source, from that number on, as when the far end moves the call."""
        self._sequence = first_packet
        self._timestamp = random.randrange(2**32)
        self._source = random.randrange(2**32)

    def hush(self) -> None:
        """Forget what waits to be sent."""
        self._to_say.clear()

    @property
    def saying(self) -> float:
        """Seconds of sound that wait to be sent."""
        return len(self._to_say) / 50

    def press(self, key: str) -> None:
        """Send one key.

        Raises:
            ValueError: there is no such key.
        """
        code = _KEYS.index(key)
        self._keys.extend((code, frame) for frame in range(_KEY_FRAMES + 3))

    def heard(self, seconds: float = HEARD_SECONDS) -> Pcm:
        """The last seconds heard."""
        frames = list(self._heard)[-max(1, round(seconds * 50)) :]
        return decode_alaw(b"".join(frames))

    async def hears(self, test: Callable[[Pcm], bool], seconds: float, window: float) -> None:
        """Wait until the last ``window`` seconds heard pass the test.

        Raises:
            TimeoutError: they do not, in that time.
        """
        async with asyncio.timeout(seconds):
            while not test(self.heard(window)):  # noqa: ASYNC110 - sound is looked at 10 times a second
                await asyncio.sleep(0.1)

    def forget(self) -> None:
        """Forget what was heard, to listen afresh."""
        self._heard.clear()

    def close(self) -> None:
        """Stop sending and give the port back."""
        if self._pacer is not None:
            self._pacer.cancel()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:  # noqa: D102
        if self._peer is None or addr[0] != self._peer[0]:
            return
        if self.line is not None:
            self.line.carry(self._take, data)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        if self._cipher is not None:
            data = self._cipher.opened(data)
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        kind, payload = data[1] & 0x7F, data[12 + 4 * (data[0] & 0x0F) :]
        if kind == ALAW:
            self.received += 1
            self._heard.append(payload)
            if self.ear is not None:
                self.ear.hear(payload)
        elif kind == EVENTS and len(payload) >= 4:
            self._note_key(int.from_bytes(data[4:8], "big"), payload)

    def _note_key(self, timestamp: int, payload: bytes) -> None:
        """A key is told in several packets of one timestamp; the end is said three times."""
        if payload[1] & 0x80 and timestamp != self._key_heard and payload[0] < len(_KEYS):
            self._key_heard = timestamp
            self.keys_heard += _KEYS[payload[0]]

    def error_received(self, exc: Exception) -> None:
        """The peer's port is closed: the call's signalling will say so."""

    async def _pace(self) -> None:
        """One packet each 20 ms by the clock, so that a late wake-up is made up for."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            self._packet()
            due += FRAME / RATE
            if due < clock() - 1:
                due = clock()  # stalled for long: do not flood to catch up
            await asyncio.sleep(max(0.0, due - clock()))

    def _packet(self) -> None:
        if self._transport is None or self._peer is None:
            return
        if self._keys:
            code, frame = self._keys.popleft()
            last = frame >= _KEY_FRAMES
            self._send_key(code, frame, last)
            if last and not (self._keys and self._keys[0][1] > frame):
                self._timestamp = (self._timestamp + FRAME * (_KEY_FRAMES + 3)) % 2**32
            return
        payload = self._to_say.popleft() if self._to_say else _SILENCE
        self._write(ALAW, False, self._timestamp, payload)
        self._timestamp = (self._timestamp + FRAME) % 2**32

    def _send_key(self, code: int, frame: int, last: bool) -> None:
        """All packets of one key carry the instant of its start; the end is said three times."""
        duration = FRAME * min(frame + 1, _KEY_FRAMES)
        self._write(
            EVENTS, frame == 0, self._timestamp, struct.pack("!BBH", code, 0x8A if last else 0x0A, duration)
        )

    def _write(self, payload_type: int, mark: bool, timestamp: int, payload: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - narrows the type
        self._sequence = (self._sequence + 1) % 65_536
        second = payload_type | (0x80 if mark else 0)
        header = struct.pack("!BBHII", 0x80, second, self._sequence, timestamp, self._source)
        packet = header + payload
        packet = self._cipher.sealed(packet) if self._cipher else packet
        if self.line is not None:
            self.line.carry(self._give, packet)
        else:
            self._give(packet)

    def _give(self, packet: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(packet, self._peer)
