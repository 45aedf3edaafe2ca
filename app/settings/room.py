"""How calls are taken: the waiting room, the desk, mode secours, the test calls."""

from pydantic import Field

from app.settings.base import Dialled, Section


class RoomSettings(Section):
    """How the waiting room "15" works."""

    offer_seconds: float = Field(default=20, gt=0, le=120)
    wrap_up_seconds: float = Field(default=15, ge=0, le=600)
    heartbeat_seconds: float = Field(default=6, gt=1, le=60)
    """A strip silent for longer is not offered calls."""
    lost_sound_seconds: float = Field(default=4, ge=1, le=30)
    """A page that is loaded again has its sound back sooner: after this, the caller of a lost agent is told."""
    lost_agent_seconds: float = Field(default=30, ge=5, le=600)
    """How long a lost agent may take to come back, before the call goes back to the head of its room."""


class DeskSettings(Section):
    """How the abandoned-call desk works."""

    short_seconds: float = Field(default=15, ge=0, le=120)
    """A caller who leaves sooner is shown apart, and is not to be called back."""
    uncallable_hours: float = Field(default=24, gt=0, le=168)
    """How long short abandons and hidden numbers stay on the desk."""
    open_days: float = Field(default=7, gt=0, le=30)
    """How long a caller stays whom nobody called back."""


class FallbackSettings(Section):
    """Mode secours: Asterisk's own queue, with no core."""

    vital_lines: tuple[Dialled, ...] = ("112",)
    """Lines whose callers come before all others there."""
    without_core_seconds: float = Field(default=10, ge=3, le=3600)
    """After how long with no core at work callers in the SVI, waiting or on hold are given to that queue."""


class TestCallSettings(Section):
    """The continuous test call: a robot that goes a caller's way, and an alarm where it cannot."""

    enabled: bool = True
    lines: tuple[Dialled, ...] = ("15",)
    every_seconds: float = Field(default=600, ge=10, le=86_400)
    """How often each line is called."""
    offer_seconds: float = Field(default=30, ge=1, le=300)
    """How long the SVI and the waiting room may take: the robot skips what a key skips."""
