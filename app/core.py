"""One core of a centre, put together: every feature on one bus. Adapters are given, so tests give others."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from fastapi import FastAPI

from acd.cards import cards
from acd.defaults import default_plan
from acd.service import DistributionService
from app.about import about_routes, archive_ports, sip_access
from app.adapters import Adapters
from app.announcements import announcements
from app.bans import ban_rules
from app.bus import InProcessBus
from app.feature_rules import (
    aid_rules,
    desk_rules,
    disk_rules,
    location_rules,
    number_rules,
    pause_rules,
    second_memory,
)
from app.health import Health
from app.lrm_api import lrm_api
from app.nodes import nodes_of
from app.phone_rules import phone_rules
from app.plan_keeper import PlanKeeper
from app.plan_store import PlanStore
from app.settings import Settings
from app.ticker import Ticker
from app.turn import turn_access
from app.watches import switch_watch
from bandeau.routes import Doors, session_routes
from bandeau.service import StripService
from bandeau.ws import strip_socket
from calls.service import CallService
from core.alarms import AlarmKind
from core.errors import StorageUnavailable
from core.events import CoreStarted, Envelope, PlanActivated
from core.ids import CallId, CentreId, new_id
from core.switch import SwitchDied, SwitchEvent, SwitchUp
from desk.service import DeskService
from desk.ws import desk_socket
from directory.routes import SHEET_OCTETS, SHEET_PATH, directory_routes
from directory.service import DirectoryService
from fallback.service import FallbackService
from guard.service import GuardService
from history.routes import history_routes
from history.service import HistoryService
from ivr.model import PlanKey
from ivr.routes import plan_routes
from ivr.script import CallFlows
from ivr.service import IvrService
from location.routes import aml_routes, location_routes
from location.service import LocationService
from lrm_bridge.api.documents import PREFIX
from lrm_bridge.display import Displays
from lrm_bridge.door import Certificates, LrmDoor
from lrm_bridge.inbound import LrmRequests
from lrm_bridge.metrics import LrmMetrics
from lrm_bridge.service import LrmService
from recorder.disk import DiskKeeper
from recorder.pausing import PauseService
from recorder.recall import RecallService
from recorder.routes import recording_routes
from recorder.service import RecorderService
from supervision.alarms import AlarmService
from supervision.routes import metrics_route
from supervision.service import BoardService
from supervision.test_calls import TestCallService
from supervision.ws import board_socket
from web.auth import Gate
from web.limits import RequestLimits
from web.site import site
from web.socket import Limits

log = structlog.get_logger(__name__)

HOUSEKEEPING_S = 3600
PROFESSIONALS = "professionnels"
"""The plan's list of numbers for which no LRM opens a dossier."""


class Core:
    """The features of one centre, wired.

    Life: ``restore`` with the journal's past, ``follow`` while another core is at work, ``start``, then switch
    events and HTTP requests; ``close``. ``name``: of this core, among those of the centre.
    """

    def __init__(self, settings: Settings, adapters: Adapters, name: str) -> None:
        self._name = name
        self._settings = settings
        self._adapters = adapters
        switch, clock = adapters.switch, adapters.clock
        self.bus = InProcessBus(
            adapters.journal, clock, CentreId(settings.centre.id), lambda envelope, _: self._rescue(envelope)
        )
        room, epoch, nodes = settings.room, new_id(), nodes_of(settings)
        self.alarms = AlarmService(self.bus, clock)
        self.plans = PlanKeeper(
            self.bus,
            clock,
            PlanStore(settings.storage.plans_dir),
            announcements(settings),
            default_plan(room.offer_seconds, room.wrap_up_seconds).fallback,
        )
        # Order matters: calls first learn what a switch event means, the others react to what they publish.
        self.calls = CallService(
            self.bus,
            switch,
            clock,
            number_rules(settings.outgoing),
            aid_rules(settings),
            nodes,
            lost_sound_seconds=room.lost_sound_seconds,
            lost_agent_seconds=room.lost_agent_seconds,
        )
        neighbours = settings.mutual_aid.neighbours
        rooms = {CentreId(centre): each.rooms for centre, each in neighbours.items()}
        self.ivr = IvrService(
            self.bus, switch, clock, self._flows, rooms=rooms, vital_lines=settings.fallback.vital_lines
        )
        self.acd = DistributionService(self.bus, switch, clock, self.plans.current.rooms, nodes)
        self.bus.project(self._fold_plan)
        self.strips = StripService(
            bus=self.bus,
            switch=switch,
            clock=clock,
            credentials=adapters.credentials,
            fallback=adapters.fallback,
            epoch=epoch,
            rooms=cards(self.plans.current.rooms),
            heartbeat_seconds=room.heartbeat_seconds,
            phones=phone_rules(settings),
            nodes=nodes,
        )
        self.bus.subscribe((PlanActivated,), self._show_plan)
        self.fallback = FallbackService(self.bus, clock, adapters.fallback_calls, self.alarms)
        self.history = HistoryService(self.bus)
        self.directory = DirectoryService(self.bus, adapters.directory)
        self.recall = RecallService(self.bus, switch, settings.storage.recordings_dir.absolute(), nodes=nodes)
        self.pauses = PauseService(self.bus, clock, adapters.recordings, pause_rules(settings))
        self.recorder = RecorderService(
            self.bus, clock, settings.storage.recordings_dir, second_memory(settings)
        )
        self.disk = DiskKeeper(self.bus, self.alarms, settings.storage.recordings_dir, disk_rules(settings))
        self.board = BoardService(
            bus=self.bus,
            clock=clock,
            epoch=epoch,
            gauges={
                **adapters.gauges,
                "plan_trouble": (
                    "Whether the plan that should be in force cannot be used",
                    lambda: bool(self.plans.trouble),
                ),
                "strips": ("Strips connected", lambda: len(self.strips.hub)),
                "api_streams": ("Event streams open", lambda: self.api.streams.open),
                "webhooks_away": ("Webhooks whose receiver does not work", lambda: self.api.webhooks.away),
                "loop_lag_seconds": ("Delay of the event loop", lambda: self.ticker.lag),
            },
        )
        self.location = LocationService(
            self.bus, clock, adapters.locator, location_rules(settings), self.board.metrics.registry
        )
        self.desk = DeskService(
            bus=self.bus,
            clock=clock,
            epoch=epoch,
            rules=desk_rules(settings),
            registry=self.board.metrics.registry,
        )
        self._wire_lrm()
        tests = settings.test_calls
        self.test_calls = TestCallService(
            self.bus,
            clock,
            self.alarms,
            self.board.model.room,
            lines=tests.lines,
            every_seconds=tests.every_seconds if tests.enabled else 0,
        )
        self.gate = Gate(
            adapters.sessions,
            clock,
            settings.web.allowed_origins,
            idle=timedelta(minutes=settings.web.idle_minutes),
        )
        self.guard = GuardService(
            bus=self.bus,
            clock=clock,
            door=adapters.door,
            rules=ban_rules(settings),
            at_work=self.gate.knows,
        )
        self.alarms.watch(AlarmKind.FLOOD, self.guard.trouble)
        self.health = Health({"switch": lambda: self.calls.switch_up, **adapters.parts})
        for kind, look in adapters.watches.items():
            self.alarms.watch(kind, look)
        self.alarms.watch(AlarmKind.SWITCH_SILENT, switch_watch(lambda: self.calls.switch_up, clock))
        parts = (
            self.fallback,
            self.health,
            self.alarms,
            self.disk,
            self.pauses,
            self.plans,
            self.calls,
            self.ivr,
            self.acd,
            self.strips,
            self.board,
            self.desk,
            self.guard,
            self.test_calls,
            self.lrm,
        )
        self.ticker = Ticker(clock, [part.tick for part in parts])
        switch.listen(self.on_switch)

    def on_switch(self, event: SwitchEvent) -> None:
        """Tell every feature of a switch event."""
        listeners: tuple[Callable[[SwitchEvent], None], ...] = (
            self.guard.on_switch,
            self.calls.before_switch,
            self.fallback.on_switch,  # who talks in mode secours is busy before anything is offered
            self.calls.on_switch,
            self.location.on_switch,
            self.ivr.on_switch,
            self.acd.on_switch,
            self.strips.on_switch,
            self.recall.on_switch,
            self.pauses.on_switch,
            self.calls.after_switch,
        )
        for listener in listeners:
            listener(event)
        if isinstance(event, SwitchDied):
            self.alarms.raise_alarm(AlarmKind.NODE_DOWN, event.truth.switch, "ended")
        elif isinstance(event, SwitchUp):
            self.alarms.clear_alarm(AlarmKind.NODE_DOWN, event.truth.switch)

    def _wire_lrm(self) -> None:
        """The LRM: what it is told, what it asks, and what it says of calls."""
        clock, metrics = self._adapters.clock, LrmMetrics(self.board.metrics.registry)
        self.lrm = LrmService(
            self.bus,
            clock,
            self._adapters.lrm,
            self.alarms,
            professional=self._is_professional,
            metrics=metrics,
        )
        self.dossiers = Displays(clock, self._adapters.dossiers, self._show_dossiers)
        self.strips.model.dossiers.details = self.dossiers.of
        book = self.lrm.outbox.book
        self.lrm_requests = LrmRequests(self.bus, clock, book, self.dossiers, self.strips.execute)
        self.api = lrm_api(self.bus, clock, self._adapters.api, self.lrm_requests)
        centre = CentreId(self._settings.centre.id)
        allowed = {name: CentreId(each) for name, each in self._settings.lrm.certificates.items()}
        self.lrm_door = LrmDoor(self.lrm_requests, Certificates(centre, allowed), clock.monotonic, metrics)

    def _show_dossiers(self, calls: set[CallId]) -> None:
        """What LRMs said before a restart was read back: who has one of these calls sees it again."""
        if calls & self.strips.model.parties.calls.keys():
            self.strips.show_again()

    def _is_professional(self, number: str) -> bool:
        """Whether an LRM must open no dossier for a number: by the plan in force, or the directory."""
        listed = self.plans.current.flows.lists.get(PROFESSIONALS)
        return (listed is not None and number in listed) or self.directory.is_professional(number)

    def _rescue(self, envelope: Envelope) -> None:
        if envelope.call_id is not None:
            self.calls.rescue(envelope.call_id)

    def _fold_plan(self, envelope: Envelope) -> None:
        """Let the waiting rooms work by the plan that is in force from here on."""
        if isinstance(envelope.event, PlanActivated):
            self.acd.room.use(self.plans.current.rooms)

    def _show_plan(self, envelope: Envelope) -> None:
        self.strips.use_rooms(cards(self.plans.current.rooms))
        self.board.use_rooms(cards(self.plans.current.rooms))

    def _flows(self, key: PlanKey) -> CallFlows | None:
        plan = self.plans.plan(key)
        return plan.flows if plan is not None else None

    def restore(self, past: list[Envelope]) -> None:
        """Rebuild every state from the journal."""
        self.plans.preload()
        self.follow(past)

    def follow(self, past: list[Envelope]) -> None:
        """Take in what another core wrote since."""
        strips, board = self.strips.model, self.board.model
        for envelope in past:
            self.bus.replay(envelope)
            for model in (strips, board):
                model.fold(envelope)
                model.forget_changes()  # nobody looks yet

    async def start(self, epoch: int) -> None:
        """Begin to serve, in that holding of the lease: the switch may be started after this."""
        self.alarms.begin()
        await self.desk.start()
        self.strips.model.use(cards(self.plans.current.rooms))
        self.board.model.rooms.use(cards(self.plans.current.rooms))
        await self.strips.start()
        await self.board.start()
        self.recorder.start()
        self.lrm.start()
        self.api.start()
        self.bus.publish(CoreStarted(core=self._name, epoch=epoch))
        self.location.start()
        self.plans.start()

    async def keep_house(self) -> None:
        """Forget expired sessions, once an hour, until cancelled."""
        while True:
            try:
                forgotten = await self._adapters.sessions.sweep()
            except StorageUnavailable:
                log.warning("sessions_not_swept", advice="the database does not answer; tried again in an hour")
            else:
                log.info("sessions_swept", forgotten=forgotten)
            await asyncio.sleep(HOUSEKEEPING_S)

    async def close(self) -> None:
        """Say goodbye to the screens. Calls go on in Asterisk."""
        await self.fallback.close()
        await self.strips.close()
        await self.board.close()
        await self.desk.close()
        await self.lrm.close()
        await self.location.close()
        await self.api.close()
        await self.recall.close()
        await self.pauses.close()
        await self.recorder.close()
        await self.disk.close()

    def web(self, pages: Path, limits: RequestLimits | None = None) -> FastAPI:
        """Make the web application. ``limits``: others than those of every centre."""
        settings, adapters = self._settings, self._adapters
        asterisks = settings.every_asterisk
        doors = Doors(
            service=self.strips,
            accounts=adapters.accounts,
            sessions=adapters.sessions,
            gate=self.gate,
            clock=adapters.clock,
            session_hours=settings.web.session_hours,
        )
        return site(
            [
                session_routes(
                    doors,
                    self.strips,
                    self.gate,
                    sip_access(settings),
                    turn_access(settings),
                    archive_ports(settings),
                ),
                strip_socket(self.strips, self.gate, adapters.clock, Limits()),
                board_socket(self.board, self.gate, adapters.clock, Limits()),
                desk_socket(self.desk, self.gate, adapters.clock, Limits()),
                plan_routes(self.plans, self.gate, adapters.clock),
                metrics_route(self.board.metrics, self.gate),
                directory_routes(self.directory, self.gate),
                history_routes(self.history, self.gate),
                recording_routes(self.gate, self.pauses.rules),
                location_routes(self.location, self.gate, settings.location.lrm_map_url),
                aml_routes(
                    self.location,
                    adapters.clock,
                    settings.location.aml_token.get_secret_value(),
                    settings.location.aml_hmac.get_secret_value(),
                ),
                about_routes(self._name, self.health, adapters.clock, settings),
            ],
            mounts={PREFIX: self.api.application()},
            pages=pages,
            sip_ports=tuple(port for each in asterisks.values() for port in (each.ws_port, each.wss_port)),
            gate=self.gate,
            limits=limits or RequestLimits(long_bodies={SHEET_PATH: SHEET_OCTETS}),
            now=adapters.clock.monotonic,
        )
