"""Asterisk as the core sees it, without Asterisk: channels and bridges as the orders leave them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import BridgeId, CallId, CentreId, ChannelId, PlaybackId, PositionId
from core.switch import (
    CalleeAnswered,
    CalleeProgress,
    CalleeReady,
    CalleeRinging,
    CallerArrived,
    CallerChannel,
    ChannelGone,
    ChannelTruth,
    DigitPressed,
    Entrusted,
    LegOpened,
    PhoneAnswered,
    SwitchDied,
    SwitchDown,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
)


@dataclass(slots=True)
class FakeCallee:
    """A number being called."""

    call_id: CallId
    number: str
    presented: str = ""
    rung: bool = False
    answered: bool = False
    entrusted: Entrusted | None = None
    """What a neighbour was told; ``number`` is then the centre."""


@dataclass(slots=True)
class FakePhone:
    """A position's telephone being called."""

    position_id: PositionId
    number: str
    seconds: float
    answered: bool = False


_LASTING = ("callers", "legs", "callees", "phones", "muted", "keys", "bridges", "music", "hanging_up")
"""What Asterisk keeps whatever becomes of the core."""


class FakeSwitch:
    """Keeps channels and bridges as Asterisk would; orders to a channel that is gone are refused with 404."""

    def __init__(self) -> None:
        self.up = True
        self.callers: dict[ChannelId, CallerChannel] = {}
        self.legs: dict[ChannelId, PositionId] = {}
        self.callees: dict[ChannelId, FakeCallee] = {}
        self.phones: dict[ChannelId, FakePhone] = {}
        self.muted: set[ChannelId] = set()
        self.keys: dict[ChannelId, str] = {}
        self.orders = 0
        """How many orders were given."""
        self.bridges: dict[BridgeId, set[ChannelId]] = {}
        self.music: dict[ChannelId, str] = {}
        self.listening: set[ChannelId] = set()
        self.playing: dict[PlaybackId, tuple[ChannelId, tuple[str, ...]]] = {}
        self.handed_back: list[ChannelId] = []
        self.hanging_up: list[ChannelId] = []
        self.picked_up: list[ChannelId] = []
        self.ringing: set[ChannelId] = set()
        """Callers told that it rings."""
        self.refused: list[ChannelId] = []
        self.refuse_joins = False
        self.refuse_calls = False
        self.started_at: datetime | None = None
        self.fallen_back: set[ChannelId] = set()
        self._listener: Callable[[SwitchEvent], None] = lambda event: None

    def go_on_from(self, before: "FakeSwitch") -> None:
        """Be the same Asterisk, for another core: its channels and bridges are what they were."""
        for name in _LASTING:
            setattr(self, name, getattr(before, name))

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        self._listener = listener

    def tell(self, event: SwitchEvent) -> None:
        self._listener(event)

    # --- what the world does ---

    def caller_arrives(self, channel: CallerChannel) -> None:
        self.callers[channel.channel_id] = channel
        if self.up:
            self.tell(CallerArrived(channel=channel))

    def channel_ends(self, channel_id: ChannelId, cause: int = 16) -> None:
        self.callers.pop(channel_id, None)
        self.legs.pop(channel_id, None)
        self.callees.pop(channel_id, None)
        self.phones.pop(channel_id, None)
        self.muted.discard(channel_id)
        self.music.pop(channel_id, None)
        for members in self.bridges.values():
            members.discard(channel_id)
        if self.up:
            self.tell(ChannelGone(channel_id=channel_id, cause=cause))

    def callee_rings(self, channel_id: ChannelId) -> None:
        if self.up:
            self.tell(CalleeRinging(channel_id=channel_id))

    def callee_progresses(self, channel_id: ChannelId) -> None:
        if self.up:
            self.tell(CalleeProgress(channel_id=channel_id))

    def callee_answers(self, channel_id: ChannelId) -> None:
        """It picks up: it has gone through the dialplan, hence through no bridge."""
        self.callees[channel_id].answered = True
        self._out_of_bridges(channel_id)
        if self.up:
            self.tell(CalleeAnswered(channel_id=channel_id))

    def phone_answers(self) -> ChannelId:
        """The last telephone called is picked up."""
        channel_id = list(self.phones)[-1]
        self.phones[channel_id].answered = True
        if self.up:
            self.tell(PhoneAnswered(channel_id=channel_id))
        return channel_id

    def press(self, channel_id: ChannelId, keys: str) -> None:
        for key in keys:
            self.tell(DigitPressed(channel_id=channel_id, digit=key))

    def where(self, channel_id: ChannelId) -> BridgeId | None:
        """The bridge that a channel is in."""
        return next((name for name, members in self.bridges.items() if channel_id in members), None)

    def _out_of_bridges(self, channel_id: ChannelId) -> None:
        for members in self.bridges.values():
            members.discard(channel_id)

    def _exists(self, channel_id: ChannelId) -> bool:
        return channel_id in self.callers or channel_id in {**self.legs, **self.callees, **self.phones}

    def carry_out_hang_ups(self) -> None:
        while self.hanging_up:
            self.channel_ends(self.hanging_up.pop(0))

    def cut(self) -> None:
        self.up = False
        self.tell(SwitchDown(switch="fake", detail="cut"))

    def die(self, *, seen: bool = True) -> None:
        """It ends, and all that it held with it. ``seen``: at once, not only when it is back."""
        self.cut()
        for name in _LASTING:
            getattr(self, name).clear()
        if seen:
            self.tell(SwitchDied(truth=self.truth()))

    def mend(self) -> None:
        self.up = True
        self.tell(SwitchUp(truth=self.truth()))

    def truth(self) -> SwitchTruth:
        channels = [ChannelTruth(channel_id=i, up=True, caller=c) for i, c in self.callers.items()]
        channels += [ChannelTruth(channel_id=i, up=True, leg=p) for i, p in self.legs.items()]
        channels += [
            ChannelTruth(channel_id=i, up=c.answered, callee=c.call_id, recorded=c.answered)
            for i, c in self.callees.items()
        ]
        channels += [
            ChannelTruth(channel_id=i, up=p.answered, phone=p.position_id) for i, p in self.phones.items()
        ]
        return SwitchTruth(
            switch="fake",
            started_at=self.started_at,
            channels=tuple(channels),
            bridges={name: frozenset(members) for name, members in self.bridges.items()},
            fallen_back=frozenset(self.fallen_back),
        )

    # --- orders ---

    def _known(self, channel: ChannelId) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.orders += 1
        if not self.up:
            future.set_exception(SwitchUnavailable("down"))
        elif not self._exists(channel):
            future.set_exception(SwitchRefused(404, "Channel not found"))
        else:
            future.set_result(None)
        future.add_done_callback(lambda f: f.exception())
        return future

    def _refused(self) -> Awaitable[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_exception(SwitchRefused(409, "refused by the test"))
        future.add_done_callback(lambda f: f.exception())
        return future

    def _done(self) -> Awaitable[None]:
        self.orders += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        self.picked_up.append(channel)
        return self._known(channel)

    def play(self, channel: ChannelId, playback: PlaybackId, *sounds: str) -> Awaitable[None]:
        self.playing[playback] = (channel, sounds)
        return self._known(channel)

    def listen_for_speech(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        (self.listening.add if on else self.listening.discard)(channel)
        return self._known(channel)

    def stop_playback(self, playback: PlaybackId) -> Awaitable[None]:
        self.playing.pop(playback, None)
        return self._done()

    def start_music(self, channel: ChannelId, music: str) -> Awaitable[None]:
        if self.up and self._exists(channel):
            self.music[channel] = music
        return self._known(channel)

    def stop_music(self, channel: ChannelId) -> Awaitable[None]:
        if self.up:
            self.music.pop(channel, None)
        return self._known(channel)

    def open_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        self.bridges.setdefault(bridge, set())
        return self._done()

    def close_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        self.bridges.pop(bridge, None)
        return self._done()

    def join(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        if self.refuse_joins:
            return self._refused()
        if self.up and self._exists(channel):
            self._out_of_bridges(channel)
            self.bridges.setdefault(bridge, set()).add(channel)
            self.music.pop(channel, None)
        return self._known(channel)

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        if self.up:
            self.bridges.get(bridge, set()).discard(channel)
        return self._known(channel)

    def start_ringback(self, channel: ChannelId, playback: PlaybackId) -> Awaitable[None]:
        self.playing[playback] = (channel, ("ringback",))
        return self._known(channel)

    def whisper(self, channel: ChannelId, playback: PlaybackId, file: str) -> Awaitable[None]:
        self.playing[playback] = (channel, (file,))
        return self._known(channel)

    def stop_whisper(self, playback: PlaybackId) -> Awaitable[None]:
        self.playing.pop(playback, None)
        return self._done()

    def call_out(self, channel: ChannelId, call_id: CallId, number: str) -> Awaitable[None]:
        if self.refuse_calls:
            return self._refused()
        if self.up:
            self.callees[channel] = FakeCallee(call_id, number)
            asyncio.get_running_loop().call_soon(self._callee_ready, channel)
        return self._known(channel)

    def call_centre(self, channel: ChannelId, centre: CentreId, call: Entrusted) -> Awaitable[None]:
        if self.up:
            self.callees[channel] = FakeCallee(call.call_id, centre, entrusted=call)
            asyncio.get_running_loop().call_soon(self._callee_ready, channel)
        return self._known(channel)

    def say_ringing(self, channel: ChannelId) -> Awaitable[None]:
        self.ringing.add(channel)
        return self._known(channel)

    def refuse(self, channel: ChannelId) -> Awaitable[None]:
        if self.up and self._exists(channel):
            self.refused.append(channel)
            self.hanging_up.append(channel)
        return self._known(channel)

    def _callee_ready(self, channel: ChannelId) -> None:
        if self.up and channel in self.callees:
            self.tell(CalleeReady(channel_id=channel))

    def ring(self, channel: ChannelId, presented: str, seconds: float) -> Awaitable[None]:
        if self.up and channel in self.callees:
            self.callees[channel].presented, self.callees[channel].rung = presented, True
        return self._known(channel)

    def call_phone(
        self, channel: ChannelId, position_id: PositionId, number: str, presented: str, seconds: float
    ) -> Awaitable[None]:
        if self.up:
            self.phones[channel] = FakePhone(position_id, number, seconds)
        return self._known(channel)

    def confirm_phone(self, channel: ChannelId) -> Awaitable[None]:
        known = self._known(channel)
        if self.up and (phone := self.phones.pop(channel, None)):
            self.legs[channel] = phone.position_id
            opened = LegOpened(position_id=phone.position_id, channel_id=channel)
            asyncio.get_running_loop().call_soon(self.tell, opened)
        return known

    def mute(self, channel: ChannelId, muted: bool) -> Awaitable[None]:
        if self.up and self._exists(channel):
            (self.muted.add if muted else self.muted.discard)(channel)
        return self._known(channel)

    def send_digits(self, channel: ChannelId, digits: str) -> Awaitable[None]:
        if self.up:
            self.keys[channel] = self.keys.get(channel, "") + digits
        return self._known(channel)

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        if self.up and self._exists(channel) and channel not in self.hanging_up:
            self.hanging_up.append(channel)
        return self._known(channel)

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        self.handed_back.append(channel)
        return self._known(channel)
