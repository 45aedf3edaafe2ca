"""The calls of mode secours as one Asterisk holds and notes them: ARI, the manager interface, the log."""

from collections.abc import Collection

from core.ids import CallId, ChannelId
from core.switch import FallbackCaller, FallbackRecord
from telephony.ami import ManagerLink
from telephony.fallback_log import FallbackLogFile
from telephony.switch import AsteriskSwitch


class AsteriskFallback:
    """Implements ``core.ports.FallbackCalls`` on one Asterisk."""

    def __init__(self, switch: AsteriskSwitch, manager: ManagerLink, log: FallbackLogFile) -> None:
        self._switch = switch
        self._manager = manager
        self._log = log

    async def present(self) -> tuple[FallbackCaller, ...]:
        """See :meth:`core.ports.FallbackCalls.present`."""
        return await self._switch.in_fallback()

    async def take_back(self, channel: ChannelId) -> None:
        """See :meth:`core.ports.FallbackCalls.take_back`."""
        await self._manager.take_back(channel)

    async def noted(self) -> tuple[FallbackRecord, ...]:
        """See :meth:`core.ports.FallbackCalls.noted`."""
        return await self._log.noted()

    async def settled(self, unsettled: Collection[CallId]) -> None:
        """See :meth:`core.ports.FallbackCalls.settled`."""
        await self._log.settled(unsettled)
