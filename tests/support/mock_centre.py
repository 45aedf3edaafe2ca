"""The HTTP and WebSocket face of a centre in a few lines, with a view that the test sets: no product code."""

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

from tests.support.serving import serving

PASSWORD = "right"
READY: dict[str, Any] = {"position": {"id": "robot1", "state": "ready", "since": "t0"}}


class MockCentre:
    """Serves one robot; use as an async context manager. ``sip_password`` is that of its SIP account."""

    def __init__(self, *, ws_port: int, domain: str, sip_password: str) -> None:
        self._account = {"password": sip_password, "domain": domain, "wsPort": ws_port, "wssPort": 0}
        self._sockets: list[WebSocket] = []
        self._stack = AsyncExitStack()
        self._cookie = secrets.token_hex(8)
        self._seq = 0
        self.view = READY
        self.commands: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.asked: list[str] = []
        """Paths asked for, in order."""
        self.url = ""

    async def __aenter__(self) -> "MockCentre":
        self.url = await self._stack.enter_async_context(serving(self._app()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def show(self, view: dict[str, Any]) -> None:
        """Give the robot another view."""
        self.view = view
        self._seq += 1
        for socket in self._sockets:
            await self._snapshot(socket)

    async def cut(self) -> None:
        """Close the robot's WebSocket, as a restart does."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.close(1012)

    async def next_command(self, seconds: float = 5) -> dict[str, Any]:
        """The next command of the robot."""
        async with asyncio.timeout(seconds):
            return await self.commands.get()

    async def _snapshot(self, socket: WebSocket) -> None:
        text = json.dumps({"type": "snapshot", "epoch": "e", "seq": self._seq, "now": "t", "view": self.view})
        await socket.send_text(text)

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/api/login")
        async def login(request: Request, response: Response) -> dict[str, str]:
            self.asked.append("login")
            body = await request.json()
            if body["password"] != PASSWORD:
                response.status_code = 401
                return {"code": "bad_credentials"}
            response.set_cookie("bandeau15_session", self._cookie, httponly=True, samesite="strict")
            return {"positionId": body["login"]}

        @app.post("/api/strip/credentials")
        async def credentials(request: Request, response: Response) -> dict[str, Any]:
            self.asked.append("credentials")
            if request.cookies.get("bandeau15_session") != self._cookie:
                response.status_code = 401
                return {}
            return {"username": "robot1", "legTarget": "leg", "echoTarget": "echo"} | self._account

        @app.websocket("/ws/bandeau")
        async def strip(socket: WebSocket) -> None:
            if socket.cookies.get("bandeau15_session") != self._cookie:
                await socket.close(4401)
                return
            await socket.accept()
            hello = json.loads(await socket.receive_text())
            assert hello["type"] == "hello"
            self._sockets.append(socket)
            try:
                await self._snapshot(socket)
                await self._serve(socket)
            except WebSocketDisconnect:
                self._sockets = [other for other in self._sockets if other is not socket]

        return app

    async def _serve(self, socket: WebSocket) -> None:
        while True:
            frame = json.loads(await socket.receive_text())
            if frame["type"] == "command":
                self.commands.put_nowait(frame)
                await socket.send_text(json.dumps({"type": "reply", "id": frame["id"], "ok": True}))
            else:
                await socket.send_text(json.dumps({"type": "pong", "now": "t"}))
