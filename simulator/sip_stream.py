"""SIP over TCP or TLS for robot callers and phones: one connection, one user agent."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from simulator.sip_agent import SipAgent
from simulator.sip_call import Call
from simulator.sip_message import SipError, split_stream


class StreamPhone(asyncio.Protocol):
    """A user agent on a connection of its own to one server. When the connection is lost, so are its calls."""

    def __init__(
        self, server: tuple[str, int], *, secure: bool, user: str, on_call: Callable[[Call], None] | None
    ) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._secure = secure
        self._user = user
        self._on_call = on_call
        self.server = server
        self.address = ""
        self.agent: SipAgent

    @classmethod
    async def open(
        cls,
        server: tuple[str, int],
        address: str = "",
        tls: ssl.SSLContext | None = None,
        *,
        user: str = "caller",
        on_call: Callable[[Call], None] | None = None,
    ) -> "StreamPhone":
        """Connect. ``address``: ours; empty: the one by which the server is reached. ``tls``: whom to trust.

        ``on_call`` is told of each call in; without it they are refused.

        Raises:
            OSError: the server is not there, or is not trusted.
        """
        _, phone = await asyncio.get_running_loop().create_connection(
            lambda: cls(server, secure=tls is not None, user=user, on_call=on_call),
            *server,
            ssl=tls,
            local_addr=(address, 0) if address else None,
        )
        return phone

    async def close(self) -> None:
        """End the calls properly, then close."""
        await self.agent.leave()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast(asyncio.Transport, transport)
        self.address, port = transport.get_extra_info("sockname")[:2]
        name = "TLS" if self._secure else "TCP"
        self.agent = SipAgent(
            self._transport.write,
            via=f"SIP/2.0/{name} {self.address}:{port}",
            contact=f"<sip:{self._user}@{self.address}:{port};transport={name.lower()}>",
            reliable=True,
            on_call=self._on_call,
        )

    def data_received(self, data: bytes) -> None:  # noqa: D102
        try:
            messages, self._received = split_stream(self._received + data)
        except SipError:
            self._drop()
            return
        for message in messages:
            self.agent.receive(message)

    def _drop(self) -> None:
        """What comes is not SIP: where the next message begins is not known."""
        if self._transport is not None:
            self._transport.abort()
