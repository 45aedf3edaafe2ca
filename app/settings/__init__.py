"""All settings of a centre, read from one TOML file and the environment (``BANDEAU15_…``), once, at start.

The environment wins over the file, the file over the defaults. Features never read settings: they are given
values by the composition root.
"""

from app.settings.centre import CentreSettings, StandbySettings, StorageSettings, WebSettings
from app.settings.location import LocationSettings
from app.settings.lrm import ApiSettings, LrmSettings
from app.settings.outside import MutualAidSettings, NeighbourSettings, OutgoingSettings, RemoteSettings
from app.settings.recordings import ArchiveSettings, RecorderSettings, RecordingPauseSettings, RetentionSettings
from app.settings.room import DeskSettings, FallbackSettings, RoomSettings, TestCallSettings
from app.settings.root import Settings, load_settings, section_of
from app.settings.switch import AsteriskSettings, GuardSettings, NodeSettings, TurnSettings

__all__ = [
    "ApiSettings",
    "ArchiveSettings",
    "AsteriskSettings",
    "CentreSettings",
    "DeskSettings",
    "FallbackSettings",
    "GuardSettings",
    "LocationSettings",
    "LrmSettings",
    "MutualAidSettings",
    "NeighbourSettings",
    "NodeSettings",
    "OutgoingSettings",
    "RecorderSettings",
    "RecordingPauseSettings",
    "RemoteSettings",
    "RetentionSettings",
    "RoomSettings",
    "Settings",
    "StandbySettings",
    "StorageSettings",
    "TestCallSettings",
    "TurnSettings",
    "WebSettings",
    "load_settings",
    "section_of",
]
