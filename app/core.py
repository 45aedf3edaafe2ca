"""One core of a centre, put together: every feature on one bus. Adapters are given, so tests give others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI

from acd.policy import Rules
from acd.service import DistributionService
from app.bus import InProcessBus
from app.settings import Settings
from app.ticker import Ticker
from bandeau.routes import Doors, SipAccess, session_routes
from bandeau.service import FallbackQueue, StripService
from bandeau.ws import strip_socket
from calls.service import CallService
from core.events import CoreStarted, Envelope, SecurityIncidentSeen
from core.ids import CentreId, new_id
from core.ports import Accounts, Clock, JournalWriter, Sessions, StripCredentials, Switch
from core.switch import SecurityIncident, SwitchEvent
from ivr.service import IvrService
from web.auth import Gate
from web.site import site
from web.socket import Limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapters:
    """What touches the world."""

    clock: Clock
    journal: JournalWriter
    switch: Switch
    credentials: StripCredentials
    fallback: FallbackQueue
    accounts: Accounts
    sessions: Sessions


class Core:
    """The features of one centre, wired.

    Life: ``restore`` with the journal's past, ``start``, then switch events and HTTP requests; ``close``.
    """

    def __init__(self, settings: Settings, adapters: Adapters) -> None:
        self._settings = settings
        self._adapters = adapters
        switch, clock = adapters.switch, adapters.clock
        self.bus = InProcessBus(
            adapters.journal, clock, CentreId(settings.centre.id), lambda envelope, _: self._rescue(envelope)
        )
        room = settings.room
        # Order matters: calls first learn what a switch event means, the others react to what they publish.
        self.calls = CallService(self.bus, switch)
        self.ivr = IvrService(self.bus, switch, {})
        self.acd = DistributionService(self.bus, switch, clock, Rules(room.offer_seconds, room.wrap_up_seconds))
        self.strips = StripService(
            bus=self.bus,
            switch=switch,
            clock=clock,
            credentials=adapters.credentials,
            fallback=adapters.fallback,
            epoch=new_id(),
            heartbeat_seconds=room.heartbeat_seconds,
        )
        self.gate = Gate(adapters.sessions, clock, settings.web.allowed_origins)
        self.ticker = Ticker(clock, [self.acd.tick, self.strips.tick])
        switch.listen(self.on_switch)

    def on_switch(self, event: SwitchEvent) -> None:
        """Tell every feature of a switch event."""
        listeners: tuple[Callable[[SwitchEvent], None], ...] = (
            self.calls.on_switch,
            self.ivr.on_switch,
            self.strips.on_switch,
        )
        for listener in listeners:
            listener(event)
        if isinstance(event, SecurityIncident):
            self.bus.publish(SecurityIncidentSeen(kind=event.kind, source=event.source))

    def _rescue(self, envelope: Envelope) -> None:
        if envelope.call_id is not None:
            self.calls.rescue(envelope.call_id)

    def restore(self, past: list[Envelope]) -> None:
        """Rebuild every state from the journal."""
        for envelope in past:
            self.bus.replay(envelope)
            self.strips.model.fold(envelope)

    async def start(self) -> None:
        """Begin to serve: the switch may be started after this."""
        await self.strips.start()
        self.bus.publish(CoreStarted(core=self._settings.centre.core))

    async def close(self) -> None:
        """Say goodbye to the screens. Calls go on in Asterisk."""
        await self.strips.close()

    def tick(self, now: datetime) -> None:
        """Look at every deadline (tests hold the clock)."""
        self.ticker.tick()

    def web(self, pages: Path) -> FastAPI:
        """Make the web application."""
        settings, adapters = self._settings, self._adapters
        asterisk = settings.asterisk
        doors = Doors(
            service=self.strips,
            accounts=adapters.accounts,
            sessions=adapters.sessions,
            gate=self.gate,
            clock=adapters.clock,
            session_hours=settings.web.session_hours,
        )
        sip = SipAccess(settings.centre.id.lower(), asterisk.ws_port, asterisk.wss_port)
        return site(
            [
                session_routes(doors, self.strips, self.gate, sip),
                strip_socket(self.strips, self.gate, adapters.clock, Limits()),
            ],
            pages=pages,
            sip_ports=(asterisk.ws_port, asterisk.wss_port),
        )
