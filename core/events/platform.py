"""The centre itself: its cores, its switch, its plan, its directory, its security."""

from dataclasses import dataclass
from datetime import datetime

from core.events.base import Event

__all__ = [
    "CoreStarted",
    "DirectoryChanged",
    "PlanActivated",
    "PlanRefused",
    "SecurityIncidentSeen",
    "SourceBanned",
    "SourceReleased",
    "SwitchConnected",
    "SwitchLost",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryChanged(Event):
    """The telephone directory has another version: how many entries came, changed and went, and by whom."""

    version: int
    by: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CoreStarted(Event):
    """A core began to serve the centre. ``core`` names it (``core-a``).

    ``epoch``: which holding of the lease this is; it only grows.
    """

    core: str
    epoch: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchConnected(Event):
    """The core commands Asterisk again; calls and positions have been reconciled with it.

    ``started_at``: when this run of Asterisk began: another than before, and its calls were cut.
    """

    switch: str
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchLost(Event):
    """The core no longer hears Asterisk. Calls in progress go on; new ones are answered by the fallback."""

    switch: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanActivated(Event):
    """A version of the centre's plan is in force from here on, with that surge laid over it or none.

    ``digest`` is the SHA-256 of the version's file. Calls in the SVI go on with the version they began with.
    """

    version: int
    digest: str
    surge: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRefused(Event):
    """A plan due to be in force cannot be used; the last good one stays in force."""

    version: int
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityIncidentSeen(Event):
    """Asterisk refused a message for a security reason (wrong password, unknown account, denied address)."""

    kind: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceBanned(Event):
    """Too much from an address was refused: until then Asterisk answers nothing that comes from it."""

    source: str
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceReleased(Event):
    """An address that was banned may knock again."""

    source: str
