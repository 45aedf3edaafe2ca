"""The robots' strip end of the live protocol, against a server of a few lines on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from simulator.live_client import LiveClient, Refused, merged

pytestmark = pytest.mark.component

VIEW = {"position": {"state": "ready", "since": "t0"}, "room": {"waiting": 1}}


class Screen:
    """The server's side of one client: what it received, and what to say."""

    def __init__(self, connection: ServerConnection, received: list[dict[str, Any]]) -> None:
        self._connection = connection
        self.received = received

    async def say(self, message: dict[str, Any]) -> None:
        await self._connection.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._connection.recv())
        self.received.append(message)
        return message

    async def close(self) -> None:
        await self._connection.close(4401, "no session")


@asynccontextmanager
async def live_server(script: Callable[[Screen], Any]) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    received: list[dict[str, Any]] = []

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        received.append(dict(connection.request.headers.raw_items()))
        await script(Screen(connection, received))
        await connection.wait_closed()

    async with serve(handle, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/bandeau", received


async def opened(url: str, before: LiveClient | None = None) -> LiveClient:
    return await LiveClient.open(url, cookie="bandeau15_session=x", origin="http://127.0.0.1", before=before)


async def test_a_snapshot_then_changes_make_the_view() -> None:
    async def script(screen: Screen) -> None:
        assert await screen.next() == {"type": "hello"}
        await screen.say({"type": "snapshot", "epoch": "e", "seq": 4, "now": "t", "view": VIEW})
        patch = {"offer": {"id": "o"}, "room": {"waiting": 0, "oldestQueuedAt": None}}
        await screen.say({"type": "change", "seq": 5, "event": "CallOffered", "patch": patch})

    async with live_server(script) as (url, received):
        client = await opened(url)
        view = await client.until(lambda view: "offer" in view)
        assert view == VIEW | {"offer": {"id": "o"}, "room": {"waiting": 0}}
        assert client.place == ("e", 5)
        assert received[0]["Cookie"] == "bandeau15_session=x"
        assert received[0]["Origin"] == "http://127.0.0.1"
        await client.close()


async def test_it_resumes_from_where_it_was() -> None:
    async def script(screen: Screen) -> None:
        hello = await screen.next()
        if "epoch" not in hello:
            await screen.say({"type": "snapshot", "epoch": "e", "seq": 4, "now": "t", "view": VIEW})
            await screen.close()
            return
        await screen.say({"type": "resumed", "seq": 5, "now": "t"})
        await screen.say({"type": "change", "seq": 5, "event": "X", "patch": {"room": {"waiting": 9}}})

    async with live_server(script) as (url, received):
        first = await opened(url)
        await first.until(bool)
        await first.closed()
        assert first.close_code == 4401
        second = await opened(url, first)
        await second.until(lambda view: view["room"]["waiting"] == 9)
        assert {"type": "hello", "epoch": "e", "seq": 4} in received
        assert second.view["position"] == VIEW["position"]
        await second.close()
        await first.close()


async def test_commands_are_answered_refused_or_lost() -> None:
    async def script(screen: Screen) -> None:
        await screen.next()
        for _ in range(3):
            command = await screen.next()
            if command["name"] == "ready":
                await screen.say({"type": "reply", "id": command["id"], "ok": True})
            elif command["name"] == "hold":
                await screen.say(
                    {
                        "type": "reply",
                        "id": command["id"],
                        "ok": False,
                        "code": "no_call",
                        "message": "Aucun appel",
                    }
                )
            else:
                await screen.close()

    async with live_server(script) as (url, received):
        client = await opened(url)
        await client.command("ready")
        with pytest.raises(Refused) as refused:
            await client.command("hold")
        assert refused.value.code == "no_call"
        with pytest.raises(ConnectionError):
            await client.command("accept_offer", offerId="o")
        assert received[-1] == {"type": "command", "id": 3, "name": "accept_offer", "args": {"offerId": "o"}}
        await client.close()


async def test_it_pings_and_notes_why_it_was_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.live_client.PING_SECONDS", 0.02)
    pinged = asyncio.Event()

    async def script(screen: Screen) -> None:
        await screen.next()
        assert await screen.next() == {"type": "ping"}
        pinged.set()
        await screen.say({"type": "pong", "now": "t"})
        await screen.say({"type": "bye", "reason": "replaced"})
        await screen.close()

    async with live_server(script) as (url, _):
        client = await opened(url)
        async with asyncio.timeout(5):
            await pinged.wait()
            await client.closed()
        assert client.bye == "replaced"
        await client.close()


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the examples of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_are_those_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result
