"""The fault table as data: for each fault how to do it, and what it may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.alarms import AlarmKind
from tests.chaos import before, faults
from tests.chaos.before import Before
from tests.chaos.costs import Cost
from tests.chaos.faults import Fault
from tests.chaos.plan import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One fault of the table."""

    name: str
    title: str
    fault: Fault
    lasts: Span = (0.0, 0.0)
    """Seconds, at least and at most; the time to come back not counted."""
    may_cost: Mapping[Cost, str] = field(default_factory=dict)
    """What may happen all the same, and why."""
    before: Before = before.usual
    postgres: bool = False
    """Whether the centre's database is PostgreSQL."""
    launched: bool = False
    """Whether the centre's own launcher runs it."""
    standby: bool = False
    """Whether a second core stands by."""
    wired: bool = False
    """Whether the link between core and Asterisk can be cut."""
    alarm: AlarmKind | None = None
    """The alarm that must be raised: it proves that the fault took hold, and that it is told by name."""
    crowded: bool = False
    """Whether there are many more agents with accounts."""


SVI_SILENT = "an announcement that ends while no core is there is followed by silence until one is back"
CLAIMED = "a call claimed in the very instant of the cut rings until the link is back"
ONE_NODE = "there is one Asterisk: its calls end with it, and nobody answers until it is back"
AWAY: Mapping[Cost, str] = {Cost.SILENT_SVI: SVI_SILENT}
ITS_CALLS: Mapping[Cost, str] = {
    Cost.LOST: ONE_NODE,
    Cost.CUT: ONE_NODE,
    Cost.SILENT: ONE_NODE,
    Cost.SILENT_SVI: ONE_NODE,
    Cost.MISPLACED: ONE_NODE,
}

ROWS: tuple[Row, ...] = (
    Row(
        name="F1",
        title="kill -9 of one of two cores",
        fault=faults.core_replaced,
        standby=True,
        may_cost=AWAY,
    ),
    Row(name="F2", title="kill -9 of the only core", fault=faults.core_killed, lasts=(0.0, 2.0), may_cost=AWAY),
    Row(
        name="F3",
        title="the only core is frozen for 8 s",
        fault=faults.core_frozen,
        lasts=(8.0, 8.0),
        may_cost=AWAY,
    ),
    Row(
        name="F3B",
        title="one of two cores is frozen for 8 s",
        fault=faults.core_frozen,
        lasts=(8.0, 8.0),
        standby=True,
        may_cost=AWAY,
    ),
    Row(
        name="F4",
        title="kill -9 of the only Asterisk",
        alarm=AlarmKind.SWITCH_SILENT,
        fault=faults.asterisk_killed,
        launched=True,
        may_cost=ITS_CALLS,
    ),
    Row(
        name="F5",
        title="the only Asterisk is frozen",
        alarm=AlarmKind.SWITCH_SILENT,
        fault=faults.asterisk_frozen,
        launched=True,
        may_cost=ITS_CALLS,
    ),
    Row(
        name="F7",
        title="kill -9 of PostgreSQL",
        alarm=AlarmKind.DATABASE_AWAY,
        fault=faults.database_killed,
        lasts=(8.0, 12.0),
        postgres=True,
    ),
    Row(
        name="F8",
        title="the disk of the spool is full",
        alarm=AlarmKind.JOURNAL_DISK_FULL,
        fault=faults.disk_full,
        lasts=(5.0, 8.0),
        before=before.small_disk,
    ),
    Row(
        name="F10",
        title="every strip and screen is cut off",
        fault=faults.pages_cut,
        lasts=(3.0, 5.0),
    ),
    Row(
        name="F11",
        title="silent cut between core and Asterisk",
        alarm=AlarmKind.SWITCH_SILENT,
        fault=faults.link_silent,
        wired=True,
        lasts=(10.0, 15.0),
        may_cost={**AWAY, Cost.LOST: CLAIMED},
    ),
    Row(
        name="F12",
        title="callers' lines with 200 ms round trip and 5 % loss",
        fault=faults.lines_bad,
        lasts=(8.0, 12.0),
    ),
    Row(
        name="F13", title="names never resolve", fault=faults.nothing, lasts=(5.0, 8.0), before=before.no_names
    ),
    Row(name="F16", title="poison messages at the trunk's door", fault=faults.poison, lasts=(2.0, 3.0)),
    Row(name="F17", title="wrong settings and a wrong plan", fault=faults.bad_settings, lasts=(1.0, 2.0)),
    Row(name="F19", title="20 log in at once", fault=faults.storm, lasts=(1.0, 2.0), crowded=True),
    Row(
        name="F21",
        title="the journal passes event 2^31",
        fault=faults.core_killed,
        lasts=(0.0, 2.0),
        before=before.old_journal,
        postgres=True,
        may_cost=AWAY,
    ),
    Row(
        name="F22",
        title="three of F2, F3, F10, F11, F12 at random",
        fault=faults.several,
        wired=True,
        may_cost={**AWAY, Cost.LOST: CLAIMED},
    ),
)

NOT_YET: Mapping[str, str] = {
    "F6": "there is no SIP edge before Asterisk",
    "F9": "the recorder has no process of its own: Asterisk records, the core lists (F2)",
    "F14": "the clock of one program cannot be set apart here",
    "F15": "two cores of a shared machine are no measure of a flood",
    "F18": "its rolling upgrade is that of several nodes",
    "F20": "no memory limit is set here; the kernel kills with the same signal as F2 and F4",
}
"""Rows that cannot be run, and why."""
