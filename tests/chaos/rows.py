"""The fault table as data: for each fault how to do it, and what it may cost."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from core.alarms import AlarmKind
from core.events import Envelope
from tests.chaos import archive, before, clock, faults, flood, memory
from tests.chaos.before import Before
from tests.chaos.centre import HurtCentre
from tests.chaos.costs import Cost
from tests.chaos.faults import Fault
from tests.chaos.plan import Span

Check = Callable[[HurtCentre, Sequence[Envelope]], Awaitable[list[str]]]
"""What else must hold once all is over; says what does not."""


async def _nothing_else(centre: HurtCentre, envelopes: Sequence[Envelope]) -> list[str]:
    """The invariants are all."""
    return []


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
    archive: bool = False
    """Whether the archive of the recordings is at work."""
    after: Check = _nothing_else
    clock: Callable[[Random], float] | None = None
    """Where the machine's clock is in the run's hand: by how many seconds it is ahead at first."""


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
        fault=faults.core_fenced,
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
        name="F9",
        title="kill -9 of what seals the recordings, then of the archive",
        fault=archive.sealers_killed,
        lasts=(2.0, 4.0),
        archive=True,
        after=archive.not_sealed_rightly,
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
    Row(
        name="F14",
        title="the machine's clock is set an hour forward, then two back",
        alarm=AlarmKind.CLOCK_SET,
        fault=clock.set_forward_and_back,
        lasts=(2.0, 4.0),
        clock=clock.usual,
        after=clock.went_on,
    ),
    Row(
        name="F14B",
        title="the machine's clock is set an hour back, and the only core is killed",
        alarm=AlarmKind.CLOCK_SET,
        fault=clock.set_back_and_core_killed,
        lasts=(0.0, 2.0),
        clock=clock.usual,
        after=clock.went_on,
        may_cost=AWAY,
    ),
    Row(
        name="F14C",
        title="the night of a clock change",
        fault=clock.instant_passes,
        lasts=(1.0, 2.0),
        clock=clock.night_of_change,
        after=clock.went_on,
    ),
    Row(
        name="F14D",
        title="the leap day begins or ends",
        fault=clock.instant_passes,
        lasts=(1.0, 2.0),
        clock=clock.leap_day,
        after=clock.went_on,
    ),
    Row(
        name="F15",
        title="a stranger calls at five times the knee",
        alarm=AlarmKind.FLOOD,
        fault=flood.stranger_floods,
        lasts=(10.0, 12.0),
    ),
    Row(name="F16", title="poison messages at the trunk's door", fault=faults.poison, lasts=(2.0, 3.0)),
    Row(name="F17", title="wrong settings and a wrong plan", fault=faults.bad_settings, lasts=(1.0, 2.0)),
    Row(name="F19", title="20 log in at once", fault=faults.storm, lasts=(1.0, 2.0), crowded=True),
    Row(
        name="F20",
        title="the only Asterisk reaches its memory limit",
        alarm=AlarmKind.SWITCH_SILENT,
        fault=memory.asterisk_out_of_memory,
        launched=True,
        may_cost=ITS_CALLS,
    ),
    Row(
        name="F20B",
        title="the only core reaches its memory limit",
        fault=memory.core_out_of_memory,
        launched=True,
        may_cost=AWAY,
    ),
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
        title="three of F2, F3, F8, F10, F11, F12 at random",
        fault=faults.several,
        wired=True,
        before=before.small_disk,
        may_cost={**AWAY, Cost.LOST: CLAIMED},
    ),
)

NOT_YET: Mapping[str, str] = {
    "F6": "there is no SIP edge before Asterisk",
    "F18": "its rolling upgrade is that of several nodes",
}
"""Rows that cannot be run, and why."""
