"""Killed at every single step of sealing, and begun again: nothing is lost, nothing is there twice."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder.sealing.files import Step
from recorder.sealing.keys import KeyRing
from recorder.sealing.layout import MANIFEST, Manifest
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import SealJob, seal
from tests.support.sealing import NOON, Keeping

pytestmark = pytest.mark.component


def killed_at(number: int, work: Callable[[Step], object]) -> str | None:
    """Do some work in a child that is killed at the nth step; which that was, if it came to it."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def step(name: str) -> None:
            nonlocal count
            count += 1
            if count == number:
                os.write(tell, name.encode())
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(step)
        finally:
            os._exit(0)
    os.close(tell)
    with open(told, "rb") as line:
        name = line.read().decode()
    os.waitpid(child, 0)
    return name or None


def every_step(work_in: Callable[[Path], Callable[[Step], object]], folder: Path) -> list[tuple[str, Path]]:
    """Kill the same work at each of its steps, each time in a folder of its own."""
    found: list[tuple[str, Path]] = []
    while True:
        place = folder / f"{len(found)}"
        place.mkdir()
        name = killed_at(len(found) + 1, work_in(place))
        if name is None:
            return found
        found.append((name, place))


def plain_digests(keeping: Keeping, job: SealJob) -> dict[str, str]:
    manifest = Manifest.read(keeping.archive().get(job.prefix + MANIFEST))
    return {name: told.sha256 for name, told in manifest.objects.items()}


def seal_and_publish(keeping: Keeping, job: SealJob, step: Step) -> None:
    keys = keeping.keys()
    sealed = seal(job, keeping.archive(step), keys, step)
    keeping.chain(step).publish(sealed.body(), job.day, NOON)


def test_killed_at_any_step_and_begun_again_it_is_published_once(tmp_path: Path) -> None:
    whole = Keeping(tmp_path / "whole")
    whole.folder.mkdir()
    whole.published(whole.job())
    expected = plain_digests(whole, whole.job())

    def work_in(place: Path) -> Callable[[Step], object]:
        keeping = Keeping(place)
        job = keeping.job()
        return lambda step: seal_and_publish(keeping, job, step)

    killed = every_step(work_in, tmp_path)
    names = {name for name, _ in killed}
    assert {
        *("tracks read", "original coded", "listening copy coded", "original.flac put", "key put", "read back"),
        *("marked sealed", "manifest.json written", "manifest.json synced", "manifest.json in place"),
        *("published", "marked copied", "line written", "line synced"),
    } <= names
    for name, place in killed:
        keeping = Keeping(place)
        job = keeping.job()
        seal_and_publish(keeping, job, lambda done: None)
        chain = keeping.chain()
        entries = [entry for day in chain.days() for entry in chain.entries(day)]
        assert [entry.kind for entry in entries] == ["sealed"], name
        assert keeping.troubles() == [], name
        assert plain_digests(keeping, job) == expected, name
        left = [path.name for path in keeping.place.rglob(".*")]
        assert left == [], name


def test_a_day_closed_by_halves_is_closed(tmp_path: Path) -> None:
    def work_in(place: Path) -> Callable[[Step], object]:
        keeping = Keeping(place)
        keeping.published(keeping.job())
        return lambda step: keeping.chain(step).close_days(NOON.replace(day=23))

    killed = every_step(work_in, tmp_path)
    assert {"line written", "line synced", "2026-11-22.head.json written"} <= {name for name, _ in killed}
    for name, place in killed:
        chain = Keeping(place).chain()
        chain.close_days(NOON.replace(day=23))
        (day,) = chain.days()
        assert [entry.kind for entry in chain.entries(day)] == ["sealed", "day_closed"], name
        head = chain.head(day)
        assert head is not None, name
        assert head.closed, name
        assert Keeping(place).troubles() == [], name


def test_a_rotation_killed_at_any_step_goes_on(tmp_path: Path) -> None:
    def work_in(place: Path) -> Callable[[Step], object]:
        keeping = Keeping(place)
        for number in range(3):
            keeping.published(keeping.job(f"FR751-1-1700000000.{number}", seconds=0.5))
        keys = keeping.keys()
        keys.rotate()
        return lambda step: keys.rewrap(keeping.archive(step), step)

    killed = every_step(work_in, tmp_path)
    assert [name for name, _ in killed].count("rewrapped") == 3
    for name, place in killed:
        keeping = Keeping(place)
        keys = keeping.keys()
        keys.rewrap(keeping.archive())
        old, new = keys.versions
        assert {wrapped.key_id for _, wrapped in keys.wrapped_in(keeping.archive())} == {new}, name
        keys.forget(old, keeping.archive())
        assert KeyRing(keeping.keys_dir, "FR751").versions == [new], name
        assert keeping.troubles() == [], name
        job = keeping.job("FR751-1-1700000000.1")
        assert SealedReader.open(keeping.archive(), keeping.keys(), job.prefix).read("index.json"), name
