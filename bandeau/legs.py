"""Which audio legs belong to which position, and the standing bridges where they are to be heard."""

from collections.abc import Callable, Container

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

Place = tuple[PositionId, str]
"""A position, and the Asterisk where it has a leg."""


class LegKeeper:
    """Keeps each position's newest leg on each Asterisk, and a bridge for it, where call control puts it.

    ``changed`` is called with a position when a leg of it is under command, or is gone.
    """

    def __init__(self, switch: Switch, changed: Callable[[PositionId], None], nodes: Nodes = ONE_NODE) -> None:
        self._switch = switch
        self._changed = changed
        self._nodes = nodes
        self._legs: dict[Place, ChannelId] = {}
        self._places: dict[ChannelId, Place] = {}

    def is_up(self, position_id: PositionId) -> bool:
        """Whether a leg of the position is under command, on whatever Asterisk."""
        return bool(self._places_of(position_id))

    def nodes_of(self, position_id: PositionId) -> tuple[str, ...]:
        """The Asterisks where a leg of the position is under command."""
        return tuple(node for _, node in self._places_of(position_id))

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
        older = self._legs.get(place)
        self._forget(place)
        self._legs[place] = channel_id
        self._places[channel_id] = place
        self._switch.open_bridge(position_bridge(place[0]))
        if older is not None and older != channel_id:
            self._switch.hang_up(older)
        self._changed(place[0])

    def _forget(self, place: Place) -> None:
        channel_id = self._legs.pop(place, None)
        if channel_id is not None:
            self._places.pop(channel_id, None)

    def _reconcile(self, truth: SwitchTruth, taken: Container[PositionId]) -> None:
        """Make what we know and an Asterisk's legs agree: one leg for each position taken."""
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
                self._forget(place)  # an older one is hung up already
                self._keep(place, kept)

    def _choose(self, place: Place, channels: list[ChannelId], truth: SwitchTruth) -> ChannelId:
        members = {channel for bridged in truth.bridges.values() for channel in bridged}
        known = self._legs.get(place)
        return next((c for c in channels if c == known or c in members), channels[-1])
