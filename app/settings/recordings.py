"""The recordings: their disk, their pauses, their archive."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from app.settings.base import Dialled, Port, Section
from core.words import Outcome, Role, WhyUnrecorded


class RecordingPauseSettings(Section):
    """Whether agents may have a moment of a call left out of its recording."""

    enabled: bool = False
    """A gap in the recording of a call for help is always asked about afterwards: a centre chooses it."""
    roles: tuple[Role, ...] = (Role.ARM, Role.PHYSICIAN_MU, Role.PHYSICIAN_ML)
    lines: tuple[Dialled, ...] = ()
    """Of whose calls alone; empty: of all, and of those that agents place."""
    reasons: tuple[WhyUnrecorded, ...] = Field(default=tuple(WhyUnrecorded), min_length=1)
    """Those that an agent may give."""
    longest_seconds: float = Field(default=60, ge=5, le=600)
    """Then it is recorded again by itself."""


class RecorderSettings(Section):
    """The disk of the recordings, and what is left out of them."""

    pause: RecordingPauseSettings = RecordingPauseSettings()
    second_dir: Path | None = None
    """Where a second writer's tracks go: another disk, or another machine's, mounted. None: there is none."""
    second_memory: Path = Path("/dev/shm/bandeau15")  # noqa: S108 - in memory is what is wanted
    """A folder in memory, of this centre alone: Asterisk writes the second tracks there, and never waits."""
    second_megabytes: int = Field(default=500, ge=10)
    """Of closed tracks that are kept in memory while the second place does not take them."""

    low_megabytes: int = Field(default=2_000, ge=1)
    """Less room than this is an alarm: about 17 hours of calls, both tracks."""
    full_megabytes: int = Field(default=100, ge=1)
    """Less than this, and the disk counts as full."""


class RetentionSettings(Section):
    """How long which recordings are kept. What is not given matches all; the first that matches counts."""

    line: Dialled = ""
    outcome: Outcome | None = None
    with_dossier: bool | None = None
    """Whether the dispatch software has a dossier of the call."""
    test: bool | None = None
    """Whether it is a call of the test robot."""
    days: int = Field(ge=1, le=36_525)
    """From the end of the recording; then its erasure is proposed to an archivist."""


class ArchiveSettings(Section):
    """The archive of the recordings: a program of its own beside the core (``bandeau15 archive``)."""

    enabled: bool = True
    """Whether ``bandeau15 run`` and ``bandeau15 stack`` start it, and the pages lead to its own."""
    http_port: Port = 8016
    https_port: Port = 8444
    folder: Path | None = None
    """Where sealed recordings go; by default ``archive`` in the data directory. Not used with ``s3_bucket``."""
    s3_bucket: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")
    """A bucket of any S3-compatible store, in place of the folder."""
    s3_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._/-]{0,200}$")
    s3_endpoint: str = ""
    """Address of the store; empty: that of the region."""
    s3_region: str = "us-east-1"
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")
    original: Literal["flac", "wav"] = "flac"
    """How the original is kept, bit by bit: losslessly packed, or as it was written."""
    workers: int = Field(default=1, ge=1, le=32)
    """Processes that seal recordings, beside the archive's own."""
    plain_hours: float = Field(default=24, ge=0, le=24 * 366)
    """For how long the tracks stay readable in the recordings folder after they were sealed and published."""
    recent_days: int = Field(default=30, ge=0, le=3660)
    """For how long agents may listen to their own calls; 0: never."""
    retention: tuple[RetentionSettings, ...] = (
        RetentionSettings(test=True, days=30),
        RetentionSettings(days=1827),
    )
    """Checked once a night. What no rule matches is kept."""
    forget_days: int = Field(default=1827, ge=31, le=36_525)
    """For how long the journal keeps who called, and notes, at least; then an archivist may have it forget."""
