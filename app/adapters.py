"""What a core of a centre touches the world with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.lrm_api import ApiAdapters
from app.watches import Look
from core.alarms import AlarmKind
from core.ports import (
    Accounts,
    Clock,
    DirectoryStore,
    DossierDisplay,
    FallbackCalls,
    FallbackQueue,
    JournalWriter,
    Locator,
    RecordingSwitch,
    Sessions,
    SourceBans,
    StripCredentials,
    Switch,
)
from lrm_bridge.service import Lrm


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapters:
    """What touches the world."""

    clock: Clock
    journal: JournalWriter
    switch: Switch
    credentials: StripCredentials
    fallback: FallbackQueue
    door: SourceBans
    fallback_calls: FallbackCalls
    recordings: RecordingSwitch
    accounts: Accounts
    sessions: Sessions
    directory: DirectoryStore
    lrm: Lrm | None
    locator: Locator | None = None
    api: ApiAdapters
    gauges: Mapping[str, tuple[str, Callable[[], float]]]
    """Further measures of the adapters: name → meaning, value."""
    parts: Mapping[str, Callable[[], bool]]
    """Adapters without which a core cannot serve: name → whether it is well."""
    watches: Mapping[AlarmKind, Look] = field(default_factory=dict)
    """What the alarms look at: kind → what is wrong, if it is."""
    dossiers: DossierDisplay | None = None
    """Keeps what LRMs say of calls; none: a restart loses it."""
