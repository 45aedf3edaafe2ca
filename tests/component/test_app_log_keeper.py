"""Logs are cut while programs go on writing to them; nothing but the oldest copy goes."""

import asyncio
import os
from pathlib import Path

import pytest

from app.log_keeper import OLDER, cut, keep_logs
from tests.support.waiting import until

pytestmark = pytest.mark.component


def test_who_writes_goes_on_in_the_same_file_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "core.log"
    with path.open("a") as writer:
        for number in range(OLDER + 2):
            writer.write(f"line {number}\n")
            writer.flush()
            cut(path)
        writer.write("last\n")
        writer.flush()
    assert path.read_text() == "last\n"
    copies = [tmp_path / f"core.log.{number}" for number in range(1, OLDER + 2)]
    said = [copy.read_text() if copy.exists() else None for copy in copies]
    assert said == [f"line {OLDER + 1 - number}\n" for number in range(OLDER)] + [None]


async def test_long_logs_alone_are_cut(tmp_path: Path) -> None:
    long, short = tmp_path / "core.log", tmp_path / "lrm.log"
    long.write_text("x" * 101)
    short.write_text("y" * 100)
    keeping = asyncio.create_task(keep_logs([tmp_path, tmp_path / "none"], most=100, every=3600))
    try:
        await until(lambda: long.stat().st_size == 0, "the long one is cut")
    finally:
        keeping.cancel()
    assert (tmp_path / "core.log.1").read_text() == "x" * 101
    assert short.read_text() == "y" * 100
    assert sorted(os.listdir(tmp_path)) == ["core.log", "core.log.1", "lrm.log"]
