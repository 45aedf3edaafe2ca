"""Real worker processes: what they seal, and what happens when one is killed, hangs, or is refused."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from recorder.sealing.archive import Place
from recorder.sealing.errors import NotSealable, SealFailed
from recorder.sealing.seal import SealJob, seal
from recorder.sealing.worker import Bench, SealWorkers
from tests.component.test_sealing_kill import plain_digests
from tests.support.sealing import CENTRE, NOON, Keeping

pytestmark = pytest.mark.component


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


def bench(keeping: Keeping) -> Bench:
    return Bench(place=Place(folder=keeping.place), keys_dir=keeping.keys_dir, centre_id=CENTRE)


@pytest.fixture
async def workers(keeping: Keeping) -> AsyncIterator[SealWorkers]:
    pool = SealWorkers(bench(keeping), count=2)
    try:
        yield pool
    finally:
        await pool.close()
    assert pool.pids == []


def as_one(keeping: Keeping, job: SealJob) -> dict[str, str]:
    """What the same tracks are when they are sealed in one go, elsewhere."""
    elsewhere = Keeping(keeping.folder / "elsewhere")
    seal(job, elsewhere.archive(), elsewhere.keys())
    return plain_digests(elsewhere, job)


async def test_recordings_are_sealed_side_by_side(keeping: Keeping, workers: SealWorkers) -> None:
    jobs = [keeping.job(f"FR751-1-1700000000.{number}") for number in range(5)]
    sealed = await asyncio.gather(*map(workers.seal, jobs))
    assert [each.recording_id for each in sealed] == [job.recording_id for job in jobs]
    chain = keeping.chain()
    for job, each in zip(jobs, sealed, strict=True):
        chain.publish(each.body(), job.day, NOON)
    assert keeping.troubles() == []


async def test_killed_in_the_middle_the_recording_is_sealed_by_another(
    keeping: Keeping, workers: SealWorkers
) -> None:
    job = keeping.job()
    workers.start()
    killed = workers.pids
    for pid in killed:
        os.kill(pid, signal.SIGSTOP)  # whichever gets the recording does not come to its end
    sealing = asyncio.create_task(workers.seal(job))
    await asyncio.sleep(0)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    await sealing
    assert set(killed).isdisjoint(workers.pids)
    assert plain_digests(keeping, job) == as_one(keeping, job)


async def test_a_recording_on_which_each_worker_hangs_is_given_up(keeping: Keeping) -> None:
    job = keeping.job()
    job.tracks[0].caller.unlink()
    os.mkfifo(job.tracks[0].caller)  # whoever reads it waits for ever
    pool = SealWorkers(bench(keeping), count=1, patience=1.5)
    try:
        with pytest.raises(SealFailed):
            await pool.seal(job)
    finally:
        await pool.close()
    assert pool.pids == []


async def test_what_goes_wrong_in_a_worker_is_told(keeping: Keeping, workers: SealWorkers) -> None:
    job = keeping.job()
    for track in (job.tracks[0].caller, job.tracks[0].centre):
        track.write_bytes(b"no sound")
    with pytest.raises(NotSealable):
        await workers.seal(job)
    with pytest.raises(ValueError, match="no name"):
        await workers.seal(replace(job, recording_id=type(job.recording_id)("../..")))
    assert (await workers.seal(keeping.job("FR751-1-1700000000.2"))).seconds == 1.5


async def test_workers_give_way(keeping: Keeping, workers: SealWorkers) -> None:
    await workers.seal(keeping.job())
    assert [psutil.Process(pid).nice() for pid in workers.pids] == [psutil.Process().nice() + 5]


LAUNCHER = """
import asyncio, sys, time
from pathlib import Path
from recorder.sealing.archive import Place
from recorder.sealing.worker import Bench, SealWorkers

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    bench = Bench(place=Place(folder=folder / "archive"), keys_dir=folder / "keys", centre_id="FR751")
    pool = SealWorkers(bench, count=2)
    pool.start()
    print(*pool.pids, flush=True)
    sys.stdin.read()
"""


def test_no_worker_is_left_when_the_archive_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "launcher.py"
    script.write_text(LAUNCHER)
    with subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as launcher:
        assert launcher.stdout is not None
        pids = [int(pid) for pid in launcher.stdout.readline().split()]
        processes = [psutil.Process(pid) for pid in pids]
        launcher.kill()
    assert len(processes) == 2
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert alive == []
