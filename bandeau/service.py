"""Carries out the strips: who shows which position, whether it is proven ready, and its SIP account."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Protocol

import structlog

from bandeau.legs import LegKeeper
from bandeau.model import ROOM, StripModel, audiences
from bandeau.phone_policy import PhoneRules
from bandeau.phones import PhoneKeeper
from bandeau.policy import strip_alive
from core.accounts import Session
from core.alarms import StuckKind
from core.commands import Command, LogIn, LogOut, ReportNetwork, SetMuted
from core.errors import BandeauError, CommandRefused
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    Envelope,
    NetworkMeasured,
    PositionMuted,
    PositionReadinessChanged,
    StuckStateHealed,
)
from core.ids import PositionId, QueueId
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Clock, FallbackQueue, StripCredentials, Switch
from core.rooms import RoomCard
from core.switch import ChannelGone, LegOpened, SwitchEvent
from web.live import Audience, Close, LiveHub, Screen
from web.turns import TurnTeller

log = structlog.get_logger(__name__)

SECRET_OCTETS = 24
SOUND_STOPPED = 44
"""Q.850: the cause with which Asterisk ends a channel from which no sound came any more."""
REPORT_SECONDS = 5.0
"""A strip reports on its network no more often."""
ROOM_SECONDS = 0.5
"""How old the room's figures on a strip may be. What concerns its own position is told at once."""


class Strip(Screen, Protocol):
    """A connected strip, as the service sees it."""

    def bye(self, reason: str, code: Close) -> None:
        """Say why, then close."""


@dataclass(frozen=True, slots=True)
class _Attached:
    """The one strip of a position, and the session it was opened with."""

    strip: Strip
    session: Session
    token: str


class StripService:
    """The strips of one centre.

    ``model.fold`` rebuilds the state from the journal before :meth:`start`. Call :meth:`start` before calls may
    be offered: until its strip and its audio leg are back, no position counts as ready.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        switch: Switch,
        clock: Clock,
        credentials: StripCredentials,
        fallback: FallbackQueue,
        epoch: str,
        heartbeat_seconds: float,
        rooms: Iterable[RoomCard] = (),
        phones: PhoneRules | None = None,
        nodes: Nodes = ONE_NODE,
        queue: QueueId = QueueId("15"),  # noqa: B008 - a NewType call is the plain text
    ) -> None:
        self.model = StripModel(queue, rooms)
        self.hub = LiveHub(epoch, patient=(ROOM,))
        self._bus = bus
        self._clock = clock
        self._credentials = credentials
        self._fallback = fallback
        self._heartbeat_seconds = heartbeat_seconds
        self._legs = LegKeeper(switch, self._leg_changed, nodes)
        self._attached: dict[PositionId, _Attached] = {}
        self._heard: dict[PositionId, float] = {}
        self._published: dict[PositionId, tuple[bool, bool, tuple[str, ...]]] = {}
        self._locks: dict[PositionId, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room_due = 0.0
        self._turns = TurnTeller(self.model, self.hub)
        self._switch = switch
        bus.subscribe(None, self._turns.show)
        bus.subscribe((AgentLoggedIn,), self._on_logged_in)
        bus.subscribe((AgentLoggedOut,), self._on_logged_out)
        bus.handle(SetMuted, self._set_muted)
        bus.handle(ReportNetwork, self._note_network)
        self.phones = PhoneKeeper(
            bus=bus,
            switch=switch,
            clock=clock,
            rules=phones or PhoneRules(),
            phones=self.model.phones,
            positions=self.model.room.positions,
            leg_is_up=self._legs.is_up,
            legs_at=self._legs.nodes_of,
            nodes=nodes,
            changed=self._reassess,
        )

    # --- start and end ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Show what the journal says; positions kept from before are not ready until they prove it."""
        self.hub.reset(self.model.room.seq, self.model.sections(), self._clock.now())
        for position in list(self.model.room.positions.values()):
            self._published[position.position_id] = (position.leg, position.strip, ())
            self._reassess(position.position_id)

    async def close(self) -> None:
        """Tell every strip that the core restarts: they come back by themselves."""
        for attached in self._attached.values():
            attached.strip.bye("restarting", Close.RESTARTING)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        for task in self._tasks:
            task.cancel()

    def use_rooms(self, cards: Iterable[RoomCard]) -> None:
        """Show these waiting rooms from here on; a strip that is to see other lists comes back for them."""
        before = {p: self.audiences(each.session) for p, each in self._attached.items()}
        self.model.use(cards)
        self.show_again()
        for position_id, attached in list(self._attached.items()):
            if self.audiences(attached.session) != before[position_id]:
                attached.strip.bye("restarting", Close.RESTARTING)

    # --- what is shown ----------------------------------------------------------------------------------

    def show_again(self) -> None:
        """Show everything anew: something is shown that is in no event."""
        self._turns.forget()
        self.hub.reset(self.model.room.seq, self.model.sections(), self._clock.now())

    def _show_room(self) -> None:
        now = self._clock.monotonic()
        if now >= self._room_due:
            self._room_due = now + ROOM_SECONDS
            self.hub.flush()

    def execute(self, command: Command) -> None:
        """Carry out a strip's command; strips are told what it changed before this returns.

        Raises:
            CommandRefused: the present state does not allow it.
        """
        if not self.phones.postpone(command):
            self._bus.execute(command)
        self._turns.tell()

    def _set_muted(self, command: SetMuted) -> None:
        position = self.model.room.positions.get(command.position_id)
        if position is None:
            raise CommandRefused("not_logged_in")
        if position.muted != command.muted:
            self._bus.publish(PositionMuted(position_id=command.position_id, muted=command.muted))

    def _note_network(self, command: ReportNetwork) -> None:
        position = self.model.room.positions.get(command.position_id)
        if position is None:
            raise CommandRefused("not_logged_in")
        now = self._clock.now()
        if position.network is not None and (now - position.network.at).total_seconds() < REPORT_SECONDS:
            raise CommandRefused("too_many_commands")
        self._bus.publish(
            NetworkMeasured(
                position_id=command.position_id,
                phase=command.phase,
                loss_percent=command.loss_percent,
                jitter_ms=command.jitter_ms,
                round_trip_ms=command.round_trip_ms,
                mos=command.mos,
            )
        )

    # --- taking and leaving a position ------------------------------------------------------------------

    def take_position(self, session: Session) -> None:
        """Make sure that the session's agent has their position.

        Raises:
            CommandRefused: another agent has it.
        """
        agent = session.agent
        self._bus.execute(
            LogIn(position_id=session.position_id, agent_id=agent.agent_id, name=agent.name, role=agent.role)
        )

    def leave_position(self, session: Session, token: str) -> None:
        """Leave the position, unless a strip of a newer session has it by now.

        Raises:
            CommandRefused: a call is in progress.
        """
        attached = self._attached.get(session.position_id)
        if attached is not None and attached.token != token:
            return
        if session.position_id in self.model.room.positions:
            self._bus.execute(LogOut(position_id=session.position_id))

    def _on_logged_in(self, envelope: Envelope) -> None:
        if isinstance(envelope.event, AgentLoggedIn):
            self._published[envelope.event.position_id] = (False, False, ())
            self._reassess(envelope.event.position_id)

    def _on_logged_out(self, envelope: Envelope) -> None:
        if not isinstance(envelope.event, AgentLoggedOut):
            return
        position_id = envelope.event.position_id
        if attached := self._attached.pop(position_id, None):
            attached.strip.bye("logged_out", Close.LOGGED_OUT)
        self._heard.pop(position_id, None)
        self._published.pop(position_id, None)
        self._legs.close(position_id)
        self._spawn(self._forget_account(position_id))

    def audiences(self, session: Session) -> tuple[Audience, ...]:
        """All that the strip of a session listens to."""
        shown = self.model.rooms.shown_to(session.position_id, session.agent.role)
        return audiences(session.position_id, shown)

    # --- the strip's connection -------------------------------------------------------------------------

    def attach(self, strip: Strip, session: Session, token: str) -> None:
        """A strip came for this position: it replaces an older one."""
        position_id = session.position_id
        older = self._attached.get(position_id)
        self._attached[position_id] = _Attached(strip, session, token)
        if older is not None and older.strip is not strip:
            older.strip.bye("replaced", Close.REPLACED)
        self.heard(position_id, strip)

    def detach(self, strip: Strip, position_id: PositionId, *, on_purpose: bool) -> None:
        """The strip's connection ended. Left on purpose, it is gone; lost, it has until its deadline."""
        attached = self._attached.get(position_id)
        if attached is None or attached.strip is not strip:
            return
        del self._attached[position_id]
        if on_purpose:
            self._heard.pop(position_id, None)
            self._reassess(position_id)

    def heard(self, position_id: PositionId, strip: Strip) -> None:
        """The position's strip gave a sign of life."""
        attached = self._attached.get(position_id)
        if attached is not None and attached.strip is strip:
            self._heard[position_id] = self._clock.monotonic()
            self._reassess(position_id)

    # --- readiness --------------------------------------------------------------------------------------

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        self.phones.on_switch(event)
        if isinstance(event, ChannelGone):
            self._note_stuck(event)
        if isinstance(event, LegOpened) and not self.phones.is_leg(event.position_id, event.channel_id):
            self._switch.hang_up(event.channel_id)
            return
        self._legs.on_switch(event, self.model.room.positions)

    def _note_stuck(self, event: ChannelGone) -> None:
        """A leg counted as good was not: its end was found by looking, or its sound had stopped."""
        position_id = self._legs.position_of(event.channel_id)
        silent = event.cause == SOUND_STOPPED
        if position_id is not None and (event.found or silent):
            kind = StuckKind.LEG_GONE if event.found else StuckKind.LEG_SILENT
            self._bus.publish(StuckStateHealed(kind=kind, position_id=position_id))

    def _leg_changed(self, position_id: PositionId) -> None:
        self._reassess(position_id)
        self.phones.leg_changed(position_id)

    def tick(self, now: datetime) -> None:
        """Look at the heartbeats' deadlines and at the sessions' ends, and tell all strips of the room."""
        self._show_room()
        self.phones.tick(now)
        silent = [p for p in self._heard if not self._alive(p)]
        for position_id in silent:
            del self._heard[position_id]
            self._reassess(position_id)
        for position_id, attached in list(self._attached.items()):
            if attached.session.expires_at <= now:
                self._expire(position_id)

    def _expire(self, position_id: PositionId) -> None:
        with suppress(CommandRefused):  # never in the middle of a call: the next tick asks again
            self._bus.execute(LogOut(position_id=position_id))

    def _alive(self, position_id: PositionId) -> bool:
        return strip_alive(self._heard.get(position_id), self._clock.monotonic(), self._heartbeat_seconds)

    def _reassess(self, position_id: PositionId) -> None:
        """Publish the position's readiness if it changed."""
        before = self._published.get(position_id)
        if before is None:
            return
        leg, strip = self.phones.sound_ready(position_id), self._alive(position_id)
        nodes = self.phones.where(position_id) if leg else ()
        now = leg, strip, nodes
        if now != before:
            self._published[position_id] = now
            self._bus.publish(
                PositionReadinessChanged(position_id=position_id, leg=leg, strip=strip, nodes=nodes)
            )

    # --- SIP accounts -----------------------------------------------------------------------------------

    async def new_credentials(self, position_id: PositionId) -> str:
        """Give the position a fresh SIP password; the earlier one is worth nothing any more.

        Raises:
            BandeauError: Asterisk could not be told.
        """
        async with self._lock(position_id):
            secret = token_urlsafe(SECRET_OCTETS)
            await self._credentials.create(position_id, secret)
            position = self.model.room.positions.get(position_id)
            if position is not None and not position.counts:
                return secret  # mode secours is for people
            try:
                await self._fallback.add(position_id)
            except BandeauError as error:
                log.warning("fallback_member_not_added", position_id=position_id, reason=error.code)
            return secret

    async def _forget_account(self, position_id: PositionId) -> None:
        async with self._lock(position_id):
            if position_id in self.model.room.positions:
                return  # taken again meanwhile
            for forget in (self._fallback.remove, self._credentials.delete):
                try:
                    await forget(position_id)
                except BandeauError as error:
                    log.warning("account_not_forgotten", position_id=position_id, reason=error.code)

    def _lock(self, position_id: PositionId) -> asyncio.Lock:
        return self._locks.setdefault(position_id, asyncio.Lock())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
