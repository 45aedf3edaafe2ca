"""SIP over UDP for robot callers: one socket, one user agent, no registration (a trunk knows us by address)."""

import asyncio
import socket
from typing import cast

from simulator.bad_line import BadLine
from simulator.sip_agent import SipAgent


class UdpPhone(asyncio.DatagramProtocol):
    """A user agent on a UDP port of its own that speaks to one server."""

    def __init__(self, server: tuple[str, int], local: tuple[str, int]) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self.server = server
        self.address = local[0]
        self.line: BadLine | None = None
        """What the line is like, where not good."""
        self.agent = SipAgent(
            self._send,
            via=f"SIP/2.0/UDP {local[0]}:{local[1]}",
            contact=f"<sip:caller@{local[0]}:{local[1]}>",
            reliable=False,
        )

    @classmethod
    async def open(cls, server: tuple[str, int], address: str = "") -> "UdpPhone":
        """Open on a free port. ``address``: ours; empty: the one by which the server is reached."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind((address or address_towards(server[0]), 0))
        except OSError:
            sock.close()
            raise
        name = sock.getsockname()
        _, phone = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: cls(server, (name[0], name[1])), sock=sock
        )
        return phone

    async def close(self) -> None:
        """End the calls properly, then close."""
        await self.agent.leave()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:  # noqa: D102
        if addr[0] != self.server[0]:
            return
        if self.line is not None:
            self.line.carry(self.agent.receive, data)
        else:
            self.agent.receive(data)

    def error_received(self, exc: Exception) -> None:
        """A closed port at the server: as if nothing had been heard, the request is repeated."""

    def _send(self, data: bytes) -> None:
        if self.line is not None:
            self.line.carry(self._give, data)
        else:
            self._give(data)

    def _give(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, self.server)


def address_towards(host: str) -> str:
    """Our own address on the way to a host (nothing is sent)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))
        return str(probe.getsockname()[0])
