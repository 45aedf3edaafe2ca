"""The strip's end of the live screen protocol: a view kept by snapshot and changes; commands with replies."""

import asyncio
import itertools
import json
import ssl
from collections.abc import Callable
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PING_SECONDS = 2.0
MAX_OCTETS = 1_000_000

View: TypeAlias = dict[str, Any]
"""What a strip shows, as the server says it."""


class Refused(Exception):
    """The server refused a command. ``code`` is stable, the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LiveClient:
    """A strip's WebSocket. Lost once, it is over; another one resumes from :attr:`place`."""

    def __init__(self, connection: ClientConnection, on_change: Callable[[], None]) -> None:
        self._connection = connection
        self._on_change = on_change
        self._over = False
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.view: View = {}
        self.place: tuple[str, int] | None = None
        """Epoch and sequence number reached."""
        self.bye = ""
        """Why the server ended it, where it said so: ``replaced``, ``logged_out``, ``restarting``."""

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        cookie: str,
        origin: str,
        before: "LiveClient | None" = None,
        on_change: Callable[[], None] = lambda: None,
        tls: ssl.SSLContext | None = None,
    ) -> "LiveClient":
        """Connect and say hello.

        Args:
            url: of the WebSocket.
            cookie: the header that holds the session.
            origin: of the page that this stands for.
            before: the client to go on from.
            on_change: told of each change of the view, and of the end.
            tls: to trust a local authority.

        Raises:
            OSError, TimeoutError, websockets.InvalidHandshake: there is no connection.
        """
        connection = await connect(
            url,
            additional_headers={"Cookie": cookie, "Origin": origin},
            ssl=tls,
            max_size=MAX_OCTETS,
            proxy=None,
        )
        client = cls(connection, on_change)
        hello: dict[str, object] = {"type": "hello"}
        if before is not None and before.place is not None:
            client.view, client.place = before.view, before.place
            hello |= {"epoch": before.place[0], "seq": before.place[1]}
        await client._send(hello)
        loop = asyncio.get_running_loop()
        client._tasks = [loop.create_task(client._read()), loop.create_task(client._ping())]
        return client

    async def command(self, name: str, **args: object) -> None:
        """Ask for something and wait for the reply.

        Raises:
            Refused: the server says no.
            ConnectionError: the connection was lost before the reply.
        """
        number = next(self._ids)
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        try:
            await self._send({"type": "command", "id": number, "name": name, "args": args})
            await reply
        except ConnectionClosed as error:
            raise ConnectionError("connection lost") from error
        finally:
            del self._replies[number]

    async def until(self, test: Callable[[View], bool], seconds: float = 60) -> View:
        """Wait until the view passes the test; give it.

        Raises:
            TimeoutError: it does not, in that time.
            ConnectionError: the connection is over.
        """
        async with asyncio.timeout(seconds):
            while not test(self.view):
                await self.change()
        return self.view

    async def change(self) -> None:
        """Wait for the view to change, or for the end of the connection.

        Raises:
            ConnectionError: it is over already.
        """
        if self._over:
            raise ConnectionError("connection lost")
        self._changed.clear()
        await self._changed.wait()

    async def closed(self) -> None:
        """Wait until the connection is over."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    @property
    def close_code(self) -> int | None:
        """The WebSocket close code, once closed."""
        return self._connection.close_code

    async def close(self) -> None:
        """End the connection. Once is enough."""
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, message: dict[str, object]) -> None:
        await self._connection.send(json.dumps(message))

    async def _ping(self) -> None:
        try:
            while True:
                await asyncio.sleep(PING_SECONDS)
                await self._send({"type": "ping"})
        except ConnectionClosed:
            return

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(ConnectionError("connection lost"))
            self._over = True
            self._tell()

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "snapshot":
                self.view, self.place = message["view"], (message["epoch"], message["seq"])
                self._tell()
            case "change":
                self.view = merged(self.view, message["patch"])
                if self.place is not None:
                    self.place = (self.place[0], message["seq"])
                self._tell()
            case "resumed":
                self._tell()
            case "reply":
                self._reply(message)
            case "bye":
                self.bye = message["reason"]

    def _tell(self) -> None:
        self._changed.set()
        self._on_change()

    def _reply(self, message: dict[str, Any]) -> None:
        reply = self._replies.get(message["id"])
        if reply is None or reply.done():
            return
        if message["ok"]:
            reply.set_result(None)
        else:
            reply.set_exception(Refused(message["code"], message["message"]))


def merged(target: Any, patch: Any) -> Any:
    """The target after a merge patch (RFC 7396); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result
