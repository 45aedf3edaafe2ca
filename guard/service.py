"""Tells incidents, bans sources and lets them in again; has Asterisk keep the door accordingly."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.events import Envelope, SecurityIncidentSeen, SourceBanned, SourceReleased, SwitchConnected
from core.ports import Bus, Clock, SourceBans
from core.switch import SecurityIncident, SwitchEvent
from guard.model import BanList
from guard.policy import BanRules, Damper, Refusals, Trusted, ban_seconds

log = structlog.get_logger(__name__)


class GuardService:
    """The guard of one centre.

    Args:
        bus: where incidents and bans are told.
        clock: the time.
        door: where sources are kept out.
        rules: when, and for how long.
        at_work: whether agents work at an address: it is not banned.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        door: SourceBans,
        rules: BanRules,
        at_work: Callable[[str], bool],
    ) -> None:
        self.list = BanList()
        self._bus = bus
        self._clock = clock
        self._door = door
        self._rules = rules
        self._at_work = at_work
        self._trusted = Trusted(rules.trusted)
        self._damper = Damper()
        self._refusals = Refusals(rules)
        self._orders: set[asyncio.Task[None]] = set()
        bus.project(self.list.fold)
        bus.subscribe((SwitchConnected,), self._on_switch_connected)

    def on_switch(self, event: SwitchEvent) -> None:
        """Take a security incident in."""
        if not isinstance(event, SecurityIncident):
            return
        if event.source in self.list.bans:
            return  # told already: each message from there is refused, and says so
        now = self._clock.now()
        if self._damper.passes(event, now):
            log.warning("security_incident", kind=event.kind, source=event.source)
            self._bus.publish(SecurityIncidentSeen(kind=event.kind, source=event.source))
        if self._refusals.too_many(event.source, now):
            self._ban(event.source, now)

    def trouble(self) -> str | None:
        """What an alarm should tell: how many are banned, if any."""
        return f"{len(self.list.bans)} banned" if self.list.bans else None

    def tick(self, now: datetime) -> None:
        """Let in again whose time is over."""
        for source in self.list.due(now):
            self._release(source)

    def _ban(self, source: str, now: datetime) -> None:
        if source in self._trusted or self._at_work(source):
            return
        if len(self.list.bans) >= self._rules.banned_at_once:
            self._release(self.list.soonest())
        seconds = ban_seconds(self._rules, self.list.times(source) + 1)
        self._bus.publish(SourceBanned(source=source, until=now + timedelta(seconds=seconds)))
        self._give("ban", self._door.ban(source))

    def _release(self, source: str) -> None:
        self._bus.publish(SourceReleased(source=source))
        self._give("release", self._door.release(source))

    def _on_switch_connected(self, envelope: Envelope) -> None:
        """Asterisk keeps bans in memory: one that was started again has none."""
        for source in self.list.bans:
            self._give("ban", self._door.ban(source))

    def _give(self, name: str, order: Awaitable[None]) -> None:
        async def carried_out() -> None:
            try:
                await order
            except (SwitchUnavailable, SwitchRefused) as error:
                log.warning("door_order_not_carried_out", order=name, reason=error.code)

        task = asyncio.ensure_future(carried_out())
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)
