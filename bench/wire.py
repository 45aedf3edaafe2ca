"""The wire between Asterisk and the core, with a counter: frames and bytes of the ARI WebSocket, each way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from simulator.robot_leg import first_of

HOST = "127.0.0.1"
_TEXT, _CONTINUATION, _BINARY = 1, 0, 2


@dataclass(slots=True)
class FrameCounter:
    """Counts WebSocket messages in one direction of a byte stream. Pure: it is fed what passes."""

    messages: int = 0
    octets: int = 0
    """On the wire, headers of frames and control frames included."""
    _buffer: bytearray = field(default_factory=bytearray)
    _open: bool = False

    def feed(self, chunk: bytes) -> None:
        """Take in what passed next; the HTTP handshake comes first and is not counted."""
        self._buffer += chunk
        if not self._open:
            _head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            self._open = True
            self._buffer[:] = rest
        while (size := _frame_size(self._buffer)) is not None and len(self._buffer) >= size:
            first = self._buffer[0]
            if first & 0x80 and first & 0x0F in (_TEXT, _BINARY, _CONTINUATION):
                self.messages += 1
            self.octets += size
            del self._buffer[:size]


def _frame_size(data: bytearray) -> int | None:
    """Octets of the frame that begins here, header included; ``None``: its header is not all there yet."""
    if len(data) < 2:
        return None
    length, size = data[1] & 0x7F, 2
    if length >= 126:
        width = 2 if length == 126 else 8
        if len(data) < 2 + width:
            return None
        length, size = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
    return size + (4 if data[1] & 0x80 else 0) + length


class CountingRelay:
    """Forwards the ARI WebSocket from ``port`` to ``target``, both on loopback, and counts what passes."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self.to_core = FrameCounter()
        self.to_asterisk = FrameCounter()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["CountingRelay"]:
        """Let connections through meanwhile."""
        server = await asyncio.start_server(self._accepted, HOST, self._port)
        try:
            yield self
        finally:
            server.close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target)
        except OSError:  # the core is not there yet: Asterisk dials again
            writer.transport.abort()
            return
        self.to_core, self.to_asterisk = FrameCounter(), FrameCounter()
        try:
            await first_of(
                [
                    self._pump(reader, far_writer, self.to_core),
                    self._pump(far_reader, writer, self.to_asterisk),
                ]
            )
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counter: FrameCounter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                counter.feed(chunk)
                writer.write(chunk)
                await writer.drain()
