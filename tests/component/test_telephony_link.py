"""The link to Asterisk, kept through our own standstills and given up where nothing comes any more."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from telephony.ari import LOOK_SECONDS, SILENT_LOOKS, AriLink, AriServer
from telephony.ari_protocol import ApplicationReplaced, Known
from tests.support.ari_end import APP, LOGIN, PASSWORD, dialled
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.component

STANDSTILL_SECONDS = LOOK_SECONDS * (SILENT_LOOKS + 1)
REGISTERED = json.dumps({"type": "ApplicationReplaced", "application": "core-a"})


class Heard:
    """A server, and what it told of its links."""

    def __init__(self) -> None:
        self.port = free_port()
        self.connected: list[AriLink] = []
        self.received: list[Known] = []
        self.lost: list[str] = []
        self.server = AriServer(
            port=self.port,
            username=APP,
            password=PASSWORD,
            connected=self.connected.append,
            received=lambda _, message: self.received.append(message),
            lost=lambda _, reason: self.lost.append(reason),
        )


@contextmanager
def dialling(port: int, speak: Callable[[ClientConnection], None]) -> Iterator[None]:
    """Something that dials the server and speaks, in a thread of its own, until it is hung up on."""

    def run() -> None:
        with (
            suppress(ConnectionClosed),
            connect(**dialled(port)) as far,
        ):  # which may be in the middle of a word
            speak(far)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def answers(far: ClientConnection) -> None:
    """Say a word, and answer each that is heard."""
    far.send(REGISTERED)
    for _ in far:
        far.send(REGISTERED)


def says(words: Sequence[str | Sequence[str]]) -> Callable[[ClientConnection], None]:
    """Say all this at once."""

    def speak(far: ClientConnection) -> None:
        for word in words:
            far.send(word)
        far.recv()

    return speak


async def test_a_standstill_of_our_own_does_not_cost_the_link() -> None:
    heard = Heard()
    await heard.server.start()
    with dialling(heard.port, answers):
        await until(lambda: bool(heard.received), "the link is up")
        time.sleep(STANDSTILL_SECONDS)  # noqa: ASYNC251 - this is the standstill
        known = len(heard.received)
        for _ in range(4):
            await asyncio.sleep(LOOK_SECONDS)  # looks go by
        heard.connected[0].request("GET", "bridges")
        await until(lambda: len(heard.received) > known, "it is still heard")
        assert heard.lost == []
        assert len(heard.connected) == 1
        await heard.server.close()


async def test_a_link_that_is_idle_is_kept_by_its_signs_of_life() -> None:
    heard = Heard()
    await heard.server.start()
    with dialling(heard.port, answers):
        await until(lambda: bool(heard.received), "the link is up")
        await asyncio.sleep(STANDSTILL_SECONDS)
        assert heard.lost == []
        await heard.server.close()


async def test_a_link_from_which_nothing_comes_is_given_up() -> None:
    heard = Heard()
    await heard.server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", heard.port)
    writer.write(
        b"GET /ari HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: ari\r\nAuthorization: " + LOGIN.encode() + b"\r\n\r\n"
    )
    assert b"101" in await reader.readline()
    began = time.monotonic()
    await until(lambda: bool(heard.lost), "it is given up")
    assert heard.lost == ["nothing comes from Asterisk"]
    assert time.monotonic() - began >= LOOK_SECONDS * SILENT_LOOKS * 0.9
    with pytest.raises(Exception, match="lost"):
        await heard.connected[0].request("GET", "bridges")
    writer.close()
    await heard.server.close()


async def test_words_said_in_one_breath_are_heard_in_their_order() -> None:
    heard = Heard()
    await heard.server.start()
    names = [f"core-{number}" for number in range(50)]
    words: list[str | Sequence[str]] = [
        json.dumps({"type": "ApplicationReplaced", "application": name}) for name in names
    ]
    last = str(words[-1])
    words[-1] = [last[:20], last[20:]]  # in pieces: Asterisk does not do so, the protocol allows it
    with dialling(heard.port, says(words)):
        await until(lambda: len(heard.received) == len(names), "all is heard")
        await heard.server.close()
    assert heard.received == [ApplicationReplaced(application=name) for name in names]


async def test_what_cannot_be_read_ends_the_link() -> None:
    heard = Heard()
    await heard.server.start()
    with dialling(heard.port, says([REGISTERED, "{", REGISTERED])):
        await until(lambda: bool(heard.lost), "the link is lost")
        await heard.server.close()
    assert heard.lost == ["a fault of ours"]
    assert len(heard.received) == 1
