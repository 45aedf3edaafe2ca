"""Load: strips without a page. Each speaks the live protocol over a real WebSocket and keeps a real SIP leg.

They do what a page does as far as the core can tell; they take every call at once and send no sound. They are
light, since they share the machine with what is measured.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

import httpx2
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.centre import PASSWORD
from bench.sipp import caller_number
from simulator.robot_position import COOKIE
from simulator.sip_call import CallState
from simulator.sip_ws import Account, WebSocketPhone

_PING = '{"type":"ping"}'
_PING_SECONDS = 2.0
_AT_ONCE = 4
"""Logins at the same time: each checks a password, which is slow on purpose."""


class _Offer(msgspec.Struct):
    id: str
    number: str = ""


class _Call(msgspec.Struct):
    state: str = ""


class _Position(msgspec.Struct):
    state: str = ""


class _Shown(msgspec.Struct):
    offer: _Offer | None = None
    call: _Call | None = None
    position: _Position | None = None


class _Frame(msgspec.Struct):
    type: str
    view: _Shown = msgspec.field(default_factory=_Shown)
    patch: _Shown = msgspec.field(default_factory=_Shown)


_decoder = msgspec.json.Decoder(_Frame)


class Strips:
    """The strips of one centre, and what they saw since :meth:`forget`."""

    def __init__(self) -> None:
        self.offered: dict[int, float] = {}
        """When each call was first offered (seconds since 1970), by the call's number."""
        self.taken = 0
        """How many calls were joined."""
        self.ready: set[str] = set()
        self.frames = 0

    def forget(self) -> None:
        """Begin to count anew."""
        self.offered = {}
        self.taken = 0
        self.frames = 0

    async def until_ready(self, count: int, seconds: float = 30) -> None:
        """Wait until so many positions are ready. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.ready) < count:  # noqa: ASYNC110 - looked at 20 times a second, by one waiter
                await asyncio.sleep(0.05)

    async def serve(self, login: str, connection: ClientConnection) -> None:
        """Be one strip, until the connection ends."""
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                self.frames += 1
                if answer := self._take(login, _decoder.decode(text)):
                    await connection.send(answer)

    def _take(self, login: str, frame: _Frame) -> str | None:
        shown = frame.view if frame.type == "snapshot" else frame.patch
        if shown.position is not None and shown.position.state:
            (self.ready.add if shown.position.state == "ready" else self.ready.discard)(login)
        if shown.call is not None and shown.call.state == "talking":
            self.taken += 1
        if shown.offer is None or not shown.offer.id:
            return None
        number = caller_number(shown.offer.number)
        if number is not None:
            self.offered.setdefault(number, time.time())
        return '{"type":"command","id":1,"name":"accept_offer","args":{"offerId":"' + shown.offer.id + '"}}'


@contextlib.asynccontextmanager
async def open_strips(url: str, logins: Sequence[str], *, legs: bool = True) -> AsyncIterator[Strips]:
    """Log in, open strip and leg of each, and wait until all are ready; or only register, without legs."""
    strips = Strips()
    gate = asyncio.Semaphore(_AT_ONCE)
    stacks = [contextlib.AsyncExitStack() for _ in logins]

    async def one(number: int, login: str) -> None:
        async with gate:
            await _open(stacks[number], strips, url, login, f"127.0.1.{1 + number % 250}", legs)

    try:
        await asyncio.gather(*(one(number, login) for number, login in enumerate(logins)))
        if legs:
            await strips.until_ready(len(logins))
        yield strips
    finally:
        await asyncio.gather(*(stack.aclose() for stack in stacks))


async def _open(
    stack: contextlib.AsyncExitStack, strips: Strips, url: str, login: str, address: str, legs: bool
) -> None:
    # Each from an address of its own, as workplaces are: the core limits logins from one address.
    http = httpx2.AsyncClient(base_url=url, transport=httpx2.AsyncHTTPTransport(local_address=address))
    async with http:
        answer = await http.post("/api/login", json={"login": login, "password": PASSWORD})
        answer.raise_for_status()
        account = (await http.post("/api/strip/credentials")).raise_for_status().json()
        cookie = f"{COOKIE}={http.cookies.get(COOKIE)}"
    connection = await connect(
        url.replace("http", "ws", 1) + "/ws/bandeau",
        additional_headers={"Cookie": cookie, "Origin": url},
        ping_interval=None,
        proxy=None,
    )
    stack.push_async_callback(connection.close)
    await connection.send('{"type":"hello"}')
    _background(stack, strips.serve(login, connection))
    _background(stack, _ping(connection))
    phone = await WebSocketPhone.open(
        f"ws://127.0.0.1:{account['wsPort']}/ws",
        Account(account["username"], account["password"], account["domain"]),
    )
    stack.push_async_callback(phone.close)
    if not legs:
        return
    leg = phone.call(account["legTarget"], _silent_sdp())
    if await leg.until(CallState.UP) is not CallState.UP:
        raise RuntimeError(f"the leg of {login} was refused: {leg.status}")


def _background(stack: contextlib.AsyncExitStack, work: "asyncio._CoroutineLike[None]") -> None:
    task = asyncio.get_running_loop().create_task(work)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


async def _ping(connection: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.sleep(_PING_SECONDS)
            await connection.send(_PING)


def _silent_sdp() -> str:
    lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.9", "s=-", "c=IN IP4 127.0.0.9", "t=0 0",
             "m=audio 39000 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "")  # fmt: skip
    return "\r\n".join(lines)
