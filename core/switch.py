"""What Asterisk tells the core, translated once at the edge by ``telephony/``. Never journalled as such."""

from dataclasses import dataclass, field
from datetime import datetime

from core.ids import BridgeId, CallId, ChannelId, PlaybackId, PositionId
from core.words import CallerNumber


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerChannel:
    """A caller's channel, as the dialplan marked it before it reached the core."""

    channel_id: ChannelId
    call_id: CallId
    line: str
    caller: CallerNumber
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerArrived:
    """The core won the claim of a new caller: it owns the channel, not yet picked up."""

    channel: CallerChannel


@dataclass(frozen=True, kw_only=True, slots=True)
class LegOpened:
    """A strip's audio leg reached the core; it is picked up and waits to be joined."""

    position_id: PositionId
    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelGone:
    """A channel of ours ended, or left the core's control. Said once per channel. ``cause``: Q.850 number."""

    channel_id: ChannelId
    cause: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitPressed:
    """A key was pressed: one of ``0123456789*#ABCD``."""

    channel_id: ChannelId
    digit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybackEnded:
    """An announcement ended: played to the end, stopped, or failed (``ok`` false)."""

    playback_id: PlaybackId
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelTruth:
    """One channel Asterisk holds under the core's control. Exactly one of ``caller``, ``leg`` is set."""

    channel_id: ChannelId
    up: bool
    caller: CallerChannel | None = None
    leg: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchTruth:
    """What Asterisk holds now: the truth to reconcile with."""

    switch: str
    channels: tuple[ChannelTruth, ...] = ()
    bridges: dict[BridgeId, frozenset[ChannelId]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchUp:
    """Asterisk is under command (first time or again); what happened meanwhile is in ``truth``."""

    truth: SwitchTruth


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchDown:
    """The link to Asterisk is lost. Media goes on there."""

    switch: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityIncident:
    """Asterisk refused a message for a security reason. ``source`` is an address, never a caller's number."""

    kind: str
    source: str


SwitchEvent = (
    CallerArrived
    | LegOpened
    | ChannelGone
    | DigitPressed
    | PlaybackEnded
    | SwitchUp
    | SwitchDown
    | SecurityIncident
)
