"""What an agent may ask for, in the imperative. A command either takes effect or raises a named error."""

from dataclasses import dataclass

from core.ids import AgentId, OfferId, PositionId
from core.words import PauseReason, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Base of all commands: each comes from one position."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class LogIn(Command):
    """Take a position. Logging in twice keeps the state; the newer strip replaces the older."""

    agent_id: AgentId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class LogOut(Command):
    """Leave the position. Refused while a call is in progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptOffer(Command):
    """Décrocher."""

    offer_id: OfferId


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineOffer(Command):
    """Refuse the offered call: it goes back to its place, and the position is paused."""

    offer_id: OfferId


@dataclass(frozen=True, kw_only=True, slots=True)
class HangUp(Command):
    """Raccrocher: end the position's call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldCall(Command):
    """Garde: the caller hears music."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeCall(Command):
    """Reprendre: take the caller off hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetMuted(Command):
    """Muet: close or open the agent's microphone."""

    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause(Command):
    """Take no more calls. On a call, takes effect when it and its wrap-up are over."""

    reason: PauseReason


@dataclass(frozen=True, kw_only=True, slots=True)
class GoReady(Command):
    """Take calls again: ends a pause or the wrap-up."""
