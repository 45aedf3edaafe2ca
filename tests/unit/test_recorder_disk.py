"""The disk of the recordings: its levels, what may be freed, and a recording that is too short."""

import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bus import InProcessBus
from core.alarms import AlarmKind
from core.events import AlarmCleared, AlarmRaised, RecordingFreed
from core.ids import CentreId
from recorder.disk import DiskKeeper
from recorder.policy import DiskLevel, DiskRules, Kept, disk_level, is_short, to_free
from recorder.store import COPIED, SEALED
from supervision.alarms import AlarmService
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.events import NOON
from tests.support.waiting import until

pytestmark = pytest.mark.unit

RULES = DiskRules(low=1000, full=100)
WELL, LOW, FULL = DiskLevel.WELL, DiskLevel.LOW, DiskLevel.FULL


@pytest.mark.parametrize(
    ("free", "before", "level"),
    [
        (5000, WELL, WELL),
        (1000, WELL, WELL),
        (999, WELL, LOW),
        (1050, LOW, LOW),
        (1101, LOW, WELL),
        (100, LOW, LOW),
        (99, LOW, FULL),
        (0, WELL, FULL),
        (105, FULL, FULL),
        (111, FULL, LOW),
        (1050, FULL, LOW),
        (1101, FULL, WELL),
    ],
)
def test_a_level_is_left_only_with_room_to_spare(free: int, before: DiskLevel, level: DiskLevel) -> None:
    assert disk_level(free, before, RULES) is level


def kept(name: str, age: float, octets: int = 100, *, sealed: bool = True, copied: bool = True) -> Kept:
    written_at = NOON - timedelta(days=age)
    return Kept(track=name, octets=octets, written_at=written_at, sealed=sealed, copied=copied)


ALL = [
    kept("new", 1),
    kept("old", 3),
    kept("middle", 2),
    kept("oldest, not copied", 9, copied=False),
    kept("oldest, not sealed", 8, sealed=False),
]


@pytest.mark.parametrize(
    ("free", "wanted", "freed"),
    [
        (1000, 1000, []),
        (950, 1000, ["old"]),
        (900, 1000, ["old"]),
        (850, 1000, ["old", "middle"]),
        (0, 1000, ["old", "middle", "new"]),
    ],
)
def test_the_oldest_go_first_and_no_more_than_needed(free: int, wanted: int, freed: list[str]) -> None:
    assert [each.track for each in to_free(ALL, free, wanted)] == freed


kepts = st.builds(
    Kept,
    track=st.uuids().map(str),
    octets=st.integers(0, 10**9),
    written_at=st.floats(0, 1e6).map(lambda seconds: NOON - timedelta(seconds=seconds)),
    sealed=st.booleans(),
    copied=st.booleans(),
)


@given(st.lists(kepts, max_size=30), st.integers(0, 10**9), st.integers(0, 10**10))
def test_nothing_is_freed_that_is_not_sealed_and_copied(there: list[Kept], free: int, wanted: int) -> None:
    chosen = to_free(there, free, wanted)
    assert all(each.sealed and each.copied for each in chosen)
    if chosen:
        assert free + sum(each.octets for each in chosen[:-1]) < wanted
    left = [each for each in there if each.sealed and each.copied and each not in chosen]
    assert all(each.written_at >= gone.written_at for each in left for gone in chosen)


@pytest.mark.parametrize(
    ("recorded", "lasted", "short"), [(60, 60, False), (58.1, 60, False), (57.9, 60, True)]
)
def test_a_recording_is_short_by_more_than_two_seconds(recorded: float, lasted: float, short: bool) -> None:
    assert is_short(recorded, NOON, NOON + timedelta(seconds=lasted)) is short


class Disk:
    """A keeper of a real folder, whose room is what the test says, less what is in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.folder, self.room = folder, room
        self.clock, self.journal = HeldClock(), MemoryJournal()
        bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.alarms = AlarmService(bus, self.clock)
        self.keeper = DiskKeeper(bus, self.alarms, folder, RULES)
        self.looks = 0
        monkeypatch.setattr("recorder.disk.free_octets", self._free)

    def _free(self, folder: Path) -> int:
        self.looks += 1
        return self.room - sum(file.stat().st_size for file in folder.rglob("*.wav"))

    def track(self, name: str, octets: int, marks: Iterable[str]) -> Path:
        path = self.folder / "2026-11-22" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * octets)
        for mark in marks:
            path.with_name(path.name + mark).touch()
        return path

    async def look(self, seconds: float = 1) -> None:
        now = self.clock.advance(seconds)
        before = self.looks
        self.keeper.tick(now)
        await until(lambda: self.looks > before and self._looked(), "a look")
        self.alarms.tick(now)

    def _looked(self) -> bool:
        return self.keeper._look is not None and self.keeper._look.done()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*.*"))

    def raised(self) -> set[AlarmKind]:
        return {kind for kind, _ in self.alarms.raised}


async def test_a_full_disk_is_said_and_only_what_may_be_freed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path, monkeypatch, room=2000)
    precious = [disk.track("a-caller", 500, ()), disk.track("b-caller", 400, (SEALED,))]
    await disk.look()
    assert disk.raised() == set()
    precious.append(disk.track("c-caller", 800, (COPIED,)))
    await disk.look()
    assert disk.raised() == {AlarmKind.RECORDINGS_DISK_LOW}
    precious.append(disk.track("d-caller", 250, ()))
    await disk.look()
    assert AlarmKind.RECORDINGS_DISK_FULL in disk.raised()
    assert all(track.exists() for track in precious)
    freeable = disk.track("e-caller", 40, (SEALED, COPIED))
    await disk.look()
    assert not freeable.exists()
    assert not [name for name in disk.names() if name.startswith("e-caller")]
    assert disk.journal.events(RecordingFreed) == [RecordingFreed(track="2026-11-22/e-caller.wav", octets=40)]
    assert all(track.exists() for track in precious)
    disk.room = 10_000
    for _ in range(40):
        await disk.look()
    assert disk.raised() == set()
    assert len(disk.journal.events(AlarmRaised)) == len(disk.journal.events(AlarmCleared)) == 2


async def test_a_disk_that_hangs_is_as_good_as_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(tmp_path, monkeypatch, room=2000)
    await disk.look()
    gate = threading.Event()
    monkeypatch.setattr("recorder.disk.free_octets", lambda folder: gate.wait(10) and 2000)
    for _ in range(7):
        disk.keeper.tick(disk.clock.advance(1))
    assert disk.raised() == {AlarmKind.RECORDINGS_DISK_FULL}
    gate.set()
    await disk.keeper.close()
