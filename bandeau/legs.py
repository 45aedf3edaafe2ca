"""Which audio legs belong to which position, and their place in the position's standing bridges."""

import asyncio
from collections.abc import Awaitable, Callable, Container

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import ChannelId, PositionId
from core.nodes import ONE_NODE, Nodes
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


Place = tuple[PositionId, str]
"""A position, and the Asterisk where it has a leg."""


class LegKeeper:
    """Keeps each position's newest leg on each Asterisk in its standing bridge there.

    ``changed`` is called with a position when a leg of it is proven in the bridge, or is gone.
    """

    def __init__(self, switch: Switch, changed: Callable[[PositionId], None], nodes: Nodes = ONE_NODE) -> None:
        self._switch = switch
        self._changed = changed
        self._nodes = nodes
        self._legs: dict[Place, ChannelId] = {}
        self._places: dict[ChannelId, Place] = {}
        self._joined: set[Place] = set()
        self._joins: set[asyncio.Task[bool]] = set()
        self._warmed: set[Place] = set()

    def is_up(self, position_id: PositionId) -> bool:
        """Whether a leg of the position is in its bridge, on whatever Asterisk."""
        return any((position_id, node) in self._joined for node in self._nodes.prefixes)

    def nodes_of(self, position_id: PositionId) -> tuple[str, ...]:
        """The Asterisks where a leg of the position is in its bridge."""
        return tuple(node for node in self._nodes.prefixes if (position_id, node) in self._joined)

    def position_of(self, channel_id: ChannelId) -> PositionId | None:
        """Whose leg a channel is."""
        place = self._places.get(channel_id)
        return place[0] if place is not None else None

    def on_switch(self, event: SwitchEvent, taken: Container[PositionId]) -> None:
        """Take note of a switch event; ``taken`` are the positions somebody has."""
        if isinstance(event, LegOpened):
            if event.position_id in taken:
                self._keep((event.position_id, self._nodes.of(event.channel_id)), event.channel_id)
            else:
                self._switch.hang_up(event.channel_id)
        elif isinstance(event, ChannelGone):
            place = self._places.get(event.channel_id)
            if place is not None:
                self._forget(place)
                self._changed(place[0])
        elif isinstance(event, SwitchUp | SwitchDied):
            self._reconcile(event.truth, taken)

    def warm(self, position_id: PositionId) -> None:
        """Let sound come to the position's legs already, before there is any to be heard.

        A browser that has received nothing for a while first keeps some 100 ms back, so as to learn how evenly
        sound comes: at the answer that would be the caller's first words.
        """
        for place in self._places_of(position_id):
            if place in self._joined:
                self._warmed.add(place)
                self._switch.start_silence(self._legs[place])

    def cool(self, position_id: PositionId) -> None:
        """Somebody is being joined, or nobody comes: end the silence.

        It gives way by itself to a caller's sound, but is ended all the same: a caller from whom nothing comes
        would leave it running for as long as the leg lasts.
        """
        for place in self._places_of(position_id):
            if place in self._warmed:
                self._warmed.discard(place)
                self._switch.stop_silence(self._legs[place])

    def close(self, position_id: PositionId) -> None:
        """End the legs and the bridges of a position that was left."""
        places = self._places_of(position_id)
        for place in places:
            channel_id = self._legs[place]
            self._forget(place)
            self._switch.hang_up(channel_id)
        if places:
            self._switch.close_bridge(position_bridge(position_id))

    def _places_of(self, position_id: PositionId) -> list[Place]:
        return [(position_id, node) for node in self._nodes.prefixes if (position_id, node) in self._legs]

    def _keep(self, place: Place, channel_id: ChannelId) -> None:
        bridge = position_bridge(place[0])
        older = self._legs.get(place)
        self._forget(place)
        self._legs[place] = channel_id
        self._places[channel_id] = place
        self._switch.open_bridge(bridge)
        if older is not None and older != channel_id:
            self._switch.hang_up(older)
        task = asyncio.ensure_future(_carried_out(self._switch.join(bridge, channel_id)))
        self._joins.add(task)
        task.add_done_callback(lambda done: self._join_answered(done, place, channel_id))

    def _join_answered(self, task: "asyncio.Task[bool]", place: Place, channel_id: ChannelId) -> None:
        self._joins.discard(task)
        if task.cancelled() or self._legs.get(place) != channel_id:
            return
        if task.result():
            self._proven(place)
        else:
            self._switch.hang_up(channel_id)  # the page opens a new one

    def _proven(self, place: Place) -> None:
        self._joined.add(place)
        self._changed(place[0])

    def _forget(self, place: Place) -> None:
        channel_id = self._legs.pop(place, None)
        if channel_id is not None:
            self._places.pop(channel_id, None)
        self._joined.discard(place)
        self._warmed.discard(place)

    def _reconcile(self, truth: SwitchTruth, taken: Container[PositionId]) -> None:
        """Make what we know and an Asterisk's legs agree: one leg for each position taken, in its bridge."""
        found: dict[Place, list[ChannelId]] = {}
        for channel in truth.channels:
            if channel.leg is not None:
                place = (channel.leg, self._nodes.of(channel.channel_id))
                found.setdefault(place, []).append(channel.channel_id)
        for place in [p for p, leg in self._legs.items() if p not in found and truth.covers(leg)]:
            self._forget(place)
            self._changed(place[0])
        for place, channels in found.items():
            kept = self._choose(place, channels, truth) if place[0] in taken else None
            for channel_id in channels:
                if channel_id != kept:
                    self._switch.hang_up(channel_id)
            if kept is not None:
                self._found_again(place, kept, truth)

    def _choose(self, place: Place, channels: list[ChannelId], truth: SwitchTruth) -> ChannelId:
        members = {channel for bridged in truth.bridges.values() for channel in bridged}
        known = self._legs.get(place)
        return next((c for c in channels if c == known or c in members), channels[-1])

    def _found_again(self, place: Place, channel_id: ChannelId, truth: SwitchTruth) -> None:
        # In another bridge it is with colleagues, in a call that several positions hear.
        if not any(channel_id in members for members in truth.bridges.values()):
            self._keep(place, channel_id)
            return
        self._forget(place)
        self._legs[place] = channel_id
        self._places[channel_id] = place
        self._proven(place)


async def _carried_out(order: Awaitable[None]) -> bool:
    try:
        await order
    except (SwitchRefused, SwitchUnavailable) as error:
        log.warning("leg_not_joined", reason=error.code)
        return False
    return True
