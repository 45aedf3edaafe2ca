"""Several Asterisks as one switch: an order goes to the one that holds its channel, and all are heard."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Mapping
from typing import Any, Final, Protocol

import structlog

from core.errors import BandeauError, SwitchUnavailable
from core.ids import BridgeId, CallId, CentreId, ChannelId, PlaybackId, PositionId
from core.nodes import Nodes
from core.ports import FallbackCalls, FallbackQueue, RecordingSwitch, SourceBans, StripCredentials, Switch
from core.switch import Entrusted, FallbackCaller, FallbackRecord, PlaybackEnded, SwitchEvent, SwitchUp

log = structlog.get_logger(__name__)

_MOST_PLAYBACKS: Final = 4096
"""Remembered at a time; of one forgotten, every node is asked."""


class Node(Switch, StripCredentials, SourceBans, Protocol):
    """One of the Asterisks."""

    up: bool


class SwitchNodes:
    """Implements ``core.ports.Switch``, ``StripCredentials`` and ``SourceBans`` on all Asterisks of a centre.

    A bridge is made on every node: its name then leads, on each, to those who are there. A strip's account is
    the same on every node; one that was away gets it when it is back.
    """

    def __init__(self, nodes: Nodes, switches: Mapping[str, Node]) -> None:
        """``switches``: by the names of ``nodes``; none is started here."""
        self._nodes = nodes
        self._switches = dict(switches)
        self._listener: Callable[[SwitchEvent], None] = lambda event: None
        self._playing: dict[PlaybackId, str] = {}
        self._owed: dict[str, dict[PositionId, str | None]] = {name: {} for name in switches}
        """Accounts that a node has not been told of: password, or ``None`` to forget it."""
        self._settling: set[asyncio.Task[None]] = set()
        for name, switch in self._switches.items():
            switch.listen(lambda event, name=name: self._told(name, event))  # type: ignore[misc]

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        """See :meth:`core.ports.Switch.listen`."""
        self._listener = listener

    @property
    def up(self) -> frozenset[str]:
        """The nodes under command."""
        return frozenset(name for name, switch in self._switches.items() if switch.up)

    def _told(self, name: str, event: SwitchEvent) -> None:
        if isinstance(event, SwitchUp) and self._owed[name]:
            task = asyncio.get_running_loop().create_task(self._settle(name))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
        self._listener(event)
        if isinstance(event, PlaybackEnded):
            self._playing.pop(event.playback_id, None)

    # --- which node -------------------------------------------------------------------------------------

    def _with(self, channel: ChannelId) -> Node:
        """The node that holds a channel."""
        return self._switches[self._nodes.of(channel)]

    def _plays(self, playback: PlaybackId, channel: ChannelId) -> Node:
        """The node where something is played, remembered for its end."""
        self._playing[playback] = self._nodes.of(channel)
        while len(self._playing) > _MOST_PLAYBACKS:
            del self._playing[next(iter(self._playing))]
        return self._switches[self._playing[playback]]

    def _playing_on(self, playback: PlaybackId) -> list[Node]:
        name = self._playing.pop(playback, None)
        return [self._switches[name]] if name is not None else list(self._switches.values())

    # --- orders -----------------------------------------------------------------------------------------

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.pick_up`."""
        return self._with(channel).pick_up(channel)

    def play(self, channel: ChannelId, playback: PlaybackId, *sounds: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.play`."""
        return self._plays(playback, channel).play(channel, playback, *sounds)

    def listen_for_speech(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.listen_for_speech`."""
        return self._with(channel).listen_for_speech(channel, on)

    def stop_playback(self, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_playback`."""
        return _all([node.stop_playback(playback) for node in self._playing_on(playback)])

    def start_music(self, channel: ChannelId, music: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.start_music`."""
        return self._with(channel).start_music(channel, music)

    def stop_music(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_music`."""
        return self._with(channel).stop_music(channel)

    def open_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.open_bridge`."""
        return _all([node.open_bridge(bridge) for node in self._switches.values() if node.up])

    def close_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.close_bridge`."""
        return _all([node.close_bridge(bridge) for node in self._switches.values() if node.up])

    def join(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.join`."""
        return self._with(channel).join(bridge, channel)

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.leave`."""
        return self._with(channel).leave(bridge, channel)

    def start_ringback(self, channel: ChannelId, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.start_ringback`."""
        return self._plays(playback, channel).start_ringback(channel, playback)

    def whisper(self, channel: ChannelId, playback: PlaybackId, file: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.whisper`."""
        return self._plays(playback, channel).whisper(channel, playback, file)

    def stop_whisper(self, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_whisper`."""
        return _all([node.stop_whisper(playback) for node in self._playing_on(playback)])

    def call_out(self, channel: ChannelId, call_id: CallId, number: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_out`."""
        return self._with(channel).call_out(channel, call_id, number)

    def call_centre(self, channel: ChannelId, centre: CentreId, call: Entrusted) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_centre`."""
        return self._with(channel).call_centre(channel, centre, call)

    def say_ringing(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.say_ringing`."""
        return self._with(channel).say_ringing(channel)

    def refuse(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.refuse`."""
        return self._with(channel).refuse(channel)

    def ring(self, channel: ChannelId, presented: str, seconds: float) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.ring`."""
        return self._with(channel).ring(channel, presented, seconds)

    def call_phone(
        self, channel: ChannelId, position_id: PositionId, number: str, presented: str, seconds: float
    ) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_phone`."""
        return self._with(channel).call_phone(channel, position_id, number, presented, seconds)

    def confirm_phone(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.confirm_phone`."""
        return self._with(channel).confirm_phone(channel)

    def mute(self, channel: ChannelId, muted: bool) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.mute`."""
        return self._with(channel).mute(channel, muted)

    def send_digits(self, channel: ChannelId, digits: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.send_digits`."""
        return self._with(channel).send_digits(channel, digits)

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hang_up`."""
        return self._with(channel).hang_up(channel)

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hand_back`."""
        return self._with(channel).hand_back(channel)

    # --- accounts of strips -----------------------------------------------------------------------------

    async def create(self, position_id: PositionId, secret: str) -> None:
        """See :meth:`core.ports.StripCredentials.create`. One node that took it is enough."""
        await self._account(position_id, secret)

    async def delete(self, position_id: PositionId) -> None:
        """See :meth:`core.ports.StripCredentials.delete`."""
        await self._account(position_id, None)

    # --- addresses kept out -----------------------------------------------------------------------------

    async def ban(self, source: str) -> None:
        """See :meth:`core.ports.SourceBans.ban`: on every node that is there."""
        await self._every([node.ban(source) for node in self._there()])

    async def release(self, source: str) -> None:
        """See :meth:`core.ports.SourceBans.release`: on every node that is there."""
        await self._every([node.release(source) for node in self._there()])

    def _there(self) -> list[Node]:
        return [node for node in self._switches.values() if node.up] or list(self._switches.values())

    @staticmethod
    async def _every(orders: Iterable[Awaitable[None]]) -> None:
        for result in await asyncio.gather(*orders, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _account(self, position_id: PositionId, secret: str | None) -> None:
        for owed in self._owed.values():
            owed[position_id] = secret
        told = await asyncio.gather(*(self._tell(name, position_id, secret) for name in self._switches))
        if not any(told):
            raise SwitchUnavailable("no Asterisk took the account")

    async def _tell(self, name: str, position_id: PositionId, secret: str | None) -> bool:
        node = self._switches[name]
        try:
            await (node.delete(position_id) if secret is None else node.create(position_id, secret))
        except BandeauError as error:
            log.warning("account_not_told", switch=name, position_id=position_id, reason=error.code)
            return False
        if self._owed[name].get(position_id, secret) == secret:
            self._owed[name].pop(position_id, None)
        return True

    async def _settle(self, name: str) -> None:
        """Tell a node that is back of the accounts made and forgotten meanwhile."""
        for position_id, secret in list(self._owed[name].items()):
            await self._tell(name, position_id, secret)

    async def close(self) -> None:
        """Stop what is still being told."""
        for task in self._settling:
            task.cancel()
        await asyncio.gather(*self._settling, return_exceptions=True)


class QueueNodes:
    """Implements ``core.ports.FallbackQueue`` on all Asterisks: each rings the strips for its own callers."""

    def __init__(self, queues: Iterable[FallbackQueue]) -> None:
        """``queues``: one for each node; each does what it missed when it is back."""
        self._queues = tuple(queues)

    async def add(self, position_id: PositionId) -> None:
        """See :meth:`core.ports.FallbackQueue.add`. Errors: of the first node, where none took it."""
        await self._each([queue.add(position_id) for queue in self._queues])

    async def remove(self, position_id: PositionId) -> None:
        """See :meth:`core.ports.FallbackQueue.remove`. Errors: as for :meth:`add`."""
        await self._each([queue.remove(position_id) for queue in self._queues])

    async def _each(self, orders: Iterable[Awaitable[None]]) -> None:
        results = await asyncio.gather(*orders, return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        for error in errors:
            if not isinstance(error, BandeauError) or len(errors) == len(results):
                raise error


def _all(orders: list[Awaitable[None]]) -> Awaitable[None]:
    """Several orders as one. It need not be awaited, like each of them."""
    if len(orders) == 1:
        return orders[0]
    return _Both(orders)


class _Both(Awaitable[None]):
    """Awaited, it waits for all orders and raises the first failure, if every one failed."""

    def __init__(self, orders: list[Awaitable[None]]) -> None:
        self._orders = orders

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        failure: BandeauError | None = None
        done = not self._orders
        for order in self._orders:
            try:
                await order
                done = True
            except BandeauError as error:
                failure = failure or error
        if not done and failure is not None:
            raise failure


class RecordingNodes:
    """Implements ``core.ports.RecordingSwitch`` on all Asterisks, by the names of ``nodes``."""

    def __init__(self, nodes: Nodes, recordings: Mapping[str, RecordingSwitch]) -> None:
        self._nodes = nodes
        self._recordings = dict(recordings)

    async def leave_out(self, channel: ChannelId, on: bool) -> None:
        """See :meth:`core.ports.RecordingSwitch.leave_out`."""
        await self._recordings[self._nodes.of(channel)].leave_out(channel, on)


class FallbackNodes:
    """Implements ``core.ports.FallbackCalls`` on all Asterisks, by the names of ``nodes``."""

    def __init__(self, nodes: Nodes, fallbacks: Mapping[str, FallbackCalls]) -> None:
        self._nodes = nodes
        self._fallbacks = dict(fallbacks)

    async def present(self) -> tuple[FallbackCaller, ...]:
        """See :meth:`core.ports.FallbackCalls.present`. Of the nodes that answer; errors: where none does."""
        asked = (fallback.present() for fallback in self._fallbacks.values())
        results = await asyncio.gather(*asked, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, BandeauError) or len(failures) == len(results):
                raise failure
        return tuple(caller for found in results if not isinstance(found, BaseException) for caller in found)

    async def take_back(self, channel: ChannelId) -> None:
        """See :meth:`core.ports.FallbackCalls.take_back`."""
        await self._fallbacks[self._nodes.of(channel)].take_back(channel)

    async def noted(self) -> tuple[FallbackRecord, ...]:
        """See :meth:`core.ports.FallbackCalls.noted`."""
        found = await asyncio.gather(*(fallback.noted() for fallback in self._fallbacks.values()))
        return tuple(sorted((record for some in found for record in some), key=lambda one: one.arrived_at))

    async def settled(self, unsettled: Collection[CallId]) -> None:
        """See :meth:`core.ports.FallbackCalls.settled`."""
        await asyncio.gather(*(fallback.settled(unsettled) for fallback in self._fallbacks.values()))
