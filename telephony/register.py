"""Which channels are the core's, so that each arrival and each end is told exactly once."""

from collections.abc import Container

from core.ids import ChannelId
from core.switch import (
    CalleeAnswered,
    CalleeReady,
    CallerArrived,
    ChannelGone,
    ChannelTruth,
    LegOpened,
    SwitchTruth,
)
from telephony.ari_protocol import ChannelHangupRequest, StasisStart
from telephony.translation import callee_of, caller_of, cause_of, leg_of, phone_of


class ChannelRegister:
    """Channels under control. Pure: Asterisk's words in, the core's events out.

    Args:
        test_callers: E.164 numbers whose calls are tests.
    """

    def __init__(self, test_callers: Container[str] = ()) -> None:
        self._test_callers = test_callers
        self._ours: set[ChannelId] = set()
        self._causes: dict[ChannelId, int] = {}
        self._answering: set[ChannelId] = set()
        """On their way through the dialplan: callees being recorded, telephones that become legs."""
        self._picked_up: set[ChannelId] = set()
        """Callees that were sent that way."""

    def __contains__(self, channel: object) -> bool:
        return channel in self._ours

    def arrived(self, message: StasisStart) -> CallerArrived | LegOpened | CalleeReady | CalleeAnswered | None:
        """Take a channel in; ``None``: already told (by the truth after a reconnection)."""
        channel = ChannelId(message.channel.id)
        if channel in self._answering:
            self._answering.remove(channel)
            leg = leg_of(message.args)
            if leg is not None:
                return LegOpened(position_id=leg, channel_id=channel)
            return CalleeAnswered(channel_id=channel)
        if channel in self._ours:
            return None
        if callee_of(message.args) is not None:
            self._ours.add(channel)
            return CalleeReady(channel_id=channel)
        if phone_of(message.args) is not None:
            self._ours.add(channel)
            return None
        caller = caller_of(message.channel, message.args, self._test_callers)
        leg = leg_of(message.args)
        if caller is not None:
            self._ours.add(channel)
            return CallerArrived(channel=caller)
        if leg is not None:
            self._ours.add(channel)
            return LegOpened(position_id=leg, channel_id=channel)
        raise ValueError("a channel came under control for an unknown purpose")

    def answering(self, channel: ChannelId) -> None:
        """Note that a channel goes through the dialplan, and comes back: recorded, or as a leg."""
        self._answering.add(channel)

    def picked_up(self, channel: ChannelId) -> bool:
        """Note that a callee picked up, and goes to be recorded; whether that is news.

        After a cut it is told by the event that was kept as well as by the truth, and sent there twice it ends.
        """
        if channel in self._picked_up:
            return False
        self._picked_up.add(channel)
        self.answering(channel)
        return True

    def ending(self, message: ChannelHangupRequest) -> None:
        """Note why a channel ends; the first reason given is the one."""
        channel = ChannelId(message.channel.id)
        if channel in self._ours:
            self._causes.setdefault(channel, cause_of(message))

    def is_ending(self, channel: ChannelId) -> bool:
        """Whether its end was announced, and is about to be told."""
        return channel in self._causes

    def settled(self) -> set[ChannelId]:
        """The channels that should be under control now; not those on their way through the dialplan."""
        return self._ours - self._answering

    def found(self, truth: ChannelTruth) -> None:
        """Take in a channel that is under control without our having been told."""
        self._ours.add(truth.channel_id)

    def gone(self, channel: ChannelId, *, found: bool = False) -> ChannelGone | None:
        """Let a channel go; ``None``: it was not ours, its end was told, or it comes back."""
        if channel in self._answering and channel not in self._causes:
            return None
        self._answering.discard(channel)
        cause = self._causes.pop(channel, 0)
        if channel not in self._ours:
            return None
        self._ours.remove(channel)
        self._picked_up.discard(channel)
        return ChannelGone(channel_id=channel, cause=cause, found=found)

    def reconcile(self, truth: SwitchTruth) -> set[ChannelId]:
        """Take in what Asterisk holds.

        Returns:
            the channels that vanished meanwhile. They stay ours until :meth:`gone` tells their end.
        """
        held = {channel.channel_id for channel in truth.channels}
        vanished = self._ours - held
        self._answering.clear()  # the truth says which have come back
        self._picked_up = {channel.channel_id for channel in truth.channels if channel.recorded}
        self._ours |= held
        return vanished
