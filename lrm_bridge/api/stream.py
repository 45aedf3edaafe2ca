"""The event stream: a WebSocket on which events come in order, without gap or repetition.

The server speaks first: ``stream.snapshot`` (what is going on), or ``stream.resumed`` where it has everything
since the event that the client names. Events follow; after a silence, ``stream.heartbeat``. A client that came
back with its last ``seq`` and ``id`` misses nothing, whichever core it meets: both come from the journal.
"""

import asyncio
from dataclasses import dataclass
from enum import IntEnum

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.api_clients import ApiClient, Scope
from core.ports import Clock
from lrm_bridge.api.door import Door, token_of
from lrm_bridge.api.errors import ApiError
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.shown import Snapshot

log = structlog.get_logger(__name__)


class StreamClose(IntEnum):
    """Why the server ended a stream."""

    RESTARTING = 1012
    """Another core takes over: come back and resume."""
    NOT_ALLOWED = 4401
    """The client is revoked."""
    SPOKE = 4400
    """Clients say nothing here."""
    TOO_SLOW = 4413
    """The client did not keep up: come back and resume."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamPace:
    """Seconds."""

    heartbeat: float = 15
    send: float = 10
    """How long one frame may take to be taken by the network."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a client wants to go on, and what it wants to hear."""

    after: int | None
    event_id: str
    types: frozenset[str]


def wanted(after: str | None, event_id: str, types: str, scopes: frozenset[Scope]) -> Wanted:
    """Read what a client asks for.

    Args:
        after: the last ``seq`` that it has; ``None``: it has nothing.
        event_id: the ``id`` of that event, to be sure that it is of this journal; may be empty.
        types: types, or how they begin and ``*``, by commas (``call.*,agent.state``); empty: all that it may.
        scopes: what it may see.

    Raises:
        ApiError: ``bad_request``, or ``scope_missing`` where it may hear nothing of that.
    """
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise ApiError("bad_request")
    patterns = [each.strip() for each in types.split(",") if each.strip()] or ["*"]
    if len(patterns) > 32 or len(event_id) > 64:
        raise ApiError("bad_request")
    meant = {each for each in KINDS if any(_is_meant(each, pattern) for pattern in patterns)}
    if not meant:
        raise ApiError("bad_request")
    heard = frozenset(each for each in meant if KINDS[each].scope in scopes)
    if not heard:
        raise ApiError("scope_missing")
    return Wanted(None if after is None else int(after), event_id, heard)


def _is_meant(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


class Streams:
    """The open streams."""

    def __init__(self, events: EventLog, door: Door, clock: Clock, pace: StreamPace | None = None) -> None:
        self._events = events
        self._door = door
        self._clock = clock
        self._pace = pace or StreamPace()
        self._closing = asyncio.Event()
        self.open = 0

    def close(self) -> None:
        """End every stream: the next core goes on with them."""
        self._closing.set()

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one client until one of both ends it."""
        try:
            client = await self._door.client(websocket)
            query = websocket.query_params
            asked = wanted(query.get("after"), query.get("id", ""), query.get("types", ""), client.scopes)
            self._door.open_stream(client)
        except ApiError as error:
            await _deny(websocket, error)
            return
        self.open += 1
        log.info("api_stream_opened", client=client.client_id, resumes=asked.after is not None)
        try:
            await websocket.accept()
            code = await self._run(websocket, client, asked)
            await websocket.close(code, code.name.lower())
        except (WebSocketDisconnect, RuntimeError, TimeoutError, OSError):
            pass  # it left, or does not read: it comes back and resumes
        finally:
            self.open -= 1
            self._door.close_stream(client)
            log.info("api_stream_closed", client=client.client_id)

    async def _run(self, websocket: WebSocket, client: ApiClient, asked: Wanted) -> StreamClose:
        """Send and listen until something ends it."""
        tasks = (
            asyncio.create_task(self._send(websocket, client, asked)),
            asyncio.create_task(self._listen(websocket)),
            asyncio.create_task(self._closed()),
        )
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _closed(self) -> StreamClose:
        await self._closing.wait()
        return StreamClose.RESTARTING

    @staticmethod
    async def _listen(websocket: WebSocket) -> StreamClose:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        return StreamClose.SPOKE

    async def _send(self, websocket: WebSocket, client: ApiClient, asked: Wanted) -> StreamClose:
        place = await self._begin(websocket, client, asked)
        token, checked = token_of(websocket), self._clock.monotonic()
        while True:
            if not self._events.has(place):
                return StreamClose.TOO_SLOW
            for entry in self._events.after(place):
                place = entry.event.seq
                if entry.event.type in asked.types:
                    await self._text(websocket, entry.body.decode())
            now = self._clock.monotonic()
            if now - checked >= self._door.limits.believed_seconds:
                checked = now
                try:
                    await self._door.holder(token, websocket)
                except ApiError as error:
                    if error.status == 401:
                        return StreamClose.NOT_ALLOWED
            if self._events.after(place, 1) or await self._news() or self._events.after(place, 1):
                continue  # asked again at last: one may have come as the waiting ended
            place = self._events.seq
            await self._frame(websocket, "stream.heartbeat", {"seq": place})

    async def _begin(self, websocket: WebSocket, client: ApiClient, asked: Wanted) -> int:
        """Say where it goes on, or what is going on; the place reached."""
        if asked.after is not None and self._goes_on(asked.after, asked.event_id):
            await self._frame(websocket, "stream.resumed", {"seq": asked.after})
            return asked.after
        shown = snapshot(self._events, client.scopes)
        reason = "start" if asked.after is None else "too_old"
        await self._frame(websocket, "stream.snapshot", {"reason": reason, "data": shown, "seq": shown.seq})
        return shown.seq

    def _goes_on(self, after: int, event_id: str) -> bool:
        if not self._events.has(after):
            return False
        entry = self._events.at(after)
        return not event_id or entry is None or entry.event.id == event_id

    async def _news(self) -> bool:
        """Wait for events; whether some came before it is time for a heartbeat."""
        beat = min(self._pace.heartbeat, self._door.limits.believed_seconds)
        try:
            async with asyncio.timeout(beat):
                await self._events.news()
        except TimeoutError:
            return False
        return True

    async def _frame(self, websocket: WebSocket, name: str, more: dict[str, object]) -> None:
        frame = {"type": name, "version": 1, "timestamp": self._clock.now(), **more}
        await self._text(websocket, msgspec.json.encode(frame).decode())

    async def _text(self, websocket: WebSocket, text: str) -> None:
        async with asyncio.timeout(self._pace.send):
            await websocket.send_text(text)


def snapshot(events: EventLog, scopes: frozenset[Scope]) -> Snapshot:
    """What is going on, as far as a client may see it."""
    model = events.model
    live = tuple(model.live())
    located = (place for call in live for place in model.locations.get(call.call_id, {}).values())
    return Snapshot(
        seq=events.seq,
        calls=live if Scope.CALLS_READ in scopes else (),
        agents=tuple(model.agents.values()) if Scope.PRESENCE_READ in scopes else (),
        locations=tuple(located) if Scope.LOCATION_READ in scopes else (),
    )


async def _deny(websocket: WebSocket, error: ApiError) -> None:
    """Refuse before the WebSocket is open: an HTTP answer that says why."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(error.response())
    else:
        await websocket.close()
