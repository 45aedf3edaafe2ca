"""The whole configuration: all sections, and how they are read."""

from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.settings.centre import CentreSettings, StandbySettings, StorageSettings, WebSettings
from app.settings.location import LocationSettings
from app.settings.lrm import ApiSettings, LrmSettings
from app.settings.outside import MutualAidSettings, OutgoingSettings, RemoteSettings
from app.settings.recordings import ArchiveSettings, RecorderSettings
from app.settings.room import DeskSettings, FallbackSettings, RoomSettings, TestCallSettings
from app.settings.switch import AsteriskSettings, GuardSettings, NodeSettings, TurnSettings
from core.nodes import FIRST

_LOOPBACK_PORTS = ("ari_port", "ami_port")
_PORTS = ("sip_port", "sip_tls_port", "ws_port", "wss_port", *_LOOPBACK_PORTS)


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


def section_of(node: str) -> str:
    """Where the settings of an Asterisk are."""
    return "asterisk" if node == FIRST else f"nodes.{node}"


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
