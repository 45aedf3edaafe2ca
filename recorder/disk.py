"""Watches the room for recordings: says when it runs low, and frees what may be freed. No call waits for it."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from core.alarms import AlarmKind
from core.events import RecordingFreed
from core.ports import Alarms, Bus
from recorder.policy import DiskLevel, DiskRules, Kept, disk_level, to_free
from recorder.store import delete, free_octets, kept_in

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=1)
HANGS_AFTER = timedelta(seconds=5)
"""A disk that has not told its room within this does not take recordings either."""


class DiskKeeper:
    """The disk of one recordings folder. A disk that hangs holds up nothing but its own look."""

    def __init__(self, bus: Bus, alarms: Alarms, folder: Path, rules: DiskRules) -> None:
        self._bus = bus
        self._alarms = alarms
        self._folder = folder
        self._rules = rules
        self._level = DiskLevel.WELL
        self._looked_at: datetime | None = None
        self._look: asyncio.Task[None] | None = None

    def tick(self, now: datetime) -> None:
        """Look, when it is time."""
        before = self._looked_at
        if before is not None and before <= now < before + LOOK_EVERY:
            return
        if self._look is not None and not self._look.done():
            if before is not None and now - before >= HANGS_AFTER:
                self._alarms.raise_alarm(AlarmKind.RECORDINGS_DISK_FULL, detail="the disk does not answer")
            return
        self._looked_at = now
        self._look = asyncio.get_running_loop().create_task(self._look_and_free(), name="recordings disk")

    async def close(self) -> None:
        """Look no more."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)

    async def _look_and_free(self) -> None:
        try:
            free = await asyncio.to_thread(_room, self._folder)
        except OSError as error:
            self._alarms.raise_alarm(AlarmKind.RECORDINGS_DISK_FULL, detail=type(error).__name__)
            return
        self._level = disk_level(free, self._level, self._rules)
        if self._level is not DiskLevel.WELL:
            await self._free(free)
        self._say()

    async def _free(self, free: int) -> None:
        kept = await asyncio.to_thread(kept_in, self._folder)
        for each in to_free(kept, free, self._rules.low):
            if await asyncio.to_thread(delete, self._folder, each.track):
                self._freed(each)

    def _freed(self, kept: Kept) -> None:
        log.info("recording_freed", octets=kept.octets)
        self._bus.publish(RecordingFreed(track=kept.track, octets=kept.octets))

    def _say(self) -> None:
        said = {DiskLevel.LOW: AlarmKind.RECORDINGS_DISK_LOW, DiskLevel.FULL: AlarmKind.RECORDINGS_DISK_FULL}
        for level, kind in said.items():
            if level is self._level:
                self._alarms.raise_alarm(kind)
            else:
                self._alarms.clear_alarm(kind)


def _room(folder: Path) -> int:
    """Room in the folder; it is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return free_octets(folder)
