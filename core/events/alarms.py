"""What is wrong with the platform itself, and what was put right by looking."""

from dataclasses import dataclass

from core.alarms import AlarmKind, Severity, StuckKind
from core.events.base import Event
from core.ids import CallId, PositionId
from core.words import TestStep

__all__ = ["AlarmCleared", "AlarmRaised", "StuckStateHealed", "TestCallMade"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRaised(Event):
    """Something is wrong. Said once for each cause: a ``kind``, and what it is about where there are several.

    ``subject`` names a node, a line, a core; ``detail`` is for who repairs: neither ever holds a person's data.
    """

    kind: AlarmKind
    subject: str = ""
    severity: Severity
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmCleared(Event):
    """That cause is gone, and has been for long enough to be believed."""

    kind: AlarmKind
    subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StuckStateHealed(Event):
    """A state that agreed with nothing was found by looking, and put right."""

    kind: StuckKind
    call_id: CallId | None = None
    position_id: PositionId | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestCallMade(Event):
    """The robot called a line, through to the recording. ``failed``: the step that did not go as it should."""

    line: str
    failed: TestStep | None = None
    seconds: float
    """From dialling to the caller being heard by the position; to the failure, where there was one."""
