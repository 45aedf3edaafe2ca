"""The parts of a core as a program: each adapter, opened in order and closed in reverse."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from app.adapters import Adapters
from app.centre_lease import CentreLease, Guard, lease_of
from app.certificates import CertificateWatch, certificate_watch
from app.clock import SystemClock, centre_clock
from app.core import Core
from app.lrm_api import ApiAdapters
from app.lrm_port import lrm_client
from app.settings import Settings
from app.telephony_parts import Telephony, telephony_of
from app.watches import Look, archive_watch, clock_watch, journal_watches, standby_watch
from core.alarms import AlarmKind
from core.ids import CentreId
from core.ports import Clock
from location.pflau_simulated import SimulatedPflau
from lrm_bridge.api.sender import HttpSender
from storage.accounts import StoredAccounts
from storage.api_clients import StoredApiClients, StoredWebhooks
from storage.database import Database
from storage.directory import StoredDirectory
from storage.follower import JournalFollower
from storage.journal import Journal
from storage.lease import AT_WORK, STANDING_BY, Roster
from storage.lrm_display import StoredDisplay
from storage.sessions import StoredSessions
from storage.spool import Spool


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """A core and what it touches the world with. Nothing is at work before :meth:`begin`."""

    certificates: CertificateWatch
    clock: SystemClock
    core: Core
    follower: JournalFollower
    guard: Guard
    journal: Journal
    lease: CentreLease
    roster: Roster
    spool: Spool
    telephony: Telephony

    async def begin(self) -> None:
        """Be at work: the lease is ours."""
        self.clock.take_up()
        await self.journal.start()
        await self.core.start(self.lease.epoch)
        await self.telephony.start(self.core.on_switch)

    async def leave(self) -> None:
        """Leave the centre to the next core, as fast as can be: callers wait while nobody is at work.

        A standby moves to the database what is not there yet; without one, we do.
        """
        stands_by = any(sign.state == STANDING_BY for sign in self.roster.others())
        if not stands_by:
            await self.telephony.let_go()
        self.guard.retire()
        self.telephony.leave()
        await self.journal.close(patience_seconds=0 if stands_by else 5)
        self.clock.hand_on()
        await self.lease.release()

    def say_at_work(self) -> None:
        """Give a sign of life, and the time."""
        self.clock.hand_on()
        self.roster.say(AT_WORK, epoch=self.lease.epoch, seq=self.spool.last_seq)


@contextlib.asynccontextmanager
async def opened(settings: Settings, name: str) -> AsyncIterator[Parts]:
    """Make the parts of a core; at the end, close what is open.

    Raises:
        ConfigurationError: a core of that name runs already.
    """
    centre = CentreId(settings.centre.id)
    clock = centre_clock(settings.storage.clock_file)
    async with contextlib.AsyncExitStack() as stack:
        roster = Roster(settings.storage.cores_dir, name)
        stack.callback(roster.close)
        database = Database(settings.storage.url)
        stack.push_async_callback(database.close)
        lease = lease_of(settings.storage.cores_dir, name, database, centre)
        guard = Guard(lease)
        spool = Spool(settings.storage.spool_dir, allowed=guard)
        journal = Journal(spool, database, settings.storage.spool_dir / "refused.jsonl")
        stack.push_async_callback(journal.close)
        lrm = lrm_client(settings.lrm, centre)
        if lrm is not None:
            stack.push_async_callback(lrm.close)
        telephony = telephony_of(settings, guard)
        stack.push_async_callback(telephony.close)
        certificates = certificate_watch(settings, clock)
        core = Core(
            settings,
            Adapters(
                clock=clock,
                journal=spool,
                switch=telephony.switch,
                credentials=telephony.switch,
                fallback=telephony.queue,
                fallback_calls=telephony.fallback_calls,
                recordings=telephony.recordings,
                door=telephony.switch,
                accounts=StoredAccounts(database),
                sessions=StoredSessions(database, clock),
                directory=StoredDirectory(database, clock),
                dossiers=StoredDisplay(database),
                lrm=lrm,
                locator=SimulatedPflau(clock) if settings.location.pflau == "simulated" else None,
                api=ApiAdapters(
                    clients=StoredApiClients(database, clock),
                    webhooks=StoredWebhooks(database),
                    sender=HttpSender(settings.api.webhook_hosts, settings.api.webhook_authority),
                ),
                gauges=_gauges(journal, telephony, roster, certificates),
                parts={"journal": lambda: spool.healthy},
                watches={
                    **journal_watches(journal, clock),
                    AlarmKind.CLOCK_SET: clock_watch(clock),
                    **_standby_watches(settings, roster),
                    **_archive_watches(settings, clock),
                    AlarmKind.CERTIFICATE_ENDING: certificates.trouble,
                },
            ),
            name,
        )
        yield Parts(
            certificates=certificates,
            clock=clock,
            core=core,
            follower=JournalFollower(database, settings.storage.spool_dir),
            guard=guard,
            journal=journal,
            lease=lease,
            roster=roster,
            spool=spool,
            telephony=telephony,
        )


def _archive_watches(settings: Settings, clock: Clock) -> dict[AlarmKind, Look]:
    if not settings.archive.enabled:
        return {}
    return {AlarmKind.ARCHIVE_TROUBLE: archive_watch(settings.storage.archive_state_file, clock)}


def _standby_watches(settings: Settings, roster: Roster) -> dict[AlarmKind, Look]:
    if not settings.standby.enabled:
        return {}
    return {AlarmKind.STANDBY_MISSING: standby_watch(roster.others)}


def _gauges(
    journal: Journal, telephony: Telephony, roster: Roster, certificates: CertificateWatch
) -> dict[str, tuple[str, Callable[[], float]]]:
    """What alarms watch of the adapters."""
    return {
        "strips_registered": ("Strips that can ring in mode secours", lambda: len(telephony.registered)),
        "journal_unsaved_events": ("Events the database does not have yet", lambda: journal.state().unsaved),
        "journal_lost_events": ("Events neither disk nor memory could keep", lambda: journal.state().lost),
        "journal_database_up": ("Whether the database answers", lambda: journal.state().database_up),
        "journal_disk_well": ("Whether the spool can write", lambda: journal.state().disk_well),
        "cores_standing_by": (
            "Cores ready to take over from this one",
            lambda: sum(sign.state == STANDING_BY for sign in roster.others()),
        ),
        "certificate_days": ("Days until the first certificate ends", certificates.days_left),
    }
