"""The centre itself: its name, its cores, where it keeps things, and its pages."""

from pathlib import Path

from pydantic import Field

from app.settings.base import CentreCode, Port, Section


class CentreSettings(Section):
    """Who we are."""

    id: CentreCode = "FR751"
    name: str = "SAMU de démonstration"
    core: str = "core-a"
    """Name of the cores' application in Asterisk, and of the first of them."""


class StandbySettings(Section):
    """The second core, which takes over when the first one dies or freezes."""

    enabled: bool = True
    """Whether ``bandeau15 run`` and ``bandeau15 stack`` start one."""
    core: str = Field(default="core-b", pattern=r"^core-[a-z0-9]{1,10}$")
    silence_seconds: float = Field(default=2.0, ge=1, le=60)
    """A core at work that gives no sign of life for so long is ended and replaced."""


class StorageSettings(Section):
    """Where things are kept."""

    data_dir: Path = Path("var")
    """Spool, SQLite database, recordings, secrets, Asterisk's own state."""
    database_url: str = ""
    """SQLAlchemy async URL; empty: SQLite in ``data_dir``."""

    @property
    def url(self) -> str:
        """The database to use."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'bandeau15.db'}"

    @property
    def spool_dir(self) -> Path:
        """Where events are written first."""
        return self.data_dir / "spool"

    @property
    def cores_dir(self) -> Path:
        """Where the cores say which of them is at work."""
        return self.data_dir / "cores"

    @property
    def clock_file(self) -> Path:
        """Where a core leaves the centre's time to the next."""
        return self.cores_dir / "clock"

    @property
    def plans_dir(self) -> Path:
        """Where the versions of the centre's plan are kept."""
        return self.data_dir / "plans"

    @property
    def recordings_dir(self) -> Path:
        """Where Asterisk writes both tracks of each call."""
        return self.data_dir / "recordings"

    @property
    def chain_dir(self) -> Path:
        """Where the archive's chain of entries is, a file for each day."""
        return self.data_dir / "chain"

    @property
    def archive_state_file(self) -> Path:
        """Where the archive says how it is, for the core's alarms."""
        return self.data_dir / "archive-state.json"

    @property
    def keys_dir(self) -> Path:
        """The keys of the archive: without them nothing sealed can be heard."""
        return self.data_dir / "keys"


class WebSettings(Section):
    """Where the pages are served."""

    host: str = "0.0.0.0"  # noqa: S104 - strips are on other machines
    http_port: Port = 8015
    https_port: Port = 8443
    allowed_origins: tuple[str, ...] = ()
    """Further page origins accepted on WebSockets, beside the one the page was served from."""
    session_hours: float = Field(default=14, gt=0, le=24)
    idle_minutes: float = Field(default=60, ge=5, le=24 * 60)
    """A session is over after so long with no page of it open."""
    connections_per_source: int = Field(default=1000, ge=10, le=100_000)
    """How many connections one address may have open: a whole room may share one."""
