"""The local spool on a real disk: nothing acknowledged is lost, and no disk trouble reaches a call."""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.events import Envelope, SwitchLost
from storage import codec, segments
from storage.spool import Spool, SpoolLimits
from tests.support.events import envelope
from tests.support.waiting import until, wait_until

pytestmark = pytest.mark.component

SMALL = SpoolLimits(segment_bytes=2_000, retained_bytes=5_000, recent_records=5, retry_seconds=0.02)


def event(seq: int, detail: str = "x") -> Envelope:
    return envelope(SwitchLost(switch="a", detail=detail), seq)


def append(spool: Spool, number: int) -> list[int]:
    """Append some events; their places."""
    places = []
    for _ in range(number):
        places.append(spool.next_seq)
        spool.append(event(spool.next_seq))
    return places


def places_on_disk(directory: Path) -> list[int]:
    files = [(path, None) for path in segments.segments_in(directory)]
    return [record.seq for record in segments.records_beyond(files, 0)]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path, limits=SMALL)
    opened.open()
    yield opened
    opened.close()


def test_what_is_appended_is_read_back_by_another_process_at_once(tmp_path: Path, spool: Spool) -> None:
    given_event = event(1, "été")
    spool.append(given_event)
    placed = list(segments.read_segment(segments.path_of(tmp_path, 1)))
    assert [codec.envelope_of(place.record) for place in placed] == [given_event]


def test_the_disk_has_it_soon(spool: Spool) -> None:
    append(spool, 30)
    wait_until(lambda: spool.durable_seq == 30, "the records are forced to the disk")
    assert spool.healthy


def test_places_follow_each_other_and_go_on_after_a_restart(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    assert first.open() is False
    append(first, 3)
    with pytest.raises(ValueError, match="next place of the journal is 4"):
        first.append(event(9))
    first.close()
    again = Spool(tmp_path)
    assert again.open() is True
    assert again.next_seq == 4
    again.continue_after(2)
    assert append(again, 1) == [4]
    again.continue_after(100)
    assert append(again, 2) == [101, 102]
    again.close()
    assert places_on_disk(tmp_path) == [1, 2, 3, 4, 101, 102]


def test_one_core_per_spool(tmp_path: Path, spool: Spool) -> None:
    with pytest.raises(ConfigurationError, match=r"already using.*data_dir"):
        Spool(tmp_path).open()


def octets_in(folder: Path) -> int:
    """Size of the segments, less those deleted while being counted."""
    total = 0
    for path in segments.segments_in(folder):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def test_segments_go_once_the_database_has_them_down_to_what_is_retained(tmp_path: Path, spool: Spool) -> None:
    append(spool, 200)
    assert len(segments.segments_in(tmp_path)) > 10
    wait_until(lambda: spool.durable_seq == 200, "on the disk")
    assert places_on_disk(tmp_path) == list(range(1, 201))
    spool.committed(120)
    wait_until(lambda: places_on_disk(tmp_path)[0] > 50, "old segments are deleted")
    assert 1 < places_on_disk(tmp_path)[0] <= 121
    assert places_on_disk(tmp_path)[-80:] == list(range(121, 201))
    spool.committed(200)
    wait_until(lambda: octets_in(tmp_path) <= SMALL.retained_bytes, "down to what is retained")
    assert places_on_disk(tmp_path)[-1] == 200


async def test_reading_joins_files_and_memory(spool: Spool) -> None:
    append(spool, 60)
    for after in (0, 1, 30, 54, 55, 59, 60):
        assert [record.seq for record in await spool.after(after)] == list(range(after + 1, 61))
    spool.committed(58)
    assert [record.seq for record in await spool.after(58)] == [59, 60]


@pytest.mark.parametrize("limit", [1, 7, 1000])
async def test_taking_goes_through_everything_once_in_order(tmp_path: Path, limit: int) -> None:
    spool = Spool(tmp_path, limits=SMALL)
    spool.open()
    append(spool, 50)
    spool.continue_after(70)
    append(spool, 50)
    taken: list[int] = []
    while batch := await spool.take(taken[-1] if taken else 0, limit):
        taken += [record.seq for record in batch]
    spool.close()
    assert taken == [*range(1, 51), *range(71, 121)]


async def test_taking_goes_on_when_what_was_taken_is_deleted(tmp_path: Path) -> None:
    limits = SpoolLimits(segment_bytes=1, retained_bytes=0, recent_records=0)  # a segment for each record
    spool = Spool(tmp_path, limits=limits)
    spool.open()
    append(spool, 30)
    taken = [0]
    while batch := await spool.take(taken[-1], 1):
        taken.extend(record.seq for record in batch)
        spool.committed(taken[-1])
        await until(lambda: places_on_disk(tmp_path)[0] == min(taken[-1] + 1, 30), "what was taken is deleted")
    spool.close()
    assert taken == list(range(31))


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=0, max_value=2_000), rubbish=st.binary(max_size=40))
def test_a_torn_tail_is_cut_and_what_was_whole_is_kept(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    directory = tmp_path_factory.mktemp("torn")
    spool = Spool(directory)
    spool.open()
    ends = [0]
    path = segments.path_of(directory, 1)
    for _ in range(8):
        append(spool, 1)
        ends.append(path.stat().st_size)
    spool.close()
    os.truncate(path, min(cut, ends[-1]))
    with path.open("ab") as file:
        file.write(rubbish)
    whole = sum(end <= cut for end in ends[1:])
    again = Spool(directory)
    again.open()
    assert again.next_seq == whole + 1
    append(again, 1)
    again.close()
    assert places_on_disk(directory) == list(range(1, whole + 2))
    shutil.rmtree(directory)


def test_a_damaged_record_costs_only_itself(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.open()
    append(spool, 5)
    spool.close()
    path = segments.path_of(tmp_path, 1)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"SwitchLost", b"SwitchFist")
    path.write_bytes(b"".join(lines))
    again = Spool(tmp_path)
    again.open()
    assert append(again, 1) == [6]
    again.close()
    assert places_on_disk(tmp_path) == [1, 2, 4, 5, 6]


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    expected = 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.support.spool_writer", str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(700)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split(b"\n")[:-1]
        writer.wait()
        writer.stdout.close()
        acknowledged = said + [int(line) for line in rest]
        assert acknowledged[0] == expected + 1
        kept = places_on_disk(tmp_path)
        assert kept == list(range(1, len(kept) + 1))
        assert len(kept) in (acknowledged[-1], acknowledged[-1] + 1)
        expected = len(kept)


class Disk:
    """A disk that can be full: it takes ``room`` bytes, then a part of a record, then nothing."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(file, data[: self.room])
        self.room -= written
        return written


def test_a_full_disk_never_reaches_a_call_and_is_caught_up(tmp_path: Path) -> None:
    disk = Disk(room=1_000)
    spool = Spool(tmp_path, limits=SMALL, write=disk.write)
    spool.open()
    append(spool, 100)
    assert not spool.healthy
    assert [record.seq for record in asyncio.run(spool.after(0))] == list(range(1, 101))
    assert places_on_disk(tmp_path) == list(range(1, len(places_on_disk(tmp_path)) + 1))
    assert 0 < len(places_on_disk(tmp_path)) < 10
    disk.room = 10**9
    wait_until(lambda: spool.healthy and spool.durable_seq == 100, "the disk is caught up")
    assert spool.dropped == 0
    append(spool, 1)
    spool.close()
    assert places_on_disk(tmp_path) == list(range(1, 102))


def test_what_the_database_has_leaves_a_full_memory_first_then_the_newest_is_lost(tmp_path: Path) -> None:
    limits = SpoolLimits(waiting_records=10, retry_seconds=30)
    spool = Spool(tmp_path, limits=limits, write=Disk(room=0).write)
    spool.open()
    append(spool, 10)
    spool.committed(4)
    append(spool, 4)
    assert spool.dropped == 0
    append(spool, 3)
    assert spool.dropped == 3
    assert spool.next_seq == 18
    assert [record.seq for record in asyncio.run(spool.take(4, 100))] == list(range(5, 15))
    spool.close()


def test_a_really_full_file_system(tmp_path: Path) -> None:
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    script = (
        'mount -t tmpfs -o size=256k none "$1" && "$2" -m tests.support.spool_writer "$1" 2000 | tail -n 1;'
        ' tail -n 1 "$1"/*.log'
    )
    done = subprocess.run(
        [*unshare, "sh", "-c", script, "sh", str(tmp_path), sys.executable],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if done.returncode and b"unshare" in done.stderr:
        pytest.skip("this machine allows no mount namespace")
    last_words, _, end_of_file = done.stdout.partition(b"\n")
    assert last_words == b"failing 0", done
    last_line = end_of_file.splitlines(keepends=True)[-1]
    assert segments.unframe(last_line) is not None, "the half record was taken back"
