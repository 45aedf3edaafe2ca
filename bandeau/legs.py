"""Which audio leg belongs to which position, and its place in the position's standing bridge."""

import asyncio
from collections.abc import Awaitable, Callable, Container

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import ChannelId, PositionId
from core.ports import Switch
from core.switch import (
    ChannelGone,
    LegOpened,
    SwitchDied,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
    position_bridge,
)

log = structlog.get_logger(__name__)


class LegKeeper:
    """Keeps each position's newest leg in its standing bridge.

    ``changed`` is called with a position when its leg is proven in the bridge, or is gone.
    """

    def __init__(self, switch: Switch, changed: Callable[[PositionId], None]) -> None:
        self._switch = switch
        self._changed = changed
        self._legs: dict[PositionId, ChannelId] = {}
        self._positions: dict[ChannelId, PositionId] = {}
        self._joined: set[PositionId] = set()
        self._joins: set[asyncio.Task[bool]] = set()
        self._warmed: set[PositionId] = set()

    def is_up(self, position_id: PositionId) -> bool:
        """Whether the position's leg is in its bridge."""
        return position_id in self._joined

    def position_of(self, channel_id: ChannelId) -> PositionId | None:
        """Whose leg a channel is."""
        return self._positions.get(channel_id)

    def on_switch(self, event: SwitchEvent, taken: Container[PositionId]) -> None:
        """Take note of a switch event; ``taken`` are the positions somebody has."""
        if isinstance(event, LegOpened):
            if event.position_id in taken:
                self._keep(event.position_id, event.channel_id)
            else:
                self._switch.hang_up(event.channel_id)
        elif isinstance(event, ChannelGone):
            position_id = self._positions.get(event.channel_id)
            if position_id is not None:
                self._forget(position_id)
                self._changed(position_id)
        elif isinstance(event, SwitchUp):
            self._reconcile(event.truth, taken)
        elif isinstance(event, SwitchDied):
            self._reconcile(SwitchTruth(switch=event.switch), taken)

    def warm(self, position_id: PositionId) -> None:
        """Let sound come to the leg already, before there is any to be heard.

        A browser that has received nothing for a while first keeps some 100 ms back, so as to learn how evenly
        sound comes: at the answer that would be the caller's first words.
        """
        channel_id = self._legs.get(position_id)
        if channel_id is not None and position_id in self._joined:
            self._warmed.add(position_id)
            self._switch.start_silence(channel_id)

    def cool(self, position_id: PositionId) -> None:
        """Somebody is being joined, or nobody comes: end the silence.

        It gives way by itself to a caller's sound, but is ended all the same: a caller from whom nothing comes
        would leave it running for as long as the leg lasts.
        """
        if position_id in self._warmed:
            self._warmed.discard(position_id)
            if (channel_id := self._legs.get(position_id)) is not None:
                self._switch.stop_silence(channel_id)

    def close(self, position_id: PositionId) -> None:
        """End the leg and the bridge of a position that was left."""
        channel_id = self._legs.get(position_id)
        self._forget(position_id)
        if channel_id is not None:
            self._switch.hang_up(channel_id)
            self._switch.close_bridge(position_bridge(position_id))

    def _keep(self, position_id: PositionId, channel_id: ChannelId) -> None:
        older = self._legs.get(position_id)
        self._forget(position_id)
        self._legs[position_id] = channel_id
        self._positions[channel_id] = position_id
        self._switch.open_bridge(position_bridge(position_id))
        if older is not None and older != channel_id:
            self._switch.hang_up(older)
        order = self._switch.join(position_bridge(position_id), channel_id)
        task = asyncio.ensure_future(_carried_out(order))
        self._joins.add(task)
        task.add_done_callback(lambda done: self._join_answered(done, position_id, channel_id))

    def _join_answered(
        self, task: "asyncio.Task[bool]", position_id: PositionId, channel_id: ChannelId
    ) -> None:
        self._joins.discard(task)
        if task.cancelled() or self._legs.get(position_id) != channel_id:
            return
        if task.result():
            self._proven(position_id)
        else:
            self._switch.hang_up(channel_id)  # the page opens a new one

    def _proven(self, position_id: PositionId) -> None:
        self._joined.add(position_id)
        self._changed(position_id)

    def _forget(self, position_id: PositionId) -> None:
        channel_id = self._legs.pop(position_id, None)
        if channel_id is not None:
            self._positions.pop(channel_id, None)
        self._joined.discard(position_id)
        self._warmed.discard(position_id)

    def _reconcile(self, truth: SwitchTruth, taken: Container[PositionId]) -> None:
        """Make what we know and Asterisk's legs agree: one leg for each position taken, in its bridge."""
        found: dict[PositionId, list[ChannelId]] = {}
        for channel in truth.channels:
            if channel.leg is not None:
                found.setdefault(channel.leg, []).append(channel.channel_id)
        for position_id in [p for p in self._legs if p not in found]:
            self._forget(position_id)
            self._changed(position_id)
        for position_id, channels in found.items():
            kept = self._choose(position_id, channels, truth) if position_id in taken else None
            for channel_id in channels:
                if channel_id != kept:
                    self._switch.hang_up(channel_id)
            if kept is not None:
                self._found_again(position_id, kept, truth)

    def _choose(self, position_id: PositionId, channels: list[ChannelId], truth: SwitchTruth) -> ChannelId:
        members = {channel for bridged in truth.bridges.values() for channel in bridged}
        known = self._legs.get(position_id)
        return next((c for c in channels if c == known or c in members), channels[-1])

    def _found_again(self, position_id: PositionId, channel_id: ChannelId, truth: SwitchTruth) -> None:
        # In another bridge it is with colleagues, in a call that several positions hear.
        if not any(channel_id in members for members in truth.bridges.values()):
            self._keep(position_id, channel_id)
            return
        self._forget(position_id)
        self._legs[position_id] = channel_id
        self._positions[channel_id] = position_id
        self._proven(position_id)


async def _carried_out(order: Awaitable[None]) -> bool:
    try:
        await order
    except (SwitchRefused, SwitchUnavailable) as error:
        log.warning("leg_not_joined", reason=error.code)
        return False
    return True
