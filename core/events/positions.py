"""Positions and who works there, at the centre or away from it."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import PositionEvent
from core.ids import AgentId, ChannelId
from core.words import NetworkPhase, PauseReason, PhoneEnd, PhoneMode, PositionState, Role

__all__ = [
    "AgentLoggedIn",
    "AgentLoggedOut",
    "NetworkMeasured",
    "PhoneCalled",
    "PhoneChosen",
    "PhoneConfirmed",
    "PhoneFailed",
    "PhonePickedUp",
    "PhoneReleased",
    "PhoneRested",
    "PositionMuted",
    "PositionReadinessChanged",
    "PositionStateChanged",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLoggedIn(PositionEvent):
    """An agent took a position."""

    agent_id: AgentId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLoggedOut(PositionEvent):
    """An agent left a position."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionReadinessChanged(PositionEvent):
    """What proves a position able to take a call: its audio leg is up, and its strip answers heartbeats."""

    leg: bool
    strip: bool
    nodes: tuple[str, ...] = ()
    """The Asterisks where the leg is; empty: not told, or its sound is called wherever it is needed."""

    @property
    def ready(self) -> bool:
        """Whether a call may be offered."""
        return self.leg and self.strip


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionStateChanged(PositionEvent):
    """A position entered a state. ``until`` is when it leaves it by itself (wrap-up), if it does."""

    state: PositionState
    pause_reason: PauseReason | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionMuted(PositionEvent):
    """The agent's microphone was muted or opened again."""

    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneChosen(PositionEvent):
    """A telephone carries the position's sound from here on: E.164, or the name of a SIP phone."""

    number: str
    mode: PhoneMode


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneReleased(PositionEvent):
    """The position's sound is its strip's own again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneCalled(PositionEvent):
    """The position's telephone is being called, until ``deadline``: the keys ``code`` confirm it."""

    channel_id: ChannelId
    deadline: datetime
    attempt: int
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PhonePickedUp(PositionEvent):
    """The position's phone was picked up, by whomever or whatever. It has until ``deadline`` for the keys."""

    deadline: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneConfirmed(PositionEvent):
    """The keys were pressed: a person is there. The telephone may carry the position's sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneRested(PositionEvent):
    """The call to the telephone is over, as it should be: the next call rings it again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneFailed(PositionEvent):
    """The telephone was not reached, or was lost. ``retry_at`` is when it is called again by itself, if so."""

    reason: PhoneEnd
    attempt: int
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkMeasured(PositionEvent):
    """What a strip's page measured of its network. ``loss_percent`` 0–100; ``mos`` 1–4.5, by the E-model."""

    phase: NetworkPhase
    loss_percent: float
    jitter_ms: float
    round_trip_ms: float
    mos: float
