"""Who is banned from the SIP door: tables, and the guard with the time in hand."""

import asyncio
from datetime import timedelta

import pytest

from app.bus import InProcessBus
from core.errors import SwitchUnavailable
from core.events import Envelope, SecurityIncidentSeen, SourceBanned, SourceReleased, SwitchConnected
from core.ids import CentreId
from core.switch import SecurityIncident
from guard.policy import QUIET, BanRules, Damper, Refusals, Trusted, ban_seconds
from guard.service import GuardService
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.events import NOON

pytestmark = pytest.mark.unit

STRANGER = "192.0.2.7"
GUESS = SecurityIncident(kind="wrong_password", source=STRANGER)
RULES = BanRules(
    refusals=3, window=60, first_ban=600, longest_ban=2000, banned_at_once=2, trusted=("10.15.0.0/16",)
)


class Door:
    """What Asterisk refuses."""

    def __init__(self) -> None:
        self.kept_out: set[str] = set()
        self.up = True

    async def ban(self, source: str) -> None:
        self._must_be_up()
        self.kept_out.add(source)

    async def release(self, source: str) -> None:
        self._must_be_up()
        self.kept_out.discard(source)

    def _must_be_up(self) -> None:
        if not self.up:
            raise SwitchUnavailable("away")


class Guarded:
    """A guard with its journal, door and clock."""

    def __init__(self, past: list[Envelope] | None = None, clock: HeldClock | None = None) -> None:
        self.clock = clock or HeldClock()
        self.journal = MemoryJournal(past or [])
        self.bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.door = Door()
        self.at_work: set[str] = set()
        self.guard = GuardService(
            bus=self.bus,
            clock=self.clock,
            door=self.door,
            rules=RULES,
            at_work=lambda address: address in self.at_work,
        )
        for envelope in past or []:
            self.bus.replay(envelope)

    async def refuse(self, source: str = STRANGER, times: int = 1) -> None:
        for _ in range(times):
            self.guard.on_switch(SecurityIncident(kind="unknown_account", source=source))
        await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        self.guard.tick(self.clock.advance(seconds))
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("after", "banned"),
    [
        ([0, 0, 0], False),
        ([0, 0, 0, 0], True),
        ([0, 30, 30, 30, 30, 30, 30], False),
        ([0, 10, 10, 10, 10, 10, 10, 10, 10], True),
        ([0, 0, 0, 20, 20, 20, 20, 20, 20], False),
        ([0, 0, 0, 19, 0], True),
    ],
    ids=["a few", "one too many", "slowly", "steadily too fast", "at the very rate", "not yet forgotten"],
)
def test_refusals_are_counted_over_the_window(after: list[float], banned: bool) -> None:
    refusals, now, found = Refusals(RULES), NOON, []
    for seconds in after:
        now += timedelta(seconds=seconds)
        found.append(refusals.too_many(STRANGER, now))
    assert any(found) is banned


def test_sources_count_apart_and_the_memory_is_bounded() -> None:
    refusals = Refusals(RULES)
    assert not any(refusals.too_many(f"2001:db8::{number:x}", NOON) for number in range(5000))
    assert len(refusals._borne._rates) <= 1024


@pytest.mark.parametrize(("times", "seconds"), [(1, 600), (2, 1200), (3, 2000), (5000, 2000)])
def test_each_further_ban_is_longer(times: int, seconds: float) -> None:
    assert ban_seconds(RULES, times) == seconds


@pytest.mark.parametrize(
    ("address", "trusted"),
    [("10.15.3.4", True), ("10.16.0.1", False), ("2001:db8::1", False), ("unknown", True), ("", True)],
)
def test_who_is_trusted(address: str, trusted: bool) -> None:
    assert (address in Trusted(RULES.trusted)) is trusted


def test_a_scan_is_told_once_in_a_while() -> None:
    damper = Damper()
    instants = [NOON + timedelta(seconds=second / 10) for second in range(250)]
    assert [at for at in instants if damper.passes(GUESS, at)] == [NOON, NOON + QUIET, NOON + 2 * QUIET]


def test_each_source_and_kind_is_told_apart() -> None:
    damper = Damper()
    assert damper.passes(GUESS, NOON)
    assert damper.passes(SecurityIncident(kind="unknown_account", source=STRANGER), NOON)
    assert damper.passes(SecurityIncident(kind="wrong_password", source="192.0.2.8"), NOON)
    assert not damper.passes(GUESS, NOON + timedelta(seconds=1))


def test_the_memory_of_what_was_told_is_bounded_and_forgets_the_oldest() -> None:
    damper = Damper()
    assert damper.passes(GUESS, NOON)
    for number in range(5000):
        damper.passes(SecurityIncident(kind="wrong_password", source=str(number)), NOON)
    assert len(damper._told) <= 1024
    assert damper.passes(GUESS, NOON + timedelta(seconds=1))


async def test_a_source_is_banned_for_a_time_and_longer_the_next_time() -> None:
    world = Guarded()
    await world.refuse(times=4)
    assert world.door.kept_out == {STRANGER}
    assert world.guard.trouble() == "1 banned"
    await world.refuse(times=50)
    assert len(world.journal.events(SourceBanned)) == 1
    assert len(world.journal.events(SecurityIncidentSeen)) == 1
    await world.pass_time(599)
    assert world.door.kept_out == {STRANGER}
    await world.pass_time(1)
    assert world.door.kept_out == set()
    assert world.guard.trouble() is None
    await world.refuse(times=4)
    assert world.journal.events(SourceBanned)[1].until == world.clock.now() + timedelta(seconds=1200)


@pytest.mark.parametrize("source", ["10.15.0.9", "192.0.2.50", "unknown"])
async def test_trunks_and_places_of_work_are_told_of_but_never_banned(source: str) -> None:
    world = Guarded()
    world.at_work.add("192.0.2.50")
    await world.refuse(source, times=100)
    assert world.door.kept_out == set()
    assert [event.source for event in world.journal.events(SecurityIncidentSeen)] == [source]


async def test_the_list_is_bounded_and_lets_in_who_ends_soonest() -> None:
    world = Guarded()
    for place, source in enumerate(["192.0.2.1", "192.0.2.2", "192.0.2.3"]):
        await world.refuse(source, times=4)
        await world.pass_time(place + 1)
    assert world.door.kept_out == {"192.0.2.2", "192.0.2.3"}
    assert [event.source for event in world.journal.events(SourceReleased)] == ["192.0.2.1"]


async def test_bans_outlive_the_core_and_asterisk() -> None:
    world = Guarded()
    await world.refuse(times=4)
    again = Guarded(world.journal.envelopes, world.clock)
    again.bus.publish(SwitchConnected(switch="asterisk-a"))
    await asyncio.sleep(0)
    assert again.door.kept_out == {STRANGER}
    await again.pass_time(600)
    assert again.door.kept_out == set()


async def test_an_asterisk_that_is_away_is_told_when_it_is_back() -> None:
    world = Guarded()
    world.door.up = False
    await world.refuse(times=4)
    assert world.door.kept_out == set()
    world.door.up = True
    world.bus.publish(SwitchConnected(switch="asterisk-a"))
    await asyncio.sleep(0)
    assert world.door.kept_out == {STRANGER}
