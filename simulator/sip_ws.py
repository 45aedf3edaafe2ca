"""SIP over WebSocket (RFC 7118) for robot positions: one connection, one registration kept alive."""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulator.sip_agent import SipAgent
from simulator.sip_call import Call
from simulator.sip_message import MAX_OCTETS, SipError

REGISTER_SECONDS = 120
SHORTEST_RENEWAL = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A SIP account. ``domain`` is what follows the ``@``."""

    user: str
    password: str
    domain: str

    @property
    def uri(self) -> str:
        """Its address."""
        return f"sip:{self.user}@{self.domain}"


class WebSocketPhone:
    """A registered user agent on one WebSocket. When the connection or the registration is lost, it is over."""

    def __init__(
        self, connection: ClientConnection, account: Account, on_call: Callable[[Call], None] | None
    ) -> None:
        host = f"{secrets.token_hex(6)}.invalid"
        self._connection = connection
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.account = account
        self.agent = SipAgent(
            self._outbox.put_nowait,
            via=f"SIP/2.0/WS {host}",
            contact=f"<sip:{account.user}@{host};transport=ws>",
            reliable=True,
            on_call=on_call,
        )

    @classmethod
    async def open(
        cls,
        url: str,
        account: Account,
        on_call: Callable[[Call], None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> "WebSocketPhone":
        """Connect and register.

        Raises:
            SipError: the registration is refused.
            OSError, TimeoutError: the server is not there.
        """
        connection = await connect(
            url,
            subprotocols=[Subprotocol("sip")],
            ssl=tls,
            max_size=MAX_OCTETS,
            ping_interval=10,
            ping_timeout=5,
            compression=None,
            proxy=None,
        )
        phone = cls(connection, account, on_call)
        phone._start(phone._read())
        phone._start(phone._write())
        try:
            await phone._register()
        except BaseException:
            await phone.close()
            raise
        return phone

    def call(self, user: str, sdp: str) -> Call:
        """Call a user of the account's domain with that SDP offer."""
        target = f"sip:{user}@{self.account.domain}"
        dialog = self.agent.dialog(f"<{self.account.uri}>", f"<{target}>", target)
        return self.agent.call(dialog, sdp, user=self.account.user, password=self.account.password)

    async def closed(self) -> None:
        """Wait until the connection or the registration is lost."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Hang up, then close the connection; the registration goes with it. Once is enough."""
        await self.agent.leave()
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _register(self) -> None:
        registrar = f"sip:{self.account.domain}"
        dialog = self.agent.dialog(f"<{self.account.uri}>", f"<{self.account.uri}>", registrar)

        async def register() -> int:
            return await self.agent.register(dialog, self.account.user, self.account.password, REGISTER_SECONDS)

        held = await register()

        async def renew(held: int) -> None:
            while True:
                await asyncio.sleep(max(SHORTEST_RENEWAL, held * 0.75))
                held = await register()

        self._start(renew(held))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(asyncio.ensure_future(self._guarded(work)))

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        """The top of each task: any loss of the server ends it, and so the phone."""
        try:
            await work
        except (ConnectionClosed, SipError, TimeoutError) as error:
            log.info("sip_connection_lost", reason=type(error).__name__)

    async def _read(self) -> None:
        async for message in self._connection:
            self.agent.receive(message.encode() if isinstance(message, str) else message)

    async def _write(self) -> None:
        while True:
            await self._connection.send((await self._outbox.get()).decode(errors="replace"), text=True)
