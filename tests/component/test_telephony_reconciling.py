"""What Asterisk says while the core asks what it holds."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from telephony.switch import AsteriskSwitch
from tests.support.ari_end import APP, PASSWORD, dialled
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.component

INFORMATION = {"status": {"startup_time": "2026-11-22T01:06:12.007+0000", "last_reload_time": ""}}
UNSAID = object()
"""What Asterisk answers of a channel for which it finds no words: nothing, and that it is well."""
ANSWERS: dict[str, object] = {
    "asterisk/info": INFORMATION,
    "bridges": [],
    "endpoints": [],
    "applications/core-a": {"name": "core-a", "channel_ids": []},
}


def broadcast(channel: str) -> str:
    """A caller waits to be claimed."""
    dialplan = {"context": "from-trunk", "exten": "15", "priority": 3, "app_name": "StasisBroadcast"}
    shown = {
        "id": channel,
        "state": "Ring",
        "dialplan": {
            **dialplan,
            "app_data": "300,^core-,caller:15:0612345678/allowednotscreened//0612345678@/",
        },
        "creationtime": "2026-11-22T01:06:12.007+0000",
    }
    return json.dumps({"type": "CallBroadcast", "channel": shown, "called": "15"})


class Far:
    """The far end of the link: it answers each request, and may say something with an answer."""

    def __init__(self, socket: ClientConnection, beside: Callable[[str, str], str | None]) -> None:
        self._socket = socket
        self._beside = beside
        self.asked: list[str] = []

    async def answer(self) -> None:
        try:
            async for frame in self._socket:
                await self._answer(json.loads(frame))
        except ConnectionClosed:
            return

    async def _answer(self, request: dict[str, Any]) -> None:
        path = str(request["uri"]).partition("?")[0]
        self.asked.append(f"{request['method']} {request['uri']}")
        body = ANSWERS.get(path)
        reply = {"type": "RESTResponse", "request_id": request["request_id"], "uri": path}
        status = 204 if body is None else 200
        said = {} if body is None else {"message_body": json.dumps(body) if body is not UNSAID else ""}
        await self._socket.send(json.dumps({**reply, "status_code": status, **said}))
        if word := self._beside(request["method"], path):
            await self._socket.send(word)


async def claimed_of(kept: str, beside: Callable[[str, str], str | None]) -> list[str]:
    """Which callers are claimed by a core to which Asterisk says what it kept, and a word beside an answer."""
    port = free_port()
    switch = AsteriskSwitch(
        app=APP, switch="asterisk-a", ari_port=port, ari_password=PASSWORD, prompts="/prompts"
    )
    async with (
        switch,
        connect(**dialled(port)) as ari,
    ):
        await ari.send(kept)
        far = Far(ari, beside)
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(far.answer())
            await until(lambda: switch.up, "it is under command")
            await until(lambda: any("claim" in asked for asked in far.asked), "a caller is claimed")
            answering.cancel()
        return [asked for asked in far.asked if "claim" in asked]


async def test_who_came_while_it_asked_is_claimed_and_who_left_before_is_not() -> None:
    """The channels were listed before that caller was there: the list does not tell that they are gone."""
    claims = await claimed_of(
        broadcast("left"), lambda method, path: broadcast("came") if path == "endpoints" else None
    )
    assert len(claims) == 1
    assert "channelId=came" in claims[0]


async def test_one_for_whom_asterisk_finds_no_words_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ANSWERS, "endpoints", [{"channel_ids": ["odd", "right"]}])
    monkeypatch.setitem(ANSWERS, "channels/odd", UNSAID)
    monkeypatch.setitem(ANSWERS, "channels/right", json.loads(broadcast("right"))["channel"])
    claims = await claimed_of(broadcast("right"), lambda method, path: None)
    assert {claim.partition("channelId=")[2].partition("&")[0] for claim in claims} == {"right"}
