"""Looks after the calls of mode secours as soon as Asterisk is under command again."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from core.alarms import AlarmKind
from core.errors import SwitchUnavailable
from core.ids import ChannelId
from core.ports import Alarms, Bus, Clock, FallbackCalls
from core.switch import CallerUnclaimed, SwitchDown, SwitchEvent, SwitchUp
from fallback.model import Known
from fallback.policy import compare, found

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=1)
"""Between two looks, as long as there is something to look after."""
ASK_AGAIN = timedelta(seconds=5)
"""A caller who is still there so long after being taken back is taken back again."""


class FallbackService:
    """The calls of mode secours of one centre."""

    def __init__(self, bus: Bus, clock: Clock, calls: FallbackCalls, alarms: Alarms) -> None:
        self.known = Known()
        self._bus = bus
        self._clock = clock
        self._calls = calls
        self._alarms = alarms
        self._up = False
        self._look_at: datetime | None = None
        self._look_until = clock.now()
        self._looking: asyncio.Task[None] | None = None
        self._asked: dict[ChannelId, datetime] = {}
        bus.project(self.known.fold)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event. Agents who talk in mode secours count as talking before any offer."""
        match event:
            case SwitchUp():
                self._up, self._look_at = True, self._clock.now()
                for news in found(self.known, event.truth.fallback):
                    self._bus.publish(news)
            case SwitchDown():
                self._up = False
            case CallerUnclaimed():
                self._look_at = self._look_at or self._clock.now()
                self._look_until = self._clock.now() + LOOK_EVERY  # who has just left is noted now
            case _:
                pass

    def tick(self, now: datetime) -> None:
        """Look, if there is a reason to."""
        if self._up and self._looking is None and self._look_at is not None and self._look_at <= now:
            self._look_at = None
            self._looking = asyncio.get_running_loop().create_task(self._look())
            self._looking.add_done_callback(self._looked)

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looking = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("fallback_not_looked_at", error=type(error).__name__)
            self._look_at = self._clock.now() + LOOK_EVERY

    async def _look(self) -> None:
        try:
            before = await self._calls.noted()
            present = await self._calls.present()
            after = await self._calls.noted()
        except SwitchUnavailable:
            return  # it is looked at when Asterisk is back
        now = self._clock.now()
        findings = compare(self.known, before, present, after, now)
        for event in (*findings.found, *findings.ended):
            self._bus.publish(event)
        await self._calls.settled(findings.unsettled)
        if findings.unsettled or now < self._look_until:
            self._look_at = now + LOOK_EVERY
        await self._take_back(findings.waiting, now)
        if findings.used:
            self._alarms.raise_alarm(AlarmKind.MODE_SECOURS_USED)

    async def _take_back(self, channels: Iterable[ChannelId], now: datetime) -> None:
        self._asked = {c: at for c, at in self._asked.items() if at > now - ASK_AGAIN}
        for channel in channels:
            if channel in self._asked:
                continue
            self._asked[channel] = now
            log.info("caller_taken_back", call_id=channel)
            try:
                await self._calls.take_back(channel)
            except SwitchUnavailable:
                del self._asked[channel]
