"""The pump of a live screen: one WebSocket, the hub on one side, the feature's commands on the other.

A screen that is silent, too fast, too slow or does not speak the protocol is closed with a named code
(:class:`web.live.Close`); it comes back and resumes. Nothing a screen does delays another one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import BandeauError
from core.ports import Clock
from web.live import (
    Audience,
    BadFrame,
    Close,
    CommandFrame,
    Hello,
    LiveHub,
    bye,
    decode,
    pong,
    reply_ok,
    reply_refused,
)
from web.rates import Rate

log = structlog.get_logger(__name__)

GOING_AWAY = 1001
"""Close code by which a browser says that its page was closed, left or reloaded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one screen may do. Seconds, and counts."""

    hello_seconds: float = 5
    silence_seconds: float = 15
    send_seconds: float = 5
    frames_per_second: float = 20
    frames_burst: float = 60
    commands_per_second: float = 5
    commands_burst: float = 15
    queued_frames: int = 512
    queued_characters: int = 1_000_000


class _Refused(Exception):
    """The screen must be closed with this code."""

    def __init__(self, code: Close) -> None:
        super().__init__(code.name)
        self.code = code


class LiveSocket:
    """One connected screen. Implements :class:`web.live.Screen`."""

    def __init__(self, websocket: WebSocket, hub: LiveHub, clock: Clock, limits: Limits | None = None) -> None:
        self._websocket = websocket
        self._hub = hub
        self._clock = clock
        self._limits = limits or Limits()
        self._frames = Rate(self._limits.frames_per_second, self._limits.frames_burst)
        self._commands = Rate(self._limits.commands_per_second, self._limits.commands_burst)
        self._out: deque[str] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._closing: Close | None = None
        self.left_on_purpose = False
        """Whether the page itself said that it was leaving (closed, reloaded)."""

    @property
    def closed_as(self) -> Close | None:
        """Why the server closed it, if it did."""
        return self._closing

    # --- towards the screen -----------------------------------------------------------------------------

    def push(self, frame: str) -> None:
        """Queue a frame; a screen whose queue is full is closed as too slow."""
        if self._closing is not None:
            return
        if len(self._out) >= self._limits.queued_frames or self._queued >= self._limits.queued_characters:
            self._out.clear()
            self.close(Close.TOO_SLOW)
            return
        self._out.append(frame)
        self._queued += len(frame)
        self._wake.set()

    def bye(self, reason: str, code: Close) -> None:
        """Say why, then close. What is being answered right now is still sent first."""
        asyncio.get_running_loop().call_soon(self._bye, reason, code)

    def _bye(self, reason: str, code: Close) -> None:
        self.push(bye(reason))
        self.close(code)

    def close(self, code: Close) -> None:
        """Close once what is queued has been sent."""
        if self._closing is None:
            self._closing = code
            self._wake.set()

    # --- the two tasks ----------------------------------------------------------------------------------

    async def run(
        self,
        audiences: Iterable[Audience],
        *,
        joined: Callable[[], None],
        heard: Callable[[], None],
        command: Callable[[CommandFrame], None],
        message: Callable[[str], str],
    ) -> None:
        """Serve an accepted WebSocket until it ends.

        Args:
            audiences: what the screen listens to.
            joined: called once, after the screen said hello.
            heard: called at each frame: the screen is alive.
            command: carries out a command, or raises a BandeauError.
            message: the French text of an error's code.
        """
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(tuple(audiences), joined, heard, command, message))
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                self._reader_ended(reader)
                await asyncio.wait((writer,), timeout=self._limits.send_seconds)
        finally:
            self._hub.leave(self)
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    def _reader_ended(self, reader: asyncio.Task[None]) -> None:
        error = reader.exception()
        if isinstance(error, _Refused):
            log.info("screen_closed", code=error.code.name)
            self.close(error.code)
        elif isinstance(error, WebSocketDisconnect):
            self.left_on_purpose = error.code == GOING_AWAY
            self._out.clear()
            self.close(Close.RESTARTING)
        elif error is not None:
            log.error("screen_failed", exc_info=error)
            self.close(Close.RESTARTING)

    async def _write(self) -> None:
        try:
            while self._out or self._closing is None:
                while self._out:
                    frame = self._out.popleft()
                    self._queued -= len(frame)
                    async with asyncio.timeout(self._limits.send_seconds):
                        await self._websocket.send_text(frame)
                self._wake.clear()
                if self._closing is None:
                    await self._wake.wait()
            async with asyncio.timeout(self._limits.send_seconds):
                await self._websocket.close(self._closing, self._closing.name.lower())
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            # The screen is gone or does not read: whatever is left has nobody to go to.
            log.info("screen_unreachable")

    async def _read(
        self,
        audiences: tuple[Audience, ...],
        joined: Callable[[], None],
        heard: Callable[[], None],
        command: Callable[[CommandFrame], None],
        message: Callable[[str], str],
    ) -> None:
        first = await self._receive(self._limits.hello_seconds)
        if not isinstance(first, Hello):
            raise _Refused(Close.BAD_FRAME)
        self._hub.join(self, audiences, first, self._clock.now())
        joined()
        while self._closing is None:
            frame = await self._receive(self._limits.silence_seconds)
            if self._closing is not None:
                return
            heard()
            if isinstance(frame, CommandFrame):
                self.push(self._carry_out(frame, command, message))
            elif isinstance(frame, Hello):
                raise _Refused(Close.BAD_FRAME)
            else:
                self.push(pong(self._clock.now()))

    async def _receive(self, seconds: float) -> object:
        try:
            async with asyncio.timeout(seconds):
                message = await self._websocket.receive()
        except TimeoutError as error:
            raise _Refused(Close.SILENT) from error
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        if not self._frames.allow(self._clock.monotonic()):
            raise _Refused(Close.TOO_MANY)
        try:
            return decode(message.get("text") or message.get("bytes") or "")
        except BadFrame as error:
            raise _Refused(Close.BAD_FRAME) from error

    def _carry_out(
        self, frame: CommandFrame, command: Callable[[CommandFrame], None], message: Callable[[str], str]
    ) -> str:
        if not self._commands.allow(self._clock.monotonic()):
            return reply_refused(frame.id, "too_many_commands", message("too_many_commands"))
        try:
            command(frame)
        except BandeauError as error:
            return reply_refused(frame.id, error.code, message(error.code))
        return reply_ok(frame.id)
