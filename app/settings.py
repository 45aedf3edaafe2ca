"""All settings of a centre, read from one TOML file and the environment (``BANDEAU15_…``), once, at start.

The environment wins over the file, the file over the defaults. Features never read settings: they are given
values by the composition root.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.nodes import FIRST
from core.words import Outcome, PhoneMode, Role, WhyUnrecorded

Port = Annotated[int, Field(ge=1, le=65535)]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Dialled = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9]{2,15})?$")]
_LOOPBACK_PORTS = ("ari_port", "ami_port")
_PORTS = ("sip_port", "sip_tls_port", "ws_port", "wss_port", *_LOOPBACK_PORTS)
_SHORTEST_SECRET = 24
_ADDRESS = r"^[0-9A-Fa-f.:]{2,45}$"
_NETWORK = r"^[0-9A-Fa-f.:]{2,45}(/[0-9]{1,3})?$"
_ADDRESS_OR_NONE = r"^([0-9A-Fa-f.:]{2,45})?$"
PhoneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")]
CentreCode = Annotated[str, StringConstraints(pattern=r"^FR[0-9][0-9AB]{2}$")]


class Section(BaseModel):
    """Base of all sections: a name that is none is refused. A slip must not leave a default in force unseen."""

    model_config = ConfigDict(extra="forbid")


class CentreSettings(Section):
    """Who we are."""

    id: CentreCode = "FR751"
    name: str = "SAMU de démonstration"
    core: str = "core-a"
    """Name of the cores' application in Asterisk, and of the first of them."""


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


class OutgoingSettings(Section):
    """Calls of the centre to numbers: by whom they go, whom they may reach, and what number they show."""

    host: str = Field(default="", pattern=r"^[A-Za-z0-9.:-]{0,253}$")
    """The operator's SIP address; empty: no number can be called."""
    port: Port = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = Field(default="", pattern=r"^[A-Za-z0-9._+-]{0,64}$")
    """Empty: the operator knows the centre by its address."""
    password: SecretStr = SecretStr("")
    presented: Dialled = ""
    """The number shown to those called; empty: the operator's choice."""
    presented_by_line: dict[str, Dialled] = {}
    """For those called from within a call that came in on a line: line → number shown."""
    presented_by_position: dict[str, Dialled] = {}
    """For those called by a position, unless the line says otherwise."""
    short_numbers: tuple[Dialled, ...] = ("15", "17", "18", "112", "114", "115", "119", "191", "196", "116117")
    """Short numbers that may be called."""
    prefixes: tuple[str, ...] = ("+33", "+262", "+508", "+590", "+594", "+596", "+687", "+689")
    """How the E.164 numbers begin that may be called."""
    refused_prefixes: tuple[str, ...] = ("+3389",)
    """Those among them that may not: surcharged numbers."""
    ring_seconds: float = Field(default=40, ge=5, le=120)
    """How long a number rings before it is given up."""


class RemoteSettings(Section):
    """Positions away from the centre: a telephone in place of the headset."""

    telephone: bool = False
    """Whether agents may let a telephone number carry their sound; there must be an operator (``outgoing``)."""
    prefixes: tuple[str, ...] = ()
    """How the E.164 numbers begin that may be called so; empty: the same as for other calls (``outgoing``)."""
    sip_phones: dict[PhoneName, SecretStr] = {}
    """SIP phones that may register with the centre: name → password. Each may carry an agent's sound."""
    modes: tuple[PhoneMode, ...] = tuple(PhoneMode)
    """``kept``: called once for the shift; ``per_call``: called for each call."""
    by_position: dict[str, str] = {}
    """The telephone of a position, number or name: it may use no other."""
    code: bool = False
    """Whether a code shown on the strip is to be typed on the telephone, rather than the key 1."""
    ring_seconds: float = Field(default=30, ge=5, le=120)
    confirm_seconds: float = Field(default=20, ge=5, le=60)
    """How long the key may take once the telephone is picked up."""


class NeighbourSettings(Section):
    """A centre that helps ours, and that ours helps."""

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$")
    """Its SIP address."""
    port: Port = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    addresses: tuple[str, ...] = Field(min_length=1)
    """Addresses or networks from which its calls come: what it says of them is believed from there alone."""
    lines: tuple[Dialled, ...] = ()
    """The lines whose calls may go to it, and come from it; empty: all."""
    rooms: dict[str, str] = {}
    """Its waiting rooms → ours, where they do not have the same names."""


class MutualAidSettings(Section):
    """The neighbouring centres (entraide)."""

    answer_seconds: float = Field(default=30, ge=5, le=120)
    """How long a neighbour may take to answer, before the call is back at its place."""
    neighbours: dict[CentreCode, NeighbourSettings] = {}


class TurnSettings(Section):
    """The TURN server by which strips outside the centre reach Asterisk's sound."""

    enabled: bool = False
    public_host: str = Field(default="", pattern=r"^[A-Za-z0-9.:-]{0,253}$")
    """The name or address at which strips outside reach it."""
    bind_address: Annotated[str, StringConstraints(pattern=_ADDRESS)] = "0.0.0.0"  # noqa: S104 - strips are elsewhere
    port: Port = 3478
    """For UDP and TCP."""
    tls_port: Port = 5349
    relay_address: str = Field(default="", pattern=_ADDRESS_OR_NONE)
    """Address from which it relays to Asterisk; empty: its own choice. No trunk may be known by it."""
    relay_start: Port = 49160
    relay_end: Port = 49959
    peers: tuple[Annotated[str, StringConstraints(pattern=_ADDRESS)], ...] = ()
    """Addresses of Asterisk, the only ones relayed to; empty: those of this machine."""
    policy: Literal["all", "relay"] = "all"
    """``relay``: strips try no direct way to Asterisk."""
    credential_minutes: float = Field(default=120, ge=1, le=24 * 60)
    """How long credentials are good for; strips renew them."""
    sessions: int = Field(default=600, ge=1)
    """How many allocations there may be at a time, of all strips."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.enabled and not self.public_host:
            raise ValueError("public_host: name the address at which strips outside reach the TURN server")
        return self


class AsteriskSettings(Section):
    """How the core and the callers meet Asterisk."""

    bind_address: str = "0.0.0.0"  # noqa: S104 - trunks and strips are on other machines
    sip_port: Port = 5060
    sip_tls_port: Port = 5061
    ws_port: Port = 8088
    wss_port: Port = 8089
    rtp_start: Port = 10000
    rtp_end: Port = 10999
    ari_port: Port = 8087
    """Loopback port of the core to which Asterisk opens its ARI WebSocket."""
    ami_port: Port = 5038
    trunks: dict[str, list[str]] = {"operator": ["127.0.0.0/8"]}
    """Trunk name → addresses or networks from which calls are accepted."""
    claim_timeout_ms: int = Field(default=300, ge=50, le=2000)
    frozen_seconds: float = Field(default=2.5, ge=1, le=60)
    """An Asterisk that has answered nothing for so long is killed by the launcher, and started again."""
    test_callers: tuple[E164, ...] = ()
    """Numbers (E.164) of the continuous test robot: kept out of every figure."""
    prompts_dir: Path | None = None
    """Announcements; by default those made at set-up."""
    position_codecs: Literal["opus,alaw", "alaw,opus", "alaw"] = "alaw,opus"


class NodeSettings(Section):
    """A further Asterisk of the centre, on the same machine: what differs from the first.

    The names of the fields are those of ``asterisk``; the defaults suit a second one.
    """

    name: Annotated[str, StringConstraints(pattern=r"^asterisk-[b-z]$")]
    """With the centre's id it makes the ids of calls unique: never give one Asterisk's name to another."""
    bind_address: Annotated[str, StringConstraints(pattern=_ADDRESS_OR_NONE)] = ""
    """Empty: that of the first."""
    sip_port: Port = 5070
    sip_tls_port: Port = 5071
    ws_port: Port = 8098
    wss_port: Port = 8099
    rtp_start: Port = 11000
    rtp_end: Port = 11999
    ari_port: Port = 8097
    ami_port: Port = 5048


class FallbackSettings(Section):
    """Mode secours: Asterisk's own queue, with no core."""

    vital_lines: tuple[Dialled, ...] = ("112",)
    """Lines whose callers come before all others there."""


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


class TestCallSettings(Section):
    """The continuous test call: a robot that goes a caller's way, and an alarm where it cannot."""

    enabled: bool = True
    lines: tuple[Dialled, ...] = ("15",)
    every_seconds: float = Field(default=600, ge=10, le=86_400)
    """How often each line is called."""
    offer_seconds: float = Field(default=30, ge=1, le=300)
    """How long the SVI and the waiting room may take: the robot skips what a key skips."""


class GuardSettings(Section):
    """When an address is banned from the SIP door. Trunks, neighbours and agents' places never are."""

    refusals: int = Field(default=20, ge=3, le=10_000)
    """How many refused messages are borne…"""
    window_seconds: float = Field(default=60, ge=1, le=3600)
    """…within so long."""
    ban_seconds: float = Field(default=600, ge=1, le=86_400)
    """The first ban; each further one of the same address is twice as long, up to a day."""
    trusted: tuple[Annotated[str, StringConstraints(pattern=_NETWORK)], ...] = ()
    """Further addresses and networks that are never banned."""


class DeskSettings(Section):
    """How the abandoned-call desk works."""

    short_seconds: float = Field(default=15, ge=0, le=120)
    """A caller who leaves sooner is shown apart, and is not to be called back."""
    uncallable_hours: float = Field(default=24, gt=0, le=168)
    """How long short abandons and hidden numbers stay on the desk."""
    open_days: float = Field(default=7, gt=0, le=30)
    """How long a caller stays whom nobody called back."""


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


CertificateName = Annotated[
    str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64}|[^\s:]([^\x00-\x1f:]{0,251}[^\s:])?)$")
]
_NEAR = frozenset({"127.0.0.1", "::1", "localhost"})


class LrmSettings(Section):
    """The dispatch record software: told of each call taken, and heard on a port of its own (PEM files)."""

    base_url: str = "http://127.0.0.1:8081/lrm/api"
    """Empty: no LRM is told. Without TLS on this machine only."""
    authority: Path | None = None
    """Who signs the certificates of the LRM: what it shows when called, and what it calls with."""
    certificate: Path | None = None
    """What we show to the LRM that we call."""
    private_key: Path | None = None
    listen_host: Annotated[str, StringConstraints(pattern=_ADDRESS)] = "0.0.0.0"  # noqa: S104 - the LRM is elsewhere
    listen_port: Port = 8445
    server_certificate: Path | None = None
    """What that port shows; none: the certificate of the pages."""
    server_key: Path | None = None
    certificates: dict[CertificateName, CentreCode] = {}
    """Who may call: a name in the certificate (DNS, or CN), or ``sha256:`` and its digest → its ``idCrra``.

    Empty: the port is closed.
    """

    @model_validator(mode="after")
    def _trusted(self) -> Self:
        address = urlsplit(self.base_url)
        if self.base_url and address.scheme not in ("http", "https"):
            raise ValueError("base_url: begin with https://")
        if address.scheme == "http" and address.hostname not in _NEAR:
            raise ValueError("base_url: an LRM on another machine is called by https")
        if address.scheme == "https" and not (self.authority and self.certificate and self.private_key):
            raise ValueError("base_url: https needs authority, certificate and private_key")
        if self.certificates and self.authority is None:
            raise ValueError("certificates: name the authority that signs them")
        if (self.server_certificate is None) != (self.server_key is None):
            raise ValueError("server_certificate and server_key: give both, or neither")
        return self


class LocationSettings(Section):
    """Where callers are: who may tell, and who is asked."""

    aml_token: SecretStr = SecretStr("")
    """With what the operator's SMS gateway and whoever hands on AML forms prove themselves; empty: none may."""
    aml_hmac: SecretStr = SecretStr("")
    """The secret by which handsets' forms are signed; empty: no signature is accepted."""
    pidf_lo_trunks: tuple[str, ...] = ()
    """Trunks (``asterisk.trunks``) that are believed when their INVITE says where the caller is."""
    keep_minutes: float = Field(default=10, ge=1, le=60)
    """How long the position of a number is kept for its call to come, or to come again."""
    pflau: Literal["", "simulated"] = ""
    """The operators' platform, asked by number: none, or a simulated one that invents positions."""
    pflau_seconds: float = Field(default=5, ge=0.5, le=60)
    """How long it may take to answer. No call waits for it."""
    lrm_map_url: str = Field(default="", pattern=r"^(https?://[^\s]{1,500})?$")
    """The LRM's page that shows a position; ``{latitude}``, ``{longitude}``, ``{radius}`` in it are filled."""

    @field_validator("aml_token", "aml_hmac")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"at least {_SHORTEST_SECRET} characters")
        return value


class ApiSettings(Section):
    """The API for LRM makers (``docs/how-to/use-the-api.md``)."""

    webhook_hosts: tuple[str, ...] = ()
    """Hosts inside the centre's network that webhooks may tell, by their names or addresses; by http too.

    All others are told by https, and only at public addresses.
    """
    webhook_authority: Path | None = None
    """A PEM file: who signs the certificates of those hosts, beside the usual authorities."""


class StandbySettings(Section):
    """The second core, which takes over when the first one dies or freezes."""

    enabled: bool = True
    """Whether ``bandeau15 run`` and ``bandeau15 stack`` start one."""
    core: str = Field(default="core-b", pattern=r"^core-[a-z0-9]{1,10}$")
    silence_seconds: float = Field(default=2.0, ge=1, le=60)
    """A core at work that gives no sign of life for so long is ended and replaced."""


class Settings(BaseSettings):
    """The whole configuration, validated."""

    model_config = SettingsConfigDict(env_prefix="BANDEAU15_", env_nested_delimiter="__", extra="forbid")

    centre: CentreSettings = CentreSettings()
    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    nodes: tuple[NodeSettings, ...] = ()
    """Further Asterisks: each takes calls, and those of one that fails (``docs/how-to/add-an-asterisk.md``)."""
    standby: StandbySettings = StandbySettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    remote: RemoteSettings = RemoteSettings()
    mutual_aid: MutualAidSettings = MutualAidSettings()

    turn: TurnSettings = TurnSettings()
    room: RoomSettings = RoomSettings()
    fallback: FallbackSettings = FallbackSettings()
    desk: DeskSettings = DeskSettings()
    guard: GuardSettings = GuardSettings()
    test_calls: TestCallSettings = TestCallSettings()
    recorder: RecorderSettings = RecorderSettings()
    archive: ArchiveSettings = ArchiveSettings()
    lrm: LrmSettings = LrmSettings()
    location: LocationSettings = LocationSettings()
    api: ApiSettings = ApiSettings()

    @property
    def every_asterisk(self) -> dict[str, AsteriskSettings]:
        """All Asterisks of the centre by name, the first one first."""
        every = {FIRST: self.asterisk}
        for node in self.nodes:
            differing = node.model_dump(exclude={"name"} if node.bind_address else {"name", "bind_address"})
            every[node.name] = self.asterisk.model_copy(update=differing)
        return every

    @model_validator(mode="after")
    def _trunks_known(self) -> Self:
        unknown = set(self.location.pidf_lo_trunks) - self.asterisk.trunks.keys()
        if unknown:
            raise ValueError(f"location.pidf_lo_trunks: no such trunk: {', '.join(sorted(unknown))}")
        return self

    @model_validator(mode="after")
    def _nodes_apart(self) -> Self:
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            raise ValueError("nodes: two have the same name")
        taken: dict[tuple[str, int], str] = {}
        for name, asterisk in self.every_asterisk.items():
            ports = [(field, getattr(asterisk, field)) for field in _PORTS]
            ports += [("RTP", port) for port in range(asterisk.rtp_start, asterisk.rtp_end + 1)]
            for field, port in ports:
                place = ("" if field in _LOOPBACK_PORTS else asterisk.bind_address, port)
                if taken.setdefault(place, name) != name:
                    raise ValueError(f"nodes: {name} has the port {port} of {taken[place]}")
        return self


def load_settings(file: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        file: a TOML file; none: defaults and environment only.

    Raises:
        pydantic.ValidationError: a value is wrong or a name unknown; the text names each one.
        FileNotFoundError: the named file does not exist.
    """
    if file is not None and not file.is_file():
        raise FileNotFoundError(f"no configuration file at {file}: give --config the path of a TOML file")

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
            return (*sources, TomlConfigSettingsSource(settings_cls, file)) if file else sources

    return FromFile()
