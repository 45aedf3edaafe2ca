"""The queue's log gives back to the disk what the journal has, while Asterisk goes on writing to it."""

import os
from pathlib import Path

import pytest

from core.ids import CallId
from telephony.fallback_log import FallbackLogFile

pytestmark = pytest.mark.component


def call(number: int) -> CallId:
    return CallId(f"FR751-asterisk-a-{1795334995 + number}.{number}")


def arrived(number: int) -> str:
    return f"1795334995|{call(number)}|secours|NONE|ARRIVED|15|+33199000001/////\n"


def ended(number: int) -> str:
    return f"1795334996|{call(number)}|secours|NONE|ENDED|15\n"


async def test_what_is_settled_takes_no_room_and_what_is_not_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    told = FallbackLogFile(path, give_back_by=100_000)
    with path.open("a") as asterisk:
        for number in range(2_000):
            asterisk.write(arrived(number) + ended(number))
        asterisk.write(arrived(2_000))
        asterisk.flush()
        os.fsync(asterisk.fileno())
        before = path.stat().st_blocks
        assert len(await told.noted()) == 2_001
        await told.settled({call(2_000)})
        assert path.stat().st_blocks < before / 10, "the file system gives room back"
        asterisk.write(ended(2_000) + arrived(2_001))
        asterisk.flush()
        assert [r.call_id for r in await told.noted()] == [call(2_000), call(2_001)]
    (tmp_path / "queue_log.read").unlink()
    again = [r.call_id for r in await FallbackLogFile(path).noted()]
    assert again[-2:] == [call(2_000), call(2_001)], "the mark lost, the rest is found all the same"
    assert len(again) < 200
