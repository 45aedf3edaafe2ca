"""What Asterisk tells the core, translated once at the edge by ``telephony/``. Never journalled as such."""

from dataclasses import dataclass, field
from datetime import datetime

from core.ids import BridgeId, CallId, ChannelId, PlaybackId, PositionId
from core.location import Location
from core.words import CallerNumber, Origin


def position_bridge(position_id: PositionId) -> BridgeId:
    """Name of the standing bridge of a position: its audio leg is there from an offer on."""
    return BridgeId(f"position-{position_id}")


def call_bridge(call_id: CallId) -> BridgeId:
    """Name of the bridge of a call that several positions hear, or whose parties were left together."""
    return BridgeId(f"call-{call_id}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerChannel:
    """A caller's channel, as the dialplan marked it before it reached the core. ``origin``: a neighbour's.

    ``waited``: it has been waiting in the fallback since ``created_at``, and heard its notice.
    ``location``: where its INVITE says that the caller is.
    """

    channel_id: ChannelId
    call_id: CallId
    line: str
    caller: CallerNumber
    created_at: datetime
    origin: Origin | None = None
    waited: bool = False
    location: Location | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrusted:
    """One of our callers, as a neighbour is to know them: the same call. ``line`` is the number dialled."""

    call_id: CallId
    line: str
    caller: CallerNumber
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerArrived:
    """The core won the claim of a new caller: it owns the channel, not yet picked up.

    ``found``: this was never told, and is found by looking; so in LegOpened and ChannelGone.
    """

    channel: CallerChannel
    found: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerUnclaimed:
    """A new caller could not be claimed: gone already, another core's, or in the dialplan's own hands."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class LegOpened:
    """A strip's audio leg reached the core; it is picked up and waits to be joined."""

    position_id: PositionId
    channel_id: ChannelId
    found: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CalleeReady:
    """A channel towards a number exists (see ``Switch.call_out``) and may be joined and rung."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class CalleeRinging:
    """The number called rings."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class CalleeProgress:
    """The called network sends sound before the answer: its own ringing, or why it cannot be reached."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class CalleeAnswered:
    """The number called has picked up, and is recorded from here on. Its channel is in no bridge any more."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneAnswered:
    """A position's telephone was picked up (see ``Switch.call_phone``), by whomever or whatever."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelGone:
    """A channel of ours ended, or left the core's control. Said once per channel. ``cause``: Q.850 number."""

    channel_id: ChannelId
    cause: int
    found: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitPressed:
    """A key was pressed: one of ``0123456789*#ABCD``."""

    channel_id: ChannelId
    digit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeechHeard:
    """Somebody speaks on a channel that is listened to (see ``Switch.listen_for_speech``)."""

    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaybackEnded:
    """An announcement ended: played to the end, stopped, or failed (``ok`` false)."""

    playback_id: PlaybackId
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelTruth:
    """One channel Asterisk holds under the core's control: a ``caller``'s, a ``leg``, or a ``callee``'s.

    ``callee`` is the call for which a number is called; ``recorded``: it picked up, as CalleeAnswered tells.
    ``phone``: the position whose telephone it calls, not confirmed yet (once it is, it is a ``leg``).
    """

    channel_id: ChannelId
    up: bool
    caller: CallerChannel | None = None
    leg: PositionId | None = None
    callee: CallId | None = None
    recorded: bool = False
    phone: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FallbackCaller:
    """A caller in the dialplan's own hands (mode secours): waits, or ``talking`` to a position or a number."""

    channel_id: ChannelId
    talking: bool = False
    position_id: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FallbackRecord:
    """What Asterisk noted of a call that it handled with no core. Times are whole seconds.

    ``answered_at``: when the first strip took it; ``position_id``: the last one that did. ``transferred``: the
    number to which it was passed on answered. ``taken_back``: a core took it over while it waited; what follows
    its events tell.
    """

    call_id: CallId
    line: str
    caller: CallerNumber
    arrived_at: datetime
    answered_at: datetime | None = None
    position_id: PositionId | None = None
    transferred: bool = False
    taken_back: bool = False
    ended_at: datetime | None = None
    unclaimed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchTruth:
    """What Asterisk holds now: the truth to reconcile with.

    ``started_at``: when this run of it began; what an earlier run held is gone. None: it does not tell.
    ``fallback``: who is in its own hands. ``elsewhere``: how the ids of the channels begin that other Asterisks
    of the centre made, of which it says nothing. ``fallen_back``: callers who came into its own hands while
    nobody commanded it, whether they are still there or not.
    """

    switch: str
    started_at: datetime | None = None
    elsewhere: tuple[str, ...] = ()
    channels: tuple[ChannelTruth, ...] = ()
    bridges: dict[BridgeId, frozenset[ChannelId]] = field(default_factory=dict)
    fallback: tuple[FallbackCaller, ...] = ()
    fallen_back: frozenset[ChannelId] = frozenset()

    def covers(self, channel_id: str) -> bool:
        """Whether this is the truth about a channel: where it is not in it, it is no more."""
        return not channel_id.startswith(self.elsewhere)


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchUp:
    """Asterisk is under command (first time or again); what happened meanwhile is in ``truth``."""

    truth: SwitchTruth


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchSeen:
    """Every few seconds: the channels under control in one Asterisk; of those stuck, it was told just before.

    ``bridges``: those made by us where nobody is, now and then; none: not looked at this time.
    """

    switch: str
    channels: frozenset[ChannelId]
    bridges: frozenset[BridgeId] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchDown:
    """The link to Asterisk is lost. Media goes on there."""

    switch: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchDied:
    """Asterisk itself has ended: every channel it held is cut. Told before the next SwitchUp.

    ``truth``: that it holds nothing.
    """

    truth: SwitchTruth


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityIncident:
    """Asterisk refused a message for a security reason. ``source`` is an address, never a caller's number."""

    kind: str
    source: str


SwitchEvent = (
    CallerArrived
    | CallerUnclaimed
    | LegOpened
    | CalleeReady
    | CalleeRinging
    | CalleeProgress
    | CalleeAnswered
    | PhoneAnswered
    | ChannelGone
    | DigitPressed
    | SpeechHeard
    | PlaybackEnded
    | SwitchUp
    | SwitchDown
    | SwitchDied
    | SwitchSeen
    | SecurityIncident
)
