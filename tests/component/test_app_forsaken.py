"""The launcher's look at the cores' signs of life, and at callers that none of them has any more."""

import asyncio
from pathlib import Path

import pytest

from app import forsaken
from app.settings import FallbackSettings, Settings, StorageSettings
from storage.lease import FileLease
from tests.support.waiting import until

pytestmark = pytest.mark.component


class SlowAsterisk:
    """One that takes its time to answer, as with hundreds of callers."""

    orders: list[bool]

    def __init__(self, settings: Settings, node: str) -> None: ...

    def forget(self) -> None: ...

    async def care(self, *, falls_back: bool) -> None:
        self.orders.append(falls_back)
        await asyncio.sleep(0.7)

    async def close(self) -> None: ...


async def test_an_asterisk_that_is_slow_makes_no_core_look_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        storage=StorageSettings(data_dir=tmp_path), fallback=FallbackSettings(without_core_seconds=3)
    )
    lease = FileLease(settings.storage.cores_dir, "core-a")
    assert lease.lock()
    await lease.renew()  # once, and never again
    monkeypatch.setattr(forsaken, "_Asterisk", SlowAsterisk)
    SlowAsterisk.orders = []
    looking = asyncio.create_task(forsaken.look_after_callers(settings))
    try:
        await until(lambda: True in SlowAsterisk.orders, "callers are given to the fallback", 60)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await lease.release()
    assert SlowAsterisk.orders[0] is False, "music first"
