"""A centre without Asterisk, database or time: real services on a fake switch and a held clock."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from acd.policy import Rules
from acd.service import DistributionService
from app.bus import InProcessBus
from calls.service import CallService
from core.commands import LogIn
from core.errors import SwitchRefused, SwitchUnavailable
from core.events import Envelope, Event, PositionReadinessChanged
from core.ids import AgentId, BridgeId, CallId, CentreId, ChannelId, PlaybackId, PositionId
from core.switch import (
    CallerArrived,
    CallerChannel,
    ChannelGone,
    ChannelTruth,
    SwitchDown,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
)
from core.words import CallerNumber, Role
from ivr.policy import Orientation
from ivr.service import IvrService

E = TypeVar("E", bound=Event)

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


class HeldClock:
    """Time that moves only when told to."""

    def __init__(self, start: datetime = START) -> None:
        self._start = self._now = start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> datetime:
        self._now += timedelta(seconds=seconds)
        return self._now


class MemoryJournal:
    """The journal as a list."""

    def __init__(self, past: Iterable[Envelope] = ()) -> None:
        self.envelopes = list(past)

    @property
    def next_seq(self) -> int:
        return len(self.envelopes) + 1

    def append(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def events(self, *types: type[E]) -> list[E]:
        return [e.event for e in self.envelopes if isinstance(e.event, types)]


class FakeSwitch:
    """Keeps channels and bridges as Asterisk would; orders to a channel that is gone are refused with 404."""

    def __init__(self) -> None:
        self.up = True
        self.callers: dict[ChannelId, CallerChannel] = {}
        self.legs: dict[ChannelId, PositionId] = {}
        self.bridges: dict[BridgeId, set[ChannelId]] = {}
        self.music: dict[ChannelId, str] = {}
        self.silence: set[ChannelId] = set()
        """Legs that are sent silence."""
        self.playing: dict[PlaybackId, tuple[ChannelId, str]] = {}
        self.handed_back: list[ChannelId] = []
        self.hanging_up: list[ChannelId] = []
        self.refuse_joins = False
        self._listener: Callable[[SwitchEvent], None] = lambda event: None

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        self._listener = listener

    def tell(self, event: SwitchEvent) -> None:
        self._listener(event)

    # --- what the world does ---

    def caller_arrives(self, channel: CallerChannel) -> None:
        self.callers[channel.channel_id] = channel
        if self.up:
            self.tell(CallerArrived(channel=channel))

    def channel_ends(self, channel_id: ChannelId) -> None:
        self.callers.pop(channel_id, None)
        self.legs.pop(channel_id, None)
        self.music.pop(channel_id, None)
        for members in self.bridges.values():
            members.discard(channel_id)
        if self.up:
            self.tell(ChannelGone(channel_id=channel_id, cause=16))

    def carry_out_hang_ups(self) -> None:
        while self.hanging_up:
            self.channel_ends(self.hanging_up.pop(0))

    def cut(self) -> None:
        self.up = False
        self.tell(SwitchDown(switch="fake", detail="cut"))

    def mend(self) -> None:
        self.up = True
        self.tell(SwitchUp(truth=self.truth()))

    def truth(self) -> SwitchTruth:
        channels = [ChannelTruth(channel_id=i, up=True, caller=c) for i, c in self.callers.items()]
        channels += [ChannelTruth(channel_id=i, up=True, leg=p) for i, p in self.legs.items()]
        return SwitchTruth(
            switch="fake",
            channels=tuple(channels),
            bridges={name: frozenset(members) for name, members in self.bridges.items()},
        )

    # --- orders ---

    def _known(self, channel: ChannelId) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self.up:
            future.set_exception(SwitchUnavailable("down"))
        elif channel not in self.callers and channel not in self.legs:
            future.set_exception(SwitchRefused(404, "Channel not found"))
        else:
            future.set_result(None)
        future.add_done_callback(lambda f: f.exception())
        return future

    def _done(self) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        return self._known(channel)

    def play(self, channel: ChannelId, playback: PlaybackId, sound: str) -> Awaitable[None]:
        self.playing[playback] = (channel, sound)
        return self._known(channel)

    def stop_playback(self, playback: PlaybackId) -> Awaitable[None]:
        self.playing.pop(playback, None)
        return self._done()

    def start_music(self, channel: ChannelId, music: str) -> Awaitable[None]:
        if self.up and channel in self.callers:
            self.music[channel] = music
        return self._known(channel)

    def stop_music(self, channel: ChannelId) -> Awaitable[None]:
        self.music.pop(channel, None)
        return self._known(channel)

    def start_silence(self, channel: ChannelId) -> Awaitable[None]:
        self.silence.add(channel)
        return self._known(channel)

    def stop_silence(self, channel: ChannelId) -> Awaitable[None]:
        self.silence.discard(channel)
        return self._known(channel)

    def open_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        self.bridges.setdefault(bridge, set())
        return self._done()

    def close_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        self.bridges.pop(bridge, None)
        return self._done()

    def join(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        if self.refuse_joins:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.set_exception(SwitchRefused(409, "refused by the test"))
            future.add_done_callback(lambda f: f.exception())
            return future
        if self.up and channel in self.callers | self.legs:
            self.bridges.setdefault(bridge, set()).add(channel)
            self.music.pop(channel, None)
            if channel in self.callers:
                self.silence -= self.bridges[bridge]
        return self._known(channel)

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        self.bridges.get(bridge, set()).discard(channel)
        return self._known(channel)

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        if self.up and channel in self.callers:
            self.hanging_up.append(channel)
        return self._known(channel)

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        self.handed_back.append(channel)
        return self._known(channel)


class FakeCentre:
    """Bus, calls, SVI and distribution wired as ``app/`` wires them, on a fake switch and a held clock."""

    def __init__(
        self,
        past: Iterable[Envelope] = (),
        *,
        offer_seconds: float = 20,
        wrap_up_seconds: float = 15,
        lines: Mapping[str, Orientation] | None = None,
    ) -> None:
        self.clock = HeldClock()
        self.journal = MemoryJournal(past)
        self.switch = FakeSwitch()
        self.failures: list[Exception] = []
        self.bus = InProcessBus(
            self.journal, self.clock, CentreId("FR751"), lambda envelope, error: self.failures.append(error)
        )
        self.calls = CallService(self.bus, self.switch)
        self.ivr = IvrService(self.bus, self.switch, lines or {})
        self.acd = DistributionService(self.bus, self.switch, self.clock, Rules(offer_seconds, wrap_up_seconds))
        for envelope in self.journal.envelopes:
            for fold in (self.calls.calls.fold, self.ivr.greetings.fold, self.acd.room.fold):
                fold(envelope)
        self.switch.listen(self._on_switch)

    def _on_switch(self, event: SwitchEvent) -> None:
        self.calls.on_switch(event)
        self.ivr.on_switch(event)

    def start(self) -> None:
        self.switch.mend()

    def caller(self, number: str | None = "+33612345678", line: str = "15") -> CallId:
        """A caller arrives."""
        call_id = CallId(f"FR751-a-{len(self.journal.envelopes)}.{len(self.switch.callers)}")
        self.switch.caller_arrives(
            CallerChannel(
                channel_id=ChannelId(call_id),
                call_id=call_id,
                line=line,
                caller=CallerNumber(number),
                created_at=self.clock.now(),
            )
        )
        return call_id

    def agent(self, name: str, *, ready: bool = True) -> PositionId:
        """An agent takes a position, its leg open if ``ready``."""
        position = PositionId(name)
        self.bus.execute(LogIn(position_id=position, agent_id=AgentId(name), name=name, role=Role.ARM))
        if ready:
            self.readiness(position, ready=True)
        return position

    def readiness(self, position: PositionId, *, ready: bool) -> None:
        self.bus.publish(PositionReadinessChanged(position_id=position, leg=ready, strip=True))

    def advance(self, seconds: float) -> None:
        """Let time pass and look at the deadlines."""
        self.acd.tick(self.clock.advance(seconds))


async def settle() -> None:
    """Let the orders given so far be answered."""
    for _ in range(4):
        await asyncio.sleep(0)
