"""Orders to join channels, under way: those for which somebody waits, and those of legs on their own."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import ChannelId

log = structlog.get_logger(__name__)

Join = tuple[ChannelId, Awaitable[None]]
"""An order to join a channel somewhere, under way."""


class LegMoves:
    """Legs that move into a bridge before anybody waits for them, as from an offer on."""

    def __init__(self, failed: Callable[[ChannelId, bool], None]) -> None:
        """``failed``: told of a leg that is not where it was ordered to, and whether Asterisk refused."""
        self._failed = failed
        self._orders: dict[ChannelId, Awaitable[None]] = {}
        """The latest of each leg, while Asterisk has not answered."""
        self._watched: set[asyncio.Future[None]] = set()

    def watch(self, leg: ChannelId, order: Awaitable[None]) -> None:
        """A leg was ordered somewhere; it counts from here on."""
        self._orders[leg] = order
        watched = asyncio.ensure_future(self._carried_out(leg, order))
        self._watched.add(watched)
        watched.add_done_callback(self._watched.discard)

    def under_way(self, leg: ChannelId) -> list[Join]:
        """What a leg has been ordered and not answered: somebody waits for it by now."""
        return [(leg, self._orders[leg])] if leg in self._orders else []

    def forget(self, leg: ChannelId) -> None:
        """A leg was ordered elsewhere, or is gone."""
        self._orders.pop(leg, None)

    def forget_all(self, legs: Callable[[ChannelId], bool]) -> None:
        """Where these legs are is known by now."""
        self._orders = {leg: order for leg, order in self._orders.items() if not legs(leg)}

    async def _carried_out(self, leg: ChannelId, order: Awaitable[None]) -> None:
        failure = await _failure(order)
        if self._orders.get(leg) is not order:
            return
        del self._orders[leg]
        if failure is not None:
            log.warning("leg_not_joined", reason=failure.code)
            self._failed(leg, isinstance(failure, SwitchRefused))


async def carried_out(joins: list[Join]) -> list[ChannelId]:
    """Wait for joins; give the channels that could not be joined."""
    failed = []
    for channel_id, order in joins:
        failure = await _failure(order)
        if failure is not None:
            log.warning("join_refused", reason=failure.code)
            failed.append(channel_id)
    return failed


async def _failure(order: Awaitable[None]) -> SwitchRefused | SwitchUnavailable | None:
    try:
        await order
    except (SwitchRefused, SwitchUnavailable) as error:
        return error
    return None
