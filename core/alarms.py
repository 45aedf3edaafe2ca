"""What may be wrong with the platform itself: the closed list of alarms, and how each behaves."""

from dataclasses import dataclass
from enum import StrEnum


class AlarmKind(StrEnum):
    """A cause that somebody must know of."""

    DATABASE_AWAY = "database_away"
    """The database does not take events, or not fast enough: they wait in the spool. No log-in, no search."""
    JOURNAL_DISK_FULL = "journal_disk_full"
    """The disk of the spool refuses: events wait in memory, and would be lost if the core ended now."""
    JOURNAL_EVENTS_LOST = "journal_events_lost"
    """Disk and memory were both full: events are missing from the journal."""
    RECORDINGS_DISK_LOW = "recordings_disk_low"
    """Little room is left for recordings."""
    RECORDINGS_DISK_FULL = "recordings_disk_full"
    """No room is left for recordings: calls go on, unrecorded, and nothing can be heard again."""
    RECORDING_MISSING = "recording_missing"
    """A call of the last minutes was not recorded, or not to its end."""
    SWITCH_SILENT = "switch_silent"
    """The core does not hear Asterisk: new callers go to the fallback."""
    NODE_DOWN = "node_down"
    """One Asterisk (``subject``) does not work; the others take its callers."""
    STANDBY_MISSING = "standby_missing"
    """No second core is ready to take over."""
    MODE_SECOURS_USED = "mode_secours_used"
    """Callers were answered by the fallback in the last minutes."""
    TEST_CALL_FAILED = "test_call_failed"
    """The continuous test call of a line (``subject``) did not go as it should."""
    FLOOD = "flood"
    """More calls or messages come than a source may send: those beyond are refused."""
    LRM_AWAY = "lrm_away"
    """The LRM takes no note of calls: no window opens in it."""
    CLOCK_SET = "clock_set"
    """The machine's clock and the centre's time differ: somebody set it, or it runs wrong."""
    ARCHIVE_TROUBLE = "archive_trouble"
    """The archive does not run, fails, or has recordings that it could not seal: they stay in the plain."""
    CERTIFICATE_ENDING = "certificate_ending"
    """A certificate ends within 30 days, has ended, or cannot be read: what trusts it would find no way in."""
    STUCK_STATES = "stuck_states"
    """What the core believed did not agree with Asterisk, and had to be healed, in the last minutes."""


class Severity(StrEnum):
    """How soon somebody must act."""

    WARNING = "warning"
    """Today: nothing is lost yet."""
    CRITICAL = "critical"
    """Now: a caller or a record may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCard:
    """How an alarm of one kind behaves. Seconds."""

    severity: Severity
    agents: bool = False
    """Whether it is shown on the strips: only where it changes what an agent may count on."""
    raise_after: float = 0
    """How long the cause must last before the alarm is raised."""
    clear_after: float = 5
    """How long all must be well before it is cleared; longer where it comes again and again."""
    momentary: bool = False
    """The cause is an instant: all is well again right after it."""
    confirm_after: float = 60
    """How long a core that starts keeps an alarm raised before it, unless somebody says it still holds."""


CARDS: dict[AlarmKind, AlarmCard] = {
    AlarmKind.DATABASE_AWAY: AlarmCard(severity=Severity.WARNING, agents=True, raise_after=1),
    AlarmKind.JOURNAL_DISK_FULL: AlarmCard(severity=Severity.CRITICAL),
    AlarmKind.JOURNAL_EVENTS_LOST: AlarmCard(severity=Severity.CRITICAL, momentary=True, clear_after=3600),
    AlarmKind.RECORDINGS_DISK_LOW: AlarmCard(severity=Severity.WARNING, clear_after=30),
    AlarmKind.RECORDINGS_DISK_FULL: AlarmCard(severity=Severity.CRITICAL, agents=True),
    AlarmKind.RECORDING_MISSING: AlarmCard(severity=Severity.WARNING, momentary=True, clear_after=600),
    AlarmKind.SWITCH_SILENT: AlarmCard(severity=Severity.CRITICAL),
    AlarmKind.NODE_DOWN: AlarmCard(severity=Severity.CRITICAL),
    AlarmKind.STANDBY_MISSING: AlarmCard(severity=Severity.WARNING, raise_after=5),
    AlarmKind.MODE_SECOURS_USED: AlarmCard(severity=Severity.WARNING, momentary=True, clear_after=600),
    AlarmKind.TEST_CALL_FAILED: AlarmCard(severity=Severity.CRITICAL, clear_after=0, confirm_after=1800),
    AlarmKind.FLOOD: AlarmCard(severity=Severity.WARNING, clear_after=30),
    AlarmKind.LRM_AWAY: AlarmCard(severity=Severity.WARNING, agents=True, raise_after=2),
    AlarmKind.CLOCK_SET: AlarmCard(severity=Severity.WARNING, raise_after=2),
    AlarmKind.ARCHIVE_TROUBLE: AlarmCard(severity=Severity.WARNING, raise_after=30),
    AlarmKind.CERTIFICATE_ENDING: AlarmCard(severity=Severity.WARNING),
    AlarmKind.STUCK_STATES: AlarmCard(severity=Severity.WARNING, momentary=True, clear_after=300),
}


class StuckKind(StrEnum):
    """A state that agrees with nothing, found by looking: it is healed, and counted."""

    CALL_WITHOUT_CHANNEL = "call_without_channel"
    """A party of a call whose channel is gone."""
    CHANNEL_WITHOUT_CALL = "channel_without_call"
    """A channel under our control that belongs to no call."""
    BRIDGE_WITHOUT_CALL = "bridge_without_call"
    """A call's bridge that no call needs."""
    POSITION_WITHOUT_OFFER = "position_without_offer"
    """A position shown as being offered a call, with no such offer."""
    POSITION_WITHOUT_CALL = "position_without_call"
    """A position shown as being in a call, in none."""
    CALL_WITHOUT_POSITION = "call_without_position"
    """A call offered to a position that has no such offer."""
    CALL_OUT_OF_LINE = "call_out_of_line"
    """A call that waits, offered to nobody, and stands in no line: nobody would ever be offered it."""
    LEG_GONE = "leg_gone"
    """A position counted as ready, whose audio leg Asterisk does not have."""
    LEG_SILENT = "leg_silent"
    """A position counted as ready, whose audio leg has sent nothing for a while."""
