"""The audio leg of a robot position: registered, called once, kept open; and the calls of mode secours.

What is lost is opened again, by itself, after a pause that grows.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
import structlog
from websockets.exceptions import InvalidHandshake

from simulator.manners import Manners
from simulator.sip_call import Call, CallState
from simulator.sip_message import SipError
from simulator.sip_ws import Account, WebSocketPhone
from simulator.sound import Pcm, repeated
from simulator.webrtc import WebRtcSession

RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)
"""Pauses before the first, second… try to open again what was lost."""
LOSSES = (OSError, TimeoutError, SipError, InvalidHandshake, httpx2.HTTPError, ValueError)
"""What a network or a stopped server makes fail."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Habits:
    """What a robot is like: how fast (none: only when told), what it says, and what chance it draws from."""

    manners: Manners | None = None
    voice: Pcm | None = None
    chance: Random = field(default_factory=Random)


class RobotLeg:
    """The leg of one position on one Asterisk.

    Args:
        name: of the position.
        host: of the centre.
        account: fetches a SIP account, another one than that of the password refused.
        busy: whether a call is going on.
        habits: what the robot is like.
        server: which of the centre's Asterisks: 0 is the first.
        changed: called when the leg is connected or not, and when a call of mode secours comes or ends.
    """

    def __init__(
        self,
        name: str,
        host: str,
        account: Callable[[str], Awaitable[dict[str, Any]]],
        busy: Callable[[], bool],
        habits: Habits,
        server: int = 0,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._log = log.bind(position=name)
        self._host = host
        self._account = account
        self._busy = busy
        self._habits = habits
        self._server = server
        self._changed = changed
        self._refused = ""
        self._phone: WebSocketPhone | None = None
        self._kept: WebRtcSession | None = None
        self._fallback: WebRtcSession | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.up = asyncio.Event()
        """Set while the leg is connected."""
        self.down = asyncio.Event()
        """Set while it is not."""
        self.down.set()

    @property
    def in_fallback(self) -> bool:
        """Whether a call of mode secours rings or goes on."""
        return self._fallback is not None

    @property
    def was_open(self) -> bool:
        """Whether it ever was connected."""
        return self._kept is not None

    def renew(self, account: dict[str, Any]) -> None:
        """The account has another password from now on: the registration is renewed with it."""
        if self._phone is not None:
            self._phone.account = Account(account["username"], account["password"], account["domain"])

    @property
    def sound(self) -> WebRtcSession:
        """Where one speaks and listens now: the call of mode secours, else the kept leg.

        Raises:
            RuntimeError: nothing was ever open.
        """
        sound = self._fallback or self._kept
        if sound is None:
            raise RuntimeError("the leg is not open")
        return sound

    async def keep(self) -> None:
        """Open the leg, and again each time it is lost, until cancelled."""
        tries = 0
        try:
            while True:
                if await self._hold():
                    tries = 0
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
        finally:
            for task in self._answering:
                task.cancel()
            await asyncio.gather(*self._answering, return_exceptions=True)

    async def _hold(self) -> bool:
        """Open the leg and wait until it is lost. Whether it was ever up."""
        was_up = False
        try:
            async with contextlib.AsyncExitStack() as stack:
                ends = await self._open(stack)
                was_up = True
                await first_of(ends)
        except LOSSES as error:
            self._log.info("leg_not_opened", reason=type(error).__name__)
        finally:
            self.up.clear()
            self.down.set()
            self._changed()
        if was_up:
            self._log.info("leg_lost")
        return was_up

    async def _open(self, stack: contextlib.AsyncExitStack) -> list[Coroutine[object, object, object]]:
        """Open phone and leg; give what to wait for to know that they are lost."""
        account = await self._account(self._refused)
        port = account["further"][self._server - 1]["wsPort"] if self._server else account["wsPort"]
        identity = Account(account["username"], account["password"], account["domain"])
        try:
            phone = await WebSocketPhone.open(f"ws://{self._host}:{port}/ws", identity, self._rung)
        except SipError:
            self._refused = identity.password
            raise
        self._phone = phone
        stack.push_async_callback(phone.close)
        leg = WebRtcSession()
        stack.push_async_callback(leg.close)
        call = phone.call(account["legTarget"], await leg.offer())
        if await call.until(CallState.UP) is CallState.ENDED:
            raise SipError(f"leg refused: {call.status}")
        await leg.take_answer(call.remote_sdp)
        await leg.connected()
        self._kept = leg
        self.down.clear()
        self.up.set()
        self._changed()
        self._log.info("leg_opened")
        return [phone.closed(), leg.over(), call.until(CallState.ENDED)]

    def _rung(self, call: Call) -> None:
        """The fallback rings: answer unless in a call already."""
        if self._busy() or self._fallback is not None:
            call.refuse()
            return
        call.ring()
        self._fallback = WebRtcSession()
        self._changed()
        task = asyncio.get_running_loop().create_task(self._answer_fallback(call, self._fallback))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer_fallback(self, call: Call, sound: WebRtcSession) -> None:
        manners = self._habits.manners or Manners(answer=(0.2, 0.2))
        try:
            sdp = await sound.answer(call.remote_sdp)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._habits.chance.uniform(*manners.answer)):
                    await call.until(CallState.ENDED)
            if call.state is not CallState.OFFERED:
                return
            call.accept(sdp)
            self._log.info("fallback_call_answered")
            if self._habits.voice is not None:
                sound.say(repeated(self._habits.voice, 120))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    self._habits.chance.uniform(*manners.talk) if self._habits.manners else None
                ):
                    await call.until(CallState.ENDED)
        except LOSSES as error:
            self._log.info("fallback_call_failed", reason=type(error).__name__)
        finally:
            call.hang_up()
            self._fallback = None
            self._changed()
            await sound.close()


async def first_of(waits: list[Coroutine[object, object, object]]) -> None:
    """Wait for the first of several."""
    tasks = [asyncio.get_running_loop().create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
