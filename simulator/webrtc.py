"""The sound of a robot position: one WebRTC session by aiortc, G.711 A-law, said and heard as samples.

What is said is handed to aiortc already encoded, which spares a thread hop per packet (see the idle cost in
``tests/asterisk/test_simulator_positions.py``). ICE ignores loopback: the host needs another address.
"""

import asyncio
from collections import deque
from fractions import Fraction
from typing import cast

import numpy as np
from aiortc import (
    MediaStreamError,
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from av import AudioFrame
from av.packet import Packet
from av.stream import Stream

from simulator.sound import RATE, Pcm, encode_alaw, silence

FRAME = RATE // 50
HEARD_SECONDS = 120
_TIME_BASE = Fraction(1, RATE)
_SILENCE = encode_alaw(silence(0.02))


class VoiceTrack(MediaStreamTrack):
    """What the robot says: queued sound, else silence, one packet each 20 ms."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._to_say: deque[bytes] = deque()
        self._due: float | None = None
        self._timestamp = 0

    def say(self, pcm: Pcm) -> None:
        """Send that sound after what waits to be sent."""
        octets = encode_alaw(pcm)
        frames = (octets[at : at + FRAME] for at in range(0, len(octets), FRAME))
        self._to_say.extend(frame.ljust(FRAME, _SILENCE[:1]) for frame in frames)

    def hush(self) -> None:
        """Forget what waits to be sent."""
        self._to_say.clear()

    async def recv(self) -> "Packet[Stream]":
        """Give the next packet when it is due (asked for by aiortc)."""
        if self.readyState != "live":
            raise MediaStreamError
        clock = asyncio.get_running_loop().time
        if self._due is None or self._due < clock() - 1:
            self._due = clock()
        await asyncio.sleep(max(0.0, self._due - clock()))
        self._due += FRAME / RATE
        packet = Packet(self._to_say.popleft() if self._to_say else _SILENCE)
        packet.pts, packet.time_base = self._timestamp, _TIME_BASE
        self._timestamp += FRAME
        return packet


class WebRtcSession:
    """One WebRTC session: make an offer and take its answer, or answer an offer."""

    def __init__(self) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._voice = VoiceTrack()
        self._heard: deque[Pcm] = deque(maxlen=HEARD_SECONDS * 50)
        self._listening: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._over = asyncio.Event()
        self.received = 0
        """Frames of sound heard so far."""
        self._connection.add_listener("track", self._on_track)
        self._connection.add_listener("connectionstatechange", self._on_state)

    async def offer(self) -> str:
        """The SDP offer, its candidates included."""
        transceiver = self._connection.addTransceiver(self._voice, direction="sendrecv")
        transceiver.setCodecPreferences(_alaw())
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return _signalled(self._connection.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        """Take the answer to our offer.

        Raises:
            ValueError: the session cannot be made from it.
        """
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def answer(self, sdp: str) -> str:
        """Answer an SDP offer. Errors: those of :meth:`take_answer`."""
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._connection.addTrack(self._voice)
        for transceiver in self._connection.getTransceivers():
            transceiver.setCodecPreferences(_alaw())
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return _signalled(self._connection.localDescription.sdp)

    async def connected(self, seconds: float = 10) -> None:
        """Wait for ICE and DTLS.

        Raises:
            TimeoutError: not in that time.
        """
        async with asyncio.timeout(seconds):
            await self._connected.wait()

    async def over(self) -> None:
        """Wait until the session failed or was closed."""
        await self._over.wait()

    async def close(self) -> None:
        """End the session. Once is enough."""
        self._over.set()
        await self._connection.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def say(self, pcm: Pcm) -> None:
        """Speak: 8 kHz samples, after what is already waiting to be said."""
        self._voice.say(pcm)

    def hush(self) -> None:
        """Stop speaking."""
        self._voice.hush()

    def heard(self, seconds: float = HEARD_SECONDS) -> Pcm:
        """What was heard in the last seconds, at 8 kHz."""
        frames = list(self._heard)[-max(1, round(seconds * 50)) :]
        return np.concatenate([np.zeros(0, np.int16), *frames])

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._heard.clear()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.get_running_loop().create_task(self._listen(track))

    def _on_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            self._over.set()

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = cast(AudioFrame, await track.recv())
            except MediaStreamError:
                return
            self.received += 1
            self._heard.append(frame.to_ndarray()[0])


def _signalled(sdp: str) -> str:
    """The SDP with one fingerprint: Asterisk warns of each hash that it does not use."""
    unused = ("a=fingerprint:sha-384", "a=fingerprint:sha-512")
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith(unused))


def _alaw() -> list[RTCRtpCodecCapability]:
    codecs = RTCRtpSender.getCapabilities("audio").codecs
    return [codec for codec in codecs if codec.mimeType.lower() == "audio/pcma"]
