"""The archive in a fault run: what seals is killed in the middle; each recording is sealed once, whole."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import psutil

from app.archive_parts import archive_place
from app.archive_tools import ArchiveTools
from core.events import Envelope, RecordingEnded
from core.recordings import Recording, RecordingState
from recorder.custody.places import prefix, tracks_in
from recorder.sealing.archive import open_archive
from recorder.sealing.errors import SealingError
from recorder.sealing.links import Entry
from recorder.sealing.reader import SealedReader
from recorder.sealing.verify import originals
from tests.chaos.centre import HurtCentre
from tests.chaos.faults import Hurt

TIMES = 2
"""How often what seals is killed with a recording in hand: a third time would put that recording off."""
_LOST = b'"seal_worker_lost"'
_HANDED_S = 1.5
"""Within how long a recording that is due is handed to what seals: it is looked for twice a second."""
_WITHIN_S = 90.0
_OPEN = frozenset({RecordingState.RECORDING, RecordingState.RECORDED, RecordingState.FAILED})


@asynccontextmanager
async def at_work(centre: HurtCentre) -> AsyncIterator[None]:
    """Let the centre have its archive."""
    try:
        await _start(centre)
        yield
    finally:
        await centre.archive.stop()


@asynccontextmanager
async def sealers_killed(hurt: Hurt) -> AsyncIterator[None]:
    """What seals is killed with a recording in hand, again and again; then the archive itself, likewise."""
    centre, log = hurt.centre, hurt.centre.folder / "archive.log"
    async with asyncio.timeout(_WITHIN_S):
        for lost in range(1, TIMES + 1):
            while log.read_bytes().count(_LOST) < lost:
                await _freeze_with_one_in_hand(centre)
                for each in sealers(centre):
                    os.kill(each, signal.SIGKILL)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_HANDED_S):
                        while log.read_bytes().count(_LOST) < lost:  # noqa: ASYNC110 - another program's log
                            await asyncio.sleep(0.05)
        await _freeze_with_one_in_hand(centre)
        await centre.archive.kill()
        await _start(centre)
    yield


async def not_sealed_rightly(centre: HurtCentre, envelopes: Sequence[Envelope]) -> list[str]:
    """Each recording that is not in the archive as it was written, once; and whatever the proof finds."""
    with suppress(TimeoutError):  # what is not sealed then is told
        async with asyncio.timeout(_WITHIN_S):
            while any(  # noqa: ASYNC110 - another program's work
                each.state in _OPEN for each in await _recordings(centre)
            ):
                await asyncio.sleep(0.2)
    recordings = await _recordings(centre)
    found = await asyncio.to_thread(_found, centre, envelopes, recordings)
    try:
        await centre.command("archive", "verify")
    except AssertionError as error:
        found.append(str(error))
    return found


def sealers(centre: HurtCentre) -> list[int]:
    """The processes that seal."""
    return [
        child.pid
        for child in psutil.Process(centre.archive.pid).children()
        if "--multiprocessing-fork" in child.cmdline()
    ]


async def _start(centre: HurtCentre) -> None:
    async def seals() -> bool:
        return bool(sealers(centre))

    await centre.archive.start(seals)


async def _freeze_with_one_in_hand(centre: HurtCentre) -> None:
    """Let a recording come to a process that does not get to run: it cannot be done with it."""
    while not (there := sealers(centre)):  # noqa: ASYNC110 - started for the next recording
        await asyncio.sleep(0.05)
    for each in there:
        os.kill(each, signal.SIGSTOP)
    while not await centre.recordings.due(datetime.now(UTC), 1):  # noqa: ASYNC110 - written elsewhere
        await asyncio.sleep(0.1)
    await asyncio.sleep(_HANDED_S)


async def _recordings(centre: HurtCentre) -> list[Recording]:
    return [each async for each in centre.recordings.all()]


def _found(centre: HurtCentre, envelopes: Sequence[Envelope], recordings: Sequence[Recording]) -> list[str]:
    ended = {each.event.caller_track for each in envelopes if isinstance(each.event, RecordingEnded)}
    known = {each.caller_track for each in recordings}
    found = [f"{track} is not in the catalogue" for track in sorted(ended - known)]
    tools = ArchiveTools(centre.settings)
    times = Counter(entry.body.get("recording_id") for entry in _chain(centre) if entry.kind == "sealed")
    for each in recordings:
        if times[each.recording_id] != 1:
            found.append(f"{each.recording_id} ({each.state}) is {times[each.recording_id]} times on the chain")
        elif not _as_recorded(centre, tools, each):
            found.append(f"{each.recording_id} is not what was recorded")
    return found


def _chain(centre: HurtCentre) -> list[Entry]:
    folder = centre.settings.storage.chain_dir / centre.settings.centre.id
    lines = (line for file in sorted(folder.glob("*.jsonl")) for line in file.read_bytes().splitlines())
    return [Entry.read(line) for line in lines]


def _as_recorded(centre: HurtCentre, tools: ArchiveTools, recording: Recording) -> bool:
    """Whether its sealed tracks are, to the octet, those that Asterisk wrote: they are still there."""
    pair = tracks_in(centre.settings.storage.recordings_dir, recording)
    if pair is None:
        return False
    try:
        store = open_archive(archive_place(centre.settings))
        sealed = originals(SealedReader.open(store, tools.keys, prefix(recording)))
        return sealed == {"caller": pair.caller.read_bytes(), "centre": pair.centre.read_bytes()}
    except (SealingError, OSError):
        return False
