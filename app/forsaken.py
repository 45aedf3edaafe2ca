"""Callers without a core: music for whom an announcement leaves in silence, then the dialplan's own queue.

Part of the launcher, which lives apart from the cores. It looks at their signs of life, and while there is none
asks each Asterisk, by ARI's account of its own on loopback, for what a core would have done. Callers who talk,
or hear one another, are left in peace.
"""

import asyncio
from collections.abc import Container, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from time import monotonic
from typing import Final

import httpx2
import msgspec
import structlog

from app.addresses import near
from app.asterisk_setup import load_secrets_of
from app.settings import Settings
from app.standby import Silence
from storage.lease import LEASE, read_sign
from telephony.ari_protocol import Application, Bridge, Channel, uri
from telephony.orders import FALLBACK
from telephony.translation import truth_of

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.1
MUSIC_AFTER_SECONDS: Final = 1.25
"""A core gives a sign of life twice a second: another one is at work sooner, or will be late."""
_WAITING: Final = "waiting"
"""The music of the waiting rooms."""
_ANSWER_SECONDS: Final = 2.0
_QUEUE: Final = "Queue"
"""What a caller is in who waits in the fallback."""
_QUEUED_SECONDS: Final = 1.0
"""For how long a caller is waited for there: one who hangs up never comes."""
_QUEUED_LOOK_SECONDS: Final = 0.01


async def look_after_callers(settings: Settings) -> None:
    """Look for as long as the launcher runs. Asking goes on beside that: a late look counts for nothing."""
    folder, silence = settings.storage.cores_dir, Silence()
    asterisks = [_Asterisk(settings, node) for node in settings.every_asterisk]
    async with AsyncExitStack() as stack:
        for asterisk in asterisks:
            stack.push_async_callback(asterisk.close)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        caring: asyncio.Task[None] | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            sign = read_sign(folder / LEASE)
            silent = silence.seconds(sign, monotonic()) if sign is not None else 0.0
            if silent < MUSIC_AFTER_SECONDS:
                for asterisk in asterisks:
                    asterisk.forget()
            elif caring is None or caring.done():
                falls_back = silent >= settings.fallback.without_core_seconds
                caring = tasks.create_task(_care(asterisks, falls_back=falls_back))


async def _care(asterisks: Iterable["_Asterisk"], *, falls_back: bool) -> None:
    await asyncio.gather(*(asterisk.care(falls_back=falls_back) for asterisk in asterisks))


class _Asterisk:
    """What is asked of one Asterisk."""

    def __init__(self, settings: Settings, node: str) -> None:
        self._app = settings.centre.core
        where = settings.every_asterisk[node]
        self._client = httpx2.AsyncClient(
            base_url=f"http://{near(where.bind_address)}:{where.ws_port}/ari/",
            auth=(f"{self._app}-user", load_secrets_of(settings, node).ari_local),
            timeout=_ANSWER_SECONDS,
            transport=httpx2.AsyncHTTPTransport(local_address="127.0.0.1"),  # where the account is good
        )
        self._hearing: set[str] = set()
        self._given: set[str] = set()
        self._in_trouble = False

    def forget(self) -> None:
        """There is a core: who hears music, or was given to the fallback, is its affair."""
        self._hearing.clear()
        self._given.clear()
        self._in_trouble = False

    async def care(self, *, falls_back: bool) -> None:
        """Give music to callers alone, or give them to the fallback."""
        try:
            waiting = [
                c.id for c in alone(await self._held(), await self._bridged()) if c.id not in self._given
            ]
            if falls_back:
                await self._give_back(waiting)
            elif fresh := [channel for channel in waiting if channel not in self._hearing]:
                await self._comfort(fresh)
        except (httpx2.HTTPError, msgspec.MsgspecError) as error:
            if not self._in_trouble:
                log.warning("callers_not_looked_after", reason=type(error).__name__)
            self._in_trouble = True

    async def _give_back(self, callers: Iterable[str]) -> None:
        for channel in callers:
            await self._ask("POST", uri("channels", channel, "continue", **FALLBACK))
            self._given.add(channel)
            log.warning("caller_without_core", call_id=channel, advice="given to the fallback")
            await self._queued(channel)

    async def _queued(self, caller: str) -> None:
        """Wait until a caller is in the queue: who came later must come after, and each goes by itself."""
        with suppress(TimeoutError, httpx2.HTTPStatusError):
            async with asyncio.timeout(_QUEUED_SECONDS):
                while (await self._channel(caller)).dialplan.app_name != _QUEUE:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(_QUEUED_LOOK_SECONDS)

    async def _comfort(self, callers: Iterable[str]) -> None:
        """Start the music: now, or at the end of what a caller hears."""
        for channel in callers:
            await self._ask("POST", uri("channels", channel, "moh", mohClass=_WAITING))
            self._hearing.add(channel)
        for channel in (await self._bridged()).intersection(callers):  # a core that is back was faster
            await self._ask("DELETE", uri("channels", channel, "moh"))

    async def close(self) -> None:
        """Ask no more."""
        await self._client.aclose()

    async def _held(self) -> list[Channel]:
        """The channels under the cores' command."""
        application = msgspec.json.decode(
            await self._ask("GET", uri("applications", self._app)), type=Application
        )
        held: list[Channel] = []
        for channel in application.channel_ids:
            # It has just ended, or Asterisk finds no words for it (telephony/reconciliation.py).
            with suppress(httpx2.HTTPStatusError, msgspec.DecodeError):
                held.append(await self._channel(channel))
        return held

    async def _channel(self, channel: str) -> Channel:
        return msgspec.json.decode(await self._ask("GET", uri("channels", channel)), type=Channel)

    async def _bridged(self) -> set[str]:
        """The channels that hear, or are heard by, somebody."""
        bridges = msgspec.json.decode(await self._ask("GET", "bridges"), type=list[Bridge])
        return {channel for bridge in bridges for channel in bridge.channels}

    async def _ask(self, method: str, address: str) -> bytes:
        answer = await self._client.request(method, address)
        if answer.status_code != httpx2.codes.NOT_FOUND or method == "GET":
            answer.raise_for_status()
        return answer.content


def alone(channels: Iterable[Channel], bridged: Container[str]) -> Sequence[Channel]:
    """The callers of our own lines whom nobody hears, in order of arrival. A neighbour's stay with it."""
    found = []
    for channel in sorted(channels, key=lambda channel: channel.creationtime):
        truth = truth_of(channel)
        caller = truth.caller if truth is not None else None
        if caller is not None and caller.origin is None and channel.id not in bridged:
            found.append(channel)
    return found
